"""One statement, guarded. What makes it safe is enforced by the server:

1. `BEGIN READ ONLY`, limits for this transaction, and a first SELECT that pins the snapshot: from here on the server
   refuses to make the transaction writable.
2. The statement goes through the extended protocol (one statement, never several) inside `DECLARE … NO SCROLL CURSOR
   FOR`, whose grammar accepts SELECT, WITH, VALUES and TABLE only. That also is what finds its mistakes early, with
   their position, and describes its columns: nothing of it has run.
3. Bounded FETCHes; before each statement_timeout is set again (the statement may have switched it off).
4. Always ROLLBACK, and session-level advisory locks are given back in the same message, so that it works through a
   transaction pooler too. So does what follows: when anything else outlived the transaction, the session ends itself.

It takes three round trips: 1 and 2 travel together, with what the policy of functions and the cost gate ask of the
server; their answers are judged before the first FETCH.

Columns of a type without bounds are cut on the server: the described cursor is declared a second time as
`SELECT left(c1::text, n) … FROM (<sql>)`. When that can't be done the plain cursor is read instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg import pq

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import Column, QueryResult, StatementError
from sqlagent_tui.database import functions, plan, results, settings, value_types
from sqlagent_tui.database.conninfo import place
from sqlagent_tui.database.cutting import cut_form
from sqlagent_tui.database.explanations import explain_error
from sqlagent_tui.database.policy import FunctionPolicy, Refusal, refused
from sqlagent_tui.database.transaction import RESIDUE_SQL, Transaction, end_sql, left_behind, started_sql
from sqlagent_tui.database.value_types import TypeKey, ValueType
from sqlagent_tui.database.verbs import Statement
from sqlagent_tui.database.wire import LARGEST_ANSWER, PATIENCE_SECONDS, ConnectionLost, Wire

CURSOR = "sqlagent"
_DECLARE = f"DECLARE {CURSOR} NO SCROLL CURSOR FOR\n"
_DECLARE_CUT = f"DECLARE {CURSOR}_cut NO SCROLL CURSOR FOR\n"
_EXPLAIN = f"EXPLAIN (FORMAT JSON)\nDECLARE {CURSOR}_plan NO SCROLL CURSOR FOR\n"
_NOT_ALLOWED = "42501"
_TYPE_CACHE_SIZE = 2_000
_NOT_FOR_ITS_FORM = ("53", "54", "55", "57", "58", "XX")
"""Classes of errors that don't say that the cut form is wrong: resources, limits, states, an operator, the system."""
_CHUNK_BYTES = 8 * 1024 * 1024
"""What one FETCH should come to, about."""
_BYTES_OF_A_SHORT_VALUE = 32
_GROWTH = 16
_FAREWELL_SECONDS = 1.0
_NOWHERE = 1 << 40
"""An offset that leaves no position: what fails has no place in the user's SQL."""


class _Message(NamedTuple):
    """What is sent, and how many characters stand in it before the user's SQL."""

    send: Callable[[], None]
    offset: int = _NOWHERE


class Refused(Exception):  # noqa: N818 - internal; becomes a StatementError
    """The server answered message `name`, of the framing or of the statement, with an error."""

    def __init__(self, name: str, result: pq.abc.PGresult, offset: int) -> None:
        super().__init__()
        self.name = name
        self.result = result
        self.offset = offset


class Unwanted(Exception):  # noqa: N818 - internal; becomes a StatementError
    """The server would run it; we don't let it."""

    def __init__(self, error: StatementError) -> None:
        super().__init__()
        self.error = error


class LeftBehind(ConnectionLost):
    """Something outlived the transaction, so the session was made to end itself; `text` names it."""


