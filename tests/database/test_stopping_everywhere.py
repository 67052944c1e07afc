"""Cancel, watchdog and clean sessions, on each server and through PgBouncer in transaction mode."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import psycopg
import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.database.watchdog import Pace, Watchdog
from tests.fix_guard import Client, Guard
from tests.fix_harm import becomes, locking
from tests.fix_servers import Bouncing


@pytest.fixture
def client(harmed_anywhere: Guard, connect: Callable[..., Client]) -> Iterator[Client]:
    dog = Watchdog(Pace(look=0.2, grace=0.4))
    yield connect(harmed_anywhere.reader, watchdog=dog)
    dog.close()


def _active(guard: Guard) -> int:
    """Statements of the reader's that run on the server."""
    with psycopg.connect(guard.direct, autocommit=True) as admin:
        found = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE '%leitor' AND state <> 'idle' "
            "AND application_name NOT LIKE '%watchdog%'"
        ).fetchone()
    assert found is not None
    count: int = found[0]
    return count


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_sleep(30)",
        "SELECT count(*) FROM generate_series(1, 10000000) a, generate_series(1, 1000) b",
        "SELECT g, repeat('x', 2000) FROM generate_series(1, 100000000) g",
        "SELECT count(*) FROM teima.alvo",
    ],
    ids=["asleep", "computing", "fetching", "waiting for a lock"],
)
def test_a_cancel_ends_it_on_the_server(harmed_anywhere: Guard, client: Client, sql: str) -> None:
    token = CancelToken()
    with psycopg.connect(harmed_anywhere.owner) as owner:
        if "alvo" in sql:
            owner.execute("LOCK TABLE teima.alvo IN ACCESS EXCLUSIVE MODE")
        timer = threading.Timer(0.15, token.cancel)
        timer.start()
        started = time.monotonic()
        with pytest.raises(Cancelled) as caught:
            client.database.execute(sql, origin="agent", cancel=token)
        assert time.monotonic() - started < 2
        timer.join()
    assert caught.value.reason == "cancelled"
    assert _active(harmed_anywhere) == 0
    assert client.rows("SELECT 1").rows == (("1",),)


def test_waiting_for_a_place_in_the_pool_can_be_cancelled(
    direct_guard: Guard, bouncing: Bouncing, connect: Callable[..., Client]
) -> None:
    way = direct_guard.through(bouncing, "transaction").reader
    client = connect(way)
    with ExitStack() as others:
        for _ in range(4):  # as many as the pool has
            others.enter_context(psycopg.connect(way)).execute("SELECT 1")
        token = CancelToken()
        timer = threading.Timer(0.2, token.cancel)
        timer.start()
        started = time.monotonic()
        with pytest.raises(Cancelled) as caught:
            client.database.execute("SELECT 1", origin="agent", cancel=token)
        assert time.monotonic() - started < 3
        timer.join()
    assert caught.value.reason == "cancelled"
    assert client.rows("SELECT 1").rows == (("1",),)


def test_a_late_cancel_hits_nothing_else(client: Client) -> None:
    moments = random.Random(4711)
    for _ in range(40):
        token = CancelToken()
        timer = threading.Timer(moments.uniform(0, 0.012), token.cancel)
        timer.start()
        with suppress(Cancelled):
            client.database.execute("SELECT pg_sleep(0.005)", origin="agent", cancel=token)
        assert client.rows("SELECT 7").rows == (("7",),)
        timer.join()
        assert client.rows("SELECT 8").rows == (("8",),)


def test_nobody_is_kept_waiting(harmed_anywhere: Guard, client: Client) -> None:
    with locking(harmed_anywhere, "teima.alvo", after=0.1) as (waiting, _):
        error = client.fails("SELECT count(*), pg_sleep(30) FROM teima.alvo")
    assert error.message == f"Stopped: it kept 1 other session waiting (pid {waiting})."
    assert client.rows("SELECT 1").rows == (("1",),)


def test_what_ignores_everything_is_terminated(harmed_anywhere: Guard, client: Client) -> None:
    error = client.fails("SELECT teima.dorme(60)", statement_timeout_ms=100)
    assert error.message == "Stopped: it ignored every request to stop, so its session on the server was terminated."
    assert becomes(0, lambda: _active(harmed_anywhere))
    assert client.rows("SELECT 1").rows == (("1",),)


def test_nothing_is_left_for_the_next_client(harmed_anywhere: Guard, client: Client) -> None:
    error = client.fails("SELECT teima.executa('PREPARE fica AS SELECT 1')")
    assert error.message == "Stopped: the statement left a prepared statement behind, so its session was ended."
    client.rows("SELECT teima.tranca(4711)")
    with psycopg.connect(harmed_anywhere.direct, autocommit=True) as admin:
        assert admin.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone() == (0,)
    with psycopg.connect(harmed_anywhere.reader, autocommit=True, prepare_threshold=None) as next_client:
        assert next_client.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
