"""What two results don't have in common: columns that have no partner, rows that have none or stand elsewhere.

A comparison says whether results are the same, and the first thing that keeps them from it; this is for the eyes of
whoever asks what to look at. Columns are paired as the comparison paired them, else those with the same values, then
those with values in common, then those of one name. Rows are compared by the paired columns alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Literal

import msgspec

from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.comparison import Match
from sqlagent_tui.bench.matching import Pair
from sqlagent_tui.bench.values import RELAXED, Values, columns

Mark = Literal["same", "moved", "only"]
"""A row of one side: the other side has it too; has it elsewhere, where the order counts; doesn't have it."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Where two results differ, each side seen for itself."""

    gold_rows: tuple[Mark, ...]
    predicted_rows: tuple[Mark, ...]
    partners: tuple[int | None, ...]
    """The predicted column of each gold one."""
    predicted_columns: int

    @property
    def missing_columns(self) -> frozenset[int]:
        """Gold columns that no predicted one stands for."""
        return frozenset(gold for gold, partner in enumerate(self.partners) if partner is None)

    @property
    def extra_columns(self) -> frozenset[int]:
        """Predicted columns that stand for no gold one."""
        return frozenset(range(self.predicted_columns)) - set(self.partners)

    @property
    def missing_rows(self) -> int:
        """Gold rows that were not predicted."""
        return self.gold_rows.count("only")

    @property
    def extra_rows(self) -> int:
        """Predicted rows that are not gold."""
        return self.predicted_rows.count("only")

    @property
    def moved_rows(self) -> int:
        """Predicted rows that should stand elsewhere."""
        return self.predicted_rows.count("moved")


def difference(gold: QueryResult, predicted: QueryResult, match: Match, *, ordered: bool) -> Difference:
    """Say where the results differ that `match` compares; `ordered`: the rows' order counts.

    Numbers count as the same within the tolerance of a relaxed comparison. Of a result that was cut, the rows that are
    there are compared.
    """
    wanted, given = columns(gold), columns(predicted)
    partners = match.columns or _partners(gold, predicted, wanted, given)
    pairs = [Pair(wanted[g], given[p], RELAXED, days=True).clustered() for g, p in enumerate(partners) if p is not None]
    gold_keys = _keys([pair[0] for pair in pairs], gold.row_count)
    predicted_keys = _keys([pair[1] for pair in pairs], predicted.row_count)
    return Difference(
        gold_rows=_marks(gold_keys, predicted_keys, compared=bool(pairs), ordered=ordered),
        predicted_rows=_marks(predicted_keys, gold_keys, compared=bool(pairs), ordered=ordered),
        partners=tuple(partners),
        predicted_columns=len(given),
    )


def _partners(
    gold: QueryResult, predicted: QueryResult, wanted: Sequence[Values], given: Sequence[Values]
) -> list[int | None]:
    """Pair columns, the best pairs first: each is of at most one pair."""
    scored = sorted(
        ((score, -abs(g - p), g, p) for g in range(len(wanted)) for p in range(len(given))
         if (score := _score(wanted[g], given[p], gold.columns[g].name, predicted.columns[p].name))),
        reverse=True,
    )  # fmt: skip
    partners: list[int | None] = [None] * len(wanted)
    for _, _, g, p in scored:
        if partners[g] is None and p not in partners:
            partners[g] = p
    return partners


def _score(gold: Values, predicted: Values, gold_name: str, predicted_name: str) -> float:
    """How well two columns go together, from 0 (not at all) to 3."""
    pair = Pair(gold, predicted, RELAXED, days=True)
    same_name = gold_name.casefold() == predicted_name.casefold()
    if "blank" in (gold.kind, predicted.kind):  # no values to go by
        return float(same_name)
    if len(gold.items) == len(predicted.items) and pair.same_in_any_order():
        return 3.0
    if not pair.comparable:
        return 0.0
    ours, theirs = (Counter(side) for side in pair.clustered())
    common = (ours & theirs).total() / max(ours.total(), theirs.total(), 1)
    return common + same_name


def _keys(sides: Sequence[Sequence[Hashable]], rows: int) -> list[Hashable]:
    return list(zip(*sides, strict=True)) if sides else [()] * rows


def _marks(rows: Sequence[Hashable], others: Sequence[Hashable], *, compared: bool, ordered: bool) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    if not compared:
        marks += ["only"] * len(rows)
        return tuple(marks)
    left = Counter(others)
    if ordered:  # what stands in its place is of no use to another row
        left -= Counter(row for row, other in zip(rows, others, strict=False) if row == other)
    for place, row in enumerate(rows):
        if ordered and place < len(others) and others[place] == row:
            marks.append("same")
        elif left[row]:
            left[row] -= 1
            marks.append("moved" if ordered else "same")
        else:
            marks.append("only")
    return tuple(marks)
