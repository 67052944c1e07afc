"""PgBouncer in all its modes: found out, served where that is possible, and left as it was found."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.database.connection_errors import PoolerRefusedError
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import DatabaseError
from tests.fix_guard import NAME, Client, Guard
from tests.fix_servers import Bouncing, Cluster, PoolMode, running_bouncer

Connect = Callable[..., Client]
SERVED = pytest.mark.parametrize("mode", ["session", "transaction"])


@SERVED
def test_a_pooler_is_found_out(guard_15: Guard, bouncing: Bouncing, connect: Connect, mode: PoolMode) -> None:
    client = connect(bouncing(guard_15.reader, mode))
    assert client.database.info.pooler == "PgBouncer"
    assert client.rows("SHOW transaction_read_only").rows == (("on",),)
    assert client.rows("SELECT count(*) FROM conta").rows == (("200",),)
    assert client.fails("DELETE FROM conta").kind == "refused"
    assert connect(guard_15.reader).database.info.pooler is None


def test_a_pooler_that_keeps_quiet_about_options_is_found_out_by_its_process_ids(
    guard_15: Guard, server_15: Cluster, connect: Connect
) -> None:
    target = libpq.conninfo_to_dict(guard_15.reader)
    more = "ignore_startup_parameters = options"
    with running_bouncer(str(target["host"]), target["port"], "transaction", more) as folder:
        client = connect(libpq.make_conninfo(guard_15.reader, host=folder, port=5432))
        assert client.database.info.pooler == "a connection pooler"
        assert str(client.database.info.backend_pid) in {
            row[0] for row in client.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()").rows
        }
        client.database.close()


def test_statement_mode_is_refused_with_its_reason(guard_15: Guard, bouncing: Bouncing) -> None:
    with pytest.raises(PoolerRefusedError) as caught:
        PostgresDatabase.connect(bouncing(guard_15.reader, "statement"))
    assert "pool_mode=statement" in caught.value.message
    assert "pool_mode=transaction" in caught.value.remedy


def test_options_that_a_pooler_refuses(guard_15: Guard, bouncing: Bouncing) -> None:
    with pytest.raises(PoolerRefusedError) as caught:
        PostgresDatabase.connect(bouncing(libpq.make_conninfo(guard_15.reader, options="-c work_mem=1MB"), "session"))
    assert "options" in caught.value.message


def test_a_role_that_the_pooler_does_not_know(guard_15: Guard, bouncing: Bouncing) -> None:
    with pytest.raises(DatabaseError, match="fantasma"):
        PostgresDatabase.connect(libpq.make_conninfo(bouncing(guard_15.reader, "transaction"), user="fantasma"))


@SERVED
def test_cancel_works_and_hits_nobody_else(
    guard_15: Guard, bouncing: Bouncing, connect: Connect, mode: PoolMode
) -> None:
    way = bouncing(guard_15.reader, mode)
    client, other = connect(way), connect(way)
    others: list[object] = []
    thread = threading.Thread(target=lambda: others.append(other.run("SELECT pg_sleep(0.6)")))
    thread.start()
    token = CancelToken()
    threading.Timer(0.2, token.cancel).start()
    with pytest.raises(Cancelled):
        client.database.execute("SELECT pg_sleep(20)", origin="agent", cancel=token)
    with psycopg.connect(guard_15.direct) as admin:
        sleeping = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(20)%' AND state = 'active' "
            "AND pid <> pg_backend_pid()"
        ).fetchone()
    assert sleeping == (0,)
    assert client.rows("SELECT 1").rows == (("1",),)
    thread.join(5)
    assert getattr(others[0], "row_count", None) == 1


@SERVED
def test_nothing_is_left_in_the_pool(guard_15: Guard, bouncing: Bouncing, connect: Connect, mode: PoolMode) -> None:
    way = bouncing(guard_15.reader, mode)
    client = connect(way)
    client.run("SELECT tranca()")
    client.run("SELECT set_config('work_mem', '7654kB', false)")
    client.database.close()
    with psycopg.connect(guard_15.direct) as admin:
        held = admin.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    assert held == (0,)
    with psycopg.connect(way, autocommit=True, prepare_threshold=None) as next_client:
        left = next_client.execute(
            "SELECT name FROM pg_settings WHERE source = 'session' AND name NOT IN ('application_name', "
            "'client_encoding')"
        ).fetchall()
    assert left == []


def test_a_server_process_that_the_pooler_lost_is_replaced(
    guard_15: Guard, bouncing: Bouncing, connect: Connect
) -> None:
    client = connect(bouncing(guard_15.reader, "transaction"))
    assert client.database.info.database == NAME
    with psycopg.connect(guard_15.direct, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (client.database.info.backend_pid,))
    outcome = client.run("SELECT 1")
    assert getattr(outcome, "rows", None) == (("1",),) or getattr(outcome, "kind", None) == "connection"
    assert client.rows("SELECT 1").rows == (("1",),)
