"""The shipped suites have the shape that they are said to have."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from sqlagent_tui.bench.suite import Category, Suite, find_suite

AMBIGUOUS = {category for category in get_args(Category) if category.startswith("ambiguous_")}
SHAPES = {
    "cadastro_ambiental": ("ca", (20, 30, 30, 10), 45),
    "rede_saude_publica": ("rs", (11, 17, 17, 5), 25),
}
"""The ids' prefix, the SQL questions from easy to expert, the questions of each other decision."""


@pytest.fixture(params=SHAPES, scope="module")
def suite(request: pytest.FixtureRequest) -> Suite:
    return find_suite(request.param)


def test_it_has_the_reference_tables_shape(suite: Suite) -> None:
    _, by_difficulty, others = SHAPES[suite.name]
    decisions = Counter(item.decision for item in suite.items)
    difficulties = Counter(item.difficulty for item in suite.items if item.decision == "sql")
    assert decisions == {"sql": sum(by_difficulty), "clarification": others, "unanswerable": others}
    assert difficulties == dict(zip(("easy", "medium", "hard", "expert"), by_difficulty, strict=True))


def test_it_has_every_category_alike(suite: Suite) -> None:
    _, _, others = SHAPES[suite.name]
    found = Counter((item.decision, item.category) for item in suite.items if item.decision != "sql")
    kinds = {("clarification" if name in AMBIGUOUS else "unanswerable", name) for name in get_args(Category)}
    assert set(found) == kinds
    assert set(found.values()) == {others // 4, others // 4 + 1}


def test_it_says_why_and_what_the_user_answers(suite: Suite) -> None:
    for item in suite.items:
        if item.decision != "sql":
            assert item.reason.endswith("."), item.id
        assert bool(item.reply and item.reply_gold) == (item.decision == "clarification"), item.id


def test_it_asks_nothing_twice(suite: Suite) -> None:
    questions = Counter(" ".join(item.question.casefold().split()) for item in suite.items)
    assert [question for question, times in questions.items() if times > 1] == []


def test_it_keeps_its_groups_together_and_numbered(suite: Suite) -> None:
    prefix, by_difficulty, others = SHAPES[suite.name]
    groups = (("sql", "sql", sum(by_difficulty)), ("cla", "clarification", others), ("una", "unanswerable", others))
    expected = [(f"{prefix}-{kind}-{n:03d}", decision) for kind, decision, size in groups for n in range(1, size + 1)]
    assert [(item.id, item.decision) for item in suite.items] == expected
