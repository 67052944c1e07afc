"""Whether two results hold the same rows, and which column of one plays the part of which column of the other.

A row is a class, a small number: rows that agree in every column looked at so far share one. Looking at one more
column splits classes (partition refinement), with time linear in the rows, and a class that has not the same size on
both sides ends that attempt. Numbers compared within a tolerance are first put into clusters, split at every gap that
is wider than the tolerance; where a cluster itself is wider, its rows are paired one by one in the end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Final, NamedTuple

from sqlagent_tui.bench.pairing import Budget, Vector, pairing, same_vectors
from sqlagent_tui.bench.values import EXACT, Tolerance, Values

_DAYS: Final = frozenset({"date", "timestamp", "instant"})
_PER_COST = 8
"""Values of two columns that are compared as multisets at the cost of one that is put into a class."""

Classes = tuple[list[int], list[int]]
"""The class of each row, of the gold result and of the predicted one."""


class Found(NamedTuple):
    """The predicted column of each gold one; or the gold column that has none, -1 when each has one by itself."""

    columns: tuple[int, ...] | None
    missing: int = -1


class Pair:
    """A gold column and a predicted one, with everything that is asked of the two together."""

    def __init__(self, gold: Values, predicted: Values, tolerance: Tolerance, *, days: bool) -> None:
        """`days`: a midnight equals its date."""
        if days and gold.kind != predicted.kind and {gold.kind, predicted.kind} <= _DAYS:
            gold, predicted = gold.as_days(), predicted.as_days()
        self._gold, self._predicted = gold, predicted
        self.gold, self.predicted = gold.items, predicted.items
        self.comparable = gold.kind == predicted.kind
        """Whether a value of one can equal a value of the other at all."""
        numbers = gold.kind == "number" and not (gold.whole and predicted.whole)
        self.tolerance = tolerance if numbers else EXACT
        self._exact = self.tolerance is EXACT

    def same_in_order(self) -> bool:
        """Whether the columns hold the same values row by row."""
        return self.comparable and all(map(self._same, self.gold, self.predicted))

    def same_in_any_order(self) -> bool:
        """Whether the columns hold the same values, equal ones equally often."""
        if not self.comparable:
            return False
        if self._exact:
            return self._gold.counts == self._predicted.counts
        if self._gold.others != self._predicted.others:
            return False
        # Where any pairing of the numbers fits, the one in order of size does.
        return all(map(self.tolerance.close, self._gold.numbers, self._predicted.numbers))

    def refine(self, classes: Classes) -> Classes | None:
        """Split classes by this column; None when that leaves one whose size differs between the sides."""
        codes: dict[tuple[int, Hashable], int] = {}
        clusters = self._clusters
        coded = ((class_, clusters.get(value, value)) for class_, value in zip(classes[0], self.gold, strict=True))
        gold = [codes.setdefault(code, len(codes)) for code in coded]
        wanted = Counter(gold)
        predicted = []
        for class_, value in zip(classes[1], self.predicted, strict=True):
            code = codes.get((class_, clusters.get(value, value)))
            if code is None or not wanted[code]:
                return None
            wanted[code] -= 1
            predicted.append(code)
        return gold, predicted

    def clustered(self) -> tuple[list[Hashable], list[Hashable]]:
        """Return both columns with the least number of its cluster for each, so that near ones are equal."""
        clusters = self._clusters
        return [clusters.get(v, v) for v in self.gold], [clusters.get(v, v) for v in self.predicted]

    @property
    def loose(self) -> bool:
        """Whether values of one cluster may still differ, so that `refine` alone doesn't decide."""
        return bool(self._clusters) and not self._tight

    def _same(self, one: Hashable, other: Hashable) -> bool:
        if one == other or self._exact:
            return one == other
        return isinstance(one, Decimal) and isinstance(other, Decimal) and self.tolerance.close(one, other)

    @cached_property
    def _groups(self) -> list[list[Decimal]]:
        """The clusters: numbers in order, a new one where a gap is wider than the tolerance."""
        groups: list[list[Decimal]] = []
        for value in sorted({v for v in (*self.gold, *self.predicted) if isinstance(v, Decimal)}):
            if groups and self.tolerance.close(groups[-1][-1], value):
                groups[-1].append(value)
            else:
                groups.append([value])
        return groups

    @cached_property
    def _clusters(self) -> dict[Hashable, Hashable]:
        """Number → the least one of its cluster; empty where values are compared exactly."""
        return {} if self._exact else {value: group[0] for group in self._groups for value in group}

    @cached_property
    def _tight(self) -> bool:
        return all(self.tolerance.close(group[0], group[-1]) for group in self._groups)


