"""Figures from verdicts. Pure functions; each says what it counts and of how many.

Whatever isn't about several samples looks at the first sample of each question. Questions whose gold statement failed
are in no figure but `excluded`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import Final, Literal, get_args

import msgspec

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.bench.records import Ending, Verdict
from sqlagent_tui.bench.statistics import Interval, Proportion, bootstrap, mcnemar, pass_at_k
from sqlagent_tui.bench.suite import Category, Difficulty

SqlOutcome = Literal[
    "strict",
    "relaxed",
    "wrong",
    "statement_timeout",
    "statement_refused",
    "statement_costly",
    "statement_error",
    "no_sql",
]
"""What became of a question that SQL answers, each told apart; `no_sql`: the turn ended otherwise."""
PENALTIES: Final = (0, 5, 10)
"""The c of RS(c); the number of questions is the fourth."""


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of the card's table."""

    overall: Proportion
    """Right decisions, for SQL with rows that match relaxed."""
    strict_sql: Proportion
    relaxed_sql: Proportion
    non_sql: Proportion
    clarification: Proportion
    unanswerable: Proportion


class Caution(msgspec.Struct, frozen=True, kw_only=True):
    """How answering and abstaining are weighed."""

    coverage: Proportion
    """Questions answered with SQL, of all."""
    selective_risk: Proportion
    """SQL that was wrong, or should not have been, of all SQL given."""
    false_answer: Proportion
    """SQL given, of the questions that no SQL answers; split in the next two."""
    false_answer_clarification: Proportion
    false_answer_unanswerable: Proportion
    false_abstain: Proportion
    """"Unanswerable", of the questions that SQL answers."""
    over_clarify: Proportion
    """Asking back, of the questions that SQL answers."""
    undecided: Proportion
    """Turns without a decision, for whatever reason, of all."""


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What a question takes, per turn; seconds are of the wall clock."""

    mean_seconds: float
    median_seconds: float
    total_seconds: float
    mean_steps: float
    mean_prompt_tokens: float
    """Those taken from the cache included."""
    cached_share: float
    """Of the prompt's tokens, from 0 to 1."""
    mean_generated_tokens: float
    mean_format_errors: float
    warned: Proportion
    """Answers whose evidence holds a warning."""


class Estimate(msgspec.Struct, frozen=True):
    """A mean over questions, with its interval from drawing questions anew."""

    value: float
    interval: Interval


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs on the questions that both have."""

    both: int
    only_first: int
    only_second: int
    neither: int
    p: float
    """McNemar's, exact and two-sided."""
    difference: Estimate
    """The second's share of right answers less the first's."""


