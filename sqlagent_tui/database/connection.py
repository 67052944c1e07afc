"""Opening a connection the way libpq understands it; what keeps it from opening is told in one sentence."""

from __future__ import annotations

import random
import re
import selectors
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import psycopg
from psycopg import pq

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.database import conninfo as conninfos
from sqlagent_tui.database.connection_errors import (
    ConnectionRefused,
    PoolerRefusedError,
    UnreachableError,
    explain,
)
from sqlagent_tui.database.conninfo import Endpoint
from sqlagent_tui.database.resolver import addresses
from sqlagent_tui.errors import DatabaseError

PasswordCallback = Callable[[str], str | None]
"""Asked for the password of the role it is given; None gives up. Called in the thread that connects."""

CONNECT_TIMEOUT_SECONDS = 10
_READ_ONLY = "-c default_transaction_read_only=on"
_NAME = "sqlagent-tui"
_POLL_SECONDS = 0.02
_KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A line that was cut without a word is noticed after a minute, not after the system's two hours."""
_WAITING: dict[int, int] = {
    pq.PollingStatus.READING: selectors.EVENT_READ,
    pq.PollingStatus.WRITING: selectors.EVENT_WRITE,
}
_REFUSED_OPTIONS = r"unsupported startup parameter"
"""PgBouncer's words about `options`, which it hands on only in part."""


class Opened(NamedTuple):
    """A connection, and what was learnt on the way to it."""

    connection: psycopg.Connection[Any]
    typed_password: str | None
    """The password that was typed, now or before."""
    refused_options: bool
    """Start-up options were refused, in the words of PgBouncer."""


def open_connection(
    conninfo: str,
    *,
    password: str | None = None,
    ask: PasswordCallback | None = None,
    cancel: CancelToken | None = None,
) -> Opened:
    """Connect. Raises `DatabaseError`.

    `conninfo` is any libpq string or URI; the PG* environment, services and passfiles work as in psql, and libpq
    chooses among several hosts. What we add: a fallback application_name, a connect timeout where none is given, UTF-8,
    and read-only by default. Raises `UnreachableError` when trying again may help, and `Cancelled` at once, wherever
    libpq waits.
    """
    token = cancel or CancelToken()
    settings = conninfos.settings(conninfo)
    try:
        return _open_with_options(conninfo, settings, password, token)
    except ConnectionRefused as problem:
        if ask is None or not (problem.needs_password or problem.wrong_password):
            raise explain(problem, settings) from None
    typed = ask(settings.get("user", ""))
    if typed is None:
        raise DatabaseError("The server asks for a password and none was given.", "Type it, or keep it in ~/.pgpass.")
    try:
        return _open_with_options(conninfo, settings, typed, token)
    except ConnectionRefused as problem:
        raise explain(problem, settings) from None


def _open_with_options(conninfo: str, settings: dict[str, str], password: str | None, cancel: CancelToken) -> Opened:
    extra: dict[str, str | int] = {"fallback_application_name": _NAME, "client_encoding": "UTF8"}
    extra |= {name: value for name, value in _KEEPALIVES.items() if name not in settings}
    if password is not None:
        extra["password"] = password
    theirs = settings.get("options", "")
    refused = False
    # The read-only default would make every server look read-only to libpq, so with these two it is left out. It is a
    # second belt: every transaction says READ ONLY itself.
    if settings.get("target_session_attrs") not in ("read-only", "read-write"):
        try:
            options = f"{theirs} {_READ_ONLY}".strip()
            return Opened(_open(conninfo, settings, {**extra, "options": options}, cancel), password, False)
        except ConnectionRefused as problem:
            if not re.search(_REFUSED_OPTIONS, problem.text):
                raise
            refused = True
    try:
        return Opened(_open(conninfo, settings, extra, cancel), password, refused)
    except ConnectionRefused as problem:
        if theirs and re.search(_REFUSED_OPTIONS, problem.text):
            raise PoolerRefusedError(
                "A connection pooler refuses the start-up options that are given.",
                "Leave options= and PGOPTIONS out, or name them in the pooler's ignore_startup_parameters.",
            ) from None
        raise


def _open(
    conninfo: str, settings: dict[str, str], extra: dict[str, str | int], cancel: CancelToken
) -> psycopg.Connection[Any]:
    """Try one place after the other by libpq's rules, since only its blocking call has a timeout for each of them."""
    timeout = _timeout(settings)
    texts: list[str] = []
    last = ConnectionRefused("")
    for attempt in _attempts(settings, timeout, cancel):
        try:
            if isinstance(attempt, ConnectionRefused):
                raise attempt
            return _connection(_connect(conninfos.with_options(conninfo, **extra, **attempt), timeout, cancel))
        except ConnectionRefused as problem:
            texts.append(problem.text)
            problem.text = "\n".join(texts)
            if not isinstance(explain(problem, settings), UnreachableError):
                raise
            last = problem
    raise last from None


def _attempts(
    settings: dict[str, str], timeout: float | None, cancel: CancelToken
) -> Iterator[dict[str, str] | ConnectionRefused]:
    """Yield what to connect with instead of what the conninfo says, or why there is no such place."""
    servers = conninfos.endpoints(settings)
    if len(servers) > 1 and settings.get("load_balance_hosts") == "random":
        random.shuffle(servers)
    preferring = settings.get("target_session_attrs") == "prefer-standby"
    known: dict[Endpoint, list[Endpoint]] = {}
    for wanted in ("standby", "any") if preferring else ("",):
        only: dict[str, str] = {"target_session_attrs": wanted} if wanted else {}
        for server in servers:
            try:
                places = known[server] = known.get(server) or addresses(server, timeout, cancel)
            except ConnectionRefused as problem:
                yield problem
                continue
            for place in places:
                if places == servers:  # a single one, with nothing to look up
                    yield only
                else:
                    yield {**only, "host": place.host, "hostaddr": place.hostaddr, "port": place.port}


def _timeout(settings: dict[str, str]) -> float | None:
    try:
        seconds = int(settings.get("connect_timeout", CONNECT_TIMEOUT_SECONDS))
    except ValueError:
        raise DatabaseError(*conninfos.UNREADABLE) from None
    return float(seconds) if seconds > 0 else None


def _connect(conninfo: str, timeout: float | None, cancel: CancelToken) -> pq.abc.PGconn:
    """Connect without blocking anybody; `timeout` is in seconds. Raises `ConnectionRefused` and `Cancelled`."""
    deadline = time.monotonic() + timeout if timeout else None
    pgconn = pq.PGconn.connect_start(conninfo.encode())
    try:
        while pgconn.status != pq.ConnStatus.BAD and (state := pgconn.connect_poll()) in _WAITING:
            with selectors.DefaultSelector() as selector:
                selector.register(pgconn.socket, _WAITING[state])
                while not selector.select(_POLL_SECONDS):
                    cancel.raise_if_cancelled()
                    if deadline and time.monotonic() > deadline:
                        raise ConnectionRefused("timeout expired")
        if pgconn.status != pq.ConnStatus.OK:
            text = pgconn.error_message.decode(errors="replace")
            raise ConnectionRefused(text, needs_password=pgconn.needs_password, used_password=pgconn.used_password)
    except BaseException:
        pgconn.finish()
        raise
    return pgconn


def _connection(pgconn: pq.abc.PGconn) -> psycopg.Connection[Any]:
    pgconn.nonblocking = 1
    connection = psycopg.Connection[Any](pgconn)
    connection.autocommit = True
    connection.prepare_threshold = None
    return connection
