"""Figures of small runs that can be counted by hand, and of the card's shape."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqlagent_tui.bench import metrics
from sqlagent_tui.bench.records import Answer, Verdict
from sqlagent_tui.bench.statistics import Proportion


def verdict(name: str, expected: str, ending: str, **more: Any) -> Verdict:
    return msgspec.convert({"item_id": name, "expected": expected, "ending": ending, **more}, Verdict)


RIGHT: dict[str, Any] = {"strict": True, "relaxed": True}
RUN = [
    verdict("s1", "sql", "sql", difficulty="easy", steps=2, seconds=1.0, **RIGHT),
    verdict("s2", "sql", "sql", difficulty="easy", relaxed=True, extra_columns=1, steps=4, seconds=2.0, warned=True),
    verdict("s3", "sql", "sql", difficulty="hard", prompt_tokens=100, cached_tokens=25),
    verdict("s4", "sql", "sql", difficulty="hard", statement_failure="timeout", prompt_tokens=100, cached_tokens=75),
    verdict("s5", "sql", "clarification", difficulty="hard"),
    verdict("s6", "sql", "unanswerable", difficulty="expert"),
    verdict("s7", "sql", "timeout", difficulty="expert"),
    verdict("s8", "sql", "sql", gold_error="syntax error", **RIGHT),
    verdict("c1", "clarification", "clarification", category="ambiguous_filter_criterion", asks_back=True),
    verdict("c2", "clarification", "unanswerable", category="ambiguous_filter_criterion"),
    verdict("c3", "clarification", "sql", category="ambiguous_where_column"),
    verdict("u1", "unanswerable", "unanswerable", category="missing_value"),
    verdict("u2", "unanswerable", "sql", category="missing_value"),
    verdict("u3", "unanswerable", "none", category="unsupported_join"),
]


def test_the_card_s_columns() -> None:
    figures = metrics.accuracy(RUN)
    assert figures.overall == Proportion(4, 13)
    assert figures.strict_sql == Proportion(1, 7)
    assert figures.relaxed_sql == Proportion(2, 7)
    assert figures.non_sql == Proportion(2, 6)
    assert figures.clarification == Proportion(1, 3)
    assert figures.unanswerable == Proportion(1, 3)
    assert metrics.excluded(RUN) == ["s8"]


def test_rows_by_difficulty_and_category() -> None:
    assert metrics.by_difficulty(RUN) == {
        "easy": (Proportion(1, 2), Proportion(2, 2)),
        "hard": (Proportion(0, 3), Proportion(0, 3)),
        "expert": (Proportion(0, 2), Proportion(0, 2)),
    }
    assert metrics.by_category(RUN) == {
        "ambiguous_where_column": Proportion(0, 1),
        "ambiguous_filter_criterion": Proportion(1, 2),
        "unsupported_join": Proportion(0, 1),
        "missing_value": Proportion(1, 2),
    }


def test_the_decision_matrix_holds_every_question_once() -> None:
    matrix = metrics.decision_matrix(RUN)
    assert matrix == {
        "sql": {"sql": 4, "clarification": 1, "unanswerable": 1},
        "clarification": {"sql": 1, "clarification": 1, "unanswerable": 0},
        "unanswerable": {"sql": 1, "clarification": 1, "unanswerable": 1},
        "none": {"sql": 0, "clarification": 0, "unanswerable": 1},
        "timeout": {"sql": 1, "clarification": 0, "unanswerable": 0},
        "failed": {"sql": 0, "clarification": 0, "unanswerable": 0},
    }


def test_timeout_error_and_wrong_are_told_apart() -> None:
    failed = [
        verdict("e1", "sql", "sql", statement_failure="error"),
        verdict("e2", "sql", "sql", statement_failure="refused"),
        verdict("e3", "sql", "sql", statement_failure="costly"),
    ]
    assert metrics.sql_outcomes([*RUN, *failed]) == {
        "strict": 1,
        "relaxed": 1,
        "wrong": 1,
        "statement_timeout": 1,
        "statement_refused": 1,
        "statement_costly": 1,
        "statement_error": 1,
        "no_sql": 3,
    }


def test_answering_and_abstaining() -> None:
    figures = metrics.caution(RUN)
    assert figures.coverage == Proportion(6, 13)
    assert figures.selective_risk == Proportion(4, 6)
    assert figures.false_answer == Proportion(2, 6)
    assert figures.false_answer_clarification == Proportion(1, 3)
    assert figures.false_answer_unanswerable == Proportion(1, 3)
    assert figures.false_abstain == Proportion(1, 7)
    assert figures.over_clarify == Proportion(1, 7)
    assert figures.undecided == Proportion(2, 13)


def test_the_second_turn_counts_where_a_question_back_was_answered() -> None:
    asked = RUN[8]
    turns = [
        Answer(ending="sql", relaxed=True),
        Answer(ending="sql"),
        Answer(ending="clarification"),
        Answer(ending="sql", gold_error="no such table"),
        None,
    ]
    run = [msgspec.structs.replace(asked, item_id=str(n), second=turn) for n, turn in enumerate(turns)]
    assert metrics.second_turn(run) == Proportion(1, 3)


def test_reliability_rewards_right_decisions_and_punishes_sql_that_is_wrong_only() -> None:
    # 4 right, 4 times SQL that was wrong or uncalled for, 5 others.
    assert metrics.reliabilities(RUN) == {
        "0": pytest.approx(4 / 13),
        "5": pytest.approx((4 - 20) / 13),
        "10": pytest.approx((4 - 40) / 13),
        "N": pytest.approx((4 - 4 * 13) / 13),
    }


def card() -> list[Verdict]:
    """The published composition, all wrong."""
    shape = {"easy": 18, "medium": 27, "hard": 27, "expert": 18}
    sql = [(d, n) for d, count in shape.items() for n in range(count)]
    return [
        *(verdict(f"{d}{n}", "sql", "none", difficulty=d) for d, n in sql),
        *(verdict(f"{e}{n}", e, "sql") for e in ("clarification", "unanswerable") for n in range(45)),
    ]


def test_the_baselines_on_the_card_s_composition() -> None:
    always_sql = metrics.always(card(), "sql")
    assert metrics.accuracy(always_sql).overall == Proportion(90, 180)
    assert metrics.accuracy(always_sql).strict_sql == Proportion(90, 90)
    assert metrics.caution(always_sql).selective_risk == Proportion(90, 180)
    assert metrics.reliability(always_sql, 10) == pytest.approx((90 - 900) / 180)
    abstaining = metrics.always(card(), "unanswerable")
    assert metrics.accuracy(abstaining).overall == Proportion(45, 180)
    assert metrics.caution(abstaining).coverage == Proportion(0, 180)
    assert set(metrics.reliabilities(abstaining).values()) == {0.25}


def samples(name: str, *digests: str, right: str = "r") -> list[Verdict]:
    """Samples of one SQL question; a digest of a right one, of another one, or none: the statement failed."""
    return [
        verdict(name, "sql", "sql", sample=n, result_digest=digest, strict=digest == right, relaxed=digest == right)
        for n, digest in enumerate(digests)
    ]


def test_a_vote_needs_no_oracle_and_pass_does() -> None:
    run = [*samples("a", "x", "r", "r"), *samples("b", "x", "x", "r"), *samples("c", "", "", "r")]
    assert metrics.passed_at(run, 1).value == pytest.approx((2 / 3 + 1 / 3 + 1 / 3) / 3)
    assert metrics.passed_at(run, 3).value == 1.0
    assert metrics.voted_at(run, 3).value == pytest.approx(2 / 3)
    assert metrics.voted_at(run, 1).value == 0.0
    assert metrics.accuracy(run).overall == Proportion(0, 3)
    for function in (metrics.passed_at, metrics.voted_at):
        with pytest.raises(ValueError, match="4"):
            function(run, 4)


def test_of_equally_many_votes_the_earliest_wins_and_decisions_vote_as_rows_do() -> None:
    assert metrics.elected(samples("a", "x", "r")).sample == 0
    abstaining = [verdict("a", "sql", "clarification", sample=n) for n in (1, 2)]
    first = samples("a", "r")[0]
    assert metrics.elected([first, *abstaining]).ending == "clarification"
    silent = [verdict("a", "sql", ending, sample=n) for n, ending in enumerate(("none", "timeout", "failed"))]
    assert metrics.elected([*silent, first]) is first
    assert metrics.elected(silent) is silent[0]


@settings(deadline=None, max_examples=25)  # each draws some ten thousand bootstraps
@given(st.lists(st.lists(st.sampled_from("rxy"), min_size=3, max_size=3), min_size=1, max_size=5))
def test_pass_at_k_grows_with_k_and_bounds_the_vote(drawn: list[list[str]]) -> None:
    run = [v for n, digests in enumerate(drawn) for v in samples(str(n), *digests)]
    passed = [metrics.passed_at(run, k).value for k in (1, 2, 3)]
    assert passed == sorted(passed)
    assert metrics.voted_at(run, 3).value <= passed[2]
    assert passed[0] == pytest.approx(sum(v.right for v in run) / len(run))


def test_two_runs_are_paired_by_question() -> None:
    better = [
        msgspec.structs.replace(v, ending=v.expected, relaxed=True) if v.item_id in "s3 s4 c2" else v for v in RUN
    ]
    other = [msgspec.structs.replace(better[0], ending="none"), *reversed(better[1:]), verdict("new", "sql", "none")]
    paired = metrics.paired(RUN, other)
    assert (paired.both, paired.only_first, paired.only_second, paired.neither) == (3, 1, 3, 6)
    assert paired.p == pytest.approx(2 * (1 + 4) / 16)
    assert paired.difference.value == pytest.approx(2 / 13)
    assert paired.difference.interval.low < 0 < paired.difference.interval.high
    assert metrics.paired(RUN, other, strict=True).only_second == 1
    with pytest.raises(ValueError, match="nothing"):
        metrics.paired(RUN, [verdict("new", "sql", "none")])


def test_costs_are_of_all_samples() -> None:
    figures = metrics.costs(RUN[:4])
    assert (figures.mean_seconds, figures.median_seconds, figures.total_seconds) == (0.75, 0.5, 3.0)
    assert (figures.mean_steps, figures.cached_share, figures.mean_prompt_tokens) == (1.5, 0.5, 50.0)
    assert figures.warned == Proportion(1, 4)


def test_a_verdict_survives_its_journal() -> None:
    full = msgspec.structs.replace(RUN[8], second=Answer(ending="sql", relaxed=True, sql="SELECT 1"))
    assert msgspec.json.decode(msgspec.json.encode(full), type=Verdict) == full
