"""A report in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, get_args

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.bench.metrics import Accuracy, Paired
from sqlagent_tui.bench.published import LABEL, PublishedRun
from sqlagent_tui.bench.report import Baseline, Pair, ReportedRun, SuiteReport
from sqlagent_tui.bench.statistics import Proportion
from sqlagent_tui.bench.tables import NONE, duration, estimate, foreign, percent, share, table

_COLUMNS: Final = ("overall", "strict_sql", "relaxed_sql", "non_sql", "clarification", "unanswerable")
_HEADS: Final = ("Overall", "Strict SQL", "Relaxed SQL", "Non-SQL", "Clarification", "Unanswerable", "Runtime")
_DIFFICULTIES: Final = ("easy", "medium", "hard", "expert")
_HOW_TO_READ: Final = """\
Per cent [95 % interval] successes/total. Intervals are Wilson's; those of Pass@K, vote@K and of differences come from
drawing the questions anew 10,000 times. Overall counts relaxed SQL and the right one of the other two decisions.
**Strict**: the same columns in the same order and the same rows, in order where the question asks for one. **Relaxed**:
each gold column has a predicted one under which the rows are the same; further columns are allowed, numbers within
0.0001 of their size or 0.01. What isn't about samples is of each question's first. Runtime and seconds are those of
all samples' first turns added up; under `--parallel` they overlap."""


def to_markdown(suites: Sequence[SuiteReport], pictures: Sequence[tuple[str, str]] = ()) -> str:
    """Return the report; `pictures` are titles and file names."""
    lines = ["# Benchmark report", "", *_HOW_TO_READ.splitlines(), ""]
    for suite in suites:
        lines += _suite(suite)
    for title, file in pictures:
        lines += [f"![{foreign(title)}]({file})", ""]
    return "\n".join(lines)


def paired_markdown(suite: SuiteReport) -> str:
    """Return the comparison of a suite's runs in pairs alone."""
    return "\n".join([*_runs(suite), *_notes(suite), *_accuracy(suite), *_pairs(suite.pairs)])


def _suite(suite: SuiteReport) -> Iterator[str]:
    yield from [f"## {foreign(suite.title)} ({foreign(suite.name)})", ""]
    yield from _runs(suite)
    yield from _notes(suite)
    yield from ["### The card's columns", "", *_accuracy(suite)]
    yield from ["### Relaxed SQL by difficulty", "", *_by_difficulty(suite)]
    yield from ["### Decisions", ""]
    for run in suite.runs:
        yield from _decisions(run)
    yield from ["### What became of the SQL questions", "", *_outcomes(suite)]
    yield from ["### Answering and abstaining", "", *_caution(suite)]
    yield from ["### Reliability score", "", *_reliability(suite)]
    yield from _by_category(suite)
    yield from _samples(suite)
    yield from ["### Cost of a question", "", *_costs(suite)]
    if suite.pairs:
        yield from ["### Paired comparison", "", *_pairs(suite.pairs)]


def _runs(suite: SuiteReport) -> list[str]:
    rows = []
    for run in suite.runs:
        config, head = run.head.config, run.head
        rows.append(
            [
                foreign(run.name),
                config.model.sha256[:12] or NONE,
                foreign(f"{config.profile.name} {config.profile.digest[:8]}"),
                f"{run.figures.questions} × {config.samples}",
                f"{config.sampling.temperature:g}",
                str(config.sampling.seed),
                foreign(config.database.server_version),
                foreign(head.program),
                f"{head.started:%Y-%m-%d}",
            ]
        )
    header = ("Run", "Model SHA-256", "Profile", "Questions", "Temperature", "Seed", "PostgreSQL", "Program", "Begun")
    about = (
        f"Suite SHA-256 {suite.digest[:16]}; the day that the models are told: {suite.runs[0].head.config.suite.today}."
    )
    return [*table(header, rows), about, ""]


