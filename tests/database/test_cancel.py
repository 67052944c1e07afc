from __future__ import annotations

import _thread
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import StatementFinished, StatementStarted
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.database import reconnection
from sqlagent_tui.database.embedded import EmbeddedServer
from tests.fix_guard import Client, Guard


def _later(seconds: float, action: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, action)
    timer.start()
    return timer


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_sleep(20)",
        "SELECT pg_sleep(20)::text",
        "SELECT count(*) FROM generate_series(1, 10000000) a, generate_series(1, 1000) b",
        "SELECT repeat('x', 3000), pg_sleep(0.01) FROM generate_series(1, 5000)",
    ],
)
def test_cancel_from_another_thread(reader: Client, sql: str) -> None:
    token = CancelToken()
    pid = reader.database.info.backend_pid
    timer = _later(0.2, token.cancel)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        reader.database.execute(sql, origin="agent", cancel=token)
    assert 0.15 < time.monotonic() - started < 1.5
    timer.join()
    last = reader.events[-1]
    assert isinstance(last, StatementFinished)
    assert last.error is not None
    assert last.error.kind == "cancelled"
    assert reader.rows("SELECT pg_backend_pid()").rows == ((str(pid),),), "the same connection goes on"


def test_a_set_token_sends_nothing(reader: Client) -> None:
    token = CancelToken()
    token.cancel()
    reader.events.clear()
    with pytest.raises(Cancelled):
        reader.database.execute("SELECT 1", origin="agent", cancel=token)
    assert not [event for event in reader.events if isinstance(event, StatementStarted)]


def test_a_cancel_at_any_moment_never_hits_the_next_statement(reader: Client) -> None:
    """200 tokens are set at random, all around the end of short statements; each next statement must be unharmed."""
    moments = random.Random(20261126)
    pid = reader.database.info.backend_pid
    cancelled = 0
    for _ in range(200):
        token = CancelToken()
        timer = _later(moments.uniform(0, 0.012), token.cancel)
        try:
            reader.database.execute("SELECT pg_sleep(0.005)", origin="agent", cancel=token)
        except Cancelled:
            cancelled += 1
        assert reader.rows("SELECT 7").rows == (("7",),)
        timer.join()
        assert reader.rows("SELECT pg_backend_pid()").rows == ((str(pid),),)
    assert 20 < cancelled < 200


def test_cancelled_by_someone_else_on_the_server(guard: Guard, reader: Client) -> None:
    def cancel() -> None:
        with psycopg.connect(guard.superuser, autocommit=True) as admin:
            admin.execute("SELECT pg_cancel_backend(%s)", (reader.database.info.backend_pid,))

    timer = _later(0.2, cancel)
    error = reader.fails("SELECT pg_sleep(20)")
    timer.join()
    assert (error.kind, error.sqlstate) == ("cancelled", "57014")
    assert reader.rows("SELECT 1").rows == (("1",),)


def test_waiting_for_ones_turn_can_be_cancelled(reader: Client) -> None:
    first, second = CancelToken(), CancelToken()
    outcomes: list[object] = []

    def occupy() -> None:
        try:
            outcomes.append(reader.database.execute("SELECT pg_sleep(20)", origin="user", cancel=first))
        except Cancelled:
            outcomes.append("cancelled")

    thread = threading.Thread(target=occupy)
    thread.start()
    time.sleep(0.2)
    _later(0.1, second.cancel)
    with pytest.raises(Cancelled):
        reader.database.execute("SELECT 1", origin="agent", cancel=second)
    assert thread.is_alive()
    first.cancel()
    thread.join(5)
    assert outcomes == ["cancelled"]


def test_a_terminated_backend_is_told_and_never_retried(guard: Guard, reader: Client) -> None:
    first = reader.database.info.backend_pid

    def terminate() -> None:
        with psycopg.connect(guard.superuser, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", (first,))

    timer = _later(0.2, terminate)
    error = reader.fails("SELECT pg_sleep(20)")
    timer.join()
    assert error.kind == "connection"
    assert error.message == "The connection to the server was lost; the query was NOT retried."
    assert error.sqlstate == "57P01"
    again = reader.rows("SELECT pg_backend_pid(), current_setting('transaction_read_only')")
    assert again.rows[0][1] == "on"
    assert again.rows[0][0] != str(first)
    assert str(reader.database.info.backend_pid) == again.rows[0][0]
    assert reader.fails("DELETE FROM conta").kind == "refused"


def test_a_backend_terminated_between_statements(guard: Guard, reader: Client) -> None:
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (reader.database.info.backend_pid,))
    outcome = reader.run("SELECT 1")
    assert isinstance(outcome, QueryResult) or outcome.kind == "connection"
    assert reader.rows("SELECT 1").rows == (("1",),)


def test_close_stops_what_is_running(guard: Guard, connect: Callable[..., Client]) -> None:
    client = connect(guard.reader)
    outcomes: list[QueryResult | StatementError] = []
    thread = threading.Thread(target=lambda: outcomes.append(client.run("SELECT pg_sleep(20)")))
    thread.start()
    time.sleep(0.2)
    started = time.monotonic()
    client.database.close()
    thread.join(5)
    assert time.monotonic() - started < 2
    assert [outcome.kind for outcome in outcomes if isinstance(outcome, StatementError)] == ["connection"]
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        left = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sqlagent%' AND state = 'active' "
            "AND datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert left == (0,)
    closed = client.run("SELECT 1")
    assert isinstance(closed, StatementError)
    assert closed.kind == "connection"


def test_ctrl_c_stops_the_statement_on_the_server_too(guard: Guard, reader: Client) -> None:
    timer = _later(0.3, _thread.interrupt_main)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        reader.run("SELECT pg_sleep(20)")
    assert time.monotonic() - started < 2
    timer.join()
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        sleeping = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        ).fetchone()
    assert sleeping == (0,)
    assert reader.rows("SELECT 1").rows == (("1",),)


def test_a_server_that_is_killed_and_then_stopped(
    make_data_dir: Callable[[str], Path], connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedServer.start(make_data_dir("killed")) as server:
        client = connect(server.conninfo("postgres", "postgres"))
        first = client.database.info.backend_pid
        timer = _later(0.2, lambda: os.kill(first, signal.SIGKILL))
        error = client.fails("SELECT pg_sleep(20)")
        timer.join()
        assert error.kind == "connection"
        assert "NOT retried" in error.message
        assert client.rows("SHOW transaction_read_only").rows == (("on",),)
        assert client.database.info.backend_pid != first
        postmaster = int((server.cluster_dir / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGINT)
        deadline = time.monotonic() + 10
        while (server.cluster_dir / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        monkeypatch.setattr(reconnection, "PAUSES", (0.0, 0.1))
        gone = client.fails("SELECT 1")
        assert gone.kind == "connection"
        assert "No PostgreSQL server answers" in gone.message
        server.ensure_running()
        assert client.rows("SELECT 1").rows == (("1",),)
