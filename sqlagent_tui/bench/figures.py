"""All figures of a run, as `metrics.json` and `report.json` have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.bench import metrics
from sqlagent_tui.bench.metrics import Accuracy, Caution, Costs, Estimate, SqlOutcome
from sqlagent_tui.bench.records import Ending, Verdict
from sqlagent_tui.bench.statistics import Interval, Proportion
from sqlagent_tui.bench.suite import Category, Difficulty


class SampleFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Pass@k and vote@k for one k."""

    k: int
    passed: Estimate
    voted: Estimate


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """What several samples are good for; by k from 1 to the number of samples."""

    overall: tuple[SampleFigures, ...]
    sql: tuple[SampleFigures, ...]
    """Relaxed, for the first and the last k."""
    non_sql: tuple[SampleFigures, ...]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is computed from a run's verdicts. What isn't about samples is of the first one."""

    questions: int
    """That count."""
    excluded: dict[str, str]
    """Questions that don't, with the fault of their gold statement."""
    empty_golds: tuple[str, ...]
    """Questions whose right answer has no rows, where the model gave SQL: a match says little."""
    accuracy: Accuracy
    by_difficulty: dict[Difficulty, tuple[Proportion, Proportion]]
    """Strict, and relaxed."""
    by_category: dict[Category, Proportion]
    decisions: dict[Ending, dict[DecisionKind, int]]
    """How turns ended, by what was expected."""
    sql_outcomes: dict[SqlOutcome, int]
    caution: Caution
    second_turn: Proportion
    reliability: dict[str, float]
    samples: Samples | None
    """None where there is one sample a question."""
    costs: Costs


def measure(verdicts: Sequence[Verdict]) -> Figures | None:
    """Return the figures; None when no question counts."""
    counted = [verdict for verdict in verdicts if not verdict.gold_error]
    if not counted:
        return None
    return Figures(
        questions=len(metrics.firsts(counted)),
        excluded={v.item_id: v.gold_error for v in verdicts if v.gold_error},
        empty_golds=tuple(v.item_id for v in metrics.firsts(counted) if v.empty_gold),
        accuracy=metrics.accuracy(counted),
        by_difficulty=metrics.by_difficulty(counted),
        by_category=metrics.by_category(counted),
        decisions=metrics.decision_matrix(counted),
        sql_outcomes=metrics.sql_outcomes(counted),
        caution=metrics.caution(counted),
        second_turn=metrics.second_turn(counted),
        reliability=metrics.reliabilities(counted),
        samples=_samples(counted),
        costs=metrics.costs(counted),
    )


def plain(value: Any) -> Any:
    """Return `value` as JSON has it, with rate and interval of each proportion."""
    if isinstance(value, Proportion):
        interval = value.interval
        return {
            "successes": value.successes,
            "total": value.total,
            "rate": value.rate,
            "interval": [interval.low, interval.high],
        }
    if isinstance(value, Interval):
        return [value.low, value.high]
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def _samples(verdicts: Sequence[Verdict]) -> Samples | None:
    """For as many samples as every question has."""
    count = min(Counter(verdict.item_id for verdict in verdicts).values())
    if count == 1:
        return None
    sql = [verdict for verdict in verdicts if verdict.expected == "sql"]
    other = [verdict for verdict in verdicts if verdict.expected != "sql"]
    return Samples(
        overall=tuple(_at(verdicts, k) for k in range(1, count + 1)),
        sql=tuple(_at(sql, k) for k in (1, count)) if sql else (),
        non_sql=tuple(_at(other, k) for k in (1, count)) if other else (),
    )


def _at(verdicts: Sequence[Verdict], k: int) -> SampleFigures:
    return SampleFigures(k=k, passed=metrics.passed_at(verdicts, k), voted=metrics.voted_at(verdicts, k))
