"""Which tables a question is most likely about, by words alone: accent-folded, stemmed, fuzzy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from sqlagent_tui.agent.folding import fold
from sqlagent_tui.agent.results import TableName

_WORD = re.compile(r"[a-z0-9]+")
_TOO_COMMON = frozenset(
    "a o e de do da dos das em no na nos nas por para com que qual quais quantos quantas um uma "
    "the of in by how many which what is are".split()
)

_MIN_PREFIX = 4


@lru_cache(maxsize=1)
def _stem_words():  # type: ignore[no-untyped-def]  # snowballstemmer ships no types
    import snowballstemmer

    return snowballstemmer.stemmer("portuguese").stemWords


def stems(text: str) -> frozenset[str]:
    """Return the stems of the words of `text` that carry meaning."""
    words = [w for w in _WORD.findall(fold(text)) if w not in _TOO_COMMON and len(w) > 1]
    return frozenset(_stem_words()(words))


def _shared(wanted: frozenset[str], present: frozenset[str]) -> int:
    """Count the wanted stems that are present, or that a present one begins or continues ("imov" and "imovel")."""
    return sum(any(_same_word(stem, other) for other in present) for stem in wanted)


def _same_word(stem: str, other: str) -> bool:
    shorter, longer = sorted((stem, other), key=len)
    return stem == other or (len(shorter) >= _MIN_PREFIX and longer.startswith(shorter))


def rank_tables(question: str, tables: Sequence[TableName]) -> list[TableName]:
    """Return `tables`, the likeliest first; equally likely ones keep their order.

    A stem in the name counts 3, in the comment 1, a name that is merely similar to a word up to 1.
    """
    from rapidfuzz import fuzz, process

    wanted = stems(question)

    def score(table: TableName) -> float:
        in_name = _shared(wanted, stems(table.name))
        in_comment = _shared(wanted, stems(table.comment or ""))
        nearest = process.extractOne(fold(table.name), wanted, scorer=fuzz.ratio)
        similar = nearest[1] if nearest else 0.0
        return 3.0 * in_name + in_comment + (similar / 100 if similar >= 75 else 0.0)

    return sorted(tables, key=score, reverse=True)
