from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import msgspec
import psycopg
import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import StatementFinished, StatementStarted
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.assembly import OpenTarget, Target
from sqlagent_tui.config import Config
from sqlagent_tui.database import watchdog
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.database.transaction import Transaction
from sqlagent_tui.database.watchdog import NAME, Pace, Watchdog
from tests.fix_guard import NAME as DATABASE
from tests.fix_guard import READER, Client, Guard
from tests.fix_harm import becomes, locking

QUICK = Pace(look=0.2, grace=0.4)

pytestmark = pytest.mark.usefixtures("harmed")


@pytest.fixture
def quick(guard: Guard, connect: Callable[..., Client]) -> Iterator[Client]:
    """A reader whose watchdog is in a hurry."""
    dog = Watchdog(QUICK)
    yield connect(guard.reader, watchdog=dog)
    dog.close()


def _watchdog_statements(client: Client) -> list[tuple[StatementStarted, StatementFinished]]:
    time.sleep(0.05)  # its thread tells the end of a question after it has acted on it
    started = [e for e in client.events if isinstance(e, StatementStarted) and e.origin == "watchdog"]
    finished = {e.statement_id: e for e in client.events if isinstance(e, StatementFinished)}
    return [(event, finished[event.statement_id]) for event in started]


def _connections(guard: Guard, name: str = "%") -> int:
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        found = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND datname = %s AND application_name LIKE %s",
            (READER, DATABASE, name),
        ).fetchone()
    assert found is not None
    count: int = found[0]
    return count


def test_a_statement_that_keeps_somebody_waiting_is_stopped(guard: Guard, reader: Client) -> None:
    started = time.monotonic()
    with locking(guard, "teima.alvo") as (waiting, thread):
        error = reader.fails("SELECT count(*), pg_sleep(30) FROM teima.alvo")
        assert time.monotonic() - started < 3
        thread.join(1)
        assert not thread.is_alive(), "the other session went on"
    assert error.kind == "stopped"
    assert error.message == f"Stopped: it kept 1 other session waiting (pid {waiting})."
    assert error.elapsed_ms > 900
    first = _watchdog_statements(reader)[0]
    assert "pg_blocking_pids" in first[0].sql
    assert first[0].backend_pid == first[1].backend_pid != reader.database.info.backend_pid
    own = reader.database.info.backend_pid
    assert reader.rows("SELECT pg_backend_pid()").rows == ((str(own),),), "the session itself was not touched"
    assert _connections(guard, NAME) == 1


def test_a_statement_that_others_queue_behind_is_stopped(guard: Guard, quick: Client) -> None:
    """It holds no lock yet, but whoever comes next has to wait for it too."""
    with psycopg.connect(guard.owner) as holder:
        holder.execute("LOCK TABLE teima.alvo IN ACCESS EXCLUSIVE MODE")
        with locking(guard, "teima.alvo") as (waiting, _):
            error = quick.fails("SELECT count(*) FROM teima.alvo", lock_timeout_ms=20_000)
            holder.rollback()
    assert error.message == f"Stopped: it kept 1 other session waiting (pid {waiting})."


def test_nobody_waits_so_nobody_is_stopped_and_one_look_is_told(quick: Client) -> None:
    quick.events.clear()
    assert quick.rows("SELECT pg_sleep(0.9)::text").rows == (("",),)
    assert len(_watchdog_statements(quick)) == 1
    quick.rows("SELECT pg_sleep(0.1)::text")
    assert len(_watchdog_statements(quick)) == 1, "a short statement isn't looked at"


def test_a_cancel_that_is_ignored_ends_the_session(guard: Guard, quick: Client) -> None:
    first = quick.database.info.backend_pid
    token = CancelToken()
    timer = threading.Timer(0.1, token.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled, match="was terminated") as caught:
        quick.database.execute("SELECT teima.dorme(60)", origin="agent", cancel=token)
    timer.join()
    assert caught.value.reason == "terminated"
    assert time.monotonic() - started < 3
    last = next(e for e in reversed(quick.events) if isinstance(e, StatementFinished) and e.origin == "agent")
    assert last.error is not None
    assert (last.error.kind, last.error.message) == ("cancelled", str(caught.value))
    assert "pg_terminate_backend" in _watchdog_statements(quick)[-1][0].sql
    assert quick.rows("SELECT 1").rows == (("1",),)
    assert quick.database.info.backend_pid != first
    assert _connections(guard) == 2


