"""Changing the database or the connection inside a session: the new one works before the old one is closed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.assembly import OpenTarget, Target
from sqlagent_tui.config import Config
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.database.saved import SavedConnection, SavedConnections
from sqlagent_tui.errors import DatabaseError
from tests.fix_guard import NAME, Guard
from tests.fix_network import NetworkServer
from tests.fix_ssh import SSH_HOST, SshHost

Opening = Callable[[Target], OpenTarget]


@pytest.fixture
def opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opening]:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path))
    with ExitStack() as stack:
        yield lambda target: stack.enter_context(OpenTarget(target, lambda _sentence, _fraction: None))


def one(database: PostgresDatabase, sql: str) -> str | None:
    result = database.execute(sql, origin="user", cancel=CancelToken())
    assert isinstance(result, QueryResult), result
    return result.rows[0][0]


def test_another_database_of_the_same_server(guard: Guard, opening: Opening) -> None:
    target = opening(Target(conninfo=guard.superuser))
    first = target.connect(Config(), allow_superuser=True)
    second = target.connect(Config(), allow_superuser=True, database="postgres")
    assert one(first, "SELECT current_database()") == NAME
    assert one(second, "SELECT current_database()") == "postgres"
    names = {table.name for table in second.tables(CancelToken())}
    assert "conta" not in names, "its catalogue is its own"
    first.close()
    assert one(second, "SELECT 1") == "1"
    second.close()


def test_a_database_that_can_t_be_entered_leaves_the_old_one_working(guard: Guard, opening: Opening) -> None:
    target = opening(Target(conninfo=guard.reader))
    first = target.connect(Config())
    with pytest.raises(DatabaseError, match="may not connect to the database “postgres”"):
        target.connect(Config(), database="postgres")
    assert one(first, "SELECT count(*) FROM conta") == "200"
    first.close()


def test_another_server_by_its_saved_name(
    guard: Guard, network_server: NetworkServer, ssh_host: SshHost, opening: Opening
) -> None:
    first_target = opening(Target(conninfo=guard.reader))
    first = first_target.connect(Config())
    SavedConnections().add(SavedConnection(name="longe", conninfo=network_server.conninfo(), ssh=SSH_HOST))
    second_target = opening(Target.chosen("longe", demo=False))
    second = second_target.connect(Config(), allow_superuser=True, database="template1")
    assert second.info.host.endswith(f"via {SSH_HOST}")
    assert second.info.database == "template1"
    first.close()
    first_target.close()
    assert one(second, "SELECT current_database()") == "template1"
    assert "longe" in SavedConnections().last_used()
    second.close()


def test_changing_to_a_server_that_does_not_answer_can_be_given_up(
    network_server: NetworkServer, ssh_host: SshHost
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ssh_host.configure(Port=silent.getsockname()[1])
        token = CancelToken()
        threading.Timer(0.2, token.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            OpenTarget(
                Target(conninfo=network_server.conninfo(), ssh=SSH_HOST),
                lambda _sentence, _fraction: None,
                cancel=token,
            )
        assert time.monotonic() - started < 5
    ssh_host.configure()
