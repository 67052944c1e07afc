"""What a connection string means, as libpq itself reads it: with its service, the PG* environment and the defaults."""

from __future__ import annotations

from itertools import zip_longest

import msgspec
import psycopg
from psycopg import conninfo as libpq
from psycopg import pq

from sqlagent_tui.errors import DatabaseError

UNREADABLE = (
    "The connection string can't be read.",
    "Write it as postgresql://user@host:5432/database or as host=… user=… dbname=….",
)
_TORN = (
    "The connection URI can't be read: it has an @ too many, or one after a /.",
    "Write @ as %40 and / as %2F; leave the password out, it is asked for.",
)
_DEFAULT_PORT = "5432"
_LISTS = ("host", "hostaddr", "port")
"""Options that may hold several values, separated by commas: as many of each as there are servers."""
_SECRET = b"*"
"""How libpq marks the options whose values it wants hidden."""


class Endpoint(msgspec.Struct, frozen=True):
    """One server that a conninfo names; empty parts are the defaults."""

    host: str = ""
    """A name, an address, or the folder of a Unix socket."""
    hostaddr: str = ""
    port: str = _DEFAULT_PORT


def settings(conninfo: str) -> dict[str, str]:
    """Return the value of every option that is set, secrets left out. Nothing is sent. Raises DatabaseError.

    A conninfo that libpq can't use (an unknown service, say) gives only what is written in it.
    """
    written = _parse(conninfo)
    probe = _read(conninfo)
    try:
        effective = {
            option.keyword.decode(): option.val.decode(errors="replace")
            for option in probe.info
            if option.val and option.dispchar != _SECRET
        }
    finally:
        probe.finish()
    _check_lists(effective)
    if "dbname" not in effective:
        return {option.keyword.decode(): (option.val or b"").decode(errors="replace") for option in written
                if option.dispchar != _SECRET}  # fmt: skip
    effective.pop("gssencmode", None)  # ours, see `_read`
    return effective


def secrets(conninfo: str) -> list[str]:
    """Return the names of the secret options that are written in `conninfo`. Raises DatabaseError."""
    return [option.keyword.decode() for option in _parse(conninfo) if option.dispchar == _SECRET]


def stored_password(conninfo: str) -> str | None:
    """Return the password that libpq would use of its own accord: from the conninfo, PGPASSWORD or a passfile."""
    probe = _read(conninfo)
    try:
        return probe.password.decode(errors="surrogateescape") or None
    finally:
        probe.finish()


def with_options(conninfo: str, **options: str | int) -> str:
    """Return `conninfo` with these options instead of its own; everything else stays as it is written."""
    return libpq.make_conninfo(conninfo, **options)


def place(pgconn: pq.abc.PGconn) -> dict[str, str]:
    """Return the server of an open connection, as options that lead to no other."""
    values = {"host": pgconn.host, "hostaddr": pgconn.hostaddr, "port": pgconn.port}
    return {name: (value or b"").decode() for name, value in values.items()}


def endpoints(effective: dict[str, str]) -> list[Endpoint]:
    """Return the servers that `settings` names, in the order in which they are tried."""
    hosts, addresses, ports = (effective.get(name, "").split(",") for name in _LISTS)
    count = max(len(hosts), len(addresses))
    ports = ports * count if len(ports) == 1 else ports
    return [
        Endpoint(host, address, port or _DEFAULT_PORT)
        for host, address, port in list(zip_longest(hosts, addresses, ports, fillvalue=""))[:count]
    ]


def _check_lists(effective: dict[str, str]) -> None:
    """Raise DatabaseError where libpq would, had it to choose the servers itself."""
    counts = {name: effective[name].count(",") + 1 for name in _LISTS if name in effective}
    servers = counts.get("hostaddr", counts.get("host", 1))
    if counts.get("host", servers) != servers or counts.get("port", 1) not in (1, servers):
        raise DatabaseError(*UNREADABLE)


def _parse(conninfo: str) -> list[pq.ConninfoOption]:
    if _torn(conninfo):
        raise DatabaseError(*_TORN) from None
    try:
        written = [option for option in pq.Conninfo.parse(conninfo.encode()) if option.val is not None]
        for option in written:
            (option.val or b"").decode()
    except (psycopg.Error, ValueError):  # a lone surrogate is no conninfo either, nor is a %80
        raise DatabaseError(*UNREADABLE) from None
    return written


def _torn(conninfo: str) -> bool:
    """Whether it is a URI whose password holds an unescaped @ or /.

    libpq takes what follows for a host, would ask the network for it, and what comes before for a port or a database.
    """
    scheme, _, rest = conninfo.partition("://")
    before, _, after = rest.partition("@")
    if scheme not in ("postgresql", "postgres"):
        return False
    return "@" in (rest if "/" in before else after).partition("?")[0]


def _read(conninfo: str) -> pq.abc.PGconn:
    """Have libpq read everything that it would connect with, and give up before it does.

    An impossible gssencmode is noticed after service, environment and passfile are read, and before any name is looked
    up. The result must be finished.
    """
    return pq.PGconn.connect_start(libpq.make_conninfo(conninfo, gssencmode="-").encode())
