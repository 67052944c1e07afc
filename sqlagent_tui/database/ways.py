"""How a server is reached: what libpq is told, and whatever has to be there first."""

from __future__ import annotations

from typing import Protocol

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.database.conninfo import with_options


class Way(Protocol):
    """Shared by all connections to one target; any thread may call."""

    def open(self, cancel: CancelToken) -> str:
        """Make sure that the way is open; return the conninfo to connect with. Raises DatabaseError and Cancelled."""
        ...

    def place(self, host: str, port: str) -> str:
        """Return the name of the place that libpq's `host` (a name, an address, a folder) and `port` lead to."""
        ...

    def trouble(self) -> str | None:
        """Return one sentence on what is wrong with the way itself; None when nothing is known to be."""
        ...


class Direct:
    """Nothing lies between: the conninfo as it was given."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo

    def open(self, cancel: CancelToken) -> str:
        """Return the conninfo."""
        return self._conninfo

    def place(self, host: str, port: str) -> str:
        """Return host and port, or the folder of the socket."""
        return host if host.startswith("/") else f"{host}:{port}"

    def trouble(self) -> str | None:
        """Nothing can be wrong with it."""
        return None


class InDatabase:
    """The same way, to another database of the server."""

    def __init__(self, way: Way, database: str) -> None:
        self._way = way
        self._database = database

    def open(self, cancel: CancelToken) -> str:
        """Return the conninfo with the other database in it."""
        return with_options(self._way.open(cancel), dbname=self._database)

    def place(self, host: str, port: str) -> str:
        """Return the place that the way itself names."""
        return self._way.place(host, port)

    def trouble(self) -> str | None:
        """Return what is wrong with the way itself."""
        return self._way.trouble()
