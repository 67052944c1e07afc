"""Lost connections: noticed, made again in sight, verified, and never a query sent twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import Reconnected, Reconnecting, StatementStarted
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.database import reconnection
from sqlagent_tui.database.connection_errors import UnreachableError
from sqlagent_tui.errors import DatabaseError
from tests.fix_guard import Client, Guard
from tests.fix_network import NetworkServer, Proxy

Connect = Callable[..., Client]
Proxied = Callable[[int], Proxy]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnection, "PAUSES", (0.0, 0.05, 0.1))


def through(proxy: Proxy) -> str:
    return f"host=127.0.0.1 port={proxy.port} user=postgres dbname=postgres"


def attempts(client: Client) -> list[Reconnecting]:
    return [event for event in client.events if isinstance(event, Reconnecting)]


def test_a_connection_that_ends_while_idle_is_made_again_before_anything_is_sent(
    guard: Guard, connect: Connect
) -> None:
    client = connect(guard.reader)
    first = client.database.info.backend_pid
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (first,))
    answer = client.rows("SELECT pg_backend_pid(), current_setting('transaction_read_only')")
    assert answer.rows[0][1] == "on"
    assert [(event.attempt, event.wait_seconds) for event in attempts(client)] == [(1, 0.0)]
    assert attempts(client)[0].reason == "The connection to the server was lost."
    again = [event for event in client.events if isinstance(event, Reconnected)]
    assert [str(event.backend_pid) for event in again] == [answer.rows[0][0]]
    sent = [event.sql for event in client.events if isinstance(event, StatementStarted)]
    assert sum("transaction_read_only')" in sql and "pg_backend_pid" in sql for sql in sent) == 1
    assert client.fails("CREATE TABLE x ()").kind == "refused"


def test_a_cut_line_is_told_and_the_query_is_not_sent_again(
    network_server: NetworkServer, proxied: Proxied, connect: Connect, quick: None
) -> None:
    proxy = proxied(network_server.port)
    client = connect(through(proxy))
    cutting = threading.Timer(0.15, proxy.cut)
    cutting.start()
    error = client.fails("SELECT pg_sleep(20), 'only once'")
    cutting.join()
    assert (error.kind, error.message) == (
        "connection",
        "The connection to the server was lost; the query was NOT retried.",
    )
    sent = [event.sql for event in client.events if isinstance(event, StatementStarted)]
    assert sum("only once" in sql for sql in sent) == 1
    assert client.rows("SELECT 1").rows == (("1",),)
    assert len(attempts(client)) == 1


def test_attempts_wait_longer_each_time_and_end(
    network_server: NetworkServer, proxied: Proxied, connect: Connect, quick: None
) -> None:
    proxy = proxied(network_server.port)
    client = connect(through(proxy))
    proxy.cut(refuse=True)
    started = time.monotonic()
    error = client.fails("SELECT 1")
    assert time.monotonic() - started < 3
    assert error.kind == "connection"
    assert f"No PostgreSQL server answers at 127.0.0.1:{proxy.port}." in error.message
    assert error.message.endswith("The query was NOT sent.")
    assert [event.wait_seconds for event in attempts(client)] == [0.0, 0.05, 0.1]
    assert {event.attempts for event in attempts(client)} == {3}
    proxy.mend()
    assert client.rows("SHOW transaction_read_only").rows == (("on",),)


def test_the_wait_can_be_cancelled_and_ended_by_closing(
    network_server: NetworkServer, proxied: Proxied, connect: Connect
) -> None:
    proxy = proxied(network_server.port)
    client = connect(through(proxy))
    proxy.cut(refuse=True)
    token = CancelToken()
    threading.Timer(0.2, token.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        client.database.execute("SELECT 1", origin="agent", cancel=token)
    assert time.monotonic() - started < 1
    outcomes: list[QueryResult | StatementError] = []
    thread = threading.Thread(target=lambda: outcomes.append(client.run("SELECT 1")))
    thread.start()
    time.sleep(0.2)
    client.database.close()
    thread.join(1)
    assert [outcome.message for outcome in outcomes if isinstance(outcome, StatementError)] == [
        "The connection was closed. The query was NOT sent."
    ]


def test_a_refused_role_is_not_tried_again(network_server: NetworkServer, connect: Connect) -> None:
    with psycopg.connect(network_server.conninfo(), autocommit=True) as admin:
        admin.execute("CREATE ROLE passageiro LOGIN")
        client = connect(network_server.conninfo(user="passageiro"))
        admin.execute("ALTER ROLE passageiro NOLOGIN")
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (client.database.info.backend_pid,))
        error = client.fails("SELECT 1")
        assert error.kind == "connection"
        assert len(attempts(client)) == 1
        admin.execute("DROP ROLE passageiro")


def test_no_attempt_begins_after_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnection, "SECONDS_IN_ALL", 0.05)
    told: list[Reconnecting] = []

    def attempt() -> None:
        time.sleep(0.06)
        raise UnreachableError("Nobody answers.")

    with pytest.raises(DatabaseError, match="Nobody answers"):
        reconnection.reconnect(attempt, "Lost.", told.append, CancelToken())
    assert len(told) == 1


def test_databases_that_can_be_switched_to(guard: Guard, connect: Connect) -> None:
    first = connect(guard.reader)
    names = first.database.databases(CancelToken())
    assert "postgres" not in names, "this role may not connect there"
    assert first.database.info.database in names
    assert "template0" not in names
    assert list(names) == sorted(names)
    second = connect(f"{guard.superuser} dbname=postgres")
    assert (first.database.info.database, second.database.info.database) != ("postgres", "postgres")
    assert second.database.info.database == "postgres"
