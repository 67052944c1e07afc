"""Nothing of a statement is left in the session: settings, locks, prepared statements, cursors, channels, …"""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.database.transaction import residue
from tests.fix_guard import Client, Guard

_STATE = """SELECT 'setting', name || '=' || setting || ' from ' || source FROM pg_settings WHERE source <> 'default'
  UNION ALL SELECT 'prepared', name FROM pg_prepared_statements UNION ALL SELECT 'cursor', name FROM pg_cursors
  UNION ALL SELECT 'channel', c FROM pg_listening_channels() c UNION ALL SELECT 'temporary', pg_my_temp_schema()::text
  UNION ALL SELECT 'role', current_user || session_user ORDER BY 1, 2"""


def _state(client: Client) -> list[tuple[bytes | None, bytes | None]]:
    """What the session holds, asked past the guard."""
    session = client.database._session
    assert session is not None
    answer = session._pgconn.exec_(_STATE.encode())
    return [(answer.get_value(row, 0), answer.get_value(row, 1)) for row in range(answer.ntuples)]


def _locks(guard: Guard, client: Client) -> list[tuple[object, ...]]:
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        pid = client.database.info.backend_pid
        return admin.execute("SELECT locktype, mode FROM pg_locks WHERE pid = %s", (pid,)).fetchall()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM conta",
        "SELECT repeat('x', 100000)",
        "SELECT 1/0",
        "SELECT nothing FROM nowhere",
        "SELECT teima.executa('SET work_mem = 65536'), teima.executa('SET search_path = outro')",
        "SELECT teima.executa('SET ROLE none'), teima.executa('SET nosso.valor = 1')",
        "SELECT teima.tranca(7), teima.tranca(8)",
        "SELECT teima.executa('SET statement_timeout = 0')",
        "SELECT teima.executa('LISTEN canal')",
        "SELECT teima.executa('DECLARE fica CURSOR WITH HOLD FOR SELECT 1')",
        "SELECT teima.executa('CREATE TEMP TABLE t (a integer)')",
        "SELECT teima.executa('SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE')",
    ],
)
@pytest.mark.usefixtures("harmed")
def test_nothing_outlives_a_statement(guard: Guard, reader: Client, sql: str) -> None:
    reader.rows("SELECT 1")
    before, pid = _state(reader), reader.database.info.backend_pid
    reader.run(sql)
    assert _state(reader) == before
    assert _locks(guard, reader) == []
    assert reader.rows("SELECT pg_backend_pid()").rows == ((str(pid),),)


@pytest.mark.usefixtures("harmed")
def test_nothing_outlives_a_cancelled_statement(guard: Guard, reader: Client) -> None:
    before = _state(reader)
    token = CancelToken()
    waiting = "SELECT teima.executa('SET work_mem = 65536'), teima.tranca(8), teima.tranca(9)"
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(9)")
        timer = threading.Timer(0.1, token.cancel)
        timer.start()
        with pytest.raises(Cancelled):
            reader.database.execute(waiting, origin="agent", cancel=token)
        timer.join()
    assert _state(reader) == before
    assert _locks(guard, reader) == []


@pytest.mark.usefixtures("harmed")
def test_a_session_in_which_something_is_left_ends(guard: Guard, connect: Callable[..., Client]) -> None:
    """PREPARE is not undone by ROLLBACK: a function that runs it would leave it to a pooler's next client."""
    client = connect(guard.reader)
    first = client.database.info.backend_pid
    error = client.fails("SELECT teima.executa('PREPARE fica AS SELECT 1')")
    assert error.kind == "stopped"
    assert error.message == "Stopped: the statement left a prepared statement behind, so its session was ended."
    assert client.rows("SELECT count(*) FROM pg_prepared_statements").rows == (("0",),)
    assert client.database.info.backend_pid != first
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        assert admin.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", (first,)).fetchone() == (0,)


def test_what_was_there_before_is_not_held_against_a_statement(reader: Client) -> None:
    """Through a pooler the session may hold what others have left in it."""
    session = reader.database._session
    assert session is not None
    session._pgconn.exec_(b"PREPARE deles AS SELECT 1")
    pid = reader.database.info.backend_pid
    assert reader.rows("SELECT pg_backend_pid()").rows == ((str(pid),),)


def test_a_role_that_may_not_ask_is_served_all_the_same(guard: Guard, connect: Callable[..., Client]) -> None:
    function = "pg_catalog.pg_prepared_statement()"
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        admin.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        try:
            client = connect(guard.reader)
            assert client.rows("SELECT 1").rows == (("1",),)
            assert client.fails("DELETE FROM conta").kind == "refused"
        finally:
            admin.execute(f"GRANT EXECUTE ON FUNCTION {function} TO PUBLIC")


def test_the_residue_is_named() -> None:
    assert residue("0,0", "0,0") is None
    assert residue("3,0", "4,0") == "a prepared statement"
    assert residue("3,0", "3,1") == "a replication slot"
