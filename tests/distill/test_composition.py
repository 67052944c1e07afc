"""Questions and their meanings, on the real database."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.distill.composition import INTENT_WEIGHTS, Composer
from sqlagent_tui.distill.expert import find_mistake
from sqlagent_tui.distill.lexicon import Lexicon, load_lexicon
from sqlagent_tui.distill.refusals import RefusalComposer
from sqlagent_tui.distill.replies import ReplyComposer
from sqlagent_tui.distill.semantics import compose_sql
from sqlagent_tui.distill.values import Names, held_out, load_names


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


@pytest.fixture(scope="module")
def names(demo_conninfo: str) -> Names:
    return load_names(demo_conninfo)


def quoted(line: str) -> list[str]:
    """The question's words that a plan line begins with."""
    return line.rsplit(": ", 1)[0].split(" … ")


def test_every_statement_runs(lexicon: Lexicon, names: Names, demo_conninfo: str) -> None:
    composer = Composer(lexicon, names, random.Random(11), "train")
    database = PostgresDatabase.connect(demo_conninfo)
    intents: Counter[str] = Counter()
    try:
        for _ in range(700):
            composed = composer.compose()
            sql = compose_sql(composed.query)
            result = database.execute(sql, origin="agent", cancel=CancelToken())
            assert isinstance(result, QueryResult), (composed.question, sql, result)
            intents[composed.intent] += 1
    finally:
        database.close()
    assert set(intents) == set(INTENT_WEIGHTS)


def test_the_plan_quotes_the_question(lexicon: Lexicon, names: Names) -> None:
    composer = Composer(lexicon, names, random.Random(12), "train")
    for _ in range(500):
        composed = composer.compose()
        assert composed.plan
        for line in composed.plan:
            assert all(piece in composed.question for piece in quoted(line)), (composed.question, line)


def test_every_condition_of_the_statement_stands_in_the_plan(lexicon: Lexicon, names: Names) -> None:
    composer = Composer(lexicon, names, random.Random(13), "train")
    for _ in range(300):
        composed = composer.compose()
        plan = "\n".join(composed.plan)
        assert all(condition.sql in plan for condition in composed.query.conditions)


def test_training_sees_no_held_out_pattern_and_the_patterns_split_always_one(lexicon: Lexicon, names: Names) -> None:
    train = Composer(lexicon, names, random.Random(14), "train")
    patterns = Composer(lexicon, names, random.Random(14), "patterns")
    assert not any(train.compose().held_pattern for _ in range(400))
    assert all(patterns.compose().held_pattern for _ in range(200))
    for decision in ("clarification", "unanswerable"):
        assert not any(RefusalComposer(train).compose(decision).held_pattern for _ in range(200))
        assert all(RefusalComposer(patterns).compose(decision).held_pattern for _ in range(100))


def test_training_names_no_held_out_municipality(lexicon: Lexicon, names: Names) -> None:
    held = [name for name, _ in names.municipalities if held_out(name)]
    assert len(held) > 40
    composer = Composer(lexicon, names, random.Random(15), "train")
    values = Composer(lexicon, names, random.Random(15), "values")
    for _ in range(300):
        assert not {value.text for value in composer.values.draw("municipio")} & set(held)
        assert values.values.draw("municipio")[0].text in held


def test_a_refusal_marks_what_is_wrong_in_the_question_s_own_words(lexicon: Lexicon, names: Names) -> None:
    refusals = RefusalComposer(Composer(lexicon, names, random.Random(16), "train"))
    for decision, mark in (("clarification", "falta "), ("unanswerable", "não existe no banco")):
        for _ in range(200):
            refused = refusals.compose(decision)
            marked = [line for line in refused.plan if line.rsplit(": ", 1)[1].startswith(mark)]
            assert marked, refused
            assert all(piece in refused.question for line in marked for piece in quoted(line))
            assert refused.message
            assert "{" not in refused.message + refused.question


def test_a_reply_completes_the_question(lexicon: Lexicon, names: Names, demo_conninfo: str) -> None:
    replies = ReplyComposer(Composer(lexicon, names, random.Random(17), "train"))
    database = PostgresDatabase.connect(demo_conninfo)
    try:
        for _ in range(40):
            composed, exchange = replies.compose()
            sql = compose_sql(composed.query)
            assert isinstance(database.execute(sql, origin="agent", cancel=CancelToken()), QueryResult), sql
            both = exchange.question + "\n" + composed.question
            for line in composed.plan:
                assert all(piece in both or piece.lower() in both.lower() for piece in quoted(line)), (both, line)
            assert exchange.message.endswith("?")
    finally:
        database.close()


def test_a_vague_filter_is_asked_about(lexicon: Lexicon, names: Names) -> None:
    replies = ReplyComposer(Composer(lexicon, names, random.Random(18), "train"))
    for _ in range(60):
        refused = replies.vague()
        (marked,) = [line for line in refused.plan if line.rsplit(": ", 1)[1].startswith("falta ")]
        assert refused.question.count(quoted(marked)[0]) == 1
        assert refused.decision == "clarification"


def test_mistakes_are_mistakes(lexicon: Lexicon, names: Names, demo_conninfo: str) -> None:
    composer = Composer(lexicon, names, random.Random(19), "train")
    database = PostgresDatabase.connect(demo_conninfo)
    failed = tried = 0
    try:
        for _ in range(150):
            mistake = find_mistake(compose_sql(composer.compose().query), composer.rng)
            if mistake is not None:
                tried += 1
                failed += isinstance(
                    database.execute(mistake.sql, origin="agent", cancel=CancelToken()), StatementError
                )
    finally:
        database.close()
    assert tried > 100
    assert failed > 0.8 * tried
