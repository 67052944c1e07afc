"""Whether a suite can be measured by: its golds are run, twice, on its own database, and held against its labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Database, Limits
from sqlagent_tui.agent.results import QueryResult, StatementError, TableInfo
from sqlagent_tui.bench.comparison import compare
from sqlagent_tui.bench.composition import discrepancies
from sqlagent_tui.bench.difficulty import difficulty
from sqlagent_tui.bench.duplicates import duplicates
from sqlagent_tui.bench.ordering import is_limited, is_ordered, probe, ties
from sqlagent_tui.bench.reading import parse, reads_the_clock, relations
from sqlagent_tui.bench.suite import Item, Suite

FaultKind = Literal[
    "error",
    "cut",
    "empty",
    "unstable",
    "order",
    "clock",
    "alternative",
    "difficulty",
    "composition",
    "duplicate",
    "label",
]
LONGEST_VALUE: Final = 1_000_000
"""Characters of a value that are compared."""
_IDENTICAL: Final = 100.0
_TEMPORAL: Final = ("date", "time", "interval")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that makes a figure wrong, or, as a note, one that its reader should know of."""

    kind: FaultKind
    message: str
    item_id: str = ""
    """Empty for the suite as a whole."""
    note: bool = False


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a suite."""

    suite: str
    digest: str
    questions: int
    statements: int
    """That were run, each at least twice."""
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing but notes was found."""
        return all(fault.note for fault in self.faults)


class _Gold(msgspec.Struct, frozen=True, kw_only=True):
    """The golds of one turn, and what is expected of it."""

    item: Item
    statements: tuple[str, ...]
    ordered: bool
    turn: str
    """Before "gold statement": empty for the first turn."""


