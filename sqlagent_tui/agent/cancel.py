"""One token that reaches everything a turn can wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

CancelReason = Literal["cancelled", "terminated", "unconfirmed"]
_SENTENCES: dict[CancelReason, str] = {
    "cancelled": "Cancelled.",
    "terminated": "Cancelled: the statement ignored the request, so its session on the server was terminated.",
    "unconfirmed": "Cancelled here, but the connection was lost before the server confirmed it.",
}


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """Raised by whatever was interrupted by a `CancelToken`. Its text says how that went."""

    def __init__(self, reason: CancelReason = "cancelled") -> None:
        super().__init__(_SENTENCES[reason])
        self.reason: CancelReason = reason


class CancelToken:
    """Set once, from any thread; calls back whoever is blocked at that moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Cancel, and run the callbacks registered at this moment in the caller's thread. Idempotent."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` when the token is set."""
        if self._cancelled:
            raise Cancelled

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Have `callback` run if the token is set while the block runs; raise `Cancelled` if it already is."""
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._callbacks.append(callback)
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