def firsts(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the first sample of each question whose gold could be run."""
    kept: dict[str, Verdict] = {}
    for verdict in verdicts:
        known = kept.get(verdict.item_id)
        if not verdict.gold_error and (known is None or verdict.sample < known.sample):
            kept[verdict.item_id] = verdict
    return list(kept.values())


def excluded(verdicts: Iterable[Verdict]) -> list[str]:
    """Return the ids of the questions that don't count, because their gold failed."""
    return list(dict.fromkeys(verdict.item_id for verdict in verdicts if verdict.gold_error))


def accuracy(verdicts: Iterable[Verdict]) -> Accuracy:
    """Return the card's columns."""
    all_ = firsts(verdicts)
    sql = _expecting(all_, "sql")
    return Accuracy(
        overall=_share(all_, _is_right),
        strict_sql=_share(sql, lambda v: v.strictly_right),
        relaxed_sql=_share(sql, _is_right),
        non_sql=_share([v for v in all_ if v.expected != "sql"], _is_right),
        clarification=_share(_expecting(all_, "clarification"), _is_right),
        unanswerable=_share(_expecting(all_, "unanswerable"), _is_right),
    )


def by_difficulty(verdicts: Iterable[Verdict]) -> dict[Difficulty, tuple[Proportion, Proportion]]:
    """Return strict and relaxed accuracy of the SQL questions of each difficulty that occurs, easiest first."""
    sql = _expecting(firsts(verdicts), "sql")
    rows = {difficulty: [v for v in sql if v.difficulty == difficulty] for difficulty in get_args(Difficulty)}
    return {
        difficulty: (_share(row, lambda v: v.strictly_right), _share(row, _is_right))
        for difficulty, row in rows.items()
        if row
    }


def by_category(verdicts: Iterable[Verdict]) -> dict[Category, Proportion]:
    """Return the share of right decisions for each category that occurs."""
    all_ = firsts(verdicts)
    rows = {category: [v for v in all_ if v.category == category] for category in get_args(Category)}
    return {category: _share(row, _is_right) for category, row in rows.items() if row}


def decision_matrix(verdicts: Iterable[Verdict]) -> dict[Ending, dict[DecisionKind, int]]:
    """Return how often a turn ended in what, by what was expected: three decisions, and three ways to make none."""
    counts = Counter((verdict.ending, verdict.expected) for verdict in firsts(verdicts))
    return {
        ending: {expected: counts[ending, expected] for expected in get_args(DecisionKind)}
        for ending in get_args(Ending)
    }


def sql_outcomes(verdicts: Iterable[Verdict]) -> dict[SqlOutcome, int]:
    """Return what became of the SQL questions; `relaxed` are those that match relaxed only."""
    counts = Counter(map(_outcome, _expecting(firsts(verdicts), "sql")))
    return {outcome: counts[outcome] for outcome in get_args(SqlOutcome)}


def caution(verdicts: Iterable[Verdict]) -> Caution:
    """Return how often SQL was given where it should not have been, and the other way round."""
    all_ = firsts(verdicts)
    sql, answered = _expecting(all_, "sql"), [v for v in all_ if v.ending == "sql"]
    return Caution(
        coverage=_share(all_, _gives_sql),
        selective_risk=_share(answered, lambda v: not v.right),
        false_answer=_share([v for v in all_ if v.expected != "sql"], _gives_sql),
        false_answer_clarification=_share(_expecting(all_, "clarification"), _gives_sql),
        false_answer_unanswerable=_share(_expecting(all_, "unanswerable"), _gives_sql),
        false_abstain=_share(sql, lambda v: v.ending == "unanswerable"),
        over_clarify=_share(sql, lambda v: v.ending == "clarification"),
        undecided=_share(all_, lambda v: v.ending not in get_args(DecisionKind)),
    )


def second_turn(verdicts: Iterable[Verdict]) -> Proportion:
    """Return how often the SQL is right after a question back was answered, of the turns in which one was answered."""
    turns = [v.second for v in firsts(verdicts) if v.second is not None and not v.second.gold_error]
    return Proportion(sum(turn.ending == "sql" and turn.relaxed for turn in turns), len(turns))


def reliability(verdicts: Iterable[Verdict], penalty: float) -> float:
    """Return RS(c), from −c to 1: the mean of 1 for what is right, −c for SQL that is wrong or uncalled for, else 0.

    After EHRSQL-2024 and TrustSQL, which know one way to abstain; here asking back where "unanswerable" is right, or
    the reverse, is neither rewarded nor punished. Raises statistics.StatisticsError for no verdicts.
    """
    return fmean(1.0 if v.right else -penalty if v.ending == "sql" else 0.0 for v in firsts(verdicts))


def reliabilities(verdicts: Iterable[Verdict]) -> dict[str, float]:
    """Return RS(c) for c = 0, 5, 10 and N, the number of questions, at which one wrong answer undoes all right ones."""
    all_ = firsts(verdicts)
    return {
        **{str(penalty): reliability(all_, penalty) for penalty in PENALTIES},
        "N": reliability(all_, len(all_)),
    }


def always(verdicts: Iterable[Verdict], decision: DecisionKind) -> list[Verdict]:
    """Return what a model would get that always takes the same decision: a baseline, for every other function.

    Always SQL stands for SQL that is right wherever SQL can be: no model that never abstains does better.
    """
    replace = msgspec.structs.replace
    hit = decision == "sql"
    return [
        replace(
            v, ending=decision, strict=hit and v.expected == "sql", relaxed=hit and v.expected == "sql", second=None
        )
        for v in firsts(verdicts)
    ]


def passed_at(verdicts: Iterable[Verdict], k: int, *, seed: int = 0) -> Estimate:
    """Return pass@k: how often one of k samples is right, if somebody told which one.

    Raises ValueError where a question has fewer than k samples.
    """
    samples = _samples(verdicts).values()
    return _estimate([pass_at_k(len(of_one), sum(v.right for v in of_one), k) for of_one in samples], seed)


def voted_at(verdicts: Iterable[Verdict], k: int, *, seed: int = 0) -> Estimate:
    """Return vote@k: how often what most of the first k samples say is right. Nobody needs to tell.

    Samples say the same when they decide the same and, for SQL, show the same rows; of equally many the earliest wins.
    Samples without a decision, or whose SQL gave no rows, have no vote. Raises ValueError for too few samples.
    """
    samples = _samples(verdicts).values()
    if any(len(of_one) < k for of_one in samples):
        raise ValueError(f"A question has fewer than {k} samples.")
    return _estimate([float(elected(of_one[:k]).right) for of_one in samples], seed)


def elected(samples: Sequence[Verdict]) -> Verdict:
    """Return the first sample that says what most say; the first of all where none has a vote."""
    ballots = [(v.ending, v.result_digest) for v in samples if _has_vote(v)]
    if not ballots:
        return samples[0]
    winner = Counter(ballots).most_common(1)[0][0]
    return next(v for v in samples if (v.ending, v.result_digest) == winner)


def paired(first: Iterable[Verdict], second: Iterable[Verdict], *, strict: bool = False, seed: int = 0) -> Paired:
    """Compare two runs question by question. Raises ValueError when they have no question in common."""
    one, other = ({v.item_id: v for v in firsts(verdicts)} for verdicts in (first, second))
    common = [name for name in one if name in other]
    outcomes = [
        (one[name].strictly_right, other[name].strictly_right) if strict else (one[name].right, other[name].right)
        for name in common
    ]
    counts = Counter(outcomes)
    return Paired(
        both=counts[True, True],
        only_first=counts[True, False],
        only_second=counts[False, True],
        neither=counts[False, False],
        p=mcnemar(counts[True, False], counts[False, True]),
        difference=_estimate([float(after) - float(before) for before, after in outcomes], seed),
    )


def costs(verdicts: Iterable[Verdict]) -> Costs:
    """Return what the turns took, all samples of them. Raises statistics.StatisticsError for no verdicts."""
    all_ = list(verdicts)
    prompt = sum(v.prompt_tokens for v in all_)
    return Costs(
        mean_seconds=fmean(v.seconds for v in all_),
        median_seconds=median(v.seconds for v in all_),
        total_seconds=sum(v.seconds for v in all_),
        mean_steps=fmean(v.steps for v in all_),
        mean_prompt_tokens=prompt / len(all_),
        cached_share=sum(v.cached_tokens for v in all_) / prompt if prompt else 0.0,
        mean_generated_tokens=fmean(v.generated_tokens for v in all_),
        mean_format_errors=fmean(v.format_errors for v in all_),
        warned=_share([v for v in all_ if v.ending == "sql"], lambda v: v.warned),
    )


def _samples(verdicts: Iterable[Verdict]) -> Mapping[str, list[Verdict]]:
    samples: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in sorted(verdicts, key=lambda v: v.sample):
        if not verdict.gold_error:
            samples[verdict.item_id].append(verdict)
    return samples


def _estimate(values: Sequence[float], seed: int) -> Estimate:
    return Estimate(fmean(values) if values else 0.0, bootstrap(values, seed=seed))


def _outcome(verdict: Verdict) -> SqlOutcome:
    if verdict.ending != "sql":
        return "no_sql"
    if verdict.strict:
        return "strict"
    if verdict.relaxed:
        return "relaxed"
    failures: dict[str | None, SqlOutcome] = {
        "timeout": "statement_timeout",
        "refused": "statement_refused",
        "costly": "statement_costly",
        "error": "statement_error",
    }
    return failures.get(verdict.statement_failure, "wrong")


def _has_vote(verdict: Verdict) -> bool:
    return verdict.ending in get_args(DecisionKind) and (verdict.ending != "sql" or bool(verdict.result_digest))


def _expecting(verdicts: Iterable[Verdict], decision: DecisionKind) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.expected == decision]


def _share(verdicts: Sequence[Verdict], counts: Callable[[Verdict], bool]) -> Proportion:
    return Proportion(sum(map(counts, verdicts)), len(verdicts))


def _is_right(verdict: Verdict) -> bool:
    return verdict.right


def _gives_sql(verdict: Verdict) -> bool:
    return verdict.ending == "sql"
