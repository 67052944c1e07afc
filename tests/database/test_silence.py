"""A network that is cut or falls silent: bounded patience, one sentence, nothing left running, and usable again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import Reconnecting
from sqlagent_tui.database import execution, reconnection, second_connection, wire
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.database.watchdog import Pace, Watchdog
from tests.fix_guard import Client
from tests.fix_harm import becomes
from tests.fix_network import NetworkServer, Proxy

NAME = "silence"
COMPUTING = f"SELECT count(*), '{NAME}' FROM generate_series(1, 10000000) a, generate_series(1, 1000) b"
"""A server that computes doesn't notice that nobody is there any more."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (wire, execution):
        monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.8)
    monkeypatch.setattr(wire, "CANCEL_TIMEOUT_SECONDS", 0.4)
    monkeypatch.setattr(execution, "_FAREWELL_SECONDS", 0.2)
    monkeypatch.setattr(reconnection, "PAUSES", (0.0, 0.1))
    monkeypatch.setattr(second_connection, "RETRY_SECONDS", 0.2)


@pytest.fixture
def proxy(network_server: NetworkServer, proxied: Callable[[int], Proxy]) -> Proxy:
    return proxied(network_server.port)


@pytest.fixture
def client(proxy: Proxy, connect: Callable[..., Client]) -> Iterator[Client]:
    dog = Watchdog(Pace(look=0.2, grace=0.3))
    conninfo = f"host=127.0.0.1 port={proxy.port} user=postgres dbname=postgres sslmode=disable connect_timeout=1"
    yield connect(conninfo, watchdog=dog)
    proxy.mend()
    dog.close()


def _running(network_server: NetworkServer) -> int:
    with psycopg.connect(network_server.conninfo(), autocommit=True) as admin:
        found = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE %s AND pid <> pg_backend_pid() AND state <> 'idle'",
            (f"%FETCH%{execution.CURSOR}%",),
        ).fetchone()
    assert found is not None
    count: int = found[0]
    return count


def _in(seconds: float, *actions: Callable[[], object]) -> threading.Timer:
    def act() -> None:
        for action in actions:
            action()

    timer = threading.Timer(seconds, act)
    timer.start()
    return timer


def test_what_a_cut_line_leaves_running_is_ended(network_server: NetworkServer, proxy: Proxy, client: Client) -> None:
    cutting = _in(0.2, proxy.cut)
    error = client.fails(COMPUTING)
    cutting.join()
    assert error.message == "The connection to the server was lost; the query was NOT retried."
    assert client.rows("SELECT 1").rows == (("1",),)
    assert becomes(0, lambda: _running(network_server))


def test_a_cancel_in_silence_ends_here_and_says_that_nobody_confirmed_it(
    network_server: NetworkServer, proxy: Proxy, client: Client
) -> None:
    token = CancelToken()
    silence = _in(0.2, proxy.fall_silent, token.cancel)
    started = time.monotonic()
    with pytest.raises(Cancelled, match="before the server confirmed it") as caught:
        client.database.execute(COMPUTING, origin="agent", cancel=token)
    assert time.monotonic() - started < 4
    silence.join()
    assert caught.value.reason == "unconfirmed"
    assert _running(network_server) == 1
    proxy.mend()
    assert client.rows("SELECT 1").rows == (("1",),)
    assert becomes(0, lambda: _running(network_server)), "ended as soon as the server could be reached"


def test_a_cancel_that_may_still_be_on_its_way_hits_nothing_of_ours(proxy: Proxy, client: Client) -> None:
    """The request was sent and not confirmed: the next statement has a session of its own."""
    first = client.database.info.backend_pid
    token = CancelToken()

    def refuse() -> None:
        proxy.refusing = True

    refusing = _in(0.2, refuse, token.cancel)
    with pytest.raises(Cancelled) as caught:
        client.database.execute("SELECT pg_sleep(0.6)", origin="agent", cancel=token)
    refusing.join()
    assert caught.value.reason == "cancelled"
    proxy.mend()
    assert client.rows("SELECT 1").rows == (("1",),)
    assert client.database.info.backend_pid != first
    again = next(event for event in client.events if isinstance(event, Reconnecting))
    assert again.reason == "A cancel request was not confirmed and may still be on its way, so its session was closed."


def test_silence_ends_a_statement_a_while_after_its_time(proxy: Proxy, client: Client) -> None:
    silence = _in(0.2, proxy.fall_silent)
    started = time.monotonic()
    error = client.fails("SELECT pg_sleep(20)", statement_timeout_ms=400)
    assert time.monotonic() - started < 5
    silence.join()
    assert error.kind == "connection"
    assert error.message == "The connection to the server was lost; the query was NOT retried."
    unsent = client.fails("SELECT 1")
    assert unsent.kind == "connection"
    assert "did not answer in time" in unsent.message
    assert "NOT sent" in unsent.message
    proxy.mend()
    assert client.rows("SELECT 1").rows == (("1",),)


def test_connecting_in_silence_can_be_cancelled(proxy: Proxy, client: Client) -> None:
    proxy.fall_silent()
    token = CancelToken()
    cancel = _in(0.2, token.cancel)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        PostgresDatabase.connect(f"host=127.0.0.1 port={proxy.port} user=postgres dbname=postgres", cancel=token)
    assert time.monotonic() - started < 1
    cancel.join()


def test_connecting_again_in_silence_can_be_cancelled(proxy: Proxy, client: Client) -> None:
    proxy.cut()
    proxy.fall_silent()
    token = CancelToken()
    cancel = _in(0.2, token.cancel)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        client.database.execute("SELECT 1", origin="agent", cancel=token)
    assert time.monotonic() - started < 1
    cancel.join()
    proxy.mend()
    assert client.rows("SELECT 1").rows == (("1",),)
