"""Which questions are asked."""

import pytest

from sqlagent_tui.bench.selection import choose
from sqlagent_tui.bench.suite import Item, read_suite
from sqlagent_tui.errors import UsageError
from tests.bench.runs import SUITE

ITEMS = read_suite(SUITE).items


def ids(items: list[Item]) -> list[str]:
    return [item.id for item in items]


def test_words_of_one_kind_are_alternatives_and_kinds_narrow_down() -> None:
    assert ids(choose(ITEMS, ["medium", "hard"])) == ["sql-estados", "sql-ordem"]
    assert ids(choose(ITEMS, ["sql", "easy"])) == ["sql-vistorias", "sql-motivo"]
    assert ids(choose(ITEMS, ["unanswerable", "clarification", "missing_select_column"])) == ["no-telefone", "no-clima"]
    assert ids(choose(ITEMS, ["no-clima", "sql-motivo"])) == ["sql-motivo", "no-clima"]
    assert choose(ITEMS) == list(ITEMS)


def test_a_limit_takes_from_everywhere_each_question_once() -> None:
    assert ids(choose(ITEMS, limit=4)) == ["sql-estados", "sql-vistorias", "ask-grandes", "no-telefone"]
    assert len(set(ids(choose(ITEMS, limit=7)))) == 7
    assert choose(ITEMS, limit=100) == list(ITEMS)


def test_what_fits_nothing_is_told() -> None:
    with pytest.raises(UsageError, match="No question has expert"):
        choose(ITEMS, ["sql", "expert"])
    with pytest.raises(UsageError, match="No question has all of easy, unanswerable"):
        choose(ITEMS, ["easy", "unanswerable"])
