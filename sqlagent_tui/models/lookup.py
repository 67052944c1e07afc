"""Guessing what comes next from what was there before: prompt lookup.

A tool call repeats what its context holds: names from a schema, the statement of an earlier call. Where the last few
tokens stood before, what followed them is a draft of what comes next.
Source: Saxena, "Prompt Lookup Decoding" (2023).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

LONGEST: Final = 4
SHORTEST: Final = 2
"""Tokens that must match before a continuation is believed."""
MAX_DRAFT: Final = 15
_TRIED: Final = 64
"""Earlier places that are looked at, the latest first."""


class Draft(NamedTuple):
    """What may come next."""

    tokens: list[int]
    matched: int
    """How many tokens before it were found earlier, up to `LONGEST`: the more, the likelier it is."""


class Lookup:
    """Finds the last tokens of a text earlier in it."""

    def __init__(self, tokens: Iterable[int]) -> None:
        self._tokens: list[int] = []
        self._ends: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        """Where each pair of tokens ended, so far followed by another token."""
        self.extend(tokens)

    def extend(self, tokens: Iterable[int]) -> None:
        """Take the next tokens of the text."""
        text = self._tokens
        start = max(len(text) - 2, 0)
        text.extend(tokens)
        for end, pair in enumerate(pairwise(text[start:-1]), start + 2):
            self._ends[pair].append(end)

    def draft(self) -> Draft | None:
        """Return what followed the last tokens where most of them stood, the latest such place; None: nowhere."""
        text = self._tokens
        longest, best = SHORTEST - 1, 0
        for end in reversed(self._ends.get((text[-2], text[-1]), ())[-_TRIED:] if len(text) > 1 else ()):
            size = self._match(end)
            if size > longest:
                longest, best = size, end
                if size == LONGEST:
                    break
        return Draft(text[best : best + MAX_DRAFT], longest) if best else None

    def _match(self, end: int) -> int:
        """How many tokens before `end` are the last ones of the text, at least two of them known to be."""
        text = self._tokens
        for size in range(SHORTEST, LONGEST):
            if end <= size or text[end - 1 - size] != text[-1 - size]:
                return size
        return LONGEST