def _notes(suite: SuiteReport) -> Iterator[str]:
    notes = []
    for run in suite.runs:
        if run.missing:
            notes.append(f"- **{run.letter} is not complete**: {run.missing} conversations are missing.")
        if failed := sum(run.figures.decisions["failed"].values()):
            notes.append(f"- {run.letter}: at {failed} questions model or database broke down; they count as wrong.")
        for item, fault in run.figures.excluded.items():
            notes.append(f"- {run.letter}: {foreign(item)} is excluded. {foreign(fault)}")
        if run.figures.empty_golds:
            names = ", ".join(map(foreign, run.figures.empty_golds))
            notes.append(f"- {run.letter}: the right answer to {names} has no rows; a match says little.")
    if notes:
        yield from [*notes, ""]


def _accuracy(suite: SuiteReport) -> list[str]:
    rows = [
        [foreign(r.name), *_shares(r.figures.accuracy), duration(r.figures.costs.total_seconds)] for r in suite.runs
    ]
    rows += [[_baseline_name(b), *_shares(b.accuracy), NONE] for b in suite.baselines]
    rows += [_published(run, [*_COLUMNS], [run.runtime or NONE]) for run in suite.published]
    return [*table(("", *_HEADS), rows), *_label(suite)]


def _by_difficulty(suite: SuiteReport) -> list[str]:
    rows = []
    for run in suite.runs:
        relaxed = {name: shares[1] for name, shares in run.figures.by_difficulty.items()}
        rows.append([foreign(run.name), *(_optional(relaxed.get(name)) for name in _DIFFICULTIES)])
    known = [run for run in suite.published if run.easy is not None]
    rows += [_published(run, _DIFFICULTIES) for run in known]
    lines = table(("", *(name.capitalize() for name in _DIFFICULTIES)), rows)
    return [*lines, *(_label(suite) if known else [])]


def _decisions(run: ReportedRun) -> list[str]:
    """Three by three, and the ways to make none."""
    expected = get_args(DecisionKind)
    rows = [[ending, *(str(counts[name]) for name in expected)] for ending, counts in run.figures.decisions.items()]
    return table((f"{run.letter}, expected:", *expected), rows)


def _outcomes(suite: SuiteReport) -> list[str]:
    names = list(suite.runs[0].figures.sql_outcomes)
    rows = [[r.letter, *(str(r.figures.sql_outcomes[name]) for name in names)] for r in suite.runs]
    return table(("", *(name.replace("_", " ") for name in names)), rows)


def _caution(suite: SuiteReport) -> list[str]:
    names = (
        "Coverage: SQL given, of all",
        "Selective risk: wrong, of the SQL given",
        "False answers: SQL, of the non-SQL questions",
        "… where a clarification was due",
        "… where the database can't answer",
        "False abstentions, of the SQL questions",
        "Needless clarifications, of the SQL questions",
        "No decision, of all",
        "Second turn: SQL right after a reply",
        "Answers with a warning, of the SQL given",
    )

    def column(run: ReportedRun) -> list[str]:
        caution = run.figures.caution
        measured = (getattr(caution, name) for name in caution.__struct_fields__)
        return [share(value) for value in (*measured, run.figures.second_turn, run.figures.costs.warned)]

    return _by_run(suite, names, column)


def _reliability(suite: SuiteReport) -> list[str]:
    penalties = list(suite.runs[0].figures.reliability)
    rows = [[run.letter, *_scores(run.figures.reliability)] for run in suite.runs]
    rows += [[_baseline_name(baseline), *_scores(baseline.reliability)] for baseline in suite.baselines]
    told = "The mean of 100 for what is right, −100 c for SQL that is wrong or uncalled for, else 0; N: all questions."
    return [*table(("", *(f"RS({c})" for c in penalties)), rows), told, ""]


def _by_category(suite: SuiteReport) -> Iterator[str]:
    names = list(dict.fromkeys(name for run in suite.runs for name in run.figures.by_category))

    def column(run: ReportedRun) -> list[str]:
        return [_optional(run.figures.by_category.get(name)) for name in names]

    if names:
        yield from ["### Non-SQL questions by category", ""]
        yield from _by_run(suite, [name.replace("_", " ") for name in names], column)


