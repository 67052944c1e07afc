"""One statement, guarded. What makes it safe is enforced by the server:

1. `BEGIN READ ONLY`, limits by `SET LOCAL`, and a first SELECT that pins the snapshot: from here on the server refuses
   to make the transaction writable.
2. The statement goes through the extended protocol (one statement, never several) inside `DECLARE … NO SCROLL CURSOR
   FOR`, whose grammar accepts SELECT, WITH, VALUES and TABLE only.
3. Bounded FETCHes; before each statement_timeout is set again (the statement may have switched it off).
4. Always ROLLBACK, and session-level advisory locks are given back in the same message, so that it works through a
   transaction pooler too. So does what follows: when anything else outlived the transaction, the session ends itself.

Columns of a type without bounds are cut on the server: the described cursor is declared a second time as
`SELECT left(c1::text, n) … FROM (<sql>)`. When that can't be done the plain cursor is read instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import psycopg
from psycopg import pq

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import Column, QueryResult, StatementError
from sqlagent_tui.database import results, settings, value_types
from sqlagent_tui.database.explanations import explain_error
from sqlagent_tui.database.lexer import tokens
from sqlagent_tui.database.transaction import RESIDUE_SQL, Transaction, residue, started_sql
from sqlagent_tui.database.value_types import TypeKey, ValueType
from sqlagent_tui.database.verbs import Statement
from sqlagent_tui.database.wire import PATIENCE_SECONDS, ConnectionLost, Wire

CURSOR = "sqlagent"
_DECLARE = f"DECLARE {CURSOR} NO SCROLL CURSOR FOR\n"
_DECLARE_CUT = f"DECLARE {CURSOR}_cut NO SCROLL CURSOR FOR\n"
_ROLLBACK = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()"
_COMPARE = (
    f"SELECT {RESIDUE_SQL}; SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()) "
    f"WHERE {RESIDUE_SQL} OPERATOR(pg_catalog.<>) "
)
_RESIDUE_AT = 2
"""Which of the answers to both tells the residue."""
_NOT_ALLOWED = "42501"
_TYPE_CACHE_SIZE = 2_000
_NOT_FOR_ITS_FORM = ("53", "54", "55", "57", "58", "XX")
"""Classes of errors that don't say that the cut form is wrong: resources, limits, states, an operator, the system."""
_CHUNK_BYTES = 8 * 1024 * 1024
"""What one FETCH should come to, about."""
_BYTES_OF_A_SHORT_VALUE = 32
_GROWTH = 16
_TIMES_EACH_STATEMENT = 130_000
"""From this version on each statement of a message has a timeout of its own."""
_FAREWELL_SECONDS = 1.0
_NOWHERE = 1 << 40
"""An offset that leaves no position: a FETCH fails at no place of the user's SQL."""


class Refused(Exception):  # noqa: N818 - internal; becomes a StatementError
    """The server answered a step of the framing or of the statement with an error."""

    def __init__(self, result: pq.abc.PGresult, offset: int) -> None:
        super().__init__()
        self.result = result
        self.offset = offset


class LeftBehind(ConnectionLost):
    """Something outlived the transaction, so the session was made to end itself; `text` names it."""


