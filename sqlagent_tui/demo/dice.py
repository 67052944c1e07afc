"""Chance that falls alike on every machine.

Built on `Random.getrandbits` alone, which Python keeps stable, and on integers and Decimal: no float, so no C library
has a say.
"""

from __future__ import annotations

import hashlib
import random
import struct
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Context, Decimal
from itertools import accumulate
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_CONTEXT: Final = Context(prec=16)
_SIX_SIGMA: Final = 6 * 65535


class Weighted(Generic[T]):
    """Items with integer weights, ready to be drawn from."""

    def __init__(self, weights: Iterable[tuple[T, int]]) -> None:
        pairs = [(item, weight) for item, weight in weights if weight > 0]
        self._items = [item for item, _ in pairs]
        self._sums = list(accumulate(weight for _, weight in pairs))
        self.total = self._sums[-1]

    def at(self, point: int) -> T:
        """The item on which `point` (0 ≤ point < total) falls."""
        return self._items[bisect_right(self._sums, point)]


class Dice:
    """A stream of its own for every `name`: one table's rows do not move when another's code changes."""

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
        self._bits = random.Random(int.from_bytes(digest, "big")).getrandbits

    def below(self, limit: int) -> int:
        """0 ≤ n < limit (for the limits used here, the bias is below 1e-7)."""
        scaled: int = self._bits(53) * limit
        return scaled >> 53

    def between(self, low: int, high: int) -> int:
        """low ≤ n ≤ high."""
        return low + self.below(high - low + 1)

    def chance(self, permille: int) -> bool:
        """True `permille` times in a thousand."""
        return self.below(1000) < permille

    def pick(self, items: Sequence[T]) -> T:
        """One of `items`, all alike."""
        return items[self.below(len(items))]

    def draw(self, weighted: Weighted[T]) -> T:
        """One item, by weight."""
        return weighted.at(self.below(weighted.total))

    def normal(self) -> int:
        """Nearly standard normal, in 1/65535: the sum of twelve uniform numbers."""
        parts: tuple[int, ...] = struct.unpack("<12H", self._bits(192).to_bytes(24, "little"))
        return sum(parts) - _SIX_SIGMA

    def lognormal(self, median: int, sigma_percent: int) -> int:
        """A positive integer around `median` (give it in hundredths to get hundredths)."""
        exponent = _CONTEXT.divide(Decimal(self.normal() * sigma_percent), Decimal(6553500))
        scaled = _CONTEXT.multiply(_CONTEXT.exp(exponent), Decimal(median))
        return max(1, int(scaled))

    def date(self, first: date, last: date) -> date:
        """A day of first … last."""
        return first + timedelta(days=self.below((last - first).days + 1))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """A new list in another order."""
        result = list(items)
        for i in range(len(result) - 1, 0, -1):
            j = self.below(i + 1)
            result[i], result[j] = result[j], result[i]
        return result
