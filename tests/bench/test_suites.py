"""The shipped suites have the shape that they are said to have."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from sqlagent_tui.bench.suite import Category, Suite, find_suite

AMBIGUOUS = {category for category in get_args(Category) if category.startswith("ambiguous_")}


@pytest.fixture(scope="module")
def cadastro() -> Suite:
    return find_suite("cadastro_ambiental")


def test_cadastro_ambiental_has_the_reference_tables_shape(cadastro: Suite) -> None:
    decisions = Counter(item.decision for item in cadastro.items)
    difficulties = Counter(item.difficulty for item in cadastro.items if item.decision == "sql")
    assert decisions == {"sql": 90, "clarification": 45, "unanswerable": 45}
    assert difficulties == {"easy": 20, "medium": 30, "hard": 30, "expert": 10}


def test_cadastro_ambiental_has_every_category_alike(cadastro: Suite) -> None:
    found = Counter((item.decision, item.category) for item in cadastro.items if item.decision != "sql")
    kinds = {("clarification" if name in AMBIGUOUS else "unanswerable", name) for name in get_args(Category)}
    assert set(found) == kinds
    assert set(found.values()) == {11, 12}


def test_cadastro_ambiental_says_why_and_what_the_user_answers(cadastro: Suite) -> None:
    for item in cadastro.items:
        if item.decision != "sql":
            assert item.reason.endswith("."), item.id
        assert bool(item.reply and item.reply_gold) == (item.decision == "clarification"), item.id


def test_cadastro_ambiental_asks_nothing_twice(cadastro: Suite) -> None:
    questions = Counter(" ".join(item.question.casefold().split()) for item in cadastro.items)
    assert [question for question, times in questions.items() if times > 1] == []


def test_cadastro_ambiental_keeps_its_groups_together_and_numbered(cadastro: Suite) -> None:
    groups = (("ca-sql", "sql", 90), ("ca-cla", "clarification", 45), ("ca-una", "unanswerable", 45))
    expected = [(f"{prefix}-{n:03d}", decision) for prefix, decision, size in groups for n in range(1, size + 1)]
    assert [(item.id, item.decision) for item in cadastro.items] == expected
