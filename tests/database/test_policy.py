from __future__ import annotations

import pytest

from sqlagent_tui.database.policy import check, refused_functions


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_notify('a', 'b')",
        "select PG_NOTIFY ('a', 'b')",
        "select pg_catalog.pg_notify('a', 'b')",
        "select pg_catalog . /* x */ pg_notify -- y\n('a', 'b')",
        "select \"pg_notify\"('a', 'b')",
        r'select U&"pg\005fnotify"(1)',
        "select U&\"pg!005fnotify\" UESCAPE '!' (1)",
        "select ('.'::text).pg_ls_dir",
        "select 1 from lateral pg_advisory_lock(1)",
        "select query_to_xml('select 1', true, true, '')",
        "select pg_logical_emit_message(false, 'x', 'y')",
        "select lo_create(0)",
    ],
)
def test_refused_by_name_wherever_it_stands(sql: str) -> None:
    refusal = check(sql)
    assert refusal is not None
    assert refusal.position is not None
    assert sql[refusal.position - 1 :].lower().lstrip('u&"').startswith(("pg", "query", "lo_"))
    assert refusal.message.endswith(".")
    assert "because" in refusal.message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM pg_proc WHERE proname = 'pg_notify'",
        "SELECT 1 -- pg_notify(1)",
        "SELECT 1 /* pg_notify(1) */",
        "SELECT $$pg_notify(1)$$",
        "SELECT lo_valor, dblink_id FROM t",
        "SELECT pg_sleep(1)",
    ],
)
def test_not_refused_where_it_is_only_mentioned(sql: str) -> None:
    assert check(sql) is None


def test_text_that_the_server_would_read_otherwise_is_refused_before_sending() -> None:
    nul = check("SELECT 1\0; DROP TABLE x")
    half = check("SELECT '\ud800'")
    assert nul is not None
    assert nul.position == 9
    assert half is not None
    assert half.position == 9


def test_the_list_covers_what_was_found_to_act_outside_a_transaction() -> None:
    assert refused_functions() >= {
        "pg_logical_emit_message", "query_to_xml", "ts_stat", "dblink_exec", "lo_create", "pg_read_file", "set_config",
        "pg_terminate_backend", "pg_advisory_lock", "pg_create_logical_replication_slot", "pg_switch_wal",
        "pg_reload_conf", "pg_stat_reset", "pg_notify", "pg_file_write",
    }  # fmt: skip
