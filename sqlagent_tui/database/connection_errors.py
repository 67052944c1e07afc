"""Why libpq gave up, in one sentence with a remedy. Its own text may hold parts of a conninfo and is never shown."""

from __future__ import annotations

import re

import msgspec

from sqlagent_tui.database.conninfo import UNREADABLE, endpoints
from sqlagent_tui.errors import DatabaseError


class ConnectionRefused(Exception):  # noqa: N818 - internal; becomes a DatabaseError
    """A connection that was not made: libpq's text, and what it knows about passwords."""

    def __init__(self, text: str, *, needs_password: bool = False, used_password: bool = False) -> None:
        super().__init__()
        self.text = text
        self.needs_password = needs_password
        self.used_password = used_password

    @property
    def wrong_password(self) -> bool:
        """Whether a password was sent and the server didn't like it."""
        return self.used_password and re.search(_WRONG_PASSWORD, self.text) is not None


class UnreachableError(DatabaseError):
    """Nobody answers, or not yet: the same attempt may succeed later."""


class WrongPasswordError(DatabaseError):
    """The server refused the password."""


class PoolerRefusedError(DatabaseError):
    """A connection pooler stands between, in a mode that can't be worked with."""


class _Known(msgspec.Struct, frozen=True):
    pattern: str
    message: str
    remedy: str
    passing: bool = False


def explain(problem: ConnectionRefused, settings: dict[str, str]) -> DatabaseError:
    """Return the error that the user is told; `settings` are those that were connected with."""
    where = describe_where(settings)
    role = _quoted(settings.get("user"), "the role")
    database = _quoted(settings.get("dbname"), "the database")
    wanted = settings.get("target_session_attrs", "")
    if problem.needs_password:
        return DatabaseError("The server asks for a password.", "Type it when asked, or keep it in ~/.pgpass.")
    if problem.wrong_password:
        return WrongPasswordError(*_refused_password(role))
    for known in _KNOWN:
        if re.search(known.pattern, problem.text):
            text = known.message.format(where=where, role=role, database=database, wanted=wanted)
            kind = UnreachableError if known.passing else DatabaseError
            return kind(text[0].upper() + text[1:], known.remedy)
    if problem.used_password:
        return WrongPasswordError(*_refused_password(role))
    return DatabaseError(
        f"The connection to {where} could not be made.", "Check host, port, database and role, for example with psql."
    )


def _refused_password(role: str) -> tuple[str, str]:
    return f"The server refused the password of {role}.", "Check the password or ~/.pgpass."


# A server speaks before a client can ask for a language: its own messages come in English or in its own.
_WRONG_PASSWORD = r"password authentication failed|autenticação do tipo senha falhou|SASL|SCRAM"
_CERTIFICATES = "Check sslmode, sslrootcert, sslcert and sslkey."
_KNOWN: tuple[_Known, ...] = (
    _Known(r"invalid (integer|port|connection option|URI|percent|\S+ value)|could not match \d+ ", *UNREADABLE),
    _Known(r"service file|definition of service", "The service named in the connection string is not defined.",
           "Check ~/.pg_service.conf."),
    _Known(_WRONG_PASSWORD, *_refused_password("{role}")),
    _Known(r'role ".*" (does not exist|não existe)|no such user', "{role} does not exist on the server.",
           "Give an existing role: user=NAME."),
    _Known(r'(database|banco de dados) ".*" (does not exist|não existe)|no such database',
           "{database} does not exist on the server.", "psql --list shows those that do."),
    _Known(r"permission denied for database|User does not have CONNECT", "{role} may not connect to {database}.",
           "Ask its owner for GRANT CONNECT."),
    _Known(r"not permitted to log in|não tem permissão para", "{role} may not log in.", "Ask for ALTER ROLE … LOGIN."),
    _Known(r"no pg_hba.conf entry.*no encryption", "The server lets {role} in over an encrypted connection only.",
           "Give sslmode=require, or better sslmode=verify-full."),
    _Known(r"no pg_hba.conf entry|Peer authentication failed|Ident authentication failed",
           "The server doesn't let {role} in from here.", "An entry in its pg_hba.conf must allow it."),
    _Known(r"too many (clients|connections)|remaining connection slots|no more connections allowed",
           "The server has no free connection left.", "Try again later.", passing=True),
    _Known(r"starting up|shutting down|not yet accepting connections|recovery mode|server_login_retry",
           "The server is starting or stopping.", "Try again in a moment.", passing=True),
    _Known(r"session is (not )?read-only|server is (not )?in hot standby mode",
           "No server at {where} is what target_session_attrs={wanted} asks for.",
           "Name another server, or leave target_session_attrs out.", passing=True),
    _Known(r"root certificate file", "There is no root certificate to verify the server at {where} with.",
           "Give the CA's certificate as sslrootcert=FILE, or sslrootcert=system."),
    _Known(r"certificate verify failed|self[- ]signed certificate|unable to get (local )?issuer",
           "The certificate of the server at {where} is not signed by a CA that you trust.",
           "Give the right CA's certificate as sslrootcert=FILE."),
    _Known(r"does not match host name|server name", "The certificate of the server at {where} is for another host.",
           "Give the host name that the certificate was made for."),
    _Known(r"private key file", "The client's private key could not be used.",
           "Check sslkey; nobody else may read that file (chmod 600)."),
    _Known(r"server does not support SSL", "The server at {where} does not speak TLS, which sslmode asks for.",
           "Have TLS switched on there, or give another sslmode."),
    _Known(r"SSL|certificate", "No encrypted connection to {where} could be made.", _CERTIFICATES),
    _Known(r"resolve host|translate host", "The name of the server can't be resolved.",
           "Check its name and the network.", passing=True),
    _Known(r"timeout expired|timed out", "The server at {where} did not answer in time.",
           "Check host, port and firewall.", passing=True),
    _Known(r"Connection refused|No such file|could not connect|Network is unreachable|No route|connection failed|closed"
           r"|Connection reset|Broken pipe",
           "No PostgreSQL server answers at {where}.", "Check that it is running, and host and port.", passing=True),
)  # fmt: skip

_HOST = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")
_PORT = re.compile(r"[0-9]{1,5}")


def describe_where(settings: dict[str, str]) -> str:
    """Hosts and ports, only when they look like it: pieces of a mistyped password can end up here."""
    places: list[str] = []
    for server in endpoints(settings):
        if not _PORT.fullmatch(server.port) or (server.host and not _HOST.fullmatch(server.host)):
            return "the server"
        if server.host:
            places.append(f"{server.host}:{server.port}")
        elif server.hostaddr:
            return "the server"
        else:
            places.append(f"the local socket, port {server.port}")
    return " or ".join(places)


def _quoted(name: str | None, kind: str) -> str:
    return f"{kind} “{name}”" if name and re.fullmatch(r"[\w.-]{1,63}", name) else kind
