"""Work for when nobody waits: begun after a while of quiet, dropped as soon as somebody comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlagent_tui.agent.cancel import Cancelled, CancelToken


class IdleWork:
    """Runs `job` in a thread of its own after `after` seconds without anything else to do, until it is done.

    The job ends by returning True (done for good) or False (another time: after twice as long), or by raising
    `Cancelled` (it is begun again in the next quiet). From any thread.
    """

    def __init__(self, job: Callable[[CancelToken], bool], after: float) -> None:
        self._job = job
        self._wait = after
        self._lock = threading.Lock()
        self._others = 0
        """How many do something else at this moment."""
        self._timer: threading.Timer | None = None
        self._cancel = CancelToken()
        self._done = False

    @contextmanager
    def kept_off(self) -> Iterator[None]:
        """Somebody waits: the work is dropped, and not begun while the block runs."""
        with self._lock:
            self._others += 1
            cancel = self._drop()
        cancel.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._others -= 1
                self._plan()

    def close(self) -> None:
        """Drop the work for good."""
        with self._lock:
            self._done = True
            cancel = self._drop()
        cancel.cancel()

    def _drop(self) -> CancelToken:
        """Forget what is planned or under way; return its token."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        cancel, self._cancel = self._cancel, CancelToken()
        return cancel

    def _plan(self) -> None:
        if not self._done and not self._others and self._timer is None:
            self._timer = threading.Timer(self._wait, self._run, [self._cancel])
            self._timer.daemon = True
            self._timer.name = "idle-work"
            self._timer.start()

    def _run(self, cancel: CancelToken) -> None:
        try:
            done = self._job(cancel)
        except Cancelled:
            return
        with self._lock:
            self._done = self._done or done
            self._wait *= 2
            if cancel is self._cancel:  # nobody came meanwhile
                self._timer = None
                self._plan()