class Session:
    """The guarded way through one open connection. Not thread-safe: its owner serialises."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._wire = Wire(connection)
        self._pgconn = connection.pgconn
        self.server_version = self._pgconn.server_version
        encoding = self._pgconn.parameter_status(b"server_encoding") or b"UTF8"
        self._client_encoding = "SQL_ASCII" if encoding == b"SQL_ASCII" else "UTF8"
        self._types: dict[TypeKey, ValueType] = {}
        self.place = _place(self._pgconn)
        """The server of this connection, as options that lead to no other."""
        self.backend_pid = self._pgconn.backend_pid
        self.transaction: Transaction | None = None
        """The one that is open; another thread may read it."""
        self._may_compare = True
        self._held_before = ""
        """What the session held at the beginning of its transaction; empty when not known."""

    @property
    def usable(self) -> bool:
        """Whether the connection is open and outside a transaction, and no cancel request may still be on its way.

        A farewell that the server sent in the meantime is heard.
        """
        self._wire.hear()
        return self._idle and not self._wire.cancel_astray

    @property
    def _idle(self) -> bool:
        return self._pgconn.status == pq.ConnStatus.OK and self._pgconn.transaction_status == pq.TransactionStatus.IDLE

    def stop(self) -> None:
        """Cancel what is running, from any thread; the session can't be used afterwards."""
        self._wire.close()

    def close(self) -> None:
        """Close the connection; a statement in flight is cancelled on the server, which would go on with it."""
        if self._pgconn.status == pq.ConnStatus.OK and self._pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
            self._wire.request_cancel(timeout=_FAREWELL_SECONDS)
        self._connection.close()

    def run(self, statement: Statement, limits: Limits, cancel: CancelToken) -> QueryResult | StatementError:
        """Run one statement; the transaction is gone and the connection idle when this returns or raises `Cancelled`.

        Raises `ConnectionLost` when the connection can't be used any more, whatever the token says.
        """
        started = time.monotonic()
        outcome: QueryResult | StatementError
        try:
            result = self._attempt(statement, limits, cancel, started, cut=True)
            if result is None:
                self._end()
                result = self._attempt(statement, limits, cancel, started, cut=False)
            outcome = result or StatementError(kind="database", message="The server gave no result.")
        except Refused as problem:
            outcome = self._describe(problem, statement, limits, started)
        except Cancelled:
            self._end()
            raise
        self._end()
        cancel.raise_if_cancelled()
        return outcome

    def _attempt(
        self, statement: Statement, limits: Limits, cancel: CancelToken, started: float, *, cut: bool
    ) -> QueryResult | None:
        """Everything between BEGIN and ROLLBACK; None when the cut form isn't accepted for this statement."""
        self._begin(limits, cancel)
        if statement.gate is not None:
            self._execute(_DECLARE + statement.gate, len(_DECLARE) - statement.gate_start, limits, cancel)
        if statement.verb != "query":
            return self._utility(statement, limits, cancel, started)
        described = self._describe_cursor(limits, cancel)
        types = self._look_up_types(described, limits, cancel)
        cursor = CURSOR
        if cut and any(type_.unbounded for type_ in types):
            wrapped = _DECLARE_CUT + _cut_form(statement.gate or "", types, limits.max_value_chars + 1)
            try:
                self._execute(wrapped, 0, limits, cancel)
            except Refused as problem:
                if (results.sqlstate(problem.result) or "")[:2] in _NOT_FOR_ITS_FORM:
                    raise  # reading the plain cursor instead would give the bound on values away
                return None
            cursor = f"{CURSOR}_cut"
        buffer = _buffer(limits)
        self._fetch_all(cursor, buffer, _first_chunk(types, limits), limits, cancel, started)
        return _query_result(value_types.columns(described, types), buffer, started)

    def _fetch_all(
        self, cursor: str, buffer: results.RowBuffer, chunk: int, limits: Limits, cancel: CancelToken, started: float
    ) -> None:
        """Read until the end or a limit, in chunks: the server lays a whole FETCH aside before it sends a row of it."""
        missing = limits.max_rows + 1
        while missing > 0 and not buffer.truncated:
            asked = min(chunk, missing)
            fetch = f"FETCH FORWARD {asked} FROM {cursor}"
            if limits.statement_timeout_ms:
                left_ms = max(limits.statement_timeout_ms - int((time.monotonic() - started) * 1000), 1)
                timeout = f"SET LOCAL statement_timeout = {left_ms}"
                if self.server_version >= _TIMES_EACH_STATEMENT:
                    fetch = f"{timeout}; {fetch}"
                else:
                    self._execute(timeout, 0, limits, cancel)
            had = len(buffer.rows)
            self._stream(partial(self._pgconn.send_query, fetch.encode()), buffer, _NOWHERE, limits, cancel)
            if len(buffer.rows) - had < asked:
                return
            missing -= asked
            chunk = max(min(_CHUNK_BYTES // buffer.largest_row, chunk * _GROWTH), 1)

    def _begin(self, limits: Limits, cancel: CancelToken) -> None:
        values = settings.of_transaction(limits, self.server_version, self._client_encoding)
        frame = "BEGIN READ ONLY; " + "".join(f"SET LOCAL {name} = '{value}'; " for name, value in values.items())
        frame += (
            "SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('transaction_read_only'), "
            + started_sql("pg_catalog.now()")
            + (f", {RESIDUE_SQL}" if self._may_compare else ", ''")
        )
        if limits.temp_file_limit_mb is not None:
            frame += f", {settings.temp_file_limit(limits.temp_file_limit_mb, self.server_version)}"
        self._held_before = ""
        try:
            answer = self._checked(lambda: self._pgconn.send_query(frame.encode()), 0, limits, cancel)
        except Refused as problem:
            if not self._may_compare or results.sqlstate(problem.result) != _NOT_ALLOWED:
                raise
            self._may_compare = False
            self._end()
            self._begin(limits, cancel)
            return
        fields = (results.decode(answer.get_value(0, field) or b"") for field in range(4))
        pid, read_only, since, self._held_before = fields
        self.backend_pid = int(pid)
        self.transaction = Transaction(self.backend_pid, since)
        if read_only != "on":
            raise ConnectionLost("the server did not make the transaction read-only")

    def _end(self) -> None:
        """ROLLBACK, and prove that the connection answers. A cancel that arrives late is spent here."""
        never = CancelToken()
        message = _ROLLBACK + (f"; {_COMPARE}'{self._held_before}'" if self._held_before else "")
        for _ in range(3):
            answers = self._wire.run(
                lambda: self._pgconn.send_query(message.encode()), never, patience=PATIENCE_SECONDS
            )
            if left := _left_behind(answers, self._held_before):
                self.transaction = None
                raise LeftBehind(left)
            if self._idle and not any(results.is_error(answer) for answer in answers):
                self.transaction = None
                return
        raise ConnectionLost("the transaction could not be ended")

    def _send(self, text: str) -> None:
        self._pgconn.send_query_params(text.encode(), None)

    def _execute(self, text: str, offset: int, limits: Limits, cancel: CancelToken) -> pq.abc.PGresult:
        return self._checked(lambda: self._send(text), offset, limits, cancel)

    def _checked(self, send: Callable[[], None], offset: int, limits: Limits, cancel: CancelToken) -> pq.abc.PGresult:
        """Send one message, return its last result; raises `Refused`, `Cancelled` or `ConnectionLost`."""
        answers = self._wire.run(send, cancel, patience=_patience(limits))
        self._check_alive(answers)
        cancel.raise_if_cancelled()
        error = next((answer for answer in answers if results.is_error(answer)), None)
        if error is not None:
            raise Refused(error, offset)
        return answers[-1]

    def _check_alive(self, answers: list[pq.abc.PGresult]) -> None:
        """Raise `ConnectionLost`, with what the server said first, when the connection is gone."""
        if self._pgconn.status == pq.ConnStatus.OK:
            return
        error = next((answer for answer in answers if results.is_error(answer)), None)
        if error is None:
            raise ConnectionLost
        raise ConnectionLost(results.primary_message(error), results.sqlstate(error))

    def _describe_cursor(self, limits: Limits, cancel: CancelToken) -> pq.abc.PGresult:
        return self._checked(lambda: self._pgconn.send_describe_portal(CURSOR.encode()), 0, limits, cancel)

    def _look_up_types(self, described: pq.abc.PGresult, limits: Limits, cancel: CancelToken) -> list[ValueType]:
        """Return the type of each column; what was once looked up is remembered."""
        keys = value_types.keys(described)
        if len(self._types) > _TYPE_CACHE_SIZE:
            self._types.clear()
        unknown = sorted(set(keys) - self._types.keys())
        if unknown:
            self._types |= value_types.read(self._execute(value_types.lookup(unknown), 0, limits, cancel), unknown)
        return [self._types[key] for key in keys]

    def _utility(self, statement: Statement, limits: Limits, cancel: CancelToken, started: float) -> QueryResult:
        """Run EXPLAIN or SHOW; their values are never cut, a plan must stay readable as JSON."""
        buffer = _buffer(msgspec.structs.replace(limits, max_value_chars=limits.max_bytes))
        names = self._stream(lambda: self._send(statement.text), buffer, statement.text_offset, limits, cancel)
        return _query_result(tuple(Column(name, "text") for name in names), buffer, started)

    def _stream(
        self, send: Callable[[], None], buffer: results.RowBuffer, offset: int, limits: Limits, cancel: CancelToken
    ) -> list[str]:
        """Send one message and collect its rows one by one, so that no more than the buffer is held; returns names."""
        names: list[str] = []
        answers: list[pq.abc.PGresult] = []
        for result in self._wire.results(send, cancel, patience=_patience(limits), single_rows=True):
            if results.is_error(result):
                answers.append(result)
            elif result.nfields or result.ntuples:
                names = names or [results.decode(result.fname(field) or b"") for field in range(result.nfields)]
                buffer.add(result)
        self._check_alive(answers)
        cancel.raise_if_cancelled()
        if answers:
            raise Refused(answers[0], offset)
        return names

    def _describe(self, problem: Refused, statement: Statement, limits: Limits, started: float) -> StatementError:
        """Turn the server's error into what its reader needs to know."""
        elapsed = (time.monotonic() - started) * 1000
        error = results.statement_error(
            problem.result, offset=problem.offset, length=len(statement.sql), elapsed_ms=elapsed
        )
        return explain_error(error, statement, limits)


def _place(pgconn: pq.abc.PGconn) -> dict[str, str]:
    values = {"host": pgconn.host, "hostaddr": pgconn.hostaddr, "port": pgconn.port}
    return {name: (value or b"").decode() for name, value in values.items()}


def _left_behind(answers: list[pq.abc.PGresult], before: str) -> str | None:
    """Name what outlived the transaction, by the answers to `_ROLLBACK` and `_COMPARE`."""
    if not before or len(answers) <= _RESIDUE_AT or answers[_RESIDUE_AT].status != pq.ExecStatus.TUPLES_OK:
        return None
    return residue(before, results.decode(answers[_RESIDUE_AT].get_value(0, 0) or b""))


def _buffer(limits: Limits) -> results.RowBuffer:
    return results.RowBuffer(
        max_rows=limits.max_rows, max_bytes=limits.max_bytes, max_value_chars=limits.max_value_chars
    )


def _query_result(columns: tuple[Column, ...], buffer: results.RowBuffer, started: float) -> QueryResult:
    return QueryResult(
        columns=columns,
        rows=tuple(buffer.rows),
        truncated=buffer.truncated,
        shortened_values=buffer.shortened,
        bytes=buffer.bytes,
        elapsed_ms=(time.monotonic() - started) * 1000,
    )


def _first_chunk(types: list[ValueType], limits: Limits) -> int:
    """Rows that can be asked for without having seen one: as if every unbounded value were as long as it may be."""
    free = sum(type_.unbounded for type_ in types)
    return max(_CHUNK_BYTES // (1 + len(types) * _BYTES_OF_A_SHORT_VALUE + free * limits.max_value_chars), 1)


def _cut_form(sql: str, types: list[ValueType], width: int) -> str:
    """Return `sql` as a subquery whose unbounded columns are cut to `width` characters; the order of rows is kept."""
    names = [f"c{index}" for index in range(1, len(types) + 1)]
    cut = (
        f"pg_catalog.left({type_.as_text.format(f'q.{name}')}, {width})" if type_.unbounded else f"q.{name}"
        for name, type_ in zip(names, types, strict=True)
    )
    return f"SELECT {', '.join(cut)} FROM (\n{_without_semicolon(sql)}\n) AS q({', '.join(names)})"


def _without_semicolon(sql: str) -> str:
    if ";" not in sql:
        return sql
    words = list(tokens(sql))
    while words and words[-1].kind == "symbol" and words[-1].text == ";":
        last = words.pop()
        sql = sql[: last.start] + " " + sql[last.end :]
    return sql


def _patience(limits: Limits) -> float:
    timeout = limits.statement_timeout_ms / 1000 if limits.statement_timeout_ms else 24 * 3600.0
    return timeout + PATIENCE_SECONDS
