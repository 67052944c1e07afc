"""What is said when a statement ended together with its connection."""

from __future__ import annotations

from sqlagent_tui.agent.cancel import CancelReason
from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.database.execution import LeftBehind
from sqlagent_tui.database.watchdog import Watch
from sqlagent_tui.database.wire import ConnectionLost

_LOST = "The connection to the server was lost"


def reason(lost: ConnectionLost, watch: Watch) -> str:
    """Say in one sentence why there is no connection any more."""
    if isinstance(lost, LeftBehind):
        return "The session was ended, because a statement had left something behind in it."
    if _was_terminated(lost, watch):
        return "The session was terminated, because a statement ignored every request to stop."
    return f"{_LOST}."


def error(lost: ConnectionLost, watch: Watch, trouble: str | None) -> StatementError:
    """Return what the statement's asker is told; `trouble` is what is wrong with the way to the server, if known."""
    if isinstance(lost, LeftBehind):
        message = f"Stopped: the statement left {lost.text} behind, so its session was ended."
        return StatementError(kind="stopped", message=message)
    if _was_terminated(lost, watch):
        return StatementError(
            kind="stopped",
            message="Stopped: it ignored every request to stop, so its session on the server was terminated.",
            detail=watch.verdict.message if watch.verdict else None,
        )
    message = f"{trouble} The query was NOT retried." if trouble else f"{_LOST}; the query was NOT retried."
    return StatementError(kind="connection", message=message, sqlstate=lost.sqlstate, detail=lost.text or None)


def cancel_reason(lost: ConnectionLost, watch: Watch) -> CancelReason:
    """Say what a cancel came to whose statement ended like this."""
    if watch.session.transaction is None:  # it had ended, or never begun
        return "cancelled"
    return "terminated" if _was_terminated(lost, watch) else "unconfirmed"


def _was_terminated(lost: ConnectionLost, watch: Watch) -> bool:
    """Whether the watchdog ended the session: it knows, or the server had last words after it had asked."""
    return watch.terminated or (watch.terminating and lost.sqlstate is not None)
