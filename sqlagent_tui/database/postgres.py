"""`PostgresDatabase`: the guarded, read-only way to one database that the agent, the screens and the commands share."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import msgspec
import psycopg

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import Reconnected, Reconnecting
from sqlagent_tui.agent.protocols import DatabaseInfo, Limits
from sqlagent_tui.agent.results import (
    Origin,
    QueryResult,
    SchemaObject,
    StatementError,
    TableInfo,
    TableName,
    UnknownTable,
    Verb,
)
from sqlagent_tui.database import endings, role, role_sql, verbs
from sqlagent_tui.database.catalog import Catalog
from sqlagent_tui.database.catalog_objects import read_objects
from sqlagent_tui.database.connection import Opened, PasswordCallback, open_connection
from sqlagent_tui.database.connection_errors import UnreachableError
from sqlagent_tui.database.conninfo import with_options
from sqlagent_tui.database.execution import Session
from sqlagent_tui.database.policy import FunctionPolicy, refused
from sqlagent_tui.database.pooler import find_pooler, refuse_statement_mode
from sqlagent_tui.database.reconnection import reconnect
from sqlagent_tui.database.second_connection import Place
from sqlagent_tui.database.trace import Trace, TraceListener
from sqlagent_tui.database.verbs import Statement
from sqlagent_tui.database.watchdog import NAME as WATCHDOG_NAME
from sqlagent_tui.database.watchdog import Watch, Watchdog
from sqlagent_tui.database.ways import Direct, Way
from sqlagent_tui.database.wire import ConnectionLost
from sqlagent_tui.errors import DatabaseError, SuperuserRefusedError

_LOCK_POLL_SECONDS = 0.05
_GATED: frozenset[Origin] = frozenset({"agent", "answer"})
"""Who doesn't run what is too costly; the user may."""
_CATALOG_ROWS = 500_000
_CATALOG_BYTES = 256 * 1024 * 1024
_CATALOG_VALUE_CHARS = 32_768
_SETUP = """SELECT pg_catalog.current_database(), current_user, pg_catalog.current_setting('server_version'),
  pg_catalog.current_setting('transaction_read_only')"""

_DATABASES = """SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datallowconn AND NOT d.datistemplate
  AND d.datconnlimit <> -2 AND pg_catalog.has_database_privilege(d.oid, 'CONNECT') ORDER BY d.datname"""


