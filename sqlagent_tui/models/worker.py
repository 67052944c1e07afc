"""The process that runs the model: `python -m sqlagent_tui.models.worker READ_FD WRITE_FD`.

It has no terminal, speaks only through two pipes, and dies with its parent: the reader thread sees the end of its
pipe at any moment, since llama.cpp runs without Python's lock. (PR_SET_PDEATHSIG would tie it to the *thread* that
started it, and kill it when that thread ends.)
"""

from __future__ import annotations

import faulthandler
import hashlib
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlagent_tui import crash
from sqlagent_tui.agent.messages import Piece
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models import wire
from sqlagent_tui.models.conversation import Conversation
from sqlagent_tui.models.engine import READ_AHEAD, Aborted, Engine, Log
from sqlagent_tui.models.generation import Generator
from sqlagent_tui.models.prefix_store import Check, PrefixStore, context_key
from sqlagent_tui.models.prefixes import Prefixes
from sqlagent_tui.models.scheduler import Scheduler, Steps, Task
from sqlagent_tui.models.template import ChatTemplate

_CHUNK = 4 << 20
_SAMPLES = 256
_READ_SHARE = 0.8
"""Of the loading progress: reading the file, which is what takes long when it is cold."""


class Inbox:
    """Requests, read by a thread of their own so that an abort arrives at any moment."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._queue: queue.SimpleQueue[wire.AnyRequest] = queue.SimpleQueue()
        self._aborted: set[int] = set()
        threading.Thread(target=self._read, daemon=True, name="requests").start()

    def _read(self) -> None:
        while True:
            request = wire.receive_request(self._fd)
            if request is None:
                os._exit(0)  # the parent is gone: there is nobody to tidy up for
            if isinstance(request, wire.Abort):
                self._aborted.add(request.id)
            else:
                self._queue.put(request)

    def next(self, *, wait: bool) -> wire.AnyRequest | None:
        """Return the next request; None when there is none and nobody would `wait`."""
        try:
            return self._queue.get(block=wait)
        except queue.Empty:
            return None

    def aborted(self, request_id: int) -> bool:
        """Whether the request was told to stop."""
        return request_id in self._aborted

    def forget(self, request_id: int) -> None:
        """The request has had its last reply."""
        self._aborted.discard(request_id)


class Outlet:
    """Where one generation tells how it goes."""

    def __init__(self, request_id: int, reply: Callable[[wire.Reply], None]) -> None:
        self._id = request_id
        self._reply = reply

    def progress(self, done: int, total: int) -> None:
        """Pass prompt progress on."""
        self._reply(wire.Evaluating(id=self._id, done=done, total=total))

    def pieces(self, pieces: Sequence[Piece]) -> None:
        """Pass written text on."""
        self._reply(wire.Wrote(id=self._id, pieces=list(pieces)))


class Worker:
    """Answers requests: generations side by side, anything else at once."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._inbox = Inbox(read_fd)
        self._out = write_fd
        self._loading = -1
        self._log = Log(_write_log)
        self._scheduler: Scheduler | None = None

    def serve(self) -> None:
        """Answer until the parent is gone."""
        while True:
            idle = not self._scheduler
            request = self._inbox.next(wait=idle)
            if request is not None:
                self._take(request)
            elif self._scheduler:
                self._scheduler.step()

    def _reply(self, reply: wire.Reply) -> None:
        wire.send(self._out, reply)
        if isinstance(reply, wire.FINAL):
            self._inbox.forget(reply.id)

    def _aborted(self) -> bool:
        if self._scheduler is not None:
            return self._scheduler.aborted()
        return self._inbox.aborted(self._loading)

    def _take(self, request: wire.AnyRequest) -> None:
        try:
            match request:
                case wire.Load():
                    self._reply(self._load(request))
                case wire.Generate():
                    self._begin(request.id, request.sequence, self._generate(request))
                case wire.ReadAhead():
                    self._begin(request.id, READ_AHEAD, self._read_ahead(request))
                case wire.Count():
                    prompt = self._conversation(request.sequence).prompt(request.messages, request.tools)
                    self._reply(wire.Counted(id=request.id, tokens=len(prompt.tokens)))
        except (Aborted, ModelError) as error:
            self._fail(request.id, error)

    def _fail(self, request_id: int, error: Aborted | ModelError) -> None:
        if isinstance(error, Aborted):
            self._reply(wire.Aborted(id=request_id))
        else:
            self._reply(wire.Failed(id=request_id, message=error.message, remedy=error.remedy))

    def _begin(self, request_id: int, sequence: int, steps: Steps) -> None:
        assert self._scheduler is not None
        task = Task(
            sequence=sequence,
            steps=steps,
            fail=lambda error: self._fail(request_id, error),
            aborted=lambda: self._inbox.aborted(request_id),
        )
        self._scheduler.add(task)

    def _generate(self, request: wire.Generate) -> Steps:
        conversation = self._conversation(request.sequence)
        prompt = conversation.prompt(request.messages, request.tools)
        outlet = Outlet(request.id, self._reply)
        if self._prefixes:
            self._prefixes.restore(request.sequence, prompt.tokens, self._check(request.id))
        outcome = yield from self._generator.run(request.sequence, prompt, request.options, outlet)
        if outcome.answer is not None:
            conversation.hold(request.messages, request.tools, outcome.answer, outcome.tokens)
        self._reply(wire.Finished(id=request.id, generation=outcome.generation))

    def _read_ahead(self, request: wire.ReadAhead) -> Steps:
        tokens = self._conversation(0).start(request.messages, request.tools)
        check = self._check(request.id)
        if self._prefixes:
            self._prefixes.restore(READ_AHEAD, tokens, check)
        yield from self._generator.read_ahead(tokens, Outlet(request.id, self._reply))
        if self._prefixes and all(message.role == "system" for message in request.messages):
            self._prefixes.keep(check)  # a conversation never comes again
        self._reply(wire.HasReadAhead(id=request.id))

    def _check(self, request_id: int) -> Check:
        """What raises `Aborted` once the request was told to stop."""

        def check() -> None:
            if self._inbox.aborted(request_id):
                raise Aborted

        return check

    def _conversation(self, sequence: int) -> Conversation:
        if sequence not in self._conversations:
            self._conversations[sequence] = Conversation(self._template, self._encoder)
        return self._conversations[sequence]

    def _load(self, request: wire.Load) -> wire.Loaded:
        path = Path(request.path)
        self._loading = request.id
        digest = read_through(path, not request.sha256, self._progress(request.id, 0.0, _READ_SHARE), self._aborted)
        engine = Engine(
            path,
            context_size=request.context_size,
            settings=request.settings,
            log=self._log,
            aborted=self._aborted,
            on_progress=self._progress(request.id, _READ_SHARE, 1.0),
        )
        source, vocabulary = engine.chat_template, engine.vocabulary
        if not source:
            raise ModelError(f"{path.name} has no chat template.", "Choose an instruction-tuned model with one.")
        self._template = ChatTemplate(source, bos=vocabulary.bos, eos=vocabulary.eos)
        self._encoder = vocabulary.encoder()
        self._conversations: dict[int, Conversation] = {}
        self._generator = Generator(engine, self._encoder)
        self._prefixes = _prefixes(engine, request, digest)
        self._scheduler = Scheduler(engine)
        return wire.Loaded(id=request.id, context_size=engine.context_size, sha256=digest)

    def _progress(self, request_id: int, start: float, end: float) -> Callable[[float], None]:
        """What tells loading progress, a part of the whole from `start` to `end`."""
        told = -1.0

        def report(fraction: float) -> None:
            nonlocal told
            now = start + (end - start) * fraction
            if now - told >= 0.01 or fraction >= 1:
                told = now
                self._reply(wire.Loading(id=request_id, fraction=now))

        return report


