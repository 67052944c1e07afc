"""Whose turn it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.errors import ModelError


class Lane:
    """What one thread at a time may use: waits for another thread's use of it, but never for one's own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    @contextmanager
    def taken(self, cancel: CancelToken) -> Iterator[None]:
        """Have it. Raises `Cancelled` while waiting, and `ModelError` when this thread has it already."""
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