def _samples(suite: SuiteReport) -> Iterator[str]:
    rows = []
    for run in suite.runs:
        if (samples := run.figures.samples) is None:
            continue
        for name, figures in (
            ("overall", samples.overall),
            ("relaxed SQL", samples.sql),
            ("non-SQL", samples.non_sql),
        ):
            rows += [[run.letter, name, str(one.k), estimate(one.passed), estimate(one.voted)] for one in figures]
    if not rows:
        return
    for card in suite.published:
        for name, value in (
            ("overall", card.pass_at_5),
            ("relaxed SQL", card.pass_at_5_sql),
            ("non-SQL", card.pass_at_5_non_sql),
        ):
            if value is not None:
                rows.append([f"card: {card.model}", name, "5", percent(value), NONE])
    yield from ["### Several samples", "", *table(("", "Questions", "K", "Pass@K", "vote@K"), rows)]
    yield "Pass@K, unbiased (Chen et al., 2021), needs somebody who knows which one is right; vote@K is what most say."
    yield ""


def _costs(suite: SuiteReport) -> list[str]:
    names = (
        "Seconds, mean",
        "Seconds, median",
        "Seconds, all turns added up",
        "Steps, mean",
        "Prompt tokens, mean",
        "… of them from the cache, %",
        "Generated tokens, mean",
        "Unusable tool calls, mean",
    )

    def column(run: ReportedRun) -> list[str]:
        costs = run.figures.costs
        return [
            f"{costs.mean_seconds:.2f}",
            f"{costs.median_seconds:.2f}",
            f"{costs.total_seconds:.0f}",
            f"{costs.mean_steps:.2f}",
            f"{costs.mean_prompt_tokens:.0f}",
            percent(costs.cached_share),
            f"{costs.mean_generated_tokens:.0f}",
            f"{costs.mean_format_errors:.2f}",
        ]

    return _by_run(suite, names, column)


def _pairs(pairs: Sequence[Pair]) -> list[str]:
    def row(pair: Pair, name: str, paired: Paired) -> list[str]:
        counts = (paired.both, paired.only_first, paired.only_second, paired.neither)
        return [
            f"{pair.first} → {pair.second}",
            name,
            *map(str, counts),
            estimate(paired.difference),
            f"{paired.p:.3g}",
        ]

    rows = [row(pair, *one) for pair in pairs for one in (("relaxed", pair.relaxed), ("strict", pair.strict))]
    header = ("", "SQL", "Both right", "Only first", "Only second", "Neither", "Difference, points", "McNemar p")
    return table(header, rows)


def _by_run(suite: SuiteReport, names: Sequence[str], column: Callable[[ReportedRun], Sequence[str]]) -> list[str]:
    """A row for each name, a column for each run."""
    rows = [list(row) for row in zip(names, *map(column, suite.runs), strict=True)]
    return table(("", *(run.letter for run in suite.runs)), rows)


def _published(run: PublishedRun, columns: Sequence[str], more: Sequence[str] = ()) -> list[str]:
    return [f"card: {run.model}", *(percent(getattr(run, column)) for column in columns), *more]


def _label(suite: SuiteReport) -> list[str]:
    return [f"card: as published, {LABEL}.", ""] if suite.published else []


def _baseline_name(baseline: Baseline) -> str:
    return {"sql": "always SQL, and right", "unanswerable": "always unanswerable"}.get(baseline.decision, "")


def _shares(accuracy: Accuracy) -> list[str]:
    return [share(getattr(accuracy, column)) for column in _COLUMNS]


def _scores(reliability: dict[str, float]) -> list[str]:
    return [f"{100 * score:.1f}" for score in reliability.values()]


def _optional(value: Proportion | None) -> str:
    return NONE if value is None else share(value)
