"""Which tables a question is most likely about, by words alone: accent-folded, stemmed, fuzzy."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

from sqlagent_tui.agent.folding import fold
from sqlagent_tui.agent.results import TableName

_WORD = re.compile(r"[a-z0-9]+")
_TOO_COMMON = frozenset(
    "a o e de do da dos das em no na nos nas por para com que qual quais quantos quantas um uma "
    "the of in by how many which what is are".split()
)

_MIN_PREFIX = 4
_IN_NAME, _IN_COMMENT = 3.0, 1.0
_SIMILAR_ENOUGH = 75.0


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]  # snowballstemmer ships no types
    import snowballstemmer

    return snowballstemmer.stemmer("portuguese")


def _stem(word: str) -> str:
    return word if word.isdigit() else str(_stemmer().stemWord(word))


def stems(text: str) -> frozenset[str]:
    """Return the stems of the words of `text` that carry meaning."""
    return frozenset(map(_stem, _words(text)))


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(fold(text)) if word not in _TOO_COMMON and len(word) > 1]


class TableIndex:
    """The tables of a catalogue by the words of their names and comments.

    Made on the first ranking, in time proportional to the words; each different word is stemmed once. A ranking then
    looks at the words that it finds, not at every table's.
    """

    def __init__(self, tables: Sequence[TableName]) -> None:
        self.tables = tuple(tables)

    def rank(self, question: str) -> list[TableName]:
        """Return the tables, the likeliest first; equally likely ones keep their order.

        A stem in the name counts 3, in the comment 1, a name that is merely similar to a word up to 1.
        """
        wanted = stems(question)
        scores: defaultdict[int, float] = defaultdict(float)
        for stem in wanted:
            for words, weight in ((self._by_name, _IN_NAME), (self._by_comment, _IN_COMMENT)):
                for table in words.find(stem):
                    scores[table] += weight
        for table, similarity in self._similar(wanted).items():
            scores[table] += similarity
        order = sorted(range(len(self.tables)), key=lambda table: -scores.get(table, 0.0))
        return [self.tables[table] for table in order]

    def _similar(self, wanted: Iterable[str]) -> dict[int, float]:
        """Return the tables whose whole name resembles a wanted stem: how much, up to 1."""
        from rapidfuzz import fuzz, process

        best: dict[int, float] = {}
        for stem in wanted:
            near = process.extract(stem, self._names, scorer=fuzz.ratio, score_cutoff=_SIMILAR_ENOUGH, limit=None)
            for _, similarity, table in near:
                best[table] = max(best.get(table, 0.0), similarity / 100)
        return best

    @cached_property
    def _names(self) -> list[str]:
        return [fold(table.name) for table in self.tables]

    @cached_property
    def _by_name(self) -> _Words:
        return _Words(table.name for table in self.tables)

    @cached_property
    def _by_comment(self) -> _Words:
        return _Words(table.comment or "" for table in self.tables)


class _Words:
    """Numbered texts by the stems of their words."""

    def __init__(self, texts: Iterable[str]) -> None:
        by_word: defaultdict[str, list[int]] = defaultdict(list)
        for number, text in enumerate(texts):
            for word in _words(text):
                by_word[word].append(number)
        self._by_stem: defaultdict[str, set[int]] = defaultdict(set)
        for word, numbers in by_word.items():
            self._by_stem[_stem(word)].update(numbers)
        self._sorted = sorted(self._by_stem)

    def find(self, stem: str) -> set[int]:
        """Return the texts with `stem`, or with one that begins or continues it ("imov" and "imovel")."""
        return {number for found in self._same_word(stem) for number in self._by_stem[found]}

    def _same_word(self, stem: str) -> Iterator[str]:
        for length in range(_MIN_PREFIX, len(stem)):
            if stem[:length] in self._by_stem:
                yield stem[:length]
        if len(stem) < _MIN_PREFIX:
            if stem in self._by_stem:
                yield stem
            return
        for place in range(bisect_left(self._sorted, stem), len(self._sorted)):
            if not self._sorted[place].startswith(stem):
                return
            yield self._sorted[place]
