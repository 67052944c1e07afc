"""Settings against each other: the same work again and again in turn, and the least time of each counts."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sqlagent_tui.models.calibration.trials import Measured, TrialFailed
from sqlagent_tui.models.settings import EngineSettings

ROUNDS: Final = 3
TURN_READ: Final = 2_500
"""Tokens of prompt and tool results that a turn evaluates, about."""
TURN_WRITTEN: Final = 800
SESSION_TURNS: Final = 5
"""How many turns share the time of loading the model, about."""
TOLERANCE: Final = 1e-2
"""Squared error of the logits as a share of their square: rounding stays far below, nonsense comes near 1."""

Measure = Callable[[EngineSettings, int, int], Measured]
"""Reads so many tokens with the settings, then writes so many. Raises `TrialFailed`."""


class Work(NamedTuple):
    """What is done in each trial, in tokens."""

    prompt: int
    written: int


class Best(NamedTuple):
    """The least seconds that each thing took: whatever else the machine did only ever added to it."""

    load: float = math.inf
    read: float = math.inf
    """A token."""
    write: float = math.inf
    """A token."""

    def seconds(self, work: Work) -> float:
        """How long a trial takes."""
        return work.prompt * self.read + work.written * self.write

    @property
    def turn(self) -> float:
        """How long a typical turn takes, with its share of loading."""
        return self.seconds(Work(TURN_READ, TURN_WRITTEN)) + self.load / SESSION_TURNS


class Contest:
    """Tries settings on one model. The first settings ever tried say which numbers are right."""

    def __init__(self, measure: Measure, clock: Callable[[], float] = time.monotonic) -> None:
        self._measure = measure
        self._clock = clock
        self._reference: dict[int, list[float | None]] = {}
        self.cores = 0.0
        """The most cores' time that a trial got."""
        self.gpu = False
        """Whether the last trial was on a GPU."""

    def attempt(self, settings: EngineSettings, work: Work, so_far: Best = Best()) -> Best:  # noqa: B008 - immutable
        """Try settings once; return the least of everything. Raises `TrialFailed`, also for wrong numbers."""
        measured = self._measure(settings, work.prompt, work.written)
        self.cores = max(self.cores, measured.cores)
        self.gpu = measured.gpu
        reference = self._reference.setdefault(work.prompt, measured.logits)
        if not error_of(measured.logits, reference) <= TOLERANCE:
            raise TrialFailed("it computes wrong numbers")
        return Best(
            min(so_far.load, measured.load_seconds),
            min(so_far.read, measured.read_seconds),
            min(so_far.write, measured.write_seconds),
        )

    def run(
        self, usual: EngineSettings, others: Sequence[EngineSettings], work: Work, deadline: float
    ) -> list[Best | TrialFailed]:
        """Try all in turn, at least twice; after the `deadline` no more. Returns results in the same order.

        Raises `TrialFailed` when the usual settings fail.
        """
        candidates = [usual, *others]
        found: list[Best | TrialFailed] = [Best() for _ in candidates]
        for number in range(ROUNDS):
            if number >= 2 and self._clock() >= deadline:
                break
            # There and back, so that a machine that gets faster or slower meanwhile favours none.
            order = range(len(candidates)) if number % 2 == 0 else range(len(candidates) - 1, -1, -1)
            for index in order:
                best = found[index]
                if isinstance(best, TrialFailed):
                    continue
                try:
                    found[index] = self.attempt(candidates[index], work, best)
                except TrialFailed as failure:
                    if index == 0:
                        raise
                    found[index] = failure
            if not any(isinstance(best, Best) for best in found[1:]):
                break  # nobody is left to compare with
        return found


def error_of(numbers: Sequence[float | None], reference: Sequence[float | None]) -> float:
    """Return the squared error as a share of the reference's square; infinite where something is no number."""
    pairs = [(a, b) for a, b in zip(numbers, reference, strict=False) if a is not None and b is not None]
    if len(pairs) != len(numbers) or len(pairs) != len(reference):
        return math.inf
    error = math.fsum((a - b) ** 2 for a, b in pairs)
    return error / (math.fsum(b * b for _, b in pairs) or 1.0)
