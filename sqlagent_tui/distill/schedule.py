"""How far a training run is, what it does next and at which learning rate. Light: no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DECAY_FROM: Final = 0.45
FLOOR: Final = 0.01
"""The learning rate ends at this part of its peak."""


@dataclass(frozen=True)
class Budget:
    """A run's length: seconds of training (over all resumes), or steps. Exactly one is given."""

    seconds: float | None
    steps: int | None

    def __post_init__(self) -> None:
        if (self.seconds is None) == (self.steps is None):
            raise ValueError("a budget is either seconds or steps")

    def done(self, step: int, elapsed: float) -> float:
        """The part of the run that is over, 0 to 1."""
        if self.seconds is not None:
            return min(1.0, elapsed / self.seconds)
        return min(1.0, step / (self.steps or 1))


def learning_rate(peak: float, step: int, done: float, warm_up: int) -> float:
    """Linear warm-up over `warm_up` steps, constant, then linear decay from `DECAY_FROM` on."""
    warm = min(1.0, (step + 1) / warm_up) if warm_up else 1.0
    if done <= DECAY_FROM:
        return peak * warm
    left = (1 - done) / (1 - DECAY_FROM)
    return peak * min(warm, FLOOR + (1 - FLOOR) * left)
