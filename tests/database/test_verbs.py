from __future__ import annotations

import pytest

from sqlagent_tui.agent.results import StatementError, Verb
from sqlagent_tui.database.verbs import Statement, read


def sent(sql: str, verb: Verb = "query") -> str:
    statement = read(sql, verb)
    assert isinstance(statement, Statement), statement
    return statement.text


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SHOW server_version", 'SHOW "server_version"'),
        ("show  Search_Path ;", 'SHOW "search_path"'),
        ("show a.b", 'SHOW "a"."b"'),
        ('show "x""; drop"', 'SHOW "x""; drop"'),
        ("SHOW TIME ZONE", "SHOW timezone"),
        ("show transaction isolation level", "SHOW transaction_isolation"),
        ("show all", "SHOW ALL"),
    ],
)
def test_show(sql: str, text: str) -> None:
    assert sent(sql) == text
    assert sent(sql, "show") == text


def test_show_takes_a_bare_name_when_it_is_asked_for_as_a_verb() -> None:
    assert sent("work_mem", "show") == 'SHOW "work_mem"'


@pytest.mark.parametrize("sql", ["show", "show a b", "show a; drop table b", "show 'a'", "show a.", "show 1"])
def test_show_takes_one_name(sql: str) -> None:
    refused = read(sql, "query")
    assert isinstance(refused, StatementError)
    assert refused.kind == "refused"


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("explain select 1", "EXPLAIN (COSTS)\nselect 1"),
        ("EXPLAIN VERBOSE select 1", "EXPLAIN (VERBOSE)\nselect 1"),
        ("explain (costs off, format yaml) select 1", "EXPLAIN (costs off, format yaml)\nselect 1"),
        ("explain (select 1)", "EXPLAIN (COSTS)\n(select 1)"),
        ("explain ((select 1))", "EXPLAIN (COSTS)\n((select 1))"),
        ("-- why\nexplain /* x */ select 1", "EXPLAIN (COSTS)\nselect 1"),
    ],
)
def test_explain_as_it_was_written(sql: str, text: str) -> None:
    assert sent(sql) == text


def test_explain_as_a_verb_gives_json() -> None:
    assert sent("select 1", "explain") == "EXPLAIN (FORMAT JSON)\nselect 1"
    assert sent("explain (format text, costs off) select 1", "explain") == "EXPLAIN (FORMAT JSON, costs off)\nselect 1"


@pytest.mark.parametrize(
    "sql",
    [
        "explain analyze select 1",
        "explain verbose analyse select 1",
        "explain (analyze) select 1",
        "explain (costs off, ANALYZE true) delete from t",
        'explain ("analyze") select 1',
        "explain (buffers) select 1",
        "explain (timing off, wal) select 1",
        "explain (analyze",
        "explain",
    ],
)
def test_explain_never_runs_the_statement(sql: str) -> None:
    refused = read(sql, "query")
    assert isinstance(refused, StatementError)
    assert refused.kind == "refused"
    assert "EXPLAIN" in refused.message
