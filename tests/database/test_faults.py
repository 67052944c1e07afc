"""What can happen to a server in the middle of a statement: the app says what happened, and is usable again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import AnswerReady, ToolCallFinished, TurnEnded
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.agent.protocols import Limits, TurnLimits
from sqlagent_tui.database import reconnection
from sqlagent_tui.database.watchdog import Pace, Watchdog
from sqlagent_tui.models.scripted import ScriptedModel
from tests.fix_guard import READER, Client, Guard, awkward_database
from tests.fix_harm import harmful
from tests.fix_servers import Cluster, running_cluster

LOST = "The connection to the server was lost; the query was NOT retried."


SLEEPING = "SELECT pg_sleep(20), count(*) FROM conta"
SORTING = "SELECT count(*) FROM (SELECT md5(g::text) FROM generate_series(1, 200000) g ORDER BY 1 OFFSET 0) s"


class Server:
    """A server that may be broken, with the awkward database on it."""

    def __init__(self, thread: ThreadPoolExecutor, cluster: Cluster, guard: Guard, disk_full: str) -> None:
        self.thread = thread
        """Outlives the server, which would follow the thread that restarted it into its end."""
        self.cluster = cluster
        self.guard = guard
        self.disk_full = disk_full
        """The SQLSTATE of a statement that needs more than the half megabyte there is for temporary files."""

    def admin(self, sql: str) -> None:
        with psycopg.connect(self.guard.direct, autocommit=True) as admin:
            admin.execute(sql.encode())

    def backend(self) -> int | None:
        """The process in which a statement of the reader's runs."""
        with psycopg.connect(self.guard.direct, autocommit=True) as admin:
            found = admin.execute(
                "SELECT pid FROM pg_stat_activity WHERE usename = %s AND state = 'active' AND wait_event = 'PgSleep'",
                (READER,),
            ).fetchone()
        return found[0] if found else None

    def lock(self, table: str) -> None:
        """Wait for `table` like an ALTER, as its owner."""
        with psycopg.connect(self.guard.owner) as owner:
            owner.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            owner.rollback()

    def restart(self, how: signal.Signals) -> None:
        self.cluster.stop(how)
        self.cluster.start()


@pytest.fixture(scope="module")
def server(programs_18: Path) -> Iterator[Server]:
    with (
        ThreadPoolExecutor(1) as thread,
        running_cluster(programs_18) as cluster,
        awkward_database(cluster.conninfo()) as guard,
        harmful(guard),
        _tiny_disk(cluster) as disk_full,
    ):
        yield Server(thread, cluster, guard, disk_full)


@contextmanager
def _tiny_disk(cluster: Cluster) -> Iterator[str]:
    """Give the reader half a megabyte for temporary files: a file system where root may mount one, else a quota."""
    folder = cluster.socket_dir / "tiny"
    folder.mkdir()
    owner = cluster.data_dir.stat()
    options = f"size=512k,uid={owner.st_uid},gid={owner.st_gid},mode=700"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    with psycopg.connect(cluster.conninfo(), autocommit=True) as admin:
        admin.execute(f"ALTER ROLE {READER} SET work_mem = '64kB'")
        if not mounted:
            admin.execute(f"ALTER ROLE {READER} SET temp_file_limit = '512kB'")
            yield "53400"
            return
        admin.execute(f"CREATE TABLESPACE tiny LOCATION '{folder}'".encode())
        admin.execute(f"GRANT CREATE ON TABLESPACE tiny TO {READER}")
        admin.execute(f"ALTER ROLE {READER} SET temp_tablespaces = tiny")
    try:
        yield "53100"
        with psycopg.connect(cluster.conninfo(), autocommit=True) as admin:
            admin.execute(f"REVOKE ALL ON TABLESPACE tiny FROM {READER}")
            admin.execute("DROP TABLESPACE tiny")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@dataclass(frozen=True)
class Fault:
    """What happens, and what is said of it."""

    name: str
    sql: str
    said: tuple[tuple[str, str], ...]
    """Kind and pattern of the error of each statement until one works again."""
    strike: Callable[[Server, int], object] | None = None
    """Called when the statement runs, with its process."""
    before: Callable[[Server], object] | None = None
    repair: Callable[[Server], object] | None = None
    """Called when everything was said."""
    limits: tuple[tuple[str, int], ...] = ()


@contextmanager
def _striking(server: Server, fault: Fault) -> Iterator[None]:
    if fault.before:
        fault.before(server)

    def act() -> None:
        deadline = time.monotonic() + 10
        while (pid := server.backend()) is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert fault.strike is not None
        fault.strike(server, pid)

    done = server.thread.submit(act) if fault.strike else None
    yield
    if done:
        done.result(20)


