"""The databases of suites: made once, whole, by whoever comes first; read by a role that may do nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import msgspec
import psycopg
import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.assembly import OpenTarget
from sqlagent_tui.bench import databases
from sqlagent_tui.bench.databases import database_version, find_programs, open_suite_database
from sqlagent_tui.bench.suite import Suite, SuiteDatabase, read_suite
from sqlagent_tui.config import Config
from sqlagent_tui.database.building import ASIDE
from sqlagent_tui.database.embedded import EmbeddedServer
from sqlagent_tui.errors import DatabaseError, SuperuserRefusedError, UsageError
from tests.fix_servers import Cluster

ITEM = '{"id": "q1", "question": "Quantas aves?", "decision": "sql", "gold": ["SELECT count(*) FROM ave"]}\n'
BIRDS = "CREATE TABLE ave (nome text);\nINSERT INTO ave VALUES ('Ápice'), ('arara'), ('Zabelê');\n"
CLIENT = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from sqlagent_tui.bench.databases import open_suite_database
    from sqlagent_tui.bench.suite import read_suite
    from sqlagent_tui.config import Config
    with open_suite_database(read_suite(Path(sys.argv[1])), lambda *_: None) as target:
        target.connect(Config()).close()
        print(target.conninfo, flush=True)
        sys.stdin.read()
    """
)


@pytest.fixture(scope="module", autouse=True)
def server(suite_home: Path) -> Iterator[EmbeddedServer]:
    """Our own server, kept up from test to test."""
    with EmbeddedServer.start() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A suite with a database of its test's own."""
    name = request.node.name.partition("[")[0].removeprefix("test_")[:40]
    (tmp_path / "suite.toml").write_text(
        f'name = "{name}"\ntitle = "Aves"\n[database]\nkind = "scripts"\nscripts = ["aves.sql"]\n'
    )
    (tmp_path / "items.jsonl").write_text(ITEM)
    (tmp_path / "aves.sql").write_text(BIRDS)
    return tmp_path


def open_(suite: Suite | Path, **options: object) -> AbstractContextManager[OpenTarget]:
    return open_suite_database(suite if isinstance(suite, Suite) else read_suite(suite), lambda *_: None, **options)


def ask(target: OpenTarget, sql: str, **options: bool) -> tuple[tuple[str | None, ...], ...] | StatementError:
    with closing(target.connect(Config(), **options)) as database:
        outcome = database.execute(sql, origin="agent", cancel=CancelToken())
    return outcome if isinstance(outcome, StatementError) else outcome.rows


def named(server: EmbeddedServer, like: str) -> dict[str, tuple[int, str]]:
    """Oid and comment of the server's databases of these names."""
    with psycopg.connect(server.conninfo("postgres", "postgres")) as admin:
        query = "SELECT datname, oid, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname LIKE %s"
        return {name: (oid, comment) for name, oid, comment in admin.execute(query, (f"{like}%",)).fetchall()}


def test_scripts_make_it_and_a_reader_reads_it(folder: Path, server: EmbeddedServer) -> None:
    with open_(folder) as target:
        assert ask(target, "SELECT current_user, count(*) FROM ave") == (("leitor", "3"),)
        # In the order of code points, and Unicode's capitals.
        assert ask(target, "SELECT lower(nome) FROM ave ORDER BY nome") == (("zabelê",), ("arara",), ("ápice",))
        with psycopg.connect(target.conninfo, autocommit=True) as reader:
            reader.execute("SET default_transaction_read_only = off")
            for statement in ("DELETE FROM ave", "CREATE TABLE ninho ()", "SET ROLE dono"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(statement)
    suite = read_suite(folder)
    [(_, comment)] = named(server, suite.name).values()
    assert comment == f"sqlagent-tui, suíte {suite.name} (versão {database_version(suite)})"


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "SELECT pg_read_file('PG_VERSION')",
        "RESET ROLE; CREATE ROLE intruso SUPERUSER",
    ],
)
def test_a_script_is_not_the_servers_superuser(folder: Path, server: EmbeddedServer, statement: str) -> None:
    (folder / "aves.sql").write_text(statement)
    with pytest.raises(UsageError, match=r"permission denied|must be superuser"), open_(folder):
        pass
    assert named(server, "a_script_is").keys() == {f"{read_suite(folder).name}{ASIDE}"}