def test_a_time_limit_that_is_ignored_ends_the_session(quick: Client) -> None:
    error = quick.fails("SELECT teima.dorme(60)", statement_timeout_ms=100)
    assert error.kind == "stopped"
    assert error.message == "Stopped: it ignored every request to stop, so its session on the server was terminated."
    assert error.detail == "The statement took longer than 0.1 s and was stopped."
    assert error.elapsed_ms < 5_000
    assert quick.rows("SELECT 1").rows == (("1",),)


def test_only_the_very_transaction_is_terminated(guard: Guard) -> None:
    """Its pid may be another client's by then: through a pooler at once, else some time later."""
    with psycopg.connect(guard.reader) as other, psycopg.connect(guard.reader, autocommit=True) as asking:
        ours = "pg_catalog.to_char(pg_catalog.timezone('UTC', now()), 'YYYYMMDDHH24MISSUS')"
        row = other.execute(f"SELECT {ours}".encode()).fetchone()
        assert row is not None
        pid = other.info.backend_pid

        def matches(started: str) -> bool:
            found = asking.execute(
                f"SELECT pid FROM pg_stat_activity a WHERE {watchdog._is(Transaction(pid, started))}".encode()
            )
            return found.fetchall() == [(pid,)]

        assert matches(row[0])
        assert not matches(str(int(row[0]) - 1))
        other.rollback()
        assert not matches(row[0])


def test_the_second_connection_is_closed_when_idle_and_made_again(guard: Guard, connect: Callable[..., Client]) -> None:
    dog = Watchdog(Pace(look=0.1, idle=0.2))
    client = connect(guard.reader, watchdog=dog)
    for _ in range(2):
        client.rows("SELECT pg_sleep(0.3)::text")
        assert _connections(guard, NAME) == 1
        assert becomes(0, lambda: _connections(guard, NAME))
    dog.close()
    client.rows("SELECT pg_sleep(0.3)::text")
    assert _connections(guard, NAME) == 0


def test_without_a_second_connection_the_trace_says_so_once(guard: Guard, connect: Callable[..., Client]) -> None:
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        admin.execute(f"ALTER ROLE {READER} CONNECTION LIMIT 1")
        try:
            client = connect(guard.reader, watchdog=Watchdog(QUICK))
            for _ in range(2):
                assert client.rows("SELECT pg_sleep(0.5)::text").rows == (("",),)
            told = _watchdog_statements(client)
        finally:
            admin.execute(f"ALTER ROLE {READER} CONNECTION LIMIT -1")
    assert [finished.error.message for _, finished in told if finished.error] == [
        "The watchdog could not connect (The server has no free connection left): statements run unwatched."
    ]
    assert len(told) == 1


def test_connections_share_a_watchdog_and_are_three_at_most(guard: Guard) -> None:
    """The agent's, the browser's and the watchdog's, whatever happens to them."""
    dog = Watchdog(QUICK)
    databases = [PostgresDatabase.connect(guard.reader, watchdog=dog) for _ in range(2)]
    counted: list[int] = []
    done = threading.Event()

    def count() -> None:
        while not done.is_set():
            counted.append(_connections(guard))
            time.sleep(0.05)

    def work(database: PostgresDatabase) -> None:
        for sql in ("SELECT pg_sleep(0.5)", "SELECT 1", "SELECT teima.dorme(30)", "SELECT 1"):
            limits = {"statement_timeout_ms": 100} if "dorme" in sql else {}
            database.execute(sql, origin="agent", cancel=CancelToken(), limits=_limits(database, **limits))

    threads = [threading.Thread(target=work, args=(database,)) for database in databases]
    counter = threading.Thread(target=count)
    counter.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    counter.join()
    for database in databases:
        database.close()
    dog.close()
    assert max(counted) == 3
    assert becomes(0, lambda: _connections(guard))


def test_the_app_has_one_watchdog_for_all_its_connections(guard: Guard) -> None:
    with OpenTarget(Target(conninfo=guard.reader), lambda sentence, fraction: None) as target:
        databases = [target.connect(Config()) for _ in range(2)]
        token = CancelToken()
        threads = [
            threading.Thread(target=database.execute, args=("SELECT pg_sleep(1.5)",), kwargs=_asked(token))
            for database in databases
        ]
        for thread in threads:
            thread.start()
        assert becomes(1, lambda: _connections(guard, NAME))
        for thread in threads:
            thread.join()
        assert (_connections(guard, NAME), _connections(guard)) == (1, 3)
        for database in databases:
            database.close()
    assert becomes(0, lambda: _connections(guard))


def _asked(token: CancelToken) -> dict[str, object]:
    return {"origin": "agent", "cancel": token}


def _limits(database: PostgresDatabase, **changes: int) -> Limits:
    return msgspec.structs.replace(database.limits, **changes)
