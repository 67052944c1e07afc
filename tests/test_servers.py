"""The servers that the tests start: of the right versions, with awkward data, and a pooler that really pools."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.fix_guard import Guard
from tests.fix_servers import Bouncing, Cluster, PoolMode, not_installed


def test_each_guard_leads_to_its_server(guard_18: Guard, guard_15: Guard, programs_15: Path) -> None:
    for guard, major in ((guard_18, "18"), (guard_15, programs_15.parent.name)):
        with psycopg.connect(guard.reader, autocommit=True) as reader:
            assert reader.execute("SELECT count(*) FROM conta").fetchone() == (200,)
            assert reader.execute("SHOW server_version").fetchone()[0].startswith(f"{major}.")


def test_any_guard_is_the_reader_s_and_the_owner_s(any_guard: Guard) -> None:
    for way in (any_guard.reader, any_guard.owner, any_guard.superuser):
        with psycopg.connect(way, autocommit=True, prepare_threshold=None) as someone:
            assert someone.execute("SELECT count(*) FROM conta").fetchone() == (200,)


@pytest.mark.parametrize(("mode", "same"), [("session", True), ("transaction", False)])
def test_the_pooler_pools(server_18: Cluster, bouncing: Bouncing, mode: PoolMode, same: bool) -> None:
    way = bouncing(server_18.conninfo(), mode)
    with (
        psycopg.connect(way, autocommit=True, prepare_threshold=None) as first,
        psycopg.connect(way, autocommit=True, prepare_threshold=None) as second,
    ):
        first.execute("SET application_name = 'um'")
        second.execute("BEGIN")
        held = second.execute("SELECT pg_backend_pid()").fetchone()
        if mode == "transaction":
            assert held == second.execute("SELECT pg_backend_pid()").fetchone()
        second.execute("ROLLBACK")
        if same:
            assert held != first.execute("SELECT pg_backend_pid()").fetchone()
        else:
            assert held == first.execute("SELECT pg_backend_pid()").fetchone()


def test_statement_mode_takes_no_transaction(server_18: Cluster, bouncing: Bouncing) -> None:
    with psycopg.connect(bouncing(server_18.conninfo(), "statement"), autocommit=True, prepare_threshold=None) as way:
        assert way.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            way.execute("BEGIN")


def test_what_is_missing_fails_in_ci_and_is_skipped_by_name_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install pgbouncer"):
        not_installed("PgBouncer", "pgbouncer")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="apt-get install pgbouncer"):
        not_installed("PgBouncer", "pgbouncer")
