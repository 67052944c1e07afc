"""The parent's end of the model process: start it, talk to it, notice its death, end it."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import sqlagent_tui
from sqlagent_tui.models import wire

LOG_LIMIT = 1 << 20
"""Bytes; a longer log is begun anew."""


class Died:
    """Stands in the queue of replies after the last one."""


class Woken:
    """Stands in the queue of replies when the waiter should look around."""


class WorkerProcess:
    """One child process. Replies arrive in `replies`, read by a thread of this object's own.

    Its standard output and error go to `log`; it has no terminal and its own session, so that neither a Ctrl-C nor a
    hang-up in ours reaches it: it ends with us.
    """

    def __init__(self, log: Path) -> None:
        self.replies: queue.SimpleQueue[wire.AnyReply | Died | Woken] = queue.SimpleQueue()
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
                    env=_environment(),
                )
        except BaseException:
            os.close(self._requests)
            os.close(self._replies)
            raise
        finally:
            os.close(requests_out)
            os.close(replies_in)
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

    def send(self, request: wire.Request) -> None:
        """Send a request; does nothing when the child is gone (its death is in `replies`). From any thread."""
        with self._lock:
            if self._open:
                with contextlib.suppress(BrokenPipeError):
                    wire.send(self._requests, request)

    def next_reply(self, deadline: float | None = None) -> wire.AnyReply | Died | Woken | None:
        """Wait for what comes next; None when `deadline` (monotonic seconds) has passed before."""
        if deadline is None:
            return self.replies.get()
        try:
            return self.replies.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return None

    def wake(self) -> None:
        """Have a waiter on `replies` look around. From any thread."""
        self.replies.put(Woken())

    def kill(self) -> None:
        """End the child at once and wait for its end, which takes milliseconds. Idempotent; from any thread."""
        self._process.kill()
        self._process.wait()
        with self._lock:
            if self._open:
                self._open = False
                os.close(self._requests)

    def cause_of_death(self) -> str:
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
                self.replies.put(reply)
        finally:
            self.replies.put(Died())
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


def _environment() -> dict[str, str]:
    """Ours, plus what llama.cpp must know before it is loaded."""
    environment = dict(os.environ)
    root = str(Path(sqlagent_tui.__file__).parents[1])
    inherited = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, inherited]))
    environment["OMP_WAIT_POLICY"] = "passive"  # spinning threads starve each other as soon as a core is busy
    environment["GGML_NO_BACKTRACE"] = "1"  # else a failed assertion starts a debugger
    return environment
