"""A run read case by case, and what a run that can't be read is told as."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import TurnStarted
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.bench.inspection import Case, InspectedRun, conversation, executed_results, kept_results, open_run
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import SqlagentError, UsageError


@pytest.fixture(scope="module")
def run(inspected_run: Path) -> InspectedRun:
    return open_run(inspected_run)


def case(run: InspectedRun, name: str) -> Case:
    return next(case for case in run.cases if case.name == name)


def test_every_case_stands_where_its_verdict_puts_it(run: InspectedRun) -> None:
    assert {case.name: case.standing for case in run.cases} == {
        "sql-estados": "wrong",
        "sql-ordem": "wrong",
        "sql-vistorias": "wrong",
        "sql-motivo": "relaxed",
        "ask-grandes": "second",
        "ask-recentes": "wrong",
        "no-telefone": "right",
        "no-clima": "wrong",
    }
    assert run.missing == 0


@pytest.mark.parametrize("name", ["sql-estados", "sql-ordem", "sql-motivo", "ask-grandes", "ask-recentes", "no-clima"])
def test_what_was_kept_is_what_the_database_says_again(run: InspectedRun, name: str, demo_conninfo: str) -> None:
    one = case(run, name)
    kept = kept_results(run, one, conversation(run, one))
    with closing(PostgresDatabase.connect(demo_conninfo)) as database:
        executed = executed_results(one, database, Limits(), CancelToken())
    assert not executed.changed
    assert (kept.gold and kept.gold.rows) == (executed.gold and executed.gold.rows)
    assert kept.predicted is not None
    assert executed.predicted is not None
    assert kept.predicted.rows == executed.predicted.rows
    assert (kept.match and kept.match.reason) == (executed.match and executed.match.reason)
    assert kept.difference == executed.difference
    if kept.match is not None:
        assert kept.match.reason == one.answer.reason


def test_the_second_turn_is_compared_with_the_gold_of_the_reply(run: InspectedRun) -> None:
    one = case(run, "ask-grandes")
    events = conversation(run, one)
    assert [event.question for event in events if isinstance(event, TurnStarted)] == [one.item.question, one.item.reply]
    results = kept_results(run, one, events)
    assert results.gold_sql == one.item.reply_gold[0]
    assert results.difference is not None
    assert (results.difference.missing_rows, results.difference.extra_rows) == (1, 1)


def test_a_statement_that_gives_other_rows_than_those_that_were_judged_is_told(
    run: InspectedRun, demo_conninfo: str
) -> None:
    import msgspec

    one = case(run, "sql-motivo")
    other = msgspec.structs.replace(one.verdict, sql="SELECT motivo, count(*) FROM embargo GROUP BY 1 LIMIT 1")
    with closing(PostgresDatabase.connect(demo_conninfo)) as database:
        assert executed_results(Case(item=one.item, verdict=other), database, Limits(), CancelToken()).changed
        broken = msgspec.structs.replace(one.verdict, sql="SELECT nada FROM embargo")
        results = executed_results(Case(item=one.item, verdict=broken), database, Limits(), CancelToken())
    assert results.predicted is None
    assert "nada" in results.predicted_fault
    assert results.gold is not None


Damage = Callable[[Path], object]


def head(run: Path, **changes: object) -> None:
    path = run / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (shutil.rmtree, "can't be read: No such file or directory. Name the folder of a run."),
        (lambda run: (run / "run.json").write_text("{"), "is damaged:"),
        (lambda run: head(run, version=7, program="9.9"), "is a run of sqlagent-tui 9.9, in format 7 instead of 1."),
        (lambda run: (run / "verdicts.jsonl").unlink(), "can't be read"),
        (lambda run: (run / "verdicts.jsonl").write_bytes(b'{"item'), "has no verdict yet. Go on with it"),
        (lambda run: (run / "verdicts.jsonl").write_bytes(b'{"item"}\n'), "Line 1 of"),
        (lambda run: (run / "items.jsonl").write_bytes(b"{}\n"), "items.jsonl is damaged:"),
        (lambda run: (run / "items.jsonl").write_bytes(b""), "it judges a question"),
        (lambda run: (run / "items.jsonl").unlink(), "There is no suite suite_small."),
    ],
)
def test_a_run_that_cannot_be_looked_at_is_one_sentence(
    damage: Damage, told: str, inspected_run: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(inspected_run, copy)
    damage(copy)
    with pytest.raises(UsageError) as refused:
        open_run(copy)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_run_under_way_is_shown_as_far_as_it_came(inspected_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(inspected_run, copy)
    verdicts = (copy / "verdicts.jsonl").read_bytes().splitlines(keepends=True)
    (copy / "verdicts.jsonl").write_bytes(b"".join(verdicts[:3]) + verdicts[3][:40])
    head(copy, ended=None)
    run = open_run(copy)
    assert [case.name for case in run.cases] == ["sql-estados", "sql-ordem", "sql-vistorias"]
    assert run.missing == 5


def test_a_missing_conversation_and_missing_golds_leave_the_rest(inspected_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(inspected_run, copy)
    shutil.rmtree(copy / "golds")
    run = open_run(copy)
    one = run.cases[0]
    run.directory.events_path(one.item.id, 0).unlink()
    with pytest.raises(SqlagentError, match="can't be read"):
        conversation(run, one)
    results = kept_results(run, one, [])
    assert (results.gold, results.predicted) == (None, None)
    assert results.gold_fault == results.predicted_fault == "The run kept no rows of it."
