from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Database
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import DatabaseError, ExitCode
from tests.fix_guard import NAME, READER, Client, Guard


def failure(conninfo: str) -> DatabaseError:
    with pytest.raises(DatabaseError) as caught:
        PostgresDatabase.connect(conninfo)
    assert caught.value.exit_code == ExitCode.DATABASE
    assert caught.value.message.endswith(".")
    assert caught.value.remedy.endswith(".")
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return caught.value


def test_what_was_verified(guard: Guard, reader: Client, connect: Callable[..., Client]) -> None:
    database: Database = reader.database
    info = database.info
    assert (info.database, info.user, info.read_only, info.role.superuser) == (NAME, READER, True, False)
    assert info.host.startswith("/")
    assert int(info.server_version.split(".")[0]) >= 12
    assert info.backend_pid > 0
    assert connect(guard.superuser).database.info.role.superuser


def test_options_of_the_conninfo_are_kept_and_ours_come_last(guard: Guard, connect: Callable[..., Client]) -> None:
    options = "-c work_mem=1234kB -c default_transaction_read_only=off"
    client = connect(libpq.make_conninfo(guard.reader, options=options, application_name="relatorio"))
    assert client.rows("SHOW work_mem").rows == (("1234kB",),)
    assert client.rows("SHOW default_transaction_read_only").rows == (("on",),)
    assert client.rows("SHOW application_name").rows == (("relatorio",),)


def test_pgoptions_are_kept(guard: Guard, connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=2345kB")
    client = connect(guard.reader)
    assert client.rows("SHOW work_mem").rows == (("2345kB",),)
    assert client.rows("SHOW application_name").rows == (("sqlagent-tui",),)


def test_the_environment_alone_is_enough(
    guard: Guard, connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = libpq.conninfo_to_dict(guard.reader)
    for key, variable in {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER"}.items():
        monkeypatch.setenv(variable, str(given[key]))
    assert connect("").database.info.database == NAME


def test_missing_database_and_missing_role(guard: Guard) -> None:
    missing = failure(libpq.make_conninfo(guard.reader, dbname="não_existe"))
    assert "não_existe" in missing.message
    assert "exist" in missing.message
    role = failure(libpq.make_conninfo(guard.reader, user="fantasma"))
    assert "fantasma" in role.message


def test_nobody_answers(tmp_path_factory: pytest.TempPathFactory) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gone = failure(f"host=127.0.0.1 port={port} user=x dbname=x password=s3cr3t")
    assert gone.message == f"No PostgreSQL server answers at 127.0.0.1:{port}."
    assert "No PostgreSQL server answers" in failure(f"host={tmp_path_factory.mktemp('s')} user=x").message


@pytest.mark.parametrize(
    "conninfo",
    [
        "postgresql://user:s3cr3t@host:port:x/db",
        "postgresql://user:s3cr3t",
        "postgresql://user:s3c@r3t@127.0.0.1:1/db",
        "postgresql://user:s3/cr3t@127.0.0.1:1/db",
        "postgresql://user:s3cr3t%zz@127.0.0.1:1/db",
        "postgresql://us er:s3cr3t@127.0.0.1:1/db",
        "host=localhost password=s3cr3t r3t",
        "host=localhost password='s3cr3t",
        "password=s3cr3t nonsense=1",
        "host=127.0.0.1 port=s3cr3t",
        "hostaddr=s3cr3t",
        "sslmode=s3cr3t host=127.0.0.1 port=1",
        "just some words s3cr3t",
        "host=127.0.0.1 port=1 connect_timeout=s3cr3t",
        "s3cr3t=\0",
        "host=s3cr3t\ud800",
    ],
)
def test_a_malformed_conninfo_gives_nothing_away(conninfo: str) -> None:
    error = failure(conninfo)
    for piece in ("s3cr3t", "r3t", "s3c"):
        assert piece not in str(error)


@pytest.fixture
def passworded(guard: Guard) -> Iterator[str]:
    """A server that asks for a password: the embedded one trusts its socket, so a tiny fake does the asking."""
    from tests.fake_server import PasswordServer

    with PasswordServer() as server:
        yield f"host=127.0.0.1 port={server.port} user=maria dbname=x sslmode=disable gssencmode=disable"


def test_a_password_is_asked_for_once_and_a_wrong_one_is_told(passworded: str) -> None:
    assert "password" in failure(passworded).message
    asked: list[str] = []

    def answer(role: str) -> str:
        asked.append(role)
        return "err4d4"

    with pytest.raises(DatabaseError) as caught:
        PostgresDatabase.connect(passworded, password=answer)
    assert asked == ["maria"]
    assert "refused the password of the role “maria”" in caught.value.message
    assert "err4d4" not in str(caught.value)
    with pytest.raises(DatabaseError) as given_up:
        PostgresDatabase.connect(passworded, password=lambda role: None)
    assert "password" in given_up.value.message
    wrong = failure(passworded + " password=s3cr3t")
    assert "refused the password" in wrong.message
    assert "s3cr3t" not in str(wrong)


def test_a_read_write_role_is_read_only_all_the_same(guard: Guard, connect: Callable[..., Client]) -> None:
    client = connect(guard.owner)
    assert client.database.info.read_only
    with psycopg.connect(guard.owner, autocommit=True) as owner:
        assert owner.execute("SHOW transaction_read_only").fetchone() == ("off",)


def test_close_twice_and_then_say_so(reader: Client) -> None:
    reader.database.close()
    reader.database.close()
    with pytest.raises(DatabaseError, match="closed"):
        reader.database.tables(CancelToken())
