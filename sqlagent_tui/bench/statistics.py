"""The statistics of a benchmark: how sure a rate is, whether two runs differ, what k samples would have found."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import NormalDist, fmean
from typing import Final

import msgspec

_Z: Final = NormalDist().inv_cdf(0.975)
_RESAMPLES: Final = 10_000


class Interval(msgspec.Struct, frozen=True):
    """A 95 % interval."""

    low: float
    high: float


class Proportion(msgspec.Struct, frozen=True):
    """How many of how many."""

    successes: int
    total: int

    @property
    def rate(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.successes / self.total if self.total else None

    @property
    def interval(self) -> Interval:
        """Wilson's interval."""
        return wilson(self.successes, self.total)


def wilson(successes: int, total: int) -> Interval:
    """Return the score interval at 95 %, without continuity correction (Wilson, 1927); of nothing, it is from 0 to 1.

    Raises ValueError unless 0 ≤ successes ≤ total.
    """
    if not 0 <= successes <= total:
        raise ValueError(f"{successes} of {total}")
    if total == 0:
        return Interval(0.0, 1.0)
    rate, z2 = successes / total, _Z * _Z
    centre = (rate + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z / (1 + z2 / total) * math.sqrt(rate * (1 - rate) / total + z2 / (4 * total * total))
    return Interval(
        0.0 if successes == 0 else max(centre - half, 0.0), 1.0 if successes == total else min(centre + half, 1.0)
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value of McNemar's test: how unlikely so uneven a split of the disagreements is.

    `only_first` questions were right in the first run only, `only_second` in the second only; those that both runs
    agree on say nothing. Binomial, with no approximation and no mid-p.
    """
    disagreements = only_first + only_second
    tail = sum(math.comb(disagreements, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / (1 << disagreements))


def bootstrap(values: Sequence[float], *, seed: int = 0, resamples: int = _RESAMPLES) -> Interval:
    """Return the percentile interval of the mean of `values`, one per question, drawing questions with replacement.

    Questions are drawn, not samples of them: samples of one question aren't independent. Raises ValueError for none.
    """
    if not values:
        raise ValueError("There is nothing to draw from.")
    dice = random.Random(seed)
    means = sorted(fmean(dice.choices(values, k=len(values))) for _ in range(resamples))
    edge = math.floor(0.025 * resamples)
    return Interval(means[edge], means[resamples - 1 - edge])


def pass_at_k(samples: int, right: int, k: int) -> float:
    """Return the chance that one of k samples is right, estimated without bias from `right` of `samples`.

    1 − C(n − c, k) / C(n, k) (Chen et al., arXiv 2107.03374). Raises ValueError unless k ≤ samples and right ≤ samples.
    """
    if not (0 < k <= samples and 0 <= right <= samples):
        raise ValueError(f"pass@{k} of {right} right among {samples}")
    return 1 - math.comb(samples - right, k) / math.comb(samples, k)
