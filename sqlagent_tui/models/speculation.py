"""Speculation: how far a draft is worth trying, and what of it came true.

The model checks a whole draft in one computation, which costs far less than token by token; what it would not have
written itself is thrown away. Source of the expected gain: Leviathan et al., arXiv 2211.17192.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from statistics import median
from typing import Final

from sqlagent_tui.models.lookup import LONGEST, Draft, Lookup

_SLOWEST: Final = 0.05
"""The least weight of the newest observation in the share of drafted tokens that came true."""
_PRIOR_WEIGHT: Final = 4
"""Observations that the prior counts for."""
_WORTH: Final = 1.1
"""A draft must promise so many times the speed of going without."""
_SIZES: Final = (2, 4, 8, 16)
"""Computations are told apart by these sizes, in tokens."""
_PRIOR_COST: Final = (1.3, 1.6, 2.4, 4.0)
"""What they cost, in computations of one token, before that is measured."""
_PRIOR_TRUST: Final = {2: 0.3, 3: 0.5, 4: 0.7}


class DraftTuner:
    """Decides how much of a draft to try, by what computations cost here and how often drafts came true."""

    def __init__(self) -> None:
        self._trust = dict(_PRIOR_TRUST)
        self._observed = dict.fromkeys(_PRIOR_TRUST, _PRIOR_WEIGHT)
        self._single: deque[float] = deque(maxlen=5)
        self._costs: list[deque[float]] = [deque(maxlen=5) for _ in _SIZES]

    def timed(self, tokens: int, seconds: float) -> None:
        """Learn what a computation of `tokens` tokens took."""
        if tokens == 1:
            self._single.append(seconds)
        elif self._single and tokens <= _SIZES[-1]:
            # In proportion to the latest single ones: the context grows, and the machine may be busier now.
            self._costs[_bucket(tokens)].append(seconds / median(self._single))

    def checked(self, matched: int, came_true: bool) -> None:
        """Learn whether a token after a match of `matched` tokens was the one that stood there before."""
        self._observed[matched] += 1
        weight = max(1 / self._observed[matched], _SLOWEST)
        self._trust[matched] += weight * (came_true - self._trust[matched])

    def length(self, draft: Draft) -> int:
        """How many of the drafted tokens to try: as many as promise the most tokens a second; 0: none."""
        best, length = _WORTH, 0
        expected = likelihood = 1.0
        for count in range(1, min(len(draft.tokens), self._longest()) + 1):
            likelihood *= self._trust[min(draft.matched + count - 1, LONGEST)]
            expected += likelihood
            speed = expected / self._cost(count + 1)
            if speed > best:
                best, length = speed, count
        return length

    def _longest(self) -> int:
        """A size is tried when the next smaller one is measured, so that a wrong expectation costs little."""
        unmeasured = next((index for index, costs in enumerate(self._costs) if not costs), -1)
        return _SIZES[unmeasured] - 1

    def _cost(self, tokens: int) -> float:
        index = _bucket(tokens)
        return median(self._costs[index]) if self._costs[index] else _PRIOR_COST[index]


def _bucket(tokens: int) -> int:
    return next(index for index, size in enumerate(_SIZES) if tokens <= size)


class Speculation:
    """The drafts of one answer. They never change what is written, only how much is evaluated at once."""

    def __init__(self, tuner: DraftTuner, text: Iterable[int], ends: Callable[[int], bool]) -> None:
        """`text`: the prompt and what is written so far; `ends`: whether nothing can follow a token."""
        self.drafted = self.accepted = 0
        self._tuner = tuner
        self._lookup = Lookup(text)
        self._ends = ends
        self._expected: Draft | None = None
        self._ahead: list[int] = []

    def wrote(self, tokens: Sequence[int]) -> bool:
        """Take what was written; return whether it was drafted, so that the context holds it already."""
        if self._expected:
            self._tuner.checked(self._expected.matched, self._expected.tokens[0] == tokens[0])
        self._lookup.extend(tokens)
        if not self._ahead or list(tokens) != self._ahead[:1]:
            self._expected = None
            return False
        del self._ahead[0]
        self.accepted += 1
        self._expected = self._lookup.draft()
        return True

    def draft(self, room: int) -> list[int]:
        """Return what to evaluate beyond what is written, fewer than `room` tokens; perhaps none."""
        self._expected = draft = self._lookup.draft()
        if draft:
            promising = draft.tokens[: min(self._tuner.length(draft), room - 1)]
            self._ahead = list(takewhile(lambda token: not self._ends(token), promising))
            self.drafted += len(self._ahead)
        return list(self._ahead)

    def discard(self) -> int:
        """Give the rest of the draft up; return how many evaluated tokens it was."""
        count = len(self._ahead)
        self._ahead = []
        return count