def validate(
    suite: Suite,
    database: Database,
    limits: Limits,
    cancel: CancelToken,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Validation:
    """Run every gold statement of `suite` and return what is wrong. Raises Cancelled and DatabaseError.

    `tell` is told how many of how many questions are done.
    """
    checker = _Checker(suite, database, limits, cancel)
    faults = [Fault(kind="composition", message=message) for message in discrepancies(suite)]
    faults += _alike(suite.items)
    for done, item in enumerate(suite.items):
        tell(done, len(suite.items))
        faults += checker.check(item)
    return Validation(
        suite=suite.name,
        digest=suite.digest,
        questions=len(suite.items),
        statements=checker.statements,
        faults=tuple(faults),
    )


class _Checker:
    def __init__(self, suite: Suite, database: Database, limits: Limits, cancel: CancelToken) -> None:
        self._suite = suite
        self._database = database
        self._cancel = cancel
        self._limits = msgspec.structs.replace(limits, max_value_chars=max(limits.max_value_chars, LONGEST_VALUE))
        # So little memory, and helpers, that the server may choose another plan.
        self._otherwise = msgspec.structs.replace(self._limits, work_mem_mb=1, parallel_workers=2)
        self._labelled = any(item.difficulty for item in suite.items)
        self._dates: set[str] | None = None
        self.statements = 0

    def check(self, item: Item) -> Iterator[Fault]:
        """Yield what is wrong with one question."""
        yield from _missing_labels(item)
        for gold in _golds(item):
            yield from self._check_gold(gold)
        if item.decision == "sql" and self._labelled:
            found = difficulty(item.gold[0], self._date_columns())
            if found is not None and found != item.difficulty:
                message = f"The label says {item.difficulty or 'nothing'}, the first gold statement is {found}."
                yield Fault(kind="difficulty", item_id=item.id, message=message)

    def _check_gold(self, gold: _Gold) -> Iterator[Fault]:
        reference: QueryResult | None = None
        for number, statement in enumerate(gold.statements, 1):
            name = f"{gold.turn}gold statement {number}" if len(gold.statements) > 1 else f"{gold.turn}gold statement"
            outcome = self._run(statement, self._limits)
            self.statements += 1
            if isinstance(outcome, StatementError):
                yield _fault(gold, "error", f"The {name} fails: {_told(outcome)}.")
                continue
            if outcome.truncated or outcome.shortened_values:
                yield _fault(gold, "cut", f"The {name} gives more than can be compared ({outcome.row_count} rows).")
                continue
            yield from self._check_result(gold, name, statement, outcome)
            if reference is None:
                reference = outcome
                continue
            match = compare(reference, outcome, ordered=gold.ordered)
            if not (match.relaxed or compare(outcome, reference, ordered=gold.ordered).relaxed):
                # Another reading of the question, or another form of its values, is what alternatives are for.
                message = f"The {name} gives something else than the first one: {match.reason}."
                yield _fault(gold, "alternative", message, note=True)

    def _check_result(self, gold: _Gold, name: str, statement: str, result: QueryResult) -> Iterator[Fault]:
        again = self._run(statement, self._otherwise)
        if isinstance(again, StatementError):
            yield _fault(gold, "unstable", f"The {name} fails when it is run again: {_told(again)}.")
            return
        match = compare(result, again, ordered=gold.ordered)
        if not match.strict:
            yield _fault(gold, "unstable", f"The {name} gives something else when it is run again: {match.reason}.")
        if not result.rows:
            yield _fault(gold, "empty", f"The {name} gives no rows: a match with it says little.", note=True)
        tree = parse(statement)
        if tree is not None and self._suite.today is not None and reads_the_clock(tree):
            yield _fault(gold, "clock", f"The {name} asks for the time of the run, the suite's today is fixed.")
        yield from self._check_order(gold, name, statement, result)

    def _check_order(self, gold: _Gold, name: str, statement: str, result: QueryResult) -> Iterator[Fault]:
        limited = is_limited(statement)
        if not (gold.ordered or limited):
            return
        ordered = is_ordered(statement)
        if ordered is False:
            if result.row_count > 1 or limited:
                what = "its order is asked for" if gold.ordered else "it has a LIMIT"
                yield _fault(gold, "order", f"The {name} has no ORDER BY, but {what}.")
            return
        made = probe(statement, [column.name for column in result.columns])
        shown = self._run(made.sql, self._limits) if made is not None else None
        if made is None or not isinstance(shown, QueryResult) or shown.truncated:
            reason = f" ({_told(shown)})" if isinstance(shown, StatementError) else ""
            yield _fault(gold, "order", f"Whether the {name} breaks every tie could not be checked{reason}.", note=True)
            return
        tied = ties(made, shown)
        if gold.ordered and tied.inside is not None:
            message = f"Rows {tied.inside} and {tied.inside + 1} of the {name} have equal sort keys."
            yield _fault(gold, "order", message)
        if tied.at_the_cut:
            yield _fault(gold, "order", f"The LIMIT of the {name} cuts between rows with equal sort keys.")

    def _run(self, statement: str, limits: Limits) -> QueryResult | StatementError:
        return self._database.execute(statement, origin="user", cancel=self._cancel, limits=limits)

    def _date_columns(self) -> set[str]:
        """Names of columns with dates, times or intervals, of the relations that golds read."""
        if self._dates is None:
            trees = (parse(statement) for item in self._suite.items for statement in item.gold)
            names = sorted(set().union(*(relations(tree) for tree in trees if tree is not None)))
            known = self._database.describe(names, self._cancel)
            described = (column for table in known if isinstance(table, TableInfo) for column in table.columns)
            self._dates = {column.name for column in described if column.type.startswith(_TEMPORAL)}
        return self._dates


def _golds(item: Item) -> Iterator[_Gold]:
    if item.gold:
        yield _Gold(item=item, statements=item.gold, ordered=item.order_matters, turn="")
    if item.reply_gold:
        yield _Gold(item=item, statements=item.reply_gold, ordered=item.reply_order_matters, turn="reply's ")


def _missing_labels(item: Item) -> Iterator[Fault]:
    if item.decision != "sql":
        missing = [name for name in ("category", "reason") if not getattr(item, name)]
        if missing:
            yield Fault(kind="label", item_id=item.id, message=f"It has no {' and no '.join(missing)}.", note=True)


def _alike(items: Sequence[Item]) -> Iterable[Fault]:
    for pair in duplicates(items):
        same = pair.similarity == _IDENTICAL
        how = "the same question as" if same else f"{pair.similarity:.0f} % like"
        yield Fault(kind="duplicate", item_id=pair.second, message=f"It is {how} {pair.first}.", note=not same)


def _fault(gold: _Gold, kind: FaultKind, message: str, *, note: bool = False) -> Fault:
    return Fault(kind=kind, item_id=gold.item.id, message=message, note=note)


def _told(error: StatementError) -> str:
    state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    return f"{error.message.rstrip('.')}{state}"
