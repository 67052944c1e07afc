"""Whether a predicted result is the gold result: strictly, and as a reader of it would say.

**Strict**: the same number of columns in the same order, whatever their names; the same rows, equal ones equally often,
in the same order where the question asks for one; NULL is NULL and nothing else; numbers within 1e-9 of each other.
**Relaxed**: each gold column has a predicted column of its own, under which the rows are the same and stay whole;
further columns are allowed and counted; numbers within 1e-4 of each other or 0.01 apart; a midnight is its date.

Whole numbers are never rounded: a column of them equals another one value by value. What was cut, in rows or inside a
value, equals nothing, since nobody saw the rest. `values` says what is equal to what.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.matching import Pair, find_columns, same_rows
from sqlagent_tui.bench.pairing import Budget, SearchExhausted
from sqlagent_tui.bench.values import RELAXED, STRICT, Values, columns


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """How a predicted result stands to a gold one."""

    strict: bool
    relaxed: bool
    """Whenever `strict` is."""
    extra_columns: int = 0
    """Predicted columns without a gold one; 0 unless `relaxed`."""
    reason: str = ""
    """What keeps it from being strict, as a clause; empty when it is."""
    columns: tuple[int, ...] = ()
    """The predicted column of each gold one, from 0; empty unless `relaxed`."""
    gold: int = 0
    """Which of several golds this is about."""


def compare(gold: QueryResult, predicted: QueryResult, *, ordered: bool) -> Match:
    """Compare two results; `ordered`: the rows' order counts."""
    if reason := _incomparable(gold, predicted):
        return Match(strict=False, relaxed=False, reason=reason)
    try:
        return _compare(gold, columns(gold), columns(predicted), ordered=ordered)
    except SearchExhausted:
        return Match(strict=False, relaxed=False, reason="so many rows and columns look alike that no match was found")


def best(golds: Sequence[QueryResult], predicted: QueryResult, *, ordered: bool) -> Match:
    """Compare with each of `golds`, at least one; return the best match, of equal ones the first.

    A strict match goes before a relaxed one, and among relaxed ones that with the fewest extra columns.
    """
    matches = (msgspec.structs.replace(compare(g, predicted, ordered=ordered), gold=i) for i, g in enumerate(golds))
    return max(matches, key=lambda match: (match.strict, match.relaxed, -match.extra_columns))


def _compare(gold: QueryResult, wanted: Sequence[Values], given: Sequence[Values], *, ordered: bool) -> Match:
    if _strictly(wanted, given, gold.row_count, ordered=ordered):
        return Match(strict=True, relaxed=True, columns=tuple(range(len(wanted))))
    found = find_columns(wanted, given, RELAXED, ordered=ordered)
    if found.columns is None:
        return Match(strict=False, relaxed=False, reason=_why_not(gold, wanted, given, found.missing, ordered=ordered))
    extra = len(given) - len(wanted)
    return Match(
        strict=False,
        relaxed=True,
        extra_columns=extra,
        reason=_only_relaxed(found.columns, extra),
        columns=found.columns,
    )


def _incomparable(gold: QueryResult, predicted: QueryResult) -> str:
    """What settles it without a look at the values, as a clause; empty for nothing."""
    for name, result in (("gold", gold), ("predicted", predicted)):
        if result.truncated:
            return f"the {name} result was cut after {_count(result.row_count, 'row')}"
        if result.shortened_values:
            return f"{_count(result.shortened_values, 'value')} of the {name} result had to be cut"
    if gold.row_count != predicted.row_count:
        return f"{_count(predicted.row_count, 'row')} instead of {gold.row_count}"
    if len(gold.columns) > len(predicted.columns):
        return f"{_count(len(predicted.columns), 'column')} instead of {len(gold.columns)}"
    return ""


def _strictly(gold: Sequence[Values], predicted: Sequence[Values], rows: int, *, ordered: bool) -> bool:
    if len(gold) != len(predicted):
        return False
    pairs = [Pair(one, other, STRICT, days=False) for one, other in zip(gold, predicted, strict=True)]
    if ordered:
        return all(pair.same_in_order() for pair in pairs)
    return all(pair.same_in_any_order() for pair in pairs) and same_rows(pairs, rows, Budget())


def _why_not(
    result: QueryResult, gold: Sequence[Values], predicted: Sequence[Values], missing: int, *, ordered: bool
) -> str:
    if ordered and find_columns(gold, predicted, RELAXED, ordered=False).columns is not None:
        return "the rows are right, their order isn't"
    if missing >= 0:
        return f"no column holds the values of the gold column {missing + 1} ({result.columns[missing].name})"
    return "the columns are right one by one, the rows aren't"


def _only_relaxed(mapping: Sequence[int], extra: int) -> str:
    if extra:
        return _count(extra, "extra column")
    return "values are only nearly the same" if list(mapping) == sorted(mapping) else "the columns are in another order"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
