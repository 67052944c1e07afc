"""How every statement that somebody asked for becomes a pair of trace events.

Our own framing (BEGIN READ ONLY, SET LOCAL …, DECLARE, FETCH, ROLLBACK) surrounds each of them and is not listed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from sqlagent_tui.agent.events import Reconnected, Reconnecting, StatementFinished, StatementStarted, TraceEvent
from sqlagent_tui.agent.results import Origin, QueryResult, StatementError, Verb

TraceListener = Callable[[TraceEvent], None]
"""Called in the thread that runs the statement; must not block and must not raise."""

_numbers = itertools.count(1)  # one count for all connections of the process, so that ids never meet in a trace


class Trace:
    """Tells a listener about the statements of one connection."""

    def __init__(self, listener: TraceListener | None) -> None:
        self._listener = listener

    def started(self, sql: str, *, origin: Origin, verb: Verb, backend_pid: int) -> int:
        """Announce a statement; returns its number."""
        number = next(_numbers)
        self._tell(StatementStarted(statement_id=number, origin=origin, verb=verb, backend_pid=backend_pid, sql=sql))
        return number

    def finished(
        self, number: int, outcome: QueryResult | StatementError, *, origin: Origin, backend_pid: int, elapsed_ms: float
    ) -> None:
        """Announce how statement `number` ended."""
        if isinstance(outcome, StatementError):
            event = StatementFinished(
                statement_id=number, origin=origin, backend_pid=backend_pid, elapsed_ms=elapsed_ms, error=outcome
            )
        else:
            event = StatementFinished(
                statement_id=number,
                origin=origin,
                backend_pid=backend_pid,
                elapsed_ms=elapsed_ms,
                row_count=outcome.row_count,
                bytes=outcome.bytes,
                truncated=outcome.truncated,
            )
        self._tell(event)

    def reconnecting(self, event: Reconnecting | Reconnected) -> None:
        """Announce an attempt to connect again, or its success."""
        self._tell(event)

    def _tell(self, event: TraceEvent) -> None:
        if self._listener is not None:
            self._listener(event)
