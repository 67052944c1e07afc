"""Connecting again after a connection was lost: in sight, not too often, not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import Reconnecting
from sqlagent_tui.database.connection_errors import UnreachableError
from sqlagent_tui.errors import DatabaseError

PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each attempt."""
SECONDS_IN_ALL = 30.0
"""No attempt begins later than this after the first."""
_POLL_SECONDS = 0.05

T = TypeVar("T")


def reconnect(attempt: Callable[[], T], reason: str, tell: Callable[[Reconnecting], None], cancel: CancelToken) -> T:
    """Return what the first successful `attempt` gives; each attempt is told before the wait that precedes it.

    `reason` says in one sentence why there is no connection any more.

    Only a server that can't be reached is tried again: a refused password or role, tried five times, locks an account.
    Raises the last DatabaseError, and Cancelled at once.
    """
    began = time.monotonic()
    problem = DatabaseError(reason)
    for number, pause in enumerate(PAUSES, 1):
        if time.monotonic() + pause - began > SECONDS_IN_ALL:
            break
        tell(Reconnecting(attempt=number, attempts=len(PAUSES), wait_seconds=pause, reason=problem.message))
        sleep(pause, cancel)
        try:
            return attempt()
        except UnreachableError as refused:
            problem = refused
    raise problem


def sleep(seconds: float, cancel: CancelToken) -> None:
    """Wait. Raises Cancelled."""
    deadline = time.monotonic() + seconds
    cancel.raise_if_cancelled()
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, _POLL_SECONDS))
        cancel.raise_if_cancelled()
