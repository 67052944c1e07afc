"""The parent's end of the model process: start it, talk to it, notice its death, end it."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from enum import Enum
from pathlib import Path

import sqlagent_tui
from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.models import wire

LOG_LIMIT = 1 << 20
"""Bytes; a longer log is begun anew."""
CANCEL_SECONDS = 0.08
"""How long a cancelled caller waits for the child to say that it stopped."""
SETTLE_SECONDS = 2.0
"""How long the next caller waits for that; a child that takes longer hangs."""
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW", re.IGNORECASE)
"""The names of environment variables that may hold one."""


class WorkerDied(Exception):  # noqa: N818 - a fact; the client makes an error of it
    """The child is gone, or hung and was ended; the argument says how."""


class _Signal(Enum):
    """What lies in a mailbox beside replies."""

    DIED = 1
    WOKEN = 2


_Mailbox = queue.SimpleQueue["wire.AnyReply | _Signal"]


class WorkerProcess:
    """One child process. Replies are read by a thread of this object's own; any number of exchanges may be under way.

    Its standard output and error go to `log`; it has no terminal and its own session, so that neither a Ctrl-C nor a
    hang-up in ours reaches it: it ends with us.
    """

    def __init__(self, log: Path) -> None:
        self._mailboxes: dict[int, _Mailbox] = {}
        self._unsettled: set[int] = set()
        """Requests that haven't had their last reply."""
        self._news = threading.Condition()
        self._dead = False
        self._lock = threading.Lock()
        requests_out, self._requests = os.pipe()
        self._replies, replies_in = os.pipe()
        try:
            with _open_log(log) as log_fd:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "sqlagent_tui.models.worker", str(requests_out), str(replies_in)],
                    pass_fds=(requests_out, replies_in),
                    stdin=subprocess.DEVNULL,
                    stdout=log_fd,
                    stderr=log_fd,
                    start_new_session=True,
                    env=child_environment(),
                )
        except BaseException:
            os.close(self._requests)
            os.close(self._replies)
            raise
        finally:
            os.close(requests_out)
            os.close(replies_in)
        os.set_blocking(self._requests, False)
        self._open = True
        threading.Thread(target=self._read, daemon=True, name="model-replies").start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._process.poll() is None

    def _send(self, request: wire.Request, patient: Callable[[], bool]) -> bool:
        """Send a request; return whether it went out. A dead child takes everything: its end is told in the replies."""
        while not self._lock.acquire(timeout=0.02):
            if not patient():
                return False
        try:
            return not self._open or wire.send(self._requests, request, patient)
        except BrokenPipeError:
            return True
        finally:
            self._lock.release()

    def _abort(self, request_id: int) -> None:
        """Tell the child to stop a request. Never waits, whatever state the child is in. From any thread."""
        self._send(wire.Abort(id=request_id), lambda: False)

    def exchange(self, request: wire.Request, cancel: CancelToken) -> Generator[wire.AnyReply, None, None]:
        """Send a request and yield its replies, up to and including the last. From any thread.

        Raises `WorkerDied`, and `Cancelled` at the latest `CANCEL_SECONDS` after the token was set.
        """
        mailbox: _Mailbox = queue.SimpleQueue()

        def stop() -> None:
            self._abort(request.id)
            mailbox.put(_Signal.WOKEN)

        with self._news:
            self._mailboxes[request.id] = mailbox
            self._unsettled.add(request.id)
            if self._dead:
                mailbox.put(_Signal.DIED)
        try:
            with cancel.on_cancel(stop):
                if not self._send(request, lambda: not cancel.cancelled):
                    self.kill()  # it doesn't even read
                    raise Cancelled
                yield from self._replies_to(request.id, mailbox, cancel)
        finally:
            with self._news:
                del self._mailboxes[request.id]
                given_up = request.id in self._unsettled
            if given_up:
                self._abort(request.id)

    def _replies_to(
        self, request_id: int, mailbox: _Mailbox, cancel: CancelToken
    ) -> Generator[wire.AnyReply, None, None]:
        deadline: float | None = None
        while True:
            try:
                item = mailbox.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                item = _Signal.WOKEN
            if item is _Signal.DIED:
                raise WorkerDied(self._cause_of_death())
            if cancel.cancelled:
                deadline = deadline or time.monotonic() + CANCEL_SECONDS
                if isinstance(item, wire.FINAL) or time.monotonic() >= deadline:
                    raise Cancelled
            elif not isinstance(item, _Signal):
                yield item
                if isinstance(item, wire.FINAL):
                    return

    def settle(self, cancel: CancelToken) -> bool:
        """Wait until the child has ended the requests that were given up. False: it is gone, or hung and was ended.

        Raises `Cancelled`.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        with self._news:
            while self._given_up() and not self._dead:
                cancel.raise_if_cancelled()
                if time.monotonic() >= deadline:
                    break
                self._news.wait(0.02)
            hangs = self._given_up() and not self._dead
        if hangs:
            self.kill()
        return self.alive

    def _given_up(self) -> bool:
        return any(request not in self._mailboxes for request in self._unsettled)

    def kill(self) -> None:
        """End the child at once and wait for its end, which takes milliseconds. Idempotent; from any thread."""
        self._process.kill()
        self._process.wait()
        with self._lock:
            if self._open:
                self._open = False
                os.close(self._requests)

    def _cause_of_death(self) -> str:
        """How the child ended, for a sentence's parentheses."""
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.kill()
            return "it closed its pipe"
        if code >= 0:
            return f"exit code {code}"
        try:
            return f"signal {-code}, {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"

    def _read(self) -> None:
        try:
            while (reply := wire.receive_reply(self._replies)) is not None:
                with self._news:
                    if isinstance(reply, wire.FINAL):
                        self._unsettled.discard(reply.id)
                        self._news.notify_all()
                    if mailbox := self._mailboxes.get(reply.id):
                        mailbox.put(reply)
        finally:
            with self._news:
                self._dead = True
                self._unsettled.clear()
                self._news.notify_all()
                for mailbox in self._mailboxes.values():
                    mailbox.put(_Signal.DIED)
            os.close(self._replies)


@contextlib.contextmanager
def _open_log(path: Path) -> Iterator[int]:
    """Open the log for appending, private to the user, begun anew when it has grown long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    long = path.exists() and path.stat().st_size > LOG_LIMIT
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if long else 0)
    fd = os.open(path, flags, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)


def child_environment() -> dict[str, str]:
    """Ours without libpq's variables and what may be a secret, plus what llama.cpp must know before it is loaded."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PG") and not _SECRET.search(name)
    }
    root = str(Path(sqlagent_tui.__file__).parents[1])
    inherited = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, inherited]))
    environment["OMP_WAIT_POLICY"] = "passive"  # spinning threads starve each other as soon as a core is busy
    environment["GGML_NO_BACKTRACE"] = "1"  # else a failed assertion starts a debugger
    return environment
