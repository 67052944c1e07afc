"""Guessing what comes next from what was there before: prompt lookup.

A tool call repeats what its context holds: names from a schema, the statement of an earlier call. Where the last few
tokens stood before, what followed them is a draft of what comes next.
Source: Saxena, "Prompt Lookup Decoding" (2023).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

LONGEST: Final = 4
SHORTEST: Final = 2
"""Tokens that must match before a continuation is believed."""
MAX_DRAFT: Final = 15


class Draft(NamedTuple):
    """What may come next."""

    tokens: list[int]
    matched: int
    """How many tokens before it were found earlier: the more, the likelier it is."""


class Lookup:
    """Finds the last tokens of a text earlier in it."""

    def __init__(self, tokens: Iterable[int]) -> None:
        self._tokens: list[int] = []
        self._followers: dict[tuple[int, ...], int] = {}
        self.extend(tokens)

    def extend(self, tokens: Iterable[int]) -> None:
        """Take the next tokens of the text."""
        text = self._tokens
        for token in tokens:
            end = len(text)
            for size in range(SHORTEST, min(LONGEST, end) + 1):
                self._followers[tuple(text[end - size :])] = end
            text.append(token)

    def draft(self) -> Draft | None:
        """Return what followed the last tokens where they stood last, up to `MAX_DRAFT` tokens; None: never."""
        for size in range(LONGEST, SHORTEST - 1, -1):
            start = self._followers.get(tuple(self._tokens[-size:]))
            if start is not None:
                return Draft(self._tokens[start : start + MAX_DRAFT], size)
        return None
