"""What runs are worth: their figures side by side, and beside what they are held against."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.bench import metrics
from sqlagent_tui.bench.figures import Figures, measure
from sqlagent_tui.bench.metrics import Accuracy, Paired
from sqlagent_tui.bench.published import PublishedRun, beside
from sqlagent_tui.bench.records import Verdict
from sqlagent_tui.bench.run_directory import RunDirectory, RunHead
from sqlagent_tui.errors import UsageError

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class ReportedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    letter: str
    """What the report calls it."""
    head: RunHead
    figures: Figures
    missing: int
    """Verdicts that are still to come; 0 of a complete run."""

    @property
    def name(self) -> str:
        """Letter and model."""
        return f"{self.letter}: {self.head.config.model.name}"


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What is reached by always deciding the same."""

    decision: DecisionKind
    accuracy: Accuracy
    reliability: dict[str, float]


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs on the same questions."""

    first: str
    second: str
    relaxed: Paired
    strict: Paired


class SuiteReport(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one suite."""

    name: str
    title: str
    digest: str
    runs: tuple[ReportedRun, ...]
    baselines: tuple[Baseline, ...]
    published: tuple[PublishedRun, ...]
    """Of the same shape, on other questions."""
    pairs: tuple[Pair, ...]


def report_on(paths: Sequence[Path]) -> list[SuiteReport]:
    """Read runs, and report on each suite's together. Raises UsageError when one is no run, or has no verdict yet."""
    if len(paths) > len(_LETTERS):
        raise UsageError(f"{len(paths)} runs are too many for one report.", f"Take {len(_LETTERS)} at most.")
    read = [(letter, RunDirectory.open(path)) for letter, path in zip(_LETTERS, paths, strict=False)]
    suites: dict[str, list[tuple[str, RunDirectory]]] = {}
    for letter, directory in read:
        suites.setdefault(directory.head.config.suite.digest, []).append((letter, directory))
    return [_suite(runs) for runs in suites.values()]


def _suite(directories: Sequence[tuple[str, RunDirectory]]) -> SuiteReport:
    suite = directories[0][1].head.config.suite
    verdicts = {letter: directory.verdicts() for letter, directory in directories}
    largest = max(verdicts.values(), key=lambda of_run: len(metrics.firsts(of_run)))
    runs = tuple(_run(letter, directory, verdicts[letter]) for letter, directory in directories)
    return SuiteReport(
        name=suite.name,
        title=suite.title,
        digest=suite.digest,
        runs=runs,
        baselines=tuple(_baseline(largest, decision) for decision in ("sql", "unanswerable")),
        published=beside(suite.name),
        pairs=tuple(_pair(one, other, verdicts) for one, other in itertools.combinations(verdicts, 2)),
    )


def _run(letter: str, directory: RunDirectory, verdicts: Sequence[Verdict]) -> ReportedRun:
    config = directory.head.config
    figures = measure(verdicts)
    if figures is None:
        raise UsageError(f"{directory.path} has no verdict that counts yet.", "Go on with it: bench run … --resume.")
    missing = len(config.items) * config.samples - len(verdicts)
    return ReportedRun(letter=letter, head=directory.head, figures=figures, missing=missing)


def _baseline(verdicts: Sequence[Verdict], decision: DecisionKind) -> Baseline:
    always = metrics.always(verdicts, decision)
    return Baseline(decision=decision, accuracy=metrics.accuracy(always), reliability=metrics.reliabilities(always))


def _pair(first: str, second: str, verdicts: dict[str, list[Verdict]]) -> Pair:
    """Raises UsageError when the two have no question in common."""
    one, other = verdicts[first], verdicts[second]
    try:
        return Pair(
            first=first,
            second=second,
            relaxed=metrics.paired(one, other),
            strict=metrics.paired(one, other, strict=True),
        )
    except ValueError:
        raise UsageError(f"Runs {first} and {second} have no question in common.", "Report on them apart.") from None
