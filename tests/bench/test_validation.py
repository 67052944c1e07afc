"""A damaged gold is caught, whatever the damage; what is sound is left alone."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.bench.composition import composition
from sqlagent_tui.bench.suite import Item, Suite, SuiteDatabase, find_suite
from sqlagent_tui.bench.validation import Validation, validate
from sqlagent_tui.database.postgres import PostgresDatabase

LIMITS = Limits(max_rows=1_000)
SOUND = Item(
    id="a", question="Quantos estados?", decision="sql", gold=("SELECT count(*) FROM estado",), difficulty="easy"
)
TIED = "(VALUES (1, 'a'), (1, 'b'), (2, 'c')) v (k, n)"


@pytest.fixture(scope="module")
def database(demo_conninfo: str) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase.connect(demo_conninfo)) as opened:
        yield opened


def suite(*items: Item, **more: Any) -> Suite:
    return Suite(name="s", title="S", database=SuiteDatabase(kind="demo"), items=items, **more)


def found(database: PostgresDatabase, *items: Item, **more: Any) -> list[tuple[str, str, bool]]:
    """Kind, item and whether it is a note only, of whatever is told of a suite."""
    result = validate(suite(*items, **more), database, LIMITS, CancelToken())
    assert result.sound == all(fault.note for fault in result.faults)
    return [(fault.kind, fault.item_id, fault.note) for fault in result.faults]


def changed(**fields: Any) -> Item:
    return msgspec.structs.replace(SOUND, difficulty=None, **fields)


def test_a_sound_suite_has_no_faults(database: PostgresDatabase) -> None:
    clarification = Item(
        id="c",
        question="Qual a área?",
        decision="clarification",
        category="ambiguous_select_column",
        reason="Há várias áreas.",
        reply="A total.",
        reply_gold=("SELECT nome, area_ha FROM imovel_rural ORDER BY id LIMIT 5",),
        reply_order_matters=True,
    )
    result = validate(suite(SOUND, clarification), database, LIMITS, CancelToken())
    assert result == Validation(suite="s", digest="", questions=2, statements=2, faults=())


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT count(*) FROM estados", "error"),
        ("SELECT count(* FROM estado", "error"),
        ("DELETE FROM estado", "error"),
        ("SELECT 1 / (count(*) - count(*)) FROM estado", "error"),
        ("SELECT * FROM generate_series(1, 1001)", "cut"),
        ("SELECT repeat('x', 1000001)", "cut"),
        ("SELECT random()", "unstable"),
        ("SELECT n FROM (VALUES (1), (2)) v (n) LIMIT 1", "order"),
        (f"SELECT n FROM {TIED} ORDER BY k LIMIT 1", "order"),
        (f"SELECT n FROM {TIED} ORDER BY k FETCH FIRST 1 ROW ONLY", "order"),
    ],
)
def test_a_damaged_gold_is_caught(sql: str, kind: str, database: PostgresDatabase) -> None:
    assert found(database, changed(gold=(sql,))) == [(kind, "a", False)]


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT n FROM {TIED} ORDER BY k",
        f"SELECT n, k FROM {TIED} ORDER BY 2 DESC",
        f"SELECT n, k AS chave FROM {TIED} ORDER BY chave",
        f"SELECT n FROM {TIED} ORDER BY k % 1, k NULLS FIRST",
        f"SELECT * FROM {TIED} ORDER BY k",
        f"SELECT lower(n) FROM {TIED} GROUP BY n ORDER BY max(k)",
        "SELECT 1 AS k, 'a' UNION ALL SELECT 1, 'b' ORDER BY k",
        f"(SELECT n FROM {TIED} ORDER BY k)",
        f"SELECT n FROM {TIED} ORDER BY k LIMIT 2",
        f"SELECT n FROM {TIED}",
    ],
)
def test_an_order_that_is_asked_for_leaves_no_tie(sql: str, database: PostgresDatabase) -> None:
    assert found(database, changed(gold=(sql,), order_matters=True)) == [("order", "a", False)]
    assert found(database, changed(gold=(sql,))) == []


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT n FROM {TIED} ORDER BY k, n",
        f"SELECT k, n FROM {TIED} ORDER BY k DESC, 2 LIMIT 2",
        f"SELECT k FROM {TIED} ORDER BY k",  # equal keys, but equal rows
        f"SELECT k, count(*) FROM {TIED} GROUP BY k ORDER BY 2 DESC, 1 LIMIT 1",
        f"SELECT DISTINCT k FROM {TIED} ORDER BY k",
        "SELECT count(*) FROM estado",
        f"SELECT n FROM {TIED} ORDER BY k, n OFFSET 1 LIMIT 1",
    ],
)
def test_an_order_without_ties_is_left_alone(sql: str, database: PostgresDatabase) -> None:
    assert found(database, changed(gold=(sql,), order_matters=True)) == []


def test_an_order_that_cannot_be_checked_is_told(database: PostgresDatabase) -> None:
    sql = f"SELECT n FROM {TIED} ORDER BY k, n LIMIT (SELECT 2)"
    assert found(database, changed(gold=(sql,), order_matters=True)) == [("order", "a", True)]


def test_an_alternative_that_is_another_answer_is_told(database: PostgresDatabase) -> None:
    first = "SELECT sigla, nome FROM estado"
    narrower, wider = "SELECT nome FROM estado", "SELECT id, nome, sigla FROM estado"
    assert found(database, changed(gold=(first, narrower, wider))) == []
    assert found(database, changed(gold=(first, "SELECT sigla, nome FROM estado WHERE id > 1"))) == [
        ("alternative", "a", True)
    ]
    assert found(database, changed(gold=(first, "SELECT sigla FROM estados"))) == [("error", "a", False)]


def test_a_reply_s_gold_is_checked_too(database: PostgresDatabase) -> None:
    item = Item(
        id="c",
        question="?",
        decision="clarification",
        category="ambiguous_select_column",
        reason="r",
        reply="r",
        reply_gold=("SELECT nada FROM estado",),
    )
    result = validate(suite(item), database, LIMITS, CancelToken())
    assert [fault.kind for fault in result.faults] == ["error"]
    assert (
        result.faults[0].message == 'The reply\'s gold statement fails: column "nada" does not exist (SQLSTATE 42703).'
    )


def test_what_a_reader_should_know_is_a_note(database: PostgresDatabase) -> None:
    assert found(database, changed(gold=("SELECT 1 WHERE false",))) == [("empty", "a", True)]
    bare = Item(id="u", question="?", decision="unanswerable")
    assert found(database, bare) == [("label", "u", True)]


def test_a_gold_that_asks_for_the_time_needs_a_suite_without_a_day(database: PostgresDatabase) -> None:
    for sql in ("SELECT current_date", "SELECT age(date '2020-01-01')", "SELECT extract(year FROM now())"):
        assert found(database, changed(gold=(sql,)), today=datetime.date(2025, 6, 30)) == [("clock", "a", False)]
        assert found(database, changed(gold=(sql,))) == []


def test_labels_that_disagree_with_the_criteria(database: PostgresDatabase) -> None:
    wrong = msgspec.structs.replace(SOUND, difficulty="expert")
    assert found(database, wrong) == [("difficulty", "a", False)]
    unlabelled = msgspec.structs.replace(SOUND, id="b", question="Quantas UFs temos?", difficulty=None)
    assert found(database, SOUND, unlabelled) == [("difficulty", "b", False)]
    # Which columns hold dates is the database's to say.
    dates = changed(
        gold=("SELECT max(e.data_embargo - i.data_inscricao) FROM embargo e JOIN imovel_rural i ON i.id = e.imovel_id",)
    )
    assert found(database, msgspec.structs.replace(dates, difficulty="medium")) == []


def test_the_composition_is_counted(database: PostgresDatabase) -> None:
    assert found(database, SOUND, composition={"sql": 1, "easy": 1, "hard": 0}) == []
    assert (
        found(database, SOUND, composition={"sql": 2, "easy": 1, "missing_value": 1})
        == [("composition", "", False)] * 2
    )
    assert composition([SOUND]) == {"sql": 1, "easy": 1}


def test_a_question_asked_twice(database: PostgresDatabase) -> None:
    again = msgspec.structs.replace(SOUND, id="b", question="ESTADOS, quantos")
    nearly = msgspec.structs.replace(SOUND, id="c", question="quantos estado?")
    assert found(database, SOUND, again) == [("duplicate", "b", False)]
    assert found(database, SOUND, nearly) == [("duplicate", "c", True)]


def test_a_damaged_gold_of_a_shipped_suite_is_caught(database: PostgresDatabase) -> None:
    shipped = find_suite("cadastro_ambiental")
    at, item = next((n, i) for n, i in enumerate(shipped.items) if i.decision == "sql" and " WHERE " in i.gold[0])
    damaged = msgspec.structs.replace(item, gold=(item.gold[0].replace(" WHERE ", " WHERE nenhuma AND ", 1),))
    items = (*shipped.items[:at], damaged, *shipped.items[at + 1 :])

    def faults(whole: Suite) -> list[tuple[str, str]]:
        result = validate(whole, database, LIMITS, CancelToken())
        return [(fault.kind, fault.item_id) for fault in result.faults if not fault.note]

    assert faults(shipped) == []
    assert faults(msgspec.structs.replace(shipped, items=items)) == [("error", item.id)]
