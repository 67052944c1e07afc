"""A run looked at question by question: what was expected, what happened, and both results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import AnswerReady, LoopEvent, TurnStarted
from sqlagent_tui.agent.protocols import Database, Limits
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.bench.comparison import Match, best
from sqlagent_tui.bench.difference import Difference, difference
from sqlagent_tui.bench.digest import digest
from sqlagent_tui.bench.records import Answer, Verdict
from sqlagent_tui.bench.run_directory import RunDirectory, RunHead
from sqlagent_tui.bench.suite import Item
from sqlagent_tui.errors import SqlagentError, UsageError
from sqlagent_tui.sessions.journal import read_events

Standing = Literal["right", "relaxed", "second", "wrong", "excluded"]
"""Right; right, but not strictly; right, but wrong after the reply; wrong; not asked, since a gold is at fault."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One sample of one question."""

    item: Item
    verdict: Verdict

    @property
    def name(self) -> str:
        """The question's id, with the sample's number from the second one on."""
        sample = self.verdict.sample
        return f"{self.item.id}#{sample}" if sample else self.item.id

    @property
    def standing(self) -> Standing:
        """How it ended, in a word."""
        verdict = self.verdict
        if verdict.gold_error:
            return "excluded"
        if not verdict.right:
            return "wrong"
        if verdict.second is not None and not (verdict.second.ending == "sql" and verdict.second.relaxed):
            return "second"
        exact = verdict.strictly_right and (verdict.second is None or verdict.second.strict)
        return "right" if exact else "relaxed"

    @property
    def failed(self) -> bool:
        """Whether the model was wrong, in its first turn or in its second."""
        return self.standing in ("wrong", "second")

    @property
    def answer(self) -> Answer:
        """The turn whose rows are compared: the one after the user's reply, where there was one."""
        return self.verdict.second or self.verdict

    @property
    def golds(self) -> tuple[str, ...]:
        """The statements that are right in that turn; none where SQL is not the right answer to it."""
        return self.item.reply_gold if self.verdict.second is not None else self.item.gold

    @property
    def ordered(self) -> bool:
        """Whether the rows' order counts in that turn."""
        return self.item.reply_order_matters if self.verdict.second is not None else self.item.order_matters


class InspectedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run with at least one verdict."""

    directory: RunDirectory
    cases: tuple[Case, ...]
    """In the order of the questions, then of the samples."""

    @property
    def head(self) -> RunHead:
        """What was run."""
        return self.directory.head

    @property
    def missing(self) -> int:
        """Verdicts that are still to come."""
        return len(self.head.config.items) * self.head.config.samples - len(self.cases)


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of a case. What is None has no statement, gave no rows, or is not known."""

    gold: QueryResult | None = None
    gold_sql: str = ""
    """Which of several golds: the one that fits best."""
    predicted: QueryResult | None = None
    gold_fault: str = ""
    """Why there are no gold rows, although there is a gold statement."""
    predicted_fault: str = ""
    """Why there are no predicted rows, although there was a statement."""
    match: Match | None = None
    difference: Difference | None = None
    changed: bool = False
    """The predicted rows are not those that were judged: the data changed, or the statement depends on the time."""


def open_run(path: Path) -> InspectedRun:
    """Read a run, complete or not. Raises UsageError when there is none, or nothing in it that can be looked at."""
    directory = RunDirectory.open(path)
    items = {item.id: item for item in directory.items()}
    verdicts = directory.verdicts()
    if not verdicts:
        raise UsageError(f"{path} has no verdict yet.", "Go on with it: bench run … --resume.")
    if unknown := next((v.item_id for v in verdicts if v.item_id not in items), None):
        raise UsageError(f"{path} is damaged: it judges a question {unknown} that it doesn't hold.", "Run it again.")
    order = {name: number for number, name in enumerate(items)}
    cases = [Case(item=items[verdict.item_id], verdict=verdict) for verdict in verdicts]
    cases.sort(key=lambda case: (order[case.item.id], case.verdict.sample))
    return InspectedRun(directory=directory, cases=tuple(cases))


def conversation(run: InspectedRun, case: Case) -> list[LoopEvent]:
    """Return what happened, from the last time that the question was asked.

    Raises SqlagentError when the record is missing or damaged.
    """
    record = read_events(run.directory.events_path(case.item.id, case.verdict.sample))
    events = [event for event in record if isinstance(event, LoopEvent)]
    begins = [n for n, event in enumerate(events) if isinstance(event, TurnStarted)]
    turns = 2 if case.verdict.second is not None else 1
    return events[begins[-turns] :] if len(begins) >= turns else events


def kept_results(run: InspectedRun, case: Case, events: Iterable[LoopEvent]) -> Results:
    """Return the rows that the run's folder holds; of the model's, a conversation keeps the first 200."""
    golds = [(sql, gold) for sql in case.golds if (gold := _kept_gold(run, sql)) is not None]
    rows = [(sql, gold) for sql, gold in golds if isinstance(gold, QueryResult)]
    fault = next((gold for _, gold in golds if isinstance(gold, str)), "" if rows else _missing(case.golds))
    answers = [event.result for event in events if isinstance(event, AnswerReady)]
    wanted = case.answer.sql is not None
    predicted = answers[-1] if wanted and answers else None
    return _results(case, rows, fault, predicted, _missing(("",)) if wanted and predicted is None else "")


def executed_results(case: Case, database: Database, limits: Limits, cancel: CancelToken) -> Results:
    """Run both sides' statements once more. Raises Cancelled, and DatabaseError when the connection is lost."""

    def run(sql: str) -> QueryResult | StatementError:
        return database.execute(sql, origin="user", cancel=cancel, limits=limits)

    golds = [(sql, run(sql)) for sql in case.golds]
    rows = [(sql, gold) for sql, gold in golds if isinstance(gold, QueryResult)]
    fault = next((gold.message for _, gold in golds if isinstance(gold, StatementError)), "")
    predicted = run(case.answer.sql) if case.answer.sql is not None else None
    if isinstance(predicted, StatementError):
        return _results(case, rows, fault, None, predicted.message)
    results = _results(case, rows, fault, predicted, "")
    judged = case.answer.result_digest
    changed = predicted is not None and bool(judged) and digest(predicted) != judged
    return msgspec.structs.replace(results, changed=changed)


def _kept_gold(run: InspectedRun, sql: str) -> QueryResult | str | None:
    """The rows, or why there are none; None when the run kept neither."""
    try:
        gold = run.directory.gold(sql)
    except SqlagentError as error:
        return str(error)
    return None if gold is None else gold.result or gold.fault


def _missing(statements: Sequence[str]) -> str:
    return "The run kept no rows of it." if statements else ""


def _results(
    case: Case,
    golds: Sequence[tuple[str, QueryResult]],
    gold_fault: str,
    predicted: QueryResult | None,
    predicted_fault: str,
) -> Results:
    match = best([gold for _, gold in golds], predicted, ordered=case.ordered) if golds and predicted else None
    gold_sql, gold = golds[match.gold if match else 0] if golds else ("", None)
    return Results(
        gold=gold,
        gold_sql=gold_sql,
        gold_fault="" if golds else gold_fault,
        predicted=predicted,
        predicted_fault=predicted_fault,
        match=match,
        difference=difference(gold, predicted, match, ordered=case.ordered) if gold and predicted and match else None,
    )
