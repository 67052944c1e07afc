from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.bench.fingerprint import TableFingerprint, digest, fingerprint
from sqlagent_tui.database.embedded import EmbeddedServer
from sqlagent_tui.database.postgres import PostgresDatabase

NAME = f"digitais_{os.getpid()}"


@pytest.fixture
def owner(demo_server: EmbeddedServer) -> Iterator[psycopg.Connection]:
    with psycopg.connect(demo_server.conninfo("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {NAME}")
        with psycopg.connect(demo_server.conninfo(NAME, "postgres"), autocommit=True) as owner:
            owner.execute(
                """CREATE SCHEMA "Outro"; GRANT USAGE ON SCHEMA "Outro" TO leitor; GRANT CONNECT ON DATABASE """
                + NAME
                + """ TO leitor;
                CREATE TABLE "Outro"."com espaço" (a integer, b text);
                INSERT INTO "Outro"."com espaço" VALUES (1, 'x'), (2, NULL), (2, NULL);
                CREATE TABLE vazia (a integer);
                CREATE TABLE dia (d date) PARTITION BY RANGE (d);
                CREATE TABLE dia_2024 PARTITION OF dia FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
                INSERT INTO dia VALUES ('2024-02-29');
                CREATE TABLE secreta (a integer);
                GRANT SELECT ON ALL TABLES IN SCHEMA public, "Outro" TO leitor;
                REVOKE ALL ON secreta FROM leitor"""
            )
            yield owner
        admin.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def taken(server: EmbeddedServer) -> list[TableFingerprint]:
    with closing(PostgresDatabase.connect(server.conninfo(NAME, "leitor"))) as database:
        return fingerprint(database, CancelToken())


def test_every_readable_table_once(owner: psycopg.Connection, demo_server: EmbeddedServer) -> None:
    found = {table.table: table.rows for table in taken(demo_server)}
    assert found == {'"Outro"."com espaço"': 3, "public.dia": 1, "public.vazia": 0}


def test_it_changes_with_a_row_and_not_with_the_order(owner: psycopg.Connection, demo_server: EmbeddedServer) -> None:
    first = digest(taken(demo_server))
    owner.execute("""UPDATE "Outro"."com espaço" SET a = a WHERE a = 1""")  # moves it behind the others
    assert digest(taken(demo_server)) == first
    seen = {first}
    for statement in (
        """DELETE FROM "Outro"."com espaço" WHERE ctid = (SELECT max(ctid) FROM "Outro"."com espaço" WHERE a = 2)""",
        """UPDATE "Outro"."com espaço" SET b = '' WHERE a = 2""",
        "INSERT INTO vazia VALUES (NULL)",
        "ALTER TABLE vazia RENAME TO uma",
    ):
        owner.execute(statement.encode())
        seen.add(digest(taken(demo_server)))
    assert len(seen) == 5
