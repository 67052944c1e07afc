"""Opening a connection the way libpq understands it, and telling in one sentence why that failed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import conninfo as libpq_conninfo

from sqlagent_tui.errors import DatabaseError

PasswordCallback = Callable[[str], str | None]
"""Asked for the password of the role it is given; None gives up. Called in the thread that connects."""

CONNECT_TIMEOUT_SECONDS = 10
_OPTIONS = "-c default_transaction_read_only=on"
_NAME = "sqlagent-tui"
_HOST = re.compile(r"[A-Za-z0-9_.:/,-]{1,128}")
_PORT = re.compile(r"[0-9]{1,5}(,[0-9]{1,5})*")


class ConnectionRefused(Exception):  # noqa: N818 - internal; becomes a DatabaseError
    """Why libpq gave up: its own text, which may hold parts of a malformed conninfo and is never shown as it is."""

    def __init__(self, text: str, *, needs_password: bool, used_password: bool) -> None:
        super().__init__()
        self.text = text
        self.needs_password = needs_password
        self.used_password = used_password


def open_connection(
    conninfo: str, *, password: str | None = None, ask: PasswordCallback | None = None
) -> tuple[psycopg.Connection[Any], str | None]:
    """Connect; returns the connection and the password that was typed, if one was. Raises `DatabaseError`.

    `conninfo` is any libpq string or URI; the PG* environment, services and passfiles work as in psql. What we add:
    a fallback application_name, a connect timeout where none is given, UTF-8, and read-only by default.
    """
    try:
        given = libpq_conninfo.conninfo_to_dict(conninfo)
    except (psycopg.Error, ValueError):  # a lone surrogate is no conninfo either
        raise DatabaseError(*_UNREADABLE) from None
    role = str(given.get("user") or os.environ.get("PGUSER") or "")
    try:
        return _open_with_options(conninfo, given, password), password
    except ConnectionRefused as problem:
        wrong = problem.used_password and re.search(_WRONG_PASSWORD, problem.text)
        if ask is None or not (problem.needs_password or wrong):
            raise _explain(problem, given) from None
    typed = ask(role)
    if typed is None:
        raise DatabaseError("The server asks for a password and none was given.", "Type it, or keep it in ~/.pgpass.")
    try:
        return _open_with_options(conninfo, given, typed), typed
    except ConnectionRefused as problem:
        raise _explain(problem, given) from None


def _open_with_options(conninfo: str, given: dict[str, Any], password: str | None) -> psycopg.Connection[Any]:
    extra: dict[str, Any] = {"fallback_application_name": _NAME, "client_encoding": "UTF8"}
    if password is not None:
        extra["password"] = password
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        extra["connect_timeout"] = CONNECT_TIMEOUT_SECONDS
    # Options given here replace those of a service file, and a read-only default would satisfy target_session_attrs on
    # a server that isn't: there ours are left out. They are a second belt; every transaction says READ ONLY itself.
    ours = not ({"service", "target_session_attrs"} & given.keys() or "PGSERVICE" in os.environ)
    if ours:
        theirs = given.get("options") or os.environ.get("PGOPTIONS") or ""
        try:
            return _open(conninfo, {**extra, "options": f"{theirs} {_OPTIONS}".strip()})
        except ConnectionRefused as problem:
            if "options" not in problem.text:
                raise
    return _open(conninfo, extra)  # PgBouncer refuses the start-up parameter "options"


def _open(conninfo: str, extra: dict[str, Any]) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(conninfo, autocommit=True, prepare_threshold=None, **extra)
    except psycopg.Error as problem:
        failed = problem.pgconn
        raise ConnectionRefused(
            str(problem),
            needs_password=bool(failed and failed.needs_password),
            used_password=bool(failed and failed.used_password),
        ) from None


def _explain(problem: ConnectionRefused, given: dict[str, Any]) -> DatabaseError:
    text = problem.text
    where = _where(given)
    role = _quoted(given.get("user") or os.environ.get("PGUSER"), "the role")
    database = _quoted(given.get("dbname") or os.environ.get("PGDATABASE") or given.get("user"), "the database")
    if problem.needs_password:
        return DatabaseError("The server asks for a password.", "Type it when asked, or keep it in ~/.pgpass.")
    for pattern, message, remedy in _KNOWN:
        if re.search(pattern, text):
            text = message.format(where=where, role=role, database=database)
            return DatabaseError(text[0].upper() + text[1:], remedy)
    if problem.used_password:
        return DatabaseError(f"The server refused the password of {role}.", "Check the password or ~/.pgpass.")
    return DatabaseError(
        f"The connection to {where} could not be made.", "Check host, port, database and role, for example with psql."
    )


# A server speaks before a client can ask for a language: its own messages come in English or in its own.
_WRONG_PASSWORD = r"password authentication failed|autenticação do tipo senha falhou|SASL|SCRAM"
_UNREADABLE = (
    "The connection string can't be read.",
    "Write it as postgresql://user@host:5432/database or as host=… user=… dbname=….",
)
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (r"invalid (integer|port|connection option|URI|percent|\S+ value)|could not match \d+ ", *_UNREADABLE),
    (_WRONG_PASSWORD, "The server refused the password of {role}.",
     "Check the password or ~/.pgpass."),
    (r'role ".*" (does not exist|não existe)', "{role} does not exist on the server.",
     "Give an existing role: user=NAME."),
    (r'(database|banco de dados) ".*" (does not exist|não existe)', "{database} does not exist on the server.",
     "psql --list shows those that do."),
    (r"permission denied for database|User does not have CONNECT", "{role} may not connect to {database}.",
     "Ask its owner for GRANT CONNECT."),
    (r"no pg_hba.conf entry|Peer authentication failed|Ident authentication failed",
     "The server doesn't let {role} in from here.", "An entry in its pg_hba.conf must allow it."),
    (r"too many (clients|connections)|remaining connection slots", "The server has no free connection left.",
     "Try again later."),
    (r"starting up|shutting down|recovery mode", "The server is starting or stopping.", "Try again in a moment."),
    (r"SSL|certificate", "No encrypted connection to {where} could be made.", "Check sslmode and the certificates."),
    (r"resolve host|translate host", "The name of the server can't be resolved.", "Check its name and the network."),
    (r"service file|definition of service", "The service named in the connection string is not defined.",
     "Check ~/.pg_service.conf."),
    (r"timeout expired|timed out", "The server at {where} did not answer in time.", "Check host, port and firewall."),
    (r"Connection refused|No such file|could not connect|Network is unreachable|No route|connection failed|closed",
     "No PostgreSQL server answers at {where}.", "Check that it is running, and host and port."),
)  # fmt: skip


def _where(given: dict[str, Any]) -> str:
    """Host and port, only when they look like it: pieces of a mistyped password can end up here."""
    host = str(given.get("host") or os.environ.get("PGHOST") or "")
    if not host and "hostaddr" in given:
        return "the server"
    port = str(given.get("port") or os.environ.get("PGPORT") or "5432")
    if not _PORT.fullmatch(port) or (host and not _HOST.fullmatch(host)):
        return "the server"
    return f"{host}:{port}" if host else f"the local socket, port {port}"


def _quoted(name: object, kind: str) -> str:
    return f"{kind} “{name}”" if isinstance(name, str) and re.fullmatch(r"[\w.-]{1,63}", name) else kind
