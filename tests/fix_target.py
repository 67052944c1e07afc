"""A database full of traps on each server, with ways into it and a fingerprint of it: what attacks are let loose on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.agent.protocols import Limits
from tests.fingerprint import LOG_OF_CHANGES, Fingerprinter, State
from tests.fix_guard import NAME, Client, Guard, awkward_database
from tests.fix_servers import Bouncing, Cluster
from tests.statements import Entry

TRAPS = Path(__file__).parent / "database" / "traps"
EXTENSIONS = tuple(
    """adminpack amcheck dblink file_fdw hstore lo ltree pageinspect pg_buffercache pg_prewarm pg_surgery pg_visibility
    pg_walinspect pgcrypto pgstattuple postgres_fdw sslinfo tablefunc uuid-ossp xml2""".split()
)
LIMITS = Limits(
    statement_timeout_ms=2_000, lock_timeout_ms=100, max_rows=50, max_bytes=1_000_000, max_value_chars=2_000
)
_LARGE_OBJECT = "471100"
_BAIT = "slot_de_isca"


class Target:
    """One server's database of traps. Connections are made once and kept: the next attack finds what the last left."""

    def __init__(self, guard: Guard, cluster: Cluster, bouncing: Bouncing) -> None:
        self.guard = guard
        self._bouncing = bouncing
        self._clients: dict[tuple[str, str], Client] = {}
        self._state: State | None = None
        self._module = ""
        scratch = cluster.socket_dir / "scratch"
        scratch.mkdir()
        scratch.chmod(0o777)
        (scratch / "isca.csv").write_text("1,isca,0\n")
        self._words = {
            "scratch": str(scratch),
            "data": str(cluster.data_dir),
            "socket": str(cluster.socket_dir),
            "database": str(libpq.conninfo_to_dict(guard.direct)["dbname"]),
            "reader": str(libpq.conninfo_to_dict(guard.reader)["user"]),
            "owner": str(libpq.conninfo_to_dict(guard.owner)["user"]),
            "large_object": _LARGE_OBJECT,
            "loopback": guard.direct,
        }
        with psycopg.connect(guard.owner, autocommit=True) as owner:
            owner.execute(self.fill((TRAPS / "owner.sql").read_text("utf-8")).encode())
        with psycopg.connect(guard.direct, autocommit=True) as admin:
            self.major = admin.info.server_version // 10_000
            available = {name for (name,) in admin.execute("SELECT name FROM pg_available_extensions").fetchall()}
            self.extensions = frozenset(EXTENSIONS) & available
            for name in sorted(self.extensions):
                admin.execute(f'CREATE EXTENSION "{name}"'.encode())
            admin.execute(self.fill((TRAPS / "superuser.sql").read_text("utf-8")).encode())
            if {"dblink", "postgres_fdw", "file_fdw"} <= self.extensions:
                admin.execute(self.fill((TRAPS / "foreign.sql").read_text("utf-8")).encode())
            admin.execute("SELECT pg_create_physical_replication_slot(%s, true)", (_BAIT,))
            admin.execute("SELECT pg_replication_origin_create('origem_de_isca')")
        self.fingerprinter = Fingerprinter(guard.direct, cluster.data_dir, scratch)

    def close(self) -> None:
        for client in self._clients.values():
            client.database.close()
        self.fingerprinter.close()
        with psycopg.connect(self.guard.direct, autocommit=True) as admin:
            admin.execute("SELECT pg_drop_replication_slot(%s)", (_BAIT,))
            admin.execute("SELECT pg_replication_origin_drop('origem_de_isca')")

    def begin(self, module: str) -> None:
        """Start over where tests of another module may have used the server since the last fingerprint."""
        if module != self._module:
            self._module, self._state = module, None
            self.fingerprinter.settle()

    def fill(self, sql: str) -> str:
        """Put in the names that only this target knows, as in `{scratch}`."""
        return re.sub(r"\{(\w+)\}", lambda match: self._words.get(match.group(1), match.group()), sql)

    def has(self, entry: Entry) -> bool:
        """Whether this server has what the statement uses."""
        return self.major >= entry.since and (entry.needs is None or entry.needs in self.extensions)

    def client(self, role: str, way: str) -> Client:
        """As reader, owner or superuser; `way` is direct or a pool mode."""
        key = (role, way)
        if key not in self._clients:
            self._state = None  # another connection is a difference
            guard = self.guard if way == "direct" else self.guard.through(self._bouncing, "transaction")
            self._clients[key] = Client(getattr(guard, role), LIMITS)
        return self._clients[key]

    def changes_by(self, action: Callable[[], object]) -> dict[str, str]:
        """Return what `action` changed, and how.

        What was only written to the log of changes counts when repeating the action writes there again: the server's
        own housekeeping doesn't happen twice.
        """
        changed = self._changes_by(action)
        return self._changes_by(action) if changed.keys() == {LOG_OF_CHANGES} else changed

    def _changes_by(self, action: Callable[[], object]) -> dict[str, str]:
        before = self._state or self.fingerprinter.take()
        action()
        changed = self.fingerprinter.compare(before)
        self._state = None if changed else before
        return changed


def _target(cluster: Cluster, bouncing: Bouncing) -> Iterator[Target]:
    with (
        awkward_database(cluster.conninfo(), f"{NAME}_alvo") as guard,
        closing(Target(guard, cluster, bouncing)) as target,
    ):
        yield target


@pytest.fixture(scope="session")
def target_18(server_18: Cluster, bouncing: Bouncing) -> Iterator[Target]:
    yield from _target(server_18, bouncing)


@pytest.fixture(scope="session")
def target_15(server_15: Cluster, bouncing: Bouncing) -> Iterator[Target]:
    yield from _target(server_15, bouncing)


@pytest.fixture(params=["18", "15"])
def target(request: pytest.FixtureRequest) -> Target:
    made: Target = request.getfixturevalue(f"target_{request.param}")
    made.begin(request.module.__name__)
    return made
