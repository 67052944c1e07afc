from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from sqlagent_tui.database.building import ASIDE
from sqlagent_tui.database.embedded import EmbeddedServer
from sqlagent_tui.database.progress import Progress
from sqlagent_tui.demo import loader
from sqlagent_tui.demo.fingerprint import digest, fingerprint
from sqlagent_tui.demo.loader import ROWS_DIGEST, ensure_demo


@pytest.fixture
def reader(demo_conninfo: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(demo_conninfo, autocommit=True) as connection:
        yield connection


def test_the_rows_are_the_pinned_ones(reader: psycopg.Connection) -> None:
    # Fails when the generator's rows change: then ROWS_DIGEST has to change too, so that old clusters are loaded anew.
    tables = fingerprint(reader)
    assert len(tables) >= 14
    assert sum(table.rows for table in tables) >= 50_000
    assert digest(tables) == ROWS_DIGEST


def test_every_relation_has_a_comment(reader: psycopg.Connection) -> None:
    bare = reader.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm')"
        " AND obj_description(oid, 'pg_class') IS NULL"
    ).fetchall()
    assert bare == []


def test_every_table_is_analysed(reader: psycopg.Connection) -> None:
    rows = reader.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'm')"
        " AND reltuples <= 0"
    ).fetchall()
    assert rows == []


def test_the_reader_is_read_only_by_default(reader: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader.execute("DELETE FROM bioma")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO bioma VALUES (7, 'Lua', 1)",
        "UPDATE estado SET nome = nome",
        "DELETE FROM embargo",
        "TRUNCATE vistoria",
        "CREATE TABLE t (a int)",
        "CREATE TEMP TABLE t (a int)",
        "CREATE SCHEMA s",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1",
        "REFRESH MATERIALIZED VIEW mv_resumo_municipio",
        "COPY bioma TO '/tmp/x'",
        "COPY bioma TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_export(1, '/tmp/x')",
        "CREATE DATABASE d",
        "CREATE ROLE r",
        "SET ROLE postgres",
        "ALTER ROLE leitor SUPERUSER",
    ],
)
def test_the_reader_has_no_right_to_more(reader: psycopg.Connection, statement: str) -> None:
    reader.execute("SET default_transaction_read_only = off")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject)):
        reader.execute(statement)


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_the_reader_enters_no_other_database(demo_server: EmbeddedServer, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(demo_server.conninfo(database, loader.READER))


def test_accents_and_capitals_do_not_matter(reader: psycopg.Connection) -> None:
    found = reader.execute("SELECT nome FROM municipio WHERE sem_acento(nome) = 'sao felix do xingu'").fetchall()
    assert found == [("São Félix do Xingu",)]


def test_loading_again_changes_nothing(demo_server: EmbeddedServer, reader: psycopg.Connection) -> None:
    reports: list[Progress] = []
    ensure_demo(demo_server, reports.append)
    assert [report.stage for report in reports] == ["prepare", "ready"]
    assert reader.execute("SELECT 1").fetchone() == (1,)  # nobody cut the connection


def test_another_version_is_replaced(
    make_data_dir: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reports: list[Progress] = []
    with EmbeddedServer.start(make_data_dir("cluster")) as server:
        ensure_demo(server, reports.append)
        with psycopg.connect(loader.demo_admin_conninfo(server)) as connection:
            connection.execute("DROP TABLE vistoria")
        monkeypatch.setattr(loader, "ROWS_DIGEST", "000000000000")
        ensure_demo(server)
        with psycopg.connect(loader.demo_conninfo(server)) as connection:
            assert connection.execute("SELECT count(*) FROM vistoria").fetchone() == (7000,)
        with psycopg.connect(server.conninfo("postgres", "postgres")) as connection:
            names = connection.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall()
        assert names == [("cadastro_ambiental",), ("postgres",), ("template0",), ("template1",)]
    loads = [report for report in reports if report.stage == "load"]
    assert loads[-1].done == loads[-1].total >= 50_000
    assert [report.done for report in loads] == sorted(report.done for report in loads)


def test_a_killed_load_leaves_nothing_half_done(make_data_dir: Callable[[str], Path]) -> None:
    data_dir = make_data_dir("cluster")
    with EmbeddedServer.start(data_dir) as server:
        process = subprocess.Popen([sys.executable, "-m", "sqlagent_tui.demo", "--data-dir", str(data_dir), "--check"])
        _wait_for_database(server, f"{loader.DATABASE}{ASIDE}")
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not _has_database(server, loader.DATABASE)
        # Two instances then find the ruins at once: one loads, the other waits for it.
        reports: tuple[list[Progress], list[Progress]] = ([], [])
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda report: ensure_demo(server, report.append), reports))
        assert sorted(any(progress.stage == "load" for progress in report) for report in reports) == [False, True]
        assert not _has_database(server, f"{loader.DATABASE}{ASIDE}")
        with psycopg.connect(loader.demo_conninfo(server)) as connection:
            assert digest(fingerprint(connection)) == ROWS_DIGEST


def _has_database(server: EmbeddedServer, name: str) -> bool:
    with psycopg.connect(server.conninfo("postgres", "postgres")) as connection:
        return connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def _wait_for_database(server: EmbeddedServer, name: str) -> None:
    deadline = time.monotonic() + 30
    with contextlib.suppress(psycopg.OperationalError):
        while not _has_database(server, name):
            assert time.monotonic() < deadline
            time.sleep(0.01)
