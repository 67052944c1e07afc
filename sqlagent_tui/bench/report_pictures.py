"""A report in pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, get_args

import msgspec

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.bench import pictures
from sqlagent_tui.bench.metrics import Estimate
from sqlagent_tui.bench.pictures import Series
from sqlagent_tui.bench.published import LABEL
from sqlagent_tui.bench.records import Ending
from sqlagent_tui.bench.report import SuiteReport
from sqlagent_tui.bench.statistics import Proportion

_COLUMNS: Final = ("overall", "strict_sql", "relaxed_sql", "non_sql", "clarification", "unanswerable")
_DIFFICULTIES: Final = ("easy", "medium", "hard", "expert")


class Picture(msgspec.Struct, frozen=True):
    """One file."""

    name: str
    title: str
    svg: str


def draw(suites: Sequence[SuiteReport]) -> list[Picture]:
    """Return the pictures of a report."""
    return [picture for number, suite in enumerate(suites, 1) for picture in _suite(suite, number, len(suites))]


def _suite(suite: SuiteReport, number: int, of: int) -> Iterator[Picture]:
    mark = f"-{number}" if of > 1 else ""
    title = f"{suite.title}: accuracy in per cent, with 95% intervals"
    yield Picture(f"accuracy{mark}.svg", title, _accuracy(suite, title, _COLUMNS))
    if any(run.figures.by_difficulty for run in suite.runs):
        title = f"{suite.title}: relaxed SQL by difficulty, with 95% intervals"
        yield Picture(f"difficulty{mark}.svg", title, _by_difficulty(suite, title))
    for run in suite.runs:
        title = f"{run.name}: how turns ended (columns), by what was expected (rows)"
        yield Picture(f"decisions-{run.letter}.svg", title, _decisions(run.figures.decisions, title))
        if samples := run.figures.samples:
            title = f"{run.name}: right of K samples, with 95% intervals"
            passed = Series("Pass@K: one of them is right", [_estimated(one.passed) for one in samples.overall])
            voted = Series("vote@K: what most of them say is right", [_estimated(one.voted) for one in samples.overall])
            steps = [one.k for one in samples.overall]
            yield Picture(f"samples-{run.letter}.svg", title, pictures.curves(title, steps, "K", [passed, voted]))


def _accuracy(suite: SuiteReport, title: str, columns: Sequence[str]) -> str:
    series = [
        Series(run.name, [_proportion(getattr(run.figures.accuracy, name)) for name in columns]) for run in suite.runs
    ]
    series += [
        Series(f"card: {run.model} ({LABEL})", [getattr(run, name) for name in columns]) for run in suite.published
    ]
    return pictures.bars(title, [_words(name) for name in columns], series)


def _by_difficulty(suite: SuiteReport, title: str) -> str:
    series = []
    for run in suite.runs:
        relaxed = {str(name): shares[1] for name, shares in run.figures.by_difficulty.items()}
        series.append(Series(run.name, [_proportion(relaxed.get(name)) for name in _DIFFICULTIES]))
    series += [
        Series(f"card: {run.model} ({LABEL})", [getattr(run, name) for name in _DIFFICULTIES])
        for run in suite.published
        if run.easy is not None
    ]
    return pictures.bars(title, [name.capitalize() for name in _DIFFICULTIES], series)


def _decisions(decisions: dict[Ending, dict[DecisionKind, int]], title: str) -> str:
    expected = [name for name in get_args(DecisionKind) if any(row[name] for row in decisions.values())]
    counts = [[row[name] for row in decisions.values()] for name in expected]
    return pictures.matrix(title, expected, list(decisions), counts)


def _proportion(value: Proportion | None) -> pictures.Estimate | None:
    if value is None or value.rate is None:
        return None
    return pictures.Estimate(value.rate, value.interval.low, value.interval.high)


def _estimated(value: Estimate) -> pictures.Estimate:
    return pictures.Estimate(value.value, value.interval.low, value.interval.high)


def _words(column: str) -> str:
    return column.replace("_", " ").capitalize().replace("sql", "SQL").replace("Non SQL", "Non-SQL")