class Session:
    """The guarded way through one open connection. Not thread-safe: its owner serialises."""

    def __init__(self, connection: psycopg.Connection[Any], policy: FunctionPolicy) -> None:
        self._connection = connection
        self._policy = policy
        self._wire = Wire(connection)
        self._pgconn = connection.pgconn
        self.server_version = self._pgconn.server_version
        encoding = self._pgconn.parameter_status(b"server_encoding") or b"UTF8"
        self._client_encoding = "SQL_ASCII" if encoding == b"SQL_ASCII" else "UTF8"
        self._types: dict[TypeKey, ValueType] = {}
        self.place = place(self._pgconn)
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
    def why_unusable(self) -> str:
        """Say in one sentence why a session that isn't `usable` isn't."""
        if self._idle:
            return "A cancel request was not confirmed and may still be on its way, so its session was closed."
        return "The connection to the server was lost."

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
        except Unwanted as unwanted:
            elapsed = (time.monotonic() - started) * 1000
            outcome = msgspec.structs.replace(unwanted.error, elapsed_ms=elapsed)
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
        answers = self._open(statement, limits, cancel)
        if statement.verb != "query":
            return self._utility(statement, limits, cancel, started)
        described = answers["cursor"]
        types = self._look_up_types(described, limits, cancel)
        cursor, first = CURSOR, {}
        if cut and any(type_.unbounded for type_ in types):
            cursor = f"{CURSOR}_cut"
            first["cut"] = self._message(
                _DECLARE_CUT + cut_form(statement.gate or "", types, limits.max_value_chars + 1)
            )
        buffer = _buffer(limits)
        try:
            self._fetch_all(cursor, first, buffer, _first_chunk(types, limits), limits, cancel, started)
        except Refused as problem:
            if problem.name != "cut" or (results.sqlstate(problem.result) or "")[:2] in _NOT_FOR_ITS_FORM:
                raise  # reading the plain cursor instead would give the bound on values away
            return None
        return _query_result(value_types.columns(described, types), buffer, started)

    def _open(self, statement: Statement, limits: Limits, cancel: CancelToken) -> dict[str, pq.abc.PGresult]:
        """Begin, declare the statement's cursor and judge it; raises `Unwanted` when it isn't to run."""
        self._held_before = ""
        self._wire.heard = False
        self._wire.largest_answer = max(limits.max_bytes, LARGEST_ANSWER)
        messages = {"begin": self._message("BEGIN READ ONLY"), "settings": self._settings(limits)}
        if statement.calls:
            messages["functions"] = self._message(functions.LOOK_UP, functions.look_up_parameter(statement.calls))
        if statement.gate is not None:
            messages["gate"] = self._message(_DECLARE + statement.gate, offset=len(_DECLARE) - statement.gate_start)
        if statement.verb == "query":
            messages["cursor"] = _Message(lambda: self._pgconn.send_describe_portal(CURSOR.encode()))
            if statement.gated and plan.is_gated(limits):
                messages["plan"] = self._message(_EXPLAIN + (statement.gate or ""), offset=len(_EXPLAIN))
        try:
            answers = self._together(messages, limits, cancel)
        except Refused as problem:
            if problem.name != "settings" or not self._may_compare or results.sqlstate(problem.result) != _NOT_ALLOWED:
                raise
            self._may_compare = False
            self._end()
            return self._open(statement, limits, cancel)
        if answers["settings"].get_value(0, 1) != b"on":
            raise ConnectionLost("the server did not make the transaction read-only")
        self._judge(statement, answers, limits)
        return answers

    def _judge(self, statement: Statement, answers: dict[str, pq.abc.PGresult], limits: Limits) -> None:
        refusal: Refusal | None = None
        if "functions" in answers:
            found = functions.look_up_answer(answers["functions"], statement.calls)
            refusal = self._policy.refuse_answer(found)
        if refusal is None and "plan" in answers:
            text = results.decode(answers["plan"].get_value(0, 0) or b"")
            refusal = self._policy.refuse_hidden(plan.functions_in(text))
            if refusal is None and (costly := plan.too_costly(plan.estimate(text, limits.max_rows + 1), limits)):
                raise Unwanted(costly)
        if refusal is not None:
            raise Unwanted(refused(refusal))

    def _fetch_all(
        self,
        cursor: str,
        first: dict[str, _Message],
        buffer: results.RowBuffer,
        chunk: int,
        limits: Limits,
        cancel: CancelToken,
        started: float,
    ) -> None:
        """Read until the end or a limit, in chunks: the server lays a whole FETCH aside before it sends a row of it.

        What `first` holds travels with the first FETCH.
        """
        missing = limits.max_rows + 1
        messages = dict(first)
        while missing > 0 and not buffer.truncated:
            asked = min(chunk, missing)
            if limits.statement_timeout_ms:
                left_ms = max(limits.statement_timeout_ms - int((time.monotonic() - started) * 1000), 1)
                messages["timeout"] = self._message(f"SET LOCAL statement_timeout = {left_ms}")
            messages["fetch"] = self._message(f"FETCH FORWARD {asked} FROM {cursor}")
            had = len(buffer.rows)
            self._together(messages, limits, cancel, buffer)
            if len(buffer.rows) - had < asked:
                return
            missing -= asked
            messages = {}
            chunk = max(min(_CHUNK_BYTES // buffer.largest_row, chunk * _GROWTH), 1)

    def _settings(self, limits: Limits) -> _Message:
        values = settings.of_transaction(limits, self.server_version, self._client_encoding)
        columns = [
            "pg_catalog.pg_backend_pid()",
            "pg_catalog.current_setting('transaction_read_only')",
            started_sql("pg_catalog.now()"),
            RESIDUE_SQL if self._may_compare else "''",
            *(f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in values.items()),
        ]
        if limits.temp_file_limit_mb is not None:
            columns.append(settings.temp_file_limit(limits.temp_file_limit_mb, self.server_version))
        text = f"SELECT {', '.join(columns)}".encode()

        def send() -> None:
            self._pgconn.send_query_params(text, None)
            self._pgconn.send_flush_request()  # who watches must know of the transaction before the statement waits

        return _Message(send)

    def _note_transaction(self, answer: pq.abc.PGresult) -> None:
        pid, _, since, held = (results.decode(answer.get_value(0, field) or b"") for field in range(4))
        self.backend_pid = int(pid)
        self._held_before = held
        self._wire.heard = True
        self.transaction = Transaction(self.backend_pid, since)

    def _end(self) -> None:
        """ROLLBACK, and prove that the connection answers. A cancel that arrives late is spent here."""
        never = CancelToken()
        message = end_sql(self._held_before).encode()
        for _ in range(3):
            answers = self._wire.run(lambda: self._pgconn.send_query(message), never, patience=PATIENCE_SECONDS)
            if left := left_behind(answers, self._held_before):
                self.transaction = None
                raise LeftBehind(left)
            if self._idle and not any(results.is_error(answer) for answer in answers):
                self.transaction = None
                return
        raise ConnectionLost("the transaction could not be ended")

    def _message(self, text: str, parameter: bytes | None = None, *, offset: int = _NOWHERE) -> _Message:
        parameters = None if parameter is None else [parameter]
        return _Message(lambda: self._pgconn.send_query_params(text.encode(), parameters), offset)

    def _together(
        self,
        messages: dict[str, _Message],
        limits: Limits,
        cancel: CancelToken,
        buffer: results.RowBuffer | None = None,
    ) -> dict[str, pq.abc.PGresult]:
        """Send messages in one go; return the last result of each. The rows of the last one go into `buffer`.

        Raises `Refused` for the first that fails, after which the server skips the others, `Cancelled`, or
        `ConnectionLost`.
        """
        names = list(messages)
        sends = [message.send for message in messages.values()]
        answers: dict[str, pq.abc.PGresult] = {}
        single_rows = buffer is not None
        for number, result in self._wire.batch(sends, cancel, patience=_patience(limits), single_rows=single_rows):
            name = names[number]
            answers[name] = result
            if results.is_error(result):
                continue
            if name == "settings":
                self._note_transaction(result)
            if buffer is not None and name == names[-1]:
                buffer.add(result)
        self._check_alive(list(answers.values()))
        cancel.raise_if_cancelled()
        for name, answer in answers.items():
            if results.is_error(answer):
                raise Refused(name, answer, messages[name].offset)
        return answers

    def _check_alive(self, answers: list[pq.abc.PGresult]) -> None:
        """Raise `ConnectionLost`, with what the server said first, when the connection is gone."""
        if self._pgconn.status == pq.ConnStatus.OK:
            return
        error = next((answer for answer in answers if results.is_error(answer)), None)
        if error is None:
            raise ConnectionLost
        raise ConnectionLost(results.primary_message(error), results.sqlstate(error))

    def _look_up_types(self, described: pq.abc.PGresult, limits: Limits, cancel: CancelToken) -> list[ValueType]:
        """Return the type of each column; what was once looked up is remembered."""
        keys = value_types.keys(described)
        if len(self._types) > _TYPE_CACHE_SIZE:
            self._types.clear()
        unknown = sorted(set(keys) - self._types.keys())
        if unknown:
            asked = {"types": self._message(value_types.lookup(unknown))}
            self._types |= value_types.read(self._together(asked, limits, cancel)["types"], unknown)
        return [self._types[key] for key in keys]

    def _utility(self, statement: Statement, limits: Limits, cancel: CancelToken, started: float) -> QueryResult:
        """Run EXPLAIN or SHOW; their values are never cut, a plan must stay readable as JSON."""
        buffer = _buffer(msgspec.structs.replace(limits, max_value_chars=limits.max_bytes))
        message = {"utility": self._message(statement.text, offset=statement.text_offset)}
        last = self._together(message, limits, cancel, buffer)["utility"]
        names = (results.decode(last.fname(field) or b"") for field in range(last.nfields))
        return _query_result(tuple(Column(name, "text") for name in names), buffer, started)

    def _describe(self, problem: Refused, statement: Statement, limits: Limits, started: float) -> StatementError:
        """Turn the server's error into what its reader needs to know."""
        elapsed = (time.monotonic() - started) * 1000
        error = results.statement_error(
            problem.result, offset=problem.offset, length=len(statement.sql), elapsed_ms=elapsed
        )
        return explain_error(error, statement, limits)


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


def _patience(limits: Limits) -> float:
    timeout = limits.statement_timeout_ms / 1000 if limits.statement_timeout_ms else 24 * 3600.0
    return timeout + PATIENCE_SECONDS
