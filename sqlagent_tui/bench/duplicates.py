"""Questions that ask the same twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations
from typing import Final, NamedTuple

from sqlagent_tui.bench.suite import Item

_NEAR: Final = 90.0
_WORD: Final = re.compile(r"\w+")


class Likeness(NamedTuple):
    """Two questions that are nearly one."""

    first: str
    second: str
    """Their ids."""
    similarity: float
    """Of their words, in whatever order, from 0 to 100: the same."""


def duplicates(items: Sequence[Item]) -> list[Likeness]:
    """Return the pairs of questions that differ in little but capitals, accents, punctuation and the order of words."""
    from rapidfuzz import fuzz

    forms = [_form(item.question) for item in items]
    found = []
    for one, other in combinations(range(len(items)), 2):
        similarity = fuzz.ratio(forms[one], forms[other], score_cutoff=_NEAR)
        if similarity:
            found.append(Likeness(items[one].id, items[other].id, similarity))
    return found


def _form(question: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", question.casefold()) if not unicodedata.combining(c))
    return " ".join(sorted(_WORD.findall(bare)))
