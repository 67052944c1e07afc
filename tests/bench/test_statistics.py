"""Against published values, and against counting everything there is."""

from __future__ import annotations

import itertools
import math
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqlagent_tui.bench.statistics import Interval, Proportion, bootstrap, mcnemar, pass_at_k, wilson


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_1998_prints_it_in_table_1(successes: int, total: int, low: float, high: float) -> None:
    interval = wilson(successes, total)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@settings(deadline=None)
@given(st.integers(0, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_wilson_s_bounds_are_where_the_score_test_turns(counts: tuple[int, int]) -> None:
    successes, total = counts
    interval = wilson(successes, total)
    assert 0 <= interval.low <= interval.high <= 1
    mirrored = wilson(total - successes, total)
    assert (mirrored.low, mirrored.high) == (pytest.approx(1 - interval.high), pytest.approx(1 - interval.low))
    for bound in (interval.low, interval.high):
        if total and 0 < bound < 1:  # |p̂ − p| / √(p(1 − p)/n) = z
            score = abs(successes / total - bound) / math.sqrt(bound * (1 - bound) / total)
            assert score == pytest.approx(1.959964, abs=1e-5)


def test_half_of_ninety_is_known_to_about_ten_points() -> None:
    interval = Proportion(45, 90).interval
    assert interval.high - 0.5 == pytest.approx(0.10, abs=0.005)
    assert Proportion(0, 0).rate is None
    assert Proportion(0, 0).interval == Interval(0, 1)
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)


def test_mcnemar_as_fagerland_2013_prints_the_exact_conditional_test() -> None:
    assert round(mcnemar(1, 7), 3) == 0.070


@pytest.mark.parametrize("total", range(12))
def test_mcnemar_counts_the_splits_at_least_as_uneven(total: int) -> None:
    outcomes = [sum(flips) for flips in itertools.product((0, 1), repeat=total)]
    for first in range(total + 1):
        uneven = sum(abs(2 * heads - total) >= abs(2 * first - total) for heads in outcomes)
        assert mcnemar(first, total - first) == pytest.approx(uneven / len(outcomes))


@settings(deadline=None)
@given(st.integers(1, 9), st.data())
def test_pass_at_k_is_the_share_of_draws_that_hold_a_right_sample(samples: int, data: st.DataObject) -> None:
    right, k = data.draw(st.integers(0, samples)), data.draw(st.integers(1, samples))
    draws = list(itertools.combinations([True] * right + [False] * (samples - right), k))
    assert pass_at_k(samples, right, k) == pytest.approx(sum(map(any, draws)) / len(draws))
    # As the paper's listing has it: 1 − ∏ (1 − k/i) for i from n − c + 1 to n.
    product = math.prod(1 - k / i for i in range(samples - right + 1, samples + 1))
    assert pass_at_k(samples, right, k) == pytest.approx(1.0 if samples - right < k else 1 - product)


def test_pass_at_k_needs_k_samples() -> None:
    for arguments in ((4, 2, 5), (4, 5, 1), (4, 1, 0)):
        with pytest.raises(ValueError, match="pass@"):
            pass_at_k(*arguments)


def test_the_bootstrap_repeats_itself_and_is_as_wide_as_theory_says() -> None:
    values = [1.0] * 120 + [0.0] * 60
    interval = bootstrap(values, seed=7)
    assert interval == bootstrap(values, seed=7)
    grades = [number**0.5 for number in range(30)]
    assert bootstrap(grades, seed=7) != bootstrap(grades, seed=8)
    half = 1.96 * math.sqrt(fmean(values) * (1 - fmean(values)) / len(values))
    assert interval.low == pytest.approx(fmean(values) - half, abs=0.01)
    assert interval.high == pytest.approx(fmean(values) + half, abs=0.01)
    assert bootstrap([0.25] * 5) == Interval(0.25, 0.25)
    with pytest.raises(ValueError, match="nothing"):
        bootstrap([])


def test_the_bootstrap_cuts_one_fortieth_at_each_end() -> None:
    # Of 4 questions with one right, the mean of a draw is binomial: P(0) = 0.316, P(≥ 3/4) = 0.051, P(1) = 0.004.
    assert bootstrap([1.0, 0.0, 0.0, 0.0]) == Interval(0.0, 0.75)
