"""Perfect pairings: columns to columns, or rows to rows whose numbers lie within a tolerance."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from decimal import Decimal

from sqlagent_tui.bench.values import Tolerance

_LARGEST_SEARCH = 30_000_000
"""Values looked at, after which a search is given up: some seconds."""
_COST_OF_A_COMPARISON = 8
"""Of two numbers within a tolerance, in values looked at."""

Vector = tuple[Hashable, ...]
"""A row's values in the columns that are compared within a tolerance."""


class SearchExhausted(Exception):  # noqa: N818 - a result that its caller reports
    """The search was given up: neither equality nor difference is known."""


class Budget:
    """How many more values may be looked at."""

    def __init__(self, values: int = _LARGEST_SEARCH) -> None:
        self._left = values

    def spend(self, values: int) -> None:
        """Take `values` of it. Raises SearchExhausted."""
        self._left -= values
        if self._left < 0:
            raise SearchExhausted


def pairing(edges: Sequence[Sequence[int]], budget: Budget) -> list[int] | None:
    """Return for each left node a right one of its `edges`, no two the same; None when there is no such pairing.

    By augmenting paths (Kuhn, 1955). Raises SearchExhausted.
    """
    right_of: dict[int, int] = {}
    left_of: dict[int, int] = {}
    for start in range(len(edges)):
        reached_from: dict[int, int] = {}
        queue = deque([start])
        free: int | None = None
        while queue and free is None:
            left = queue.popleft()
            budget.spend(len(edges[left]) + 1)
            for right in edges[left]:
                if right in reached_from:
                    continue
                reached_from[right] = left
                if right not in left_of:
                    free = right
                    break
                queue.append(left_of[right])
        if free is None:
            return None
        step: int | None = free
        while step is not None:
            left = reached_from[step]
            left_of[step], right_of[left], step = left, step, right_of.get(left)
    return [right_of[left] for left in range(len(edges))]


def same_vectors(
    gold: Sequence[Vector], predicted: Sequence[Vector], tolerances: Sequence[Tolerance], budget: Budget
) -> bool:
    """Whether every gold vector can have a predicted one of its own that is close to it in each place.

    Both hold equally many; in each place all values are numbers, or all are equal. Raises SearchExhausted.
    """
    numeric = [place for place, value in enumerate(gold[0]) if isinstance(value, Decimal)]
    bounds = [tolerances[place] for place in numeric]
    left = sorted(_numbers(vector, numeric) for vector in gold)
    right = sorted(_numbers(vector, numeric) for vector in predicted)
    budget.spend(_COST_OF_A_COMPARISON * len(left) * len(numeric))
    if all(_close(one, other, bounds) for one, other in zip(left, right, strict=True)):
        return True
    if len(numeric) == 1:
        return False  # in one dimension the pairing in order of size fits if any does
    return pairing(_edges(left, right, bounds, budget), budget) is not None


def _numbers(vector: Vector, places: Sequence[int]) -> tuple[Decimal, ...]:
    return tuple(value for place in places if isinstance(value := vector[place], Decimal))


def _close(one: Sequence[Decimal], other: Sequence[Decimal], bounds: Sequence[Tolerance]) -> bool:
    return all(bound.close(a, b) for bound, a, b in zip(bounds, one, other, strict=True))


def _edges(
    left: Sequence[Sequence[Decimal]], right: Sequence[Sequence[Decimal]], bounds: Sequence[Tolerance], budget: Budget
) -> list[list[int]]:
    """Which vectors are close; both sides are sorted, so a window of the right one moves along with the left."""
    edges = []
    low = 0
    for one in left:
        while low < len(right) and right[low][0] < one[0] and not bounds[0].close(one[0], right[low][0]):
            low += 1
        near = []
        for index in range(low, len(right)):
            budget.spend(_COST_OF_A_COMPARISON)
            if right[index][0] > one[0] and not bounds[0].close(one[0], right[index][0]):
                break
            if _close(one, right[index], bounds):
                near.append(index)
        edges.append(near)
    return edges
