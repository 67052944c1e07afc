"""The watchdog's own connection: made when first needed, for one short question at a time, which the trace tells."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import psycopg
from psycopg import pq

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.results import Column, QueryResult, StatementError
from sqlagent_tui.database import results
from sqlagent_tui.database.trace import Trace
from sqlagent_tui.database.wire import ConnectionLost, Wire
from sqlagent_tui.errors import DatabaseError

Connect = Callable[[CancelToken], psycopg.Connection[Any]]
"""Connects to the server of the first connection. Raises `DatabaseError` and `Cancelled`."""

RETRY_SECONDS = 15.0
"""Pause after an attempt to connect that failed."""
_ANSWER_SECONDS = 5
_FRAME = (
    f"BEGIN READ ONLY; SET LOCAL search_path = pg_catalog; SET LOCAL statement_timeout = '{_ANSWER_SECONDS}s'; "
    "SELECT pg_backend_pid(); {sql}; ROLLBACK"
)
_PID_AT, _ANSWER_AT = 3, 4
"""Which of the answers to `_FRAME` tell the backend's pid and what was asked."""


class Place(msgspec.Struct, frozen=True):
    """One server, and the way to it. Two are the same when they name the same server."""

    name: str
    connect: Connect


class SecondConnection:
    """Not thread-safe: the watchdog's thread owns it."""

    def __init__(self, closing: CancelToken) -> None:
        self._closing = closing
        """Ends whatever is waited for."""
        self._connection: psycopg.Connection[Any] | None = None
        self._wire: Wire | None = None
        self._place = ""
        self._not_before = 0.0
        self._complained = False

    def ask(self, place: Place, sql: str, trace: Trace, *, quiet: bool = False) -> list[str] | None:
        """Return the first column of one SELECT, NULL as an empty string; None when the server can't be asked.

        `quiet` keeps it out of the trace unless it gives anything. Raises `Cancelled`.
        """
        try:
            wire = self._reach(place)
        except DatabaseError as problem:
            self._not_before = time.monotonic() + RETRY_SECONDS
            self.complain(trace, sql, f"The watchdog could not connect ({problem.message.rstrip('.')})")
            return None
        if wire is None:
            return None
        begun = time.monotonic()
        pid = wire.pgconn.backend_pid
        number = None if quiet else trace.started(sql, origin="watchdog", verb="query", backend_pid=pid)
        outcome, pid = self._answer(wire, sql)
        self._closing.raise_if_cancelled()
        if number is None and not _is_empty(outcome):
            number = trace.started(sql, origin="watchdog", verb="query", backend_pid=pid)
        if number is not None:
            elapsed = (time.monotonic() - begun) * 1000
            trace.finished(number, outcome, origin="watchdog", backend_pid=pid, elapsed_ms=elapsed)
        if isinstance(outcome, StatementError):
            return None
        return [row[0] or "" for row in outcome.rows]

    def complain(self, trace: Trace, sql: str, what: str) -> None:
        """Tell the trace, once until it is over, that nobody watches."""
        if self._complained:
            return
        self._complained = True
        error = StatementError(kind="connection", message=f"{what}: statements run unwatched.")
        number = trace.started(sql, origin="watchdog", verb="query", backend_pid=0)
        trace.finished(number, error, origin="watchdog", backend_pid=0, elapsed_ms=0.0)

    def satisfied(self) -> None:
        """Somebody watches again: the next trouble is worth a word."""
        self._complained = False

    def close(self) -> None:
        """Close; a later question connects again."""
        connection, self._connection, self._wire = self._connection, None, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def _reach(self, place: Place) -> Wire | None:
        wire = self._wire
        if wire is not None and self._place == place.name and wire.pgconn.status == pq.ConnStatus.OK:
            return wire
        self.close()
        if time.monotonic() < self._not_before:
            return None
        self._connection = place.connect(self._closing)
        self._wire = Wire(self._connection)
        self._place = place.name
        return self._wire

    def _answer(self, wire: Wire, sql: str) -> tuple[QueryResult | StatementError, int]:
        pid = wire.pgconn.backend_pid
        message = _FRAME.format(sql=sql).encode()
        try:
            answers = wire.run(lambda: wire.pgconn.send_query(message), self._closing, patience=2 * _ANSWER_SECONDS)
        except ConnectionLost as lost:
            self.close()
            return StatementError(kind="connection", message="The connection was lost.", detail=lost.text or None), pid
        if problem := next((answer for answer in answers if results.is_error(answer)), None):
            self.close()  # the transaction may still be open, and nobody is in a hurry
            return results.statement_error(problem, offset=0, length=len(sql), elapsed_ms=0.0), pid
        answer = answers[_ANSWER_AT]
        buffer = results.RowBuffer(max_rows=1_000, max_bytes=1_000_000, max_value_chars=None)
        buffer.add(answer)
        columns = (Column(results.decode(answer.fname(0) or b""), "text"),)
        outcome = QueryResult(columns=columns, rows=tuple(buffer.rows), bytes=buffer.bytes)
        return outcome, int(answers[_PID_AT].get_value(0, 0) or b"0")


def _is_empty(outcome: QueryResult | StatementError) -> bool:
    return isinstance(outcome, QueryResult) and not any(row[0] for row in outcome.rows)