def test_another_version_replaces_it_other_questions_do_not(folder: Path, server: EmbeddedServer) -> None:
    with open_(folder):
        first = named(server, "another_version")
    (folder / "items.jsonl").write_text(ITEM.replace("Quantas", "Tem quantas"))
    with open_(folder):
        assert named(server, "another_version") == first
    (folder / "aves.sql").write_text(f"{BIRDS}INSERT INTO ave VALUES ('mutum');")
    with open_(folder) as target:
        assert ask(target, "SELECT count(*) FROM ave") == (("4",),)
    assert named(server, "another_version").keys() == first.keys()
    assert named(server, "another_version") != first


def test_a_faulty_script_is_told_with_its_line(folder: Path) -> None:
    (folder / "aves.sql").write_text(f"{BIRDS}INSERT INTO bicho VALUES (1);\n")
    with pytest.raises(UsageError) as caught, open_(folder):
        pass
    assert caught.value.message == (
        'aves.sql of the suite a_faulty_script_is_told_with_its_line can\'t be run, near line 3: relation "bicho" does'
        " not exist."
    )


def test_two_processes_at_once_make_one_database(folder: Path, server: EmbeddedServer) -> None:
    (folder / "aves.sql").write_text(f"{BIRDS}SELECT pg_sleep(1);")
    clients = [_client(folder) for _ in range(2)]
    for client in clients:
        assert client.stdout is not None
        assert "dbname=two_processes" in client.stdout.readline()
    oids = named(server, "two_processes")
    for client in clients:
        client.communicate()
        assert client.returncode == 0
    assert oids.keys() == {"two_processes_at_once_make_one_database"}
    assert named(server, "two_processes") == oids


def test_half_of_it_is_never_seen(folder: Path, server: EmbeddedServer) -> None:
    with open_(folder):
        first = named(server, "half_of_it")
    (folder / "aves.sql").write_text(f"{BIRDS}INSERT INTO ave VALUES ('mutum'); SELECT pg_sleep(60);")
    client = _client(folder)
    aside = f"{read_suite(folder).name}{ASIDE}"
    deadline = time.monotonic() + 30
    while not named(server, aside):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with psycopg.connect(server.conninfo(read_suite(folder).name, "leitor")) as reader:
        assert reader.execute("SELECT count(*) FROM ave").fetchone() == (3,)  # the old one, until the new one is whole
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(server.conninfo(aside, "leitor"))
    client.send_signal(signal.SIGKILL)
    client.communicate()
    (folder / "aves.sql").write_text(BIRDS)
    with open_(folder) as target:  # waits until the server has noticed; the ruin is no obstacle
        assert ask(target, "SELECT count(*) FROM ave") == (("3",),)
    assert named(server, "half_of_it").keys() >= first.keys()


def test_the_demo_can_be_its_ground(folder: Path) -> None:
    toml = (folder / "suite.toml").read_text()
    (folder / "suite.toml").write_text(toml.replace("scripts = [", 'base = "demo"\nscripts = ['))
    (folder / "aves.sql").write_text(f"{BIRDS}ALTER TABLE imovel_rural ADD ave text DEFAULT 'arara';")
    with open_(folder) as target:
        assert ask(target, "SELECT DISTINCT i.ave FROM imovel_rural i JOIN ave a ON a.nome = i.ave") == (("arara",),)
        assert ask(target, "SELECT count(*) FROM vistoria") == (("7000",),)


