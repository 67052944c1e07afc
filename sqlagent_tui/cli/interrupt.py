"""Ctrl+C in a command cancels what runs, on the server too, instead of killing the process around it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sqlagent_tui.agent.cancel import CancelToken


@contextmanager
def cancel_on_interrupt(token: CancelToken) -> Iterator[None]:
    """Set `token` at the first Ctrl+C; a second one interrupts as usual."""

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, previous)
        # Not in the handler: the callbacks talk to the server, and may need a lock that the main thread holds.
        threading.Thread(target=token.cancel, daemon=True).start()

    previous = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
