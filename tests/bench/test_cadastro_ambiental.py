"""The SQL questions of the suite on the demo: golds that give the same rows to a reader twice, on the demo's day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest

from sqlagent_tui.bench.suite import Item, find_suite
from sqlagent_tui.demo.generate import TABLE_COUNT
from sqlagent_tui.demo.tables import TODAY

SUITE = find_suite("cadastro_ambiental")
QUESTIONS = [item for item in SUITE.items if item.decision == "sql"]


@pytest.fixture(scope="module")
def reader(demo_conninfo: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(demo_conninfo, autocommit=True) as connection:
        yield connection


def rows(reader: psycopg.Connection, sql: str) -> list[tuple[object, ...]]:
    return reader.execute(sql.encode()).fetchall()


def test_the_suite_lives_on_the_demos_day() -> None:
    assert SUITE.today == TODAY
    golds = " ".join(gold for item in SUITE.items for gold in (*item.gold, *item.reply_gold))
    assert not re.search(r"current_date|now\(|current_timestamp|localtime|random\(", golds, re.IGNORECASE)


def test_every_table_is_asked_about(reader: psycopg.Connection) -> None:
    listed = rows(reader, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    tables = {str(name) for (name,) in listed}
    words = Counter(word for item in QUESTIONS for word in set(re.findall(r"\w+", item.gold[0])))
    assert len(tables) == TABLE_COUNT
    assert {table: words[table] for table in tables if words[table] < 2} == {}


@pytest.mark.parametrize("item", QUESTIONS, ids=lambda item: item.id)
def test_its_golds_give_the_same_rows_twice(item: Item, reader: psycopg.Connection) -> None:
    for gold in item.gold:
        first = rows(reader, gold)
        assert first, gold
        assert any(value is not None for row in first for value in row)
        assert rows(reader, gold) == first


@pytest.mark.parametrize("item", [item for item in QUESTIONS if item.order_matters], ids=lambda item: item.id)
def test_an_order_that_matters_leaves_no_tie(item: Item, reader: psycopg.Connection) -> None:
    """Other ways of joining and grouping would bring equal keys in another order."""
    expected = [rows(reader, gold) for gold in item.gold]
    with reader.transaction(force_rollback=True):
        for way in ("hashjoin", "hashagg", "nestloop"):
            reader.execute(f"SET LOCAL enable_{way} = off".encode())
        assert [rows(reader, gold) for gold in item.gold] == expected