def test_a_database_of_somebody_elses_is_left_alone(folder: Path, server: EmbeddedServer) -> None:
    name = read_suite(folder).name
    with psycopg.connect(server.conninfo("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    before = named(server, name)
    with pytest.raises(UsageError, match="that was not made by this program"), open_(folder):
        pass
    assert named(server, name) == before


def test_no_installation_with_the_extension(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = read_suite(folder)
    suite = msgspec.structs.replace(suite, database=SuiteDatabase(kind="scripts", extensions=("postgis",)))
    monkeypatch.setattr(databases, "installed", list)  # as on a machine with the wheel only
    with pytest.raises(UsageError) as caught, open_(suite):
        pass
    assert str(caught.value) == (
        f"The suite {suite.name} can't be run: no PostgreSQL on this machine has postgis. Install PostGIS"
        " (postgresql-postgis on Debian and Ubuntu), or name a server with it: --server CONNINFO."
    )


def test_the_newest_installation_that_has_the_extension(folder: Path, programs_15: Path) -> None:
    suite = read_suite(folder)
    assert find_programs(suite).bundled
    suite = msgspec.structs.replace(suite, database=SuiteDatabase(kind="scripts", extensions=("pg_surgery",)))
    assert find_programs(suite).offers(["pg_surgery"])
    assert not find_programs(suite).offers(["pg_surgery", "no_such_extension"])


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("external", {}, "asks about a database of yours"),
        ("external", {"server": "host=db1"}, "asks about a database of yours"),
        ("demo", {"server": "host=db1"}, "makes no database of its own"),
        ("scripts", {"server": "host=db1", "database": "host=db2"}, "Both --database and --server"),
        ("scripts", {"server": "host=db1 password=x"}, "password doesn't belong"),
    ],
)
def test_contradictions(folder: Path, kind: str, options: dict[str, str], message: str) -> None:
    suite = msgspec.structs.replace(read_suite(folder), database=SuiteDatabase(kind=kind))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message), open_(suite, **options):
        pass


def test_a_database_that_is_there_already(folder: Path, server_15: Cluster) -> None:
    with open_(folder, database=server_15.conninfo()) as target:
        assert ask(target, "SELECT current_database()", allow_superuser=True) == (("postgres",),)


def test_a_server_of_the_users(folder: Path, server_15: Cluster) -> None:
    name = read_suite(folder).name
    with psycopg.connect(server_15.conninfo(), autocommit=True) as admin:
        admin.execute("CREATE ROLE suites LOGIN CREATEDB")
    way = libpq.make_conninfo(server_15.conninfo(), user="suites")
    try:
        with open_(folder, server=way) as target:
            assert ask(target, "SELECT current_database(), current_user, count(*) FROM ave") == ((name, "suites", "3"),)
            assert ask(target, "SELECT lower(nome) FROM ave WHERE nome > 'b' LIMIT 1") == (("ápice",),)
            refused = ask(target, "DELETE FROM ave")
            assert isinstance(refused, StatementError)
        with pytest.raises(SuperuserRefusedError), open_(folder, server=server_15.conninfo()):
            pass
    finally:
        with psycopg.connect(server_15.conninfo(), autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            admin.execute("DROP ROLE suites")


def test_a_role_without_the_right(folder: Path, server_15: Cluster) -> None:
    with psycopg.connect(server_15.conninfo(), autocommit=True) as admin:
        admin.execute("CREATE ROLE sem_direito LOGIN")
    try:
        way = libpq.make_conninfo(server_15.conninfo(), user="sem_direito")
        with pytest.raises(DatabaseError, match=r"permission denied to create database.* needs CREATEDB"):
            open_(folder, server=way).__enter__()
    finally:
        with psycopg.connect(server_15.conninfo(), autocommit=True) as admin:
            admin.execute("DROP ROLE sem_direito")


def _client(folder: Path) -> subprocess.Popen[str]:
    """Another process that opens the suite's database and keeps it until its standard input ends."""
    command = [sys.executable, "-c", CLIENT, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
