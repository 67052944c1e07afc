"""The model as the app sees it: a client of the process that runs llama.cpp."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlagent_tui import paths
from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.messages import Delta, Message, PromptProgress
from sqlagent_tui.agent.protocols import GenerationOptions, Model, ModelInfo
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models import hashes, wire
from sqlagent_tui.models.calibration import store
from sqlagent_tui.models.calibration.calibrate import calibrate, worth_while
from sqlagent_tui.models.calibration.search import MachineBusy
from sqlagent_tui.models.idle import IdleWork
from sqlagent_tui.models.prefix_store import prefix_folder
from sqlagent_tui.models.process import WorkerDied, WorkerProcess
from sqlagent_tui.models.settings import UNPINNED, Pins
from sqlagent_tui.models.setup import Setup, prepare

DEFAULT_CONTEXT: Final = 8192
MAX_SAMPLES: Final = 7
"""Conversations that the context holds beside the main one."""
PREFIX_BYTES: Final = 2 << 30
"""What evaluated prompt prefixes may take on disk."""
CALIBRATE_AFTER: Final = 30.0
"""Seconds without a question: its answer is being read, and what was to be evaluated beforehand is."""
_CRASH: Final = re.compile(r"SIG(SEGV|ILL|ABRT|FPE)")
_AGAIN: Final = "It is started again with the next question."


class LlamaModel:
    """A GGUF model in a child process. Open it with `LlamaModel.open`.

    One generation at a time: another thread's waits for its turn, unless it asks one of `samples`. `close` may be
    called from any thread, at any moment, and is instant. A crash of the child raises `ModelError`; the next call
    starts it again.
    """

    def __init__(
        self,
        path: Path,
        *,
        context_size: int = DEFAULT_CONTEXT,
        pins: Pins = UNPINNED,
        ignore_memory: bool = False,
        calibrate_when_idle: bool = False,
        name: str = "",
        log: Path | None = None,
        prefix_bytes: int = PREFIX_BYTES,
    ) -> None:
        self.path = path
        self._context_size = context_size
        self._pins = pins
        self._ignore_memory = ignore_memory
        self._setup: Setup | None = None
        self._idle = IdleWork(self._calibrate, CALIBRATE_AFTER) if calibrate_when_idle else None
        self._busy = self._idle.kept_off if self._idle else nullcontext
        self._log = log or paths.cache_dir() / "model.log"
        self._prefix_bytes = prefix_bytes
        self._name = name
        self._info = ModelInfo(name=name or path.stem)
        self._worker: WorkerProcess | None = None
        self._lane = _Lane(0)
        self._starting = _Lane(-1)
        self._ids = itertools.count()
        self._closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        context_size: int = DEFAULT_CONTEXT,
        pins: Pins = UNPINNED,
        ignore_memory: bool = False,
        calibrate_when_idle: bool = False,
        name: str = "",
        log: Path | None = None,
        prefix_bytes: int = PREFIX_BYTES,
        on_progress: Callable[[float], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Self:
        """Load a model file.

        `context_size` in tokens, at most what the model was trained with; `pins` are the settings that the user insists
        on; `ignore_memory`: load it even if it won't fit; `calibrate_when_idle`: find the fastest settings when nobody
        waits, for the next time; `prefix_bytes` bounds the prompt prefixes on disk, 0 keeps none; `on_progress` is told
        fractions from 0 to 1. Raises `ModelError`, and `Cancelled`.
        """
        model = cls(
            path,
            context_size=context_size,
            pins=pins,
            ignore_memory=ignore_memory,
            calibrate_when_idle=calibrate_when_idle,
            name=name,
            log=log,
            prefix_bytes=prefix_bytes,
        )
        try:
            model._start(cancel or CancelToken(), on_progress)
        except BaseException:
            model.close()
            raise
        return model

    @property
    def info(self) -> ModelInfo:
        """Name, hash and context size of the loaded model."""
        return self._info

    @property
    def setup(self) -> Setup | None:
        """What it was loaded with; None before."""
        return self._setup

    @property
    def pid(self) -> int | None:
        """The child's process id; None when it isn't running."""
        worker = self._worker
        return worker.pid if worker and worker.alive else None

    def count_tokens(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> int:
        """Return how many prompt tokens these messages cost, generation prompt included. Raises `ModelError`."""
        return self._count(self._lane, messages, tools)

    def generate(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        options: GenerationOptions,
        cancel: CancelToken,
    ) -> Iterator[Delta]:
        """Yield deltas; the last one is a `Generation`.

        Only what is new is evaluated. Raises `ModelError` when the model can't go on, and `Cancelled` within 100 ms
        of the token being set. Closing the iterator early stops the model too.
        """
        return self._generate(self._lane, messages, tools, options, cancel)

    def warm(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], cancel: CancelToken
    ) -> Iterator[PromptProgress]:
        """Evaluate, or load from disk, what prompts begin with that consist of `messages` and a user's next one.

        Yields progress, none when there is nothing to evaluate. What was evaluated when it is cancelled is kept.
        Raises as `generate`.
        """
        with self._lane.taken(cancel):
            self._start(cancel)
            request = wire.ReadAhead(id=next(self._ids), messages=list(messages), tools=_plain(tools))
            with closing(self._ask(request, cancel)) as replies:
                for reply in replies:
                    if isinstance(reply, wire.Evaluating):
                        yield PromptProgress(reply.done, reply.total)

    def samples(self, count: int) -> Sequence[Model]:
        """Return `count` models, each for a thread of its own; what their prompts have in common is evaluated once.

        They share this model's context and end with it. Raises `ModelError` when there are too many.
        """
        if count > MAX_SAMPLES:
            raise ModelError(f"{count} samples at once are too many.", f"Take {MAX_SAMPLES} at most.")
        return [_Sample(self, _Lane(sequence)) for sequence in range(1, count + 1)]

    def _count(self, lane: _Lane, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> int:
        cancel = CancelToken()
        with lane.taken(cancel):
            self._start(cancel)
            request = wire.Count(
                id=next(self._ids), messages=list(messages), tools=_plain(tools), sequence=lane.sequence
            )
            for reply in self._ask(request, cancel):
                if isinstance(reply, wire.Counted):
                    return reply.tokens
        raise ModelError("The model process gave no answer.", _AGAIN)

    def _generate(
        self,
        lane: _Lane,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        options: GenerationOptions,
        cancel: CancelToken,
    ) -> Iterator[Delta]:
        with lane.taken(cancel):
            self._start(cancel)
            request = wire.Generate(
                id=next(self._ids),
                messages=list(messages),
                tools=_plain(tools),
                options=options,
                sequence=lane.sequence,
            )
            with closing(self._ask(request, cancel)) as replies:
                for reply in replies:
                    match reply:
                        case wire.Evaluating():
                            yield PromptProgress(reply.done, reply.total)
                        case wire.Wrote():
                            yield from reply.pieces
                        case wire.Finished():
                            yield reply.generation

    def close(self) -> None:
        """End the process at once. Idempotent; from any thread."""
        self._closed = True
        if self._idle:
            self._idle.close()
        if worker := self._worker:
            worker.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, cancel: CancelToken, on_progress: Callable[[float], None] | None = None) -> None:
        """Have a running child with the model loaded."""
        with self._starting.taken(cancel):
            self._start_alone(cancel, on_progress)

    def _start_alone(self, cancel: CancelToken, on_progress: Callable[[float], None] | None) -> None:
        self._check_open()
        cancel.raise_if_cancelled()
        if self._worker:
            if self._worker.alive and self._setup and self._setup.changed_on_disk:
                self._worker.kill()  # another model would answer, or nonsense, or the kernel ends the process
                raise self._changed()
            if self._worker.alive and self._worker.settle(cancel):
                return
            self._worker.kill()
        self._setup = setup = prepare(
            self.path, context_size=self._context_size, pins=self._pins, ignore_memory=self._ignore_memory
        )
        known = hashes.known(self.path)
        try:
            before = self.path.stat()
            self._worker = WorkerProcess(self._log)
        except OSError as error:
            reason = error.strerror or "unknown error"
            raise ModelError(f"The model process can't be started: {reason}.", "Check memory and disk.") from error
        if self._closed:  # by another thread, meanwhile: it can't have seen this child
            self._worker.kill()
        request = wire.Load(
            id=next(self._ids),
            path=str(self.path),
            context_size=self._context_size,
            settings=setup.settings,
            sha256=known,
            prefixes=str(prefix_folder()),
            prefix_bytes=self._prefix_bytes,
        )
        try:
            self._load(request, cancel, on_progress, known, setup)
        except BaseException:
            self._worker.kill()
            raise
        if not known:
            hashes.remember(self.path, before, self._info.sha256)

    def _load(
        self,
        request: wire.Load,
        cancel: CancelToken,
        on_progress: Callable[[float], None] | None,
        known: str,
        setup: Setup,
    ) -> None:
        for reply in self._ask(request, cancel):
            if isinstance(reply, wire.Loading) and on_progress:
                on_progress(reply.fraction)
            if isinstance(reply, wire.Loaded):
                self._info = ModelInfo(
                    name=self._name or setup.file.name,
                    sha256=known or reply.sha256,
                    context_size=reply.context_size,
                    description=setup.file.summary,
                    warning=setup.warning,
                )

    def _ask(self, request: wire.Request, cancel: CancelToken) -> Generator[wire.AnyReply, None, None]:
        """Send a request and yield its replies, up to and including the last. Raises `ModelError`, `Cancelled`."""
        if self._worker is None:
            raise ModelError("The model is not running.", _AGAIN)
        try:
            with self._busy(), closing(self._worker.exchange(request, cancel)) as replies:
                for reply in replies:
                    if isinstance(reply, wire.Failed):
                        raise ModelError(reply.message, reply.remedy)
                    if isinstance(reply, wire.Aborted):
                        raise Cancelled
                    yield reply
        except WorkerDied as death:
            self._check_open()
            cancel.raise_if_cancelled()
            raise self._crash(str(death)) from death

    def _crash(self, cause: str) -> ModelError:
        setup = self._setup
        if setup and setup.changed_on_disk:
            return self._changed()
        if setup and setup.settings.extra_buffers and not self._pins.extra_buffers and _CRASH.search(cause):
            store.distrust(setup.file, "extra_buffers", f"the model's process crashed with them ({cause})")
        if "SIGBUS" in cause:
            return ModelError(
                f"{self.path.name} could not be read while it was in use: it was cut off, or its disk failed.",
                f"Check the file and the disk. {_AGAIN}",
            )
        remedy = f"{_AGAIN} Details are in {self._log}."
        if "SIGKILL" in cause:
            remedy = f"If memory ran out, choose a smaller context or model. {_AGAIN}"
        return ModelError(f"The model process stopped unexpectedly ({cause}).", remedy)

    def _changed(self) -> ModelError:
        return ModelError(f"{self.path.name} was changed on disk while it was in use.", _AGAIN)

    def _calibrate(self, cancel: CancelToken) -> bool:
        """Find the fastest settings, unless that is done already; return whether that's it for good."""
        setup = self._setup
        if setup is None or setup.calibration or not worth_while(setup.file):
            return True
        if setup.warning:
            return True  # memory is tight: an excerpt would push the model's own pages out
        try:
            calibrate(setup.file, cancel)
        except ModelError as error:
            with self._log.open("a", encoding="utf-8") as log:
                log.write(f"{error}\n")
            return not isinstance(error.__cause__, MachineBusy)
        return True

    def _check_open(self) -> None:
        if self._closed:
            raise ModelError("The model is closed.", "Load it again.")


class _Lane:
    """The right to use one sequence: waits for another thread's use of it, but never for one's own."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self._lock = threading.Lock()
        self._holder: int | None = None

    @contextmanager
    def taken(self, cancel: CancelToken) -> Iterator[None]:
        me = threading.get_ident()
        if self._holder == me:
            raise ModelError("The model is still answering.", "Wait for the answer, or cancel it.")
        while not self._lock.acquire(timeout=0.05):
            cancel.raise_if_cancelled()
        self._holder = me
        try:
            yield
        finally:
            self._holder = None
            self._lock.release()


class _Sample:
    """One of several conversations with the same model."""

    def __init__(self, model: LlamaModel, lane: _Lane) -> None:
        self._model = model
        self._lane = lane

    @property
    def info(self) -> ModelInfo:
        return self._model.info

    def count_tokens(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> int:
        return self._model._count(self._lane, messages, tools)

    def generate(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        options: GenerationOptions,
        cancel: CancelToken,
    ) -> Iterator[Delta]:
        return self._model._generate(self._lane, messages, tools, options, cancel)

    def close(self) -> None:
        pass


def _plain(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(tool) for tool in tools]