def same_rows(pairs: Sequence[Pair], rows: int, budget: Budget) -> bool:
    """Whether both sides hold the same rows, equal ones equally often, with column paired to column as in `pairs`.

    Raises SearchExhausted.
    """
    classes = ([0] * rows, [0] * rows)
    for pair in pairs:
        budget.spend(rows)
        split = pair.refine(classes)
        if split is None:
            return False
        classes = split
    return _same_within(classes, pairs, budget)


def find_columns(gold: Sequence[Values], predicted: Sequence[Values], tolerance: Tolerance, *, ordered: bool) -> Found:
    """Look for a predicted column for each gold one, no two the same, under which the rows are the same.

    Raises SearchExhausted.
    """
    search = _Search(gold, predicted, tolerance)
    return search.in_order() if ordered else search.in_any_order()


class _Search:
    def __init__(self, gold: Sequence[Values], predicted: Sequence[Values], tolerance: Tolerance) -> None:
        self._gold = gold
        self._predicted = predicted
        self._tolerance = tolerance
        self._pairs: dict[tuple[int, int], Pair] = {}
        self._rows = len(gold[0].items) if gold else 0
        self._budget = Budget()
        first: dict[Values, int] = {}
        self._twin = [first.setdefault(column, number) for number, column in enumerate(predicted)]
        """The first predicted column that holds the same values in the same rows: what fails with it fails again."""

    def in_order(self) -> Found:
        """Rows stay where they are, so that any pairing of columns that are the same row by row is one."""
        return self._assigned(self._candidates(Pair.same_in_order))

    def in_any_order(self) -> Found:
        """Backtrack over gold columns, those with fewest candidates first, splitting rows into classes on the way."""
        candidates = self._candidates(Pair.same_in_any_order)
        possible = self._assigned(candidates)
        if possible.columns is None or not self._gold:
            return possible
        order = sorted(range(len(self._gold)), key=lambda g: len({self._twin[p] for p in candidates[g]}))
        chosen: list[int] = []
        classes: list[Classes] = [([0] * self._rows, [0] * self._rows)]
        untried: list[Iterator[int]] = [self._options(candidates[order[0]], chosen)]
        while untried:
            option = next(untried[-1], None)
            if option is None:
                untried.pop()
                classes.pop()
                if chosen:
                    chosen.pop()
                continue
            self._budget.spend(self._rows + 1)
            split = self._pair(order[len(chosen)], option).refine(classes[-1])
            if split is None:
                continue
            chosen.append(option)
            if len(chosen) < len(order):
                classes.append(split)
                untried.append(self._options(candidates[order[len(chosen)]], chosen))
                continue
            pairs = [self._pair(g, p) for g, p in zip(order, chosen, strict=True)]
            if _same_within(split, pairs, self._budget):
                return Found(tuple(p for _, p in sorted(zip(order, chosen, strict=True))))
            chosen.pop()
        return Found(None)

    def _candidates(self, alike: Callable[[Pair], bool]) -> list[list[int]]:
        """The predicted columns that each gold one is `alike`, that in the same place first."""
        self._budget.spend(len(self._gold) * len(self._predicted) * (self._rows // _PER_COST + 1))
        places = range(len(self._predicted))
        return [
            [p for p in sorted(places, key=lambda p: p != g) if alike(self._pair(g, p))] for g in range(len(self._gold))
        ]

    def _options(self, candidates: Sequence[int], chosen: Sequence[int]) -> Iterator[int]:
        tried = set()
        for p in candidates:
            if p not in chosen and self._twin[p] not in tried:
                tried.add(self._twin[p])
                yield p

    def _assigned(self, candidates: Sequence[Sequence[int]]) -> Found:
        missing = next((g for g, options in enumerate(candidates) if not options), None)
        if missing is not None:
            return Found(None, missing)
        columns = pairing(candidates, self._budget)
        return Found(None if columns is None else tuple(columns))

    def _pair(self, g: int, p: int) -> Pair:
        if (g, p) not in self._pairs:
            self._pairs[g, p] = Pair(self._gold[g], self._predicted[p], self._tolerance, days=True)
        return self._pairs[g, p]


def _same_within(classes: Classes, pairs: Sequence[Pair], budget: Budget) -> bool:
    """Whether the rows of each class can be paired one by one, where being of a class doesn't say yet that they can."""
    loose = [pair for pair in pairs if pair.loose]
    if not loose:
        return True
    gold = _by_class(classes[0], [pair.gold for pair in loose])
    predicted = _by_class(classes[1], [pair.predicted for pair in loose])
    tolerances = [pair.tolerance for pair in loose]
    return all(same_vectors(gold[class_], predicted[class_], tolerances, budget) for class_ in gold)


def _by_class(classes: Sequence[int], columns: Sequence[Sequence[Hashable]]) -> dict[int, list[Vector]]:
    vectors: dict[int, list[Vector]] = defaultdict(list)
    for class_, vector in zip(classes, zip(*columns, strict=True), strict=True):
        vectors[class_].append(vector)
    return vectors
