"""A database of awkward things, on any server: for attacks, odd names and big values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import psycopg
import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import TraceEvent
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.database.policy import FunctionPolicy
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.database.watchdog import Watchdog
from sqlagent_tui.database.ways import Way
from tests.fix_servers import Bouncing, Cluster, PoolMode

# Two runs may share the demo cluster: each has a database and roles of its own.
NAME = f"guarda_{os.getpid()}"
ASCII = f"{NAME}_ascii"
OWNER = f"{NAME}_dono"
READER = f"{NAME}_leitor"
NOBODY = f"{NAME}_ninguem"

_SCHEMA = f"""
CREATE TABLE conta (id integer PRIMARY KEY, nome text NOT NULL, saldo numeric(12,2) NOT NULL);
INSERT INTO conta SELECT g, 'conta ' || g, g * 10 FROM generate_series(1, 200) g;
CREATE SEQUENCE contador;
CREATE TABLE "Tabela Ímpar" ("Coluna Á" text, "com ""aspas"" dentro" integer, "select" integer);
COMMENT ON TABLE "Tabela Ímpar" IS 'nomes difíceis; ''aspas'' e [b]marcas[/b]';
COMMENT ON COLUMN "Tabela Ímpar"."Coluna Á" IS 'comentário';
INSERT INTO "Tabela Ímpar" VALUES ('á', 1, 2);
CREATE TABLE "d'água \\" (tipo text);
INSERT INTO "d'água \\" SELECT (ARRAY['rio', 'lago', 'rio'])[1 + g % 3] FROM generate_series(1, 300) g;
CREATE TABLE vazia ();
CREATE TYPE cor AS ENUM ('verde', 'azul', 'cor de rosa');
CREATE DOMAIN cor_clara AS cor;
CREATE TABLE tinta (
  id integer PRIMARY KEY, cor cor NOT NULL, clara cor_clara, cores cor[], marca varchar(20), serie text,
  conta_id integer REFERENCES conta, preco numeric(8,2) DEFAULT 0, livre numeric,
  dobro integer GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO tinta SELECT g, 'verde', 'azul', '{{azul,verde}}', (ARRAY['Suvinil','Coral','Coral'])[1 + g % 3],
  'S' || g, 1 + g % 200 FROM generate_series(1, 3000) g;
CREATE INDEX tinta_marca ON tinta (marca, lower(serie)) WHERE id > 10;
CREATE TABLE medida (dia date NOT NULL, valor integer, PRIMARY KEY (dia)) PARTITION BY RANGE (dia);
CREATE TABLE medida_2024 PARTITION OF medida FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE medida_2025 PARTITION OF medida FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO medida SELECT date '2024-06-01' + g, g FROM generate_series(1, 400) g;
CREATE TABLE escondida (segredo text);
CREATE TABLE meia (aberta integer, fechada text);
INSERT INTO meia VALUES (1, 'x');
CREATE VIEW saldo_total AS SELECT sum(saldo) AS total FROM conta;
CREATE MATERIALIZED VIEW saldo_guardado AS SELECT nome, saldo FROM conta;
CREATE SCHEMA outro;
CREATE TABLE outro.conta (id integer, ref_a integer, ref_b integer, PRIMARY KEY (ref_b, ref_a));
CREATE TABLE outro.filha (a integer, b integer, FOREIGN KEY (b, a) REFERENCES outro.conta (ref_b, ref_a));
CREATE SCHEMA trancado;
CREATE TABLE trancado.cofre (id integer);
CREATE FUNCTION apaga() RETURNS integer LANGUAGE plpgsql AS $$BEGIN DELETE FROM conta; RETURN 1; END$$;
CREATE FUNCTION apaga_como_dono() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS
  $$BEGIN DELETE FROM public.conta; RETURN 1; END$$;
CREATE FUNCTION desliga_prazo() RETURNS text LANGUAGE sql AS $$SELECT set_config('statement_timeout', '0', false)$$;
CREATE FUNCTION torna_gravavel() RETURNS integer LANGUAGE plpgsql AS
  $$BEGIN SET TRANSACTION READ WRITE; DELETE FROM conta; RETURN 1; END$$;
CREATE FUNCTION tranca() RETURNS void LANGUAGE sql AS $$SELECT pg_advisory_lock(4711)$$;
CREATE FUNCTION avisa() RETURNS void LANGUAGE sql AS $$SELECT pg_notify('canal', 'x')$$;
CREATE FUNCTION objeto_grande() RETURNS oid LANGUAGE sql AS $$SELECT lo_create(0)$$;
GRANT USAGE ON SCHEMA public, outro TO {READER};
GRANT SELECT ON ALL TABLES IN SCHEMA public, outro, trancado TO {READER};
REVOKE ALL ON escondida, meia FROM {READER};
GRANT SELECT (aberta) ON meia TO {READER};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {READER};
"""


class Guard(msgspec.Struct, frozen=True):
    """Ways into the database: as its reader, its owner and the superuser."""

    reader: str
    owner: str
    superuser: str
    direct: str
    """The superuser's again, past any pooler: for looking at the server, whatever is being tested."""

    def through(self, bouncing: Bouncing, pool_mode: PoolMode) -> Guard:
        """The same database behind PgBouncer."""
        reader, owner, superuser = (bouncing(way, pool_mode) for way in (self.reader, self.owner, self.superuser))
        return Guard(reader=reader, owner=owner, superuser=superuser, direct=self.direct)


@contextmanager
def awkward_database(superuser: str, name: str = NAME) -> Iterator[Guard]:
    """Make the database and its roles on the server that `superuser` leads to; removed again afterwards."""
    owner_role, reader_role = f"{name}_dono", f"{name}_leitor"
    with psycopg.connect(superuser, autocommit=True) as admin:
        _remove_stale(admin)
        for role in (owner_role, reader_role, f"{name}_ninguem"):
            admin.execute(f"CREATE ROLE {role} LOGIN")
        admin.execute(
            f"CREATE DATABASE {name} OWNER {owner_role} TEMPLATE template0 ENCODING 'UTF8' "
            "LOCALE_PROVIDER libc LOCALE 'C'"
        )

    def to(role: str) -> str:
        return libpq.make_conninfo(superuser, dbname=name, user=role)

    with psycopg.connect(to(owner_role), autocommit=True) as owner:
        owner.execute(_SCHEMA.replace(READER, reader_role).encode())
        owner.execute("ANALYZE")
    directly = libpq.make_conninfo(superuser, dbname=name)
    yield Guard(reader=to(reader_role), owner=to(owner_role), superuser=directly, direct=directly)
    with psycopg.connect(superuser, autocommit=True) as admin:
        _remove(admin, name)


@pytest.fixture(scope="session")
def guard(demo_admin_conninfo: str) -> Iterator[Guard]:
    """On the embedded server of the demo, as the product starts it."""
    with awkward_database(demo_admin_conninfo) as made:
        yield made


@pytest.fixture(scope="session")
def guard_18(server_18: Cluster) -> Iterator[Guard]:
    """On the wheel's PostgreSQL 18 with the settings of a production server."""
    with awkward_database(server_18.conninfo()) as made:
        yield made


@pytest.fixture(scope="session")
def guard_15(server_15: Cluster) -> Iterator[Guard]:
    with awkward_database(server_15.conninfo()) as made:
        yield made


@pytest.fixture(scope="session", params=["18", "15"])
def direct_guard(request: pytest.FixtureRequest) -> Guard:
    """On each of the two servers."""
    made: Guard = request.getfixturevalue(f"guard_{request.param}")
    return made


@pytest.fixture(scope="session", params=["direct", "transaction"])
def any_guard(request: pytest.FixtureRequest, direct_guard: Guard, bouncing: Bouncing) -> Guard:
    """On each of the two servers, directly and through PgBouncer in transaction mode."""
    return direct_guard if request.param == "direct" else direct_guard.through(bouncing, "transaction")


def _remove(admin: psycopg.Connection, name: str) -> None:
    for database in (name, f"{name}_ascii"):
        admin.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    for role in ("dono", "leitor", "ninguem"):
        admin.execute(f"DROP ROLE IF EXISTS {name}_{role}")


def _remove_stale(admin: psycopg.Connection) -> None:
    """Take away what a run that was killed has left."""
    left = admin.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'guarda%'").fetchall()
    for pid in {match.group(1) for (role,) in left if (match := re.match(r"guarda_(\d+)_", role))}:
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            _remove(admin, f"guarda_{pid}")
        except PermissionError:
            pass  # alive, and somebody else's


# The first layer refuses the volatile functions of `_SCHEMA`; with this policy the layers below have to do without it.
OWN_FUNCTIONS = tuple(f"public.{name}" for name in re.findall(r"CREATE FUNCTION (\w+)\(", _SCHEMA))
LENIENT = FunctionPolicy(allow=OWN_FUNCTIONS)


class Client:
    """A database under test with the events it told, and short words for what tests do all day."""

    def __init__(
        self,
        conninfo: str | Way,
        limits: Limits | None = None,
        watchdog: Watchdog | None = None,
        policy: FunctionPolicy | None = None,
    ) -> None:
        self.events: list[TraceEvent] = []
        self.database = PostgresDatabase.connect(
            conninfo,
            trace=self.events.append,
            limits=limits,
            policy=policy,
            allow_superuser=True,
            watchdog=watchdog,
        )

    def run(self, sql: str, **limits: int) -> QueryResult | StatementError:
        bounds = msgspec.structs.replace(self.database.limits, **limits)
        return self.database.execute(sql, origin="agent", cancel=CancelToken(), limits=bounds)

    def rows(self, sql: str, **limits: int) -> QueryResult:
        result = self.run(sql, **limits)
        assert isinstance(result, QueryResult), result
        return result

    def fails(self, sql: str, **limits: int) -> StatementError:
        result = self.run(sql, **limits)
        assert isinstance(result, StatementError), result
        return result


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def make(
        conninfo: str | Way,
        limits: Limits | None = None,
        watchdog: Watchdog | None = None,
        policy: FunctionPolicy | None = None,
    ) -> Client:
        clients.append(Client(conninfo, limits, watchdog, policy))
        return clients[-1]

    yield make
    for client in clients:
        client.database.close()


@pytest.fixture
def reader(guard: Guard, connect: Callable[..., Client]) -> Client:
    return connect(guard.reader)


@pytest.fixture
def lenient(guard: Guard, connect: Callable[..., Client]) -> Client:
    """As `reader`, without the first layer."""
    return connect(guard.reader, policy=LENIENT)