class PostgresDatabase:
    """One connection, used by one statement at a time; any thread may call, the others wait for their turn.

    The agent has one instance; the schema browser and the user's own queries have a second one.
    """

    def __init__(
        self,
        way: Way,
        *,
        trace: TraceListener | None = None,
        limits: Limits | None = None,
        policy: FunctionPolicy | None = None,
        allow_superuser: bool = False,
        watchdog: Watchdog | None = None,
    ) -> None:
        """Prepare; use `connect`, which also makes the connection."""
        self.limits = limits or Limits()
        """Of statements that bring none of their own. May be replaced at any time, from any thread."""
        self._allow_superuser = allow_superuser
        self._policy = policy or FunctionPolicy()
        self._way = way
        self._typed_password: str | None = None
        self._trace = Trace(trace)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._connecting = CancelToken()
        self._dropped_because = ""
        self._session: Session | None = None
        self._watchdog = watchdog or Watchdog()
        self._owns_watchdog = watchdog is None
        self._info: DatabaseInfo | None = None
        self._catalog = Catalog(self._query_catalog)

    @classmethod
    def connect(
        cls,
        conninfo: str | Way = "",
        *,
        trace: TraceListener | None = None,
        limits: Limits | None = None,
        policy: FunctionPolicy | None = None,
        password: PasswordCallback | None = None,
        cancel: CancelToken | None = None,
        allow_superuser: bool = False,
        watchdog: Watchdog | None = None,
    ) -> PostgresDatabase:
        """Connect and verify; raises `DatabaseError` with one sentence and a remedy, and `Cancelled`.

        A role that is or may become a superuser is a `SuperuserRefusedError`, unless `allow_superuser`. Nothing but a
        `watchdog`, which is then not closed here, is shared with other connections: one to another database or server
        can be made, and shown to work, before this one is closed.
        """
        way = Direct(conninfo) if isinstance(conninfo, str) else conninfo
        database = cls(
            way, trace=trace, limits=limits, policy=policy, allow_superuser=allow_superuser, watchdog=watchdog
        )
        try:
            database._open(cancel or CancelToken(), password)
        except BaseException:
            database.close()
            raise
        return database

    @property
    def info(self) -> DatabaseInfo:
        """What was verified when the connection was last made."""
        if self._info is None:
            raise DatabaseError("There is no connection yet.")
        return self._info

    def close(self) -> None:
        """Close the connection; a statement that is running is cancelled first. Idempotent."""
        self._closed.set()
        self._connecting.cancel()
        session = self._session
        if session is not None:
            session.stop()
        with self._lock:
            self._drop()
        if self._owns_watchdog:
            self._watchdog.close()

    def execute(
        self,
        sql: str,
        *,
        origin: Origin,
        cancel: CancelToken,
        limits: Limits | None = None,
        verb: Verb = "query",
    ) -> QueryResult | StatementError:
        """Run one statement under the rule of READ ONLY … ROLLBACK.

        A query that begins with EXPLAIN or SHOW takes that verb. Raises `Cancelled`; never a driver's exception.
        """
        refusal = self._policy.refuse_text(sql)
        statement = refused(refusal) if refusal else verbs.read(sql, verb, gated=origin in _GATED)
        if isinstance(statement, StatementError):
            cancel.raise_if_cancelled()
            self._trace_unsent(sql, origin, verb, statement)
            return statement
        return self._run(statement, origin, cancel, limits or self.limits)

    def tables(self, cancel: CancelToken) -> Sequence[TableName]:
        """Return every relation that the role may read, in schema and name order. Raises `DatabaseError`."""
        return self._catalog.tables(cancel)

    def objects(self, cancel: CancelToken) -> Sequence[SchemaObject]:
        """Return the database's own functions and types that the role may use. Raises `DatabaseError`."""
        return read_objects(self._query_catalog, cancel)

    def describe(self, names: Sequence[str], cancel: CancelToken) -> Sequence[TableInfo | UnknownTable]:
        """Return each named relation in detail, in the order asked for. Raises `DatabaseError`."""
        return self._catalog.describe(names, cancel)

    def databases(self, cancel: CancelToken) -> Sequence[str]:
        """Return the server's databases that the role may connect to, in order of name. Raises `DatabaseError`."""
        return [name for (name,) in self._query_catalog(_DATABASES, cancel).rows if name is not None]

    def _run(
        self, statement: Statement, origin: Origin, cancel: CancelToken, limits: Limits
    ) -> QueryResult | StatementError:
        with self._turn(cancel):
            try:
                session = self._usable_session(cancel)
            except DatabaseError as problem:
                refused = isinstance(problem, SuperuserRefusedError)
                message = f"{problem} The query was NOT sent."
                unsent = StatementError(kind="refused" if refused else "connection", message=message)
                self._trace_unsent(statement.sql, origin, statement.verb, unsent)
                return unsent
            return self._run_traced(session, statement, origin, cancel, limits)

    def _run_traced(
        self, session: Session, statement: Statement, origin: Origin, cancel: CancelToken, limits: Limits
    ) -> QueryResult | StatementError:
        started = time.monotonic()
        pid = session.backend_pid
        number = self._trace.started(statement.sql, origin=origin, verb=statement.verb, backend_pid=pid)
        outcome: QueryResult | StatementError = StatementError(kind="cancelled", message="Interrupted.")
        try:
            outcome = self._run_watched(session, statement, cancel, limits)
        except Cancelled as stopped:
            outcome = StatementError(kind="cancelled", message=str(stopped))
            raise
        finally:
            elapsed = (time.monotonic() - started) * 1000
            if isinstance(outcome, StatementError) and not outcome.elapsed_ms:
                outcome = msgspec.structs.replace(outcome, elapsed_ms=elapsed)
            self._trace.finished(number, outcome, origin=origin, backend_pid=session.backend_pid, elapsed_ms=elapsed)
        return outcome

    def _run_watched(
        self, session: Session, statement: Statement, cancel: CancelToken, limits: Limits
    ) -> QueryResult | StatementError:
        watch = Watch(
            session, limits, self._trace, Place(name=str(session.place), connect=partial(self._connect_beside, session))
        )
        try:
            with cancel.on_cancel(watch.stop.cancel), self._watchdog.watching(watch):
                return session.run(statement, limits, watch.stop)
        except Cancelled:
            if cancel.cancelled or watch.verdict is None:
                raise
            return watch.verdict
        except ConnectionLost as lost:
            self._drop(endings.reason(lost, watch))
            if session.transaction is not None and lost.sqlstate is None and not self._closed.is_set():
                self._watchdog.bury(watch, session.transaction)  # the server may not have noticed
            if cancel.cancelled:
                raise Cancelled(endings.cancel_reason(lost, watch)) from None
            trouble = None if lost.sqlstate else self._way.trouble()  # the server itself has said why
            return endings.error(lost, watch, trouble)
        except BaseException:
            self._drop()  # interrupted in the middle of a message: nothing may be sent on this connection any more
            raise

    def _trace_unsent(self, sql: str, origin: Origin, verb: Verb, error: StatementError) -> None:
        pid = self._session.backend_pid if self._session else 0
        shown = sql.encode(errors="replace").decode()  # a lone surrogate would stop the journal
        number = self._trace.started(shown, origin=origin, verb=verb, backend_pid=pid)
        self._trace.finished(number, error, origin=origin, backend_pid=pid, elapsed_ms=0.0)

    def _query_catalog(self, sql: str, cancel: CancelToken) -> QueryResult:
        """Run one of our own catalogue queries; raises `DatabaseError`."""
        outcome = self._run(Statement(sql=sql, verb="query", gate=sql), "schema", cancel, self._catalog_limits())
        if isinstance(outcome, StatementError):
            raise DatabaseError(f"The catalogue could not be read: {outcome.message}")
        if outcome.truncated:
            raise DatabaseError(
                f"The catalogue is too large: more than {outcome.row_count} relations.",
                "Connect with a role that may read only what is needed.",
            )
        return outcome

    def _catalog_limits(self) -> Limits:
        return msgspec.structs.replace(
            self.limits, max_rows=_CATALOG_ROWS, max_bytes=_CATALOG_BYTES, max_value_chars=_CATALOG_VALUE_CHARS
        )

    @contextmanager
    def _turn(self, cancel: CancelToken) -> Iterator[None]:
        while not self._lock.acquire(timeout=_LOCK_POLL_SECONDS):
            cancel.raise_if_cancelled()
        try:
            cancel.raise_if_cancelled()
            yield
        finally:
            self._lock.release()

    def _usable_session(self, cancel: CancelToken) -> Session:
        if self._closed.is_set():
            raise DatabaseError("The connection was closed.")
        if self._session is not None:
            if self._session.usable:
                return self._session
            self._drop(self._session.why_unusable)
        attempt = 0

        def tell(event: Reconnecting) -> None:
            nonlocal attempt
            attempt = event.attempt
            self._trace.reconnecting(event)

        own = self._connecting = CancelToken()
        try:
            if self._closed.is_set():
                own.cancel()
            with cancel.on_cancel(own.cancel):
                session = reconnect(lambda: self._open(own, ask=None), self._dropped_because, tell, own)
        except Cancelled:
            if self._closed.is_set() and not cancel.cancelled:
                raise DatabaseError("The connection was closed.") from None
            raise
        host = self.info.host
        self._trace.reconnecting(Reconnected(attempt=attempt, backend_pid=session.backend_pid, host=host))
        return session

    def _open(self, cancel: CancelToken, ask: PasswordCallback | None) -> Session:
        opened = self._connect(cancel, ask)
        self._typed_password = opened.typed_password
        session = Session(opened.connection, self._policy)
        try:
            database, user, version, read_only = self._ask_at_setup(session, _SETUP, cancel).rows[0]
            report = role.read_report(self._ask_at_setup(session, role_sql.QUERY, cancel))
            if not self._allow_superuser:
                role.refuse_superuser(report)
        except BaseException:
            session.close()
            raise
        pgconn = opened.connection.pgconn
        self._info = DatabaseInfo(
            database=database or "",
            user=user or "",
            host=self._way.place(pgconn.host.decode(errors="replace"), pgconn.port.decode()),
            server_version=version or "",
            backend_pid=session.backend_pid,
            read_only=read_only == "on",
            role=report,
            pooler=find_pooler(pgconn.backend_pid, session.backend_pid, refused_options=opened.refused_options),
        )
        self._session = session
        self._catalog.forget()
        return session

    def _ask_at_setup(self, session: Session, sql: str, cancel: CancelToken) -> QueryResult:
        """Run one of the queries that a new connection is verified with; raises `DatabaseError`."""
        setup = Statement(sql=sql, verb="query", gate=sql)
        verified = self._run_traced(session, setup, "setup", cancel, self._catalog_limits())
        if isinstance(verified, StatementError):
            refuse_statement_mode(verified)
            kind = UnreachableError if verified.kind == "connection" else DatabaseError
            raise kind(f"The connection could not be verified: {verified.message}")
        return verified

    def _connect(self, cancel: CancelToken, ask: PasswordCallback | None) -> Opened:
        conninfo = self._way.open(cancel)
        try:
            return open_connection(conninfo, password=self._typed_password, ask=ask, cancel=cancel)
        except UnreachableError as problem:
            if trouble := self._way.trouble():
                raise UnreachableError(trouble, problem.remedy) from None
            raise

    def _connect_beside(self, session: Session, cancel: CancelToken) -> psycopg.Connection[Any]:
        """Connect once more, to the very server of `session`: the watchdog's way."""
        beside = with_options(
            self._way.open(cancel), **session.place, target_session_attrs="any", application_name=WATCHDOG_NAME
        )
        return open_connection(beside, password=self._typed_password, cancel=cancel).connection

    def _drop(self, reason: str = "The connection to the server was lost.") -> None:
        if self._session is not None:
            self._dropped_because = reason
        session, self._session = self._session, None
        if session is not None:
            with suppress(psycopg.Error):
                session.close()