FAULTS = (
    Fault(
        "backend terminated",
        SLEEPING,
        (("connection", LOST),),
        strike=lambda server, pid: server.admin(f"SELECT pg_terminate_backend({pid})"),
    ),
    Fault(
        "backend killed, so that all are and the server recovers",
        SLEEPING,
        (("connection", LOST),),
        strike=lambda _, pid: os.kill(pid, signal.SIGKILL),
    ),
    Fault(
        "server crashed and started again",
        SLEEPING,
        (("connection", LOST),),
        strike=lambda server, _: server.restart(signal.SIGQUIT),
    ),
    Fault(
        "server shut down and started again",
        SLEEPING,
        (("connection", LOST),),
        strike=lambda server, _: server.restart(signal.SIGINT),
    ),
    Fault(
        "no connection left",
        SLEEPING,
        (("connection", LOST), ("connection", "no free connection left.*NOT sent")),
        strike=lambda server, pid: (
            server.admin(f"ALTER ROLE {READER} CONNECTION LIMIT 0"),
            server.admin(f"SELECT pg_terminate_backend({pid})"),
        ),
        repair=lambda server: server.admin(f"ALTER ROLE {READER} CONNECTION LIMIT -1"),
    ),
    Fault(
        "another session kept waiting",
        SLEEPING,
        (("stopped", r"Stopped: it kept 1 other session waiting \(pid \d+\)"),),
        strike=lambda server, _: server.lock("conta"),
    ),
    Fault("disk full", SORTING, (("database", "No space left on device|temp_file_limit"),)),
    Fault(
        "rights lost",
        "SELECT count(*) FROM conta",
        (("database", "permission denied for table conta"),),
        before=lambda server: server.admin(f"REVOKE SELECT ON conta FROM {READER}"),
        repair=lambda server: server.admin(f"GRANT SELECT ON conta TO {READER}"),
    ),
    Fault(
        "cancel and time limit ignored",
        "SELECT teima.dorme(60)",
        (("stopped", "ignored every request to stop, so its session on the server was terminated"),),
        limits=(("statement_timeout_ms", 100),),
    ),
)
faults = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@pytest.fixture
def client(server: Server, connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(reconnection, "PAUSES", (0.0, 0.2, 0.4, 0.8))
    dog = Watchdog(Pace(look=0.2, grace=0.3))
    yield connect(server.guard.reader, watchdog=dog)
    dog.close()


@faults
def test_it_is_said_and_the_next_statement_works(server: Server, client: Client, fault: Fault) -> None:
    with _striking(server, fault):
        for number, (kind, pattern) in enumerate(fault.said):
            error = client.fails(fault.sql if number == 0 else "SELECT 1", **dict(fault.limits))
            assert error.kind == kind
            assert re.search(pattern, error.message), error.message
            if fault.sql == SORTING:
                assert error.sqlstate == server.disk_full
    if fault.repair:
        fault.repair(server)
    answer = client.rows("SELECT count(*), current_setting('transaction_read_only') FROM conta")
    assert answer.rows == (("200", "on"),)
    assert client.fails("DELETE FROM conta").kind == "refused"


@faults
def test_the_model_is_told_and_goes_on(server: Server, client: Client, fault: Fault) -> None:
    works = "SELECT count(*) FROM conta"
    script = [_call("execute_sql", sql=fault.sql)]
    script += [_call("execute_sql", sql=works) for _ in fault.said]
    script += [_call("final_answer", decision="sql", sql=works, message="São 200.")]
    limits = TurnLimits(statement=Limits(**dict(fault.limits)))
    agent = Agent(ScriptedModel(script), client.database, default_profile(), limits)
    finished: list[ToolCallFinished] = []
    with _striking(server, fault):
        events = []
        for event in agent.ask("Quantas contas?", CancelToken()):
            events.append(event)
            if isinstance(event, ToolCallFinished):
                finished.append(event)
                if len(finished) == len(fault.said) and fault.repair:
                    fault.repair(server)
    for event, (kind, pattern) in zip(finished, fault.said, strict=False):
        assert event.error is not None
        assert event.error.kind == kind
        assert re.search(pattern, event.content)
    assert all(event.ok for event in finished[len(fault.said) :])
    assert [event.result.rows for event in events if isinstance(event, AnswerReady)] == [(("200",),)]
    last = events[-1]
    assert isinstance(last, TurnEnded)
    assert last.outcome == "sql"


def _call(tool: str, **arguments: object) -> str:
    payload = json.dumps({"name": tool, "arguments": arguments})
    return f"</think>\n<tool_call>\n{payload}\n</tool_call>"


def test_the_catalogue_does_not_wait_for_locks(server: Server, client: Client) -> None:
    with psycopg.connect(server.guard.owner) as owner:
        owner.execute("LOCK TABLE conta, tinta, saldo_total IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        names = [table.name for table in client.database.tables(CancelToken())]
        described = client.database.describe(["conta", "tinta", "saldo_total"], CancelToken())
        assert time.monotonic() - started < 1
        assert len(described) == 3
        assert {"conta", "tinta", "saldo_total"} <= set(names)
        error = client.fails("SELECT count(*) FROM conta", lock_timeout_ms=200)
    assert error.kind == "timeout"
    assert error.message == "Another session holds a lock on one of the tables; the statement gave up waiting."