def _prefixes(engine: Engine, request: wire.Load, digest: str) -> Prefixes | None:
    """What is kept on disk for this model in this context; None: nothing."""
    if not request.prefix_bytes:
        return None
    key = context_key({"model": request.sha256 or digest, **engine.evaluation_facts})
    return Prefixes(engine, PrefixStore(Path(request.prefixes), key=key, limit=request.prefix_bytes, log=_write_log))


def read_through(path: Path, want_hash: bool, on_progress: Callable[[float], None], aborted: Callable[[], bool]) -> str:
    """Read a file from end to end, so that mapping it finds it in memory; return its SHA-256 if wanted, else "".

    A cold file is read four times as fast in sequence as by page faults; one that is in memory already isn't read.
    """
    digest = hashlib.sha256() if want_hash else None
    if digest is None and in_memory(path):
        return ""
    try:
        size = max(path.stat().st_size, 1)
        done = 0
        buffer = memoryview(bytearray(_CHUNK))
        with path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                if aborted():
                    raise Aborted
                if digest:
                    digest.update(buffer[:count])
                done += count
                on_progress(min(done / size, 1.0))
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise ModelError(f"{path.name} can't be read: {reason}.", "Check the file and its permissions.") from error
    return digest.hexdigest() if digest else ""


def in_memory(path: Path) -> bool:
    """Whether a file seems to be in the page cache, judged by samples. False where the system can't tell."""
    if not hasattr(os, "RWF_NOWAIT"):
        return False
    buffer = bytearray(1)
    try:
        with path.open("rb", buffering=0) as file:
            size = path.stat().st_size
            for sample in range(_SAMPLES):
                if os.preadv(file.fileno(), [buffer], size * sample // _SAMPLES, os.RWF_NOWAIT) != 1:
                    return False
    except OSError:  # it would have to wait for the disk, or can't say
        return False
    return True


def _write_log(line: str) -> None:
    sys.stderr.write(line)  # which is the log file
    sys.stderr.flush()


def main() -> None:
    """Serve on the file descriptors given as arguments."""
    faulthandler.enable()
    crash.hide_texts()  # a text could carry rows or the user's words into the log
    worker = Worker(int(sys.argv[1]), int(sys.argv[2]))
    try:
        worker.serve()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
