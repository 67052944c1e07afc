"""Bounds that the server keeps to: set for each transaction, replaceable between two, gone after each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import psycopg
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.config import Config, load_config
from tests.fix_guard import Client, Guard


def shown(client: Client, *names: str, **limits: int) -> list[str | None]:
    return [client.rows(f"SHOW {name}", **limits).rows[0][0] for name in names]


def test_the_server_is_told_every_limit(reader: Client) -> None:
    reader.database.limits = Limits(
        statement_timeout_ms=7_000, lock_timeout_ms=300, idle_timeout_ms=9_000, work_mem_mb=3, parallel_workers=1
    )
    assert shown(
        reader,
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "transaction_timeout",
        "work_mem",
        "max_parallel_workers_per_gather",
    ) == ["7s", "300ms", "9s", "23s", "3MB", "1"]
    assert shown(reader, "jit", "standard_conforming_strings", "cursor_tuple_fraction") == ["off", "on", "1"]


def test_limits_that_are_replaced_hold_for_the_next_statement(reader: Client) -> None:
    def settings() -> QueryResult:
        result = reader.database.execute(
            "SELECT g, current_setting('work_mem') FROM generate_series(1, 9) g", origin="user", cancel=CancelToken()
        )
        assert isinstance(result, QueryResult)
        return result

    own = settings().rows[0][1]
    reader.database.limits = msgspec.structs.replace(reader.database.limits, work_mem_mb=1, max_rows=3)
    assert (settings().row_count, settings().rows[0][1]) == (3, "1MB")
    reader.database.limits = Limits()
    assert (settings().row_count, settings().rows[0][1]) == (9, own)


def test_no_limit_outlives_its_statement(reader: Client) -> None:
    assert shown(reader, "statement_timeout", statement_timeout_ms=1_000) == ["1s"]
    assert shown(reader, "statement_timeout") == ["30s"]


def test_no_timeout_at_all_can_be_asked_for(reader: Client) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_timeout")
    assert shown(reader, *names, statement_timeout_ms=0, lock_timeout_ms=0, idle_timeout_ms=0) == ["0"] * 4
    assert shown(reader, names[3], statement_timeout_ms=2**30, idle_timeout_ms=2**30) == ["2147483647ms"]


def test_temporary_files_are_limited_where_the_role_may(guard: Guard, connect: Callable[..., Client]) -> None:
    sorts = "SELECT count(*) FROM (SELECT g FROM generate_series(1, 400000) g ORDER BY md5(g::text)) s"
    tight = Limits(work_mem_mb=1, temp_file_limit_mb=1)
    stopped = connect(guard.superuser, tight).fails(sorts)
    assert (stopped.kind, stopped.sqlstate) == ("database", "53400")
    assert connect(guard.reader, tight).rows(sorts).rows == (("400000",),)


def test_a_limit_of_the_server_is_never_widened(guard: Guard, connect: Callable[..., Client]) -> None:
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        database = admin.info.dbname
        admin.execute(f"ALTER DATABASE {database} SET temp_file_limit = '5MB'")
        try:
            client = connect(guard.superuser, Limits(temp_file_limit_mb=8))
            assert shown(client, "temp_file_limit") == ["5MB"]
            assert shown(client, "temp_file_limit", temp_file_limit_mb=2) == ["2MB"]
        finally:
            admin.execute(f"ALTER DATABASE {database} RESET temp_file_limit")


def test_the_settings_file_sets_them(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        "[limits]\nidle_timeout_ms = 5\nwork_mem_mb = 2\ntemp_file_limit_mb = 0\nmax_bytes = 9000\n"
        "agent_max_cost = 500\nagent_max_rows_estimated = 0\n"
    )
    loaded = load_config(file)
    assert loaded.problem is None
    limits = loaded.config.limits.statement()
    assert (limits.idle_timeout_ms, limits.work_mem_mb, limits.temp_file_limit_mb) == (5, 2, None)
    assert (limits.max_bytes, limits.max_cost, limits.max_estimated_rows) == (9000, 500.0, None)


@pytest.mark.parametrize("line", ["statement_timeout_ms = -1", "max_value_chars = 0", "agent_max_cost = -0.1"])
def test_a_limit_that_cannot_be_is_told_and_the_defaults_hold(tmp_path: Path, line: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[limits]\n{line}\n")
    loaded = load_config(file)
    assert loaded.problem is not None
    assert line.split()[0] in loaded.problem
    assert loaded.config == Config()
