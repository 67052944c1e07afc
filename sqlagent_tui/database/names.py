"""Finding a relation by whatever a model or a person calls it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlagent_tui.agent.folding import fold
from sqlagent_tui.agent.results import TableName, UnknownTable
from sqlagent_tui.database.lexer import tokens

_SUGGESTIONS = 3
_NEAR_ENOUGH = 55.0


class NameIndex:
    """Looks names up: exactly first, then without capitals and accents; with a schema or without."""

    def __init__(self, tables: Sequence[TableName]) -> None:
        self._folded: dict[str, list[TableName]] = {}
        for table in sorted(tables, key=lambda table: not table.visible):
            self._folded.setdefault(fold(table.name), []).append(table)

    def find(self, name: str) -> TableName | UnknownTable:
        """Return the relation that `name` means, or the nearest names there are."""
        return self.exactly(name) or UnknownTable(name, self._nearest(name))

    def exactly(self, name: str) -> TableName | None:
        """Return the relation that `name` means, capitals and accents aside; None when there is none."""
        for schema, relation in readings(name):
            candidates = [
                table
                for table in self._folded.get(fold(relation), ())
                if schema is None or fold(table.schema) == fold(schema)
            ]
            exact = [table for table in candidates if table.name == relation]
            if exact or candidates:
                return (exact or candidates)[0]
        return None

    def _nearest(self, name: str) -> tuple[str, ...]:
        from rapidfuzz import fuzz, process

        wanted = fold(readings(name)[0][1])
        best = process.extract(
            wanted, list(self._folded), scorer=fuzz.WRatio, limit=_SUGGESTIONS, score_cutoff=_NEAR_ENOUGH
        )
        return tuple(self._folded[key][0].reference for key, _, _ in best)


def readings(name: str) -> list[tuple[str | None, str]]:
    """Return the (schema, relation) pairs that `name` may mean, the likeliest first."""
    text = name.strip()
    words = list(tokens(text))
    readings: list[tuple[str | None, str]] = []
    parts = [text[word.start : word.end] if word.kind == "word" else word.text for word in words[::2]]
    dots = all(word.kind == "symbol" and word.text == "." for word in words[1::2])
    named = all(word.kind in ("word", "quoted") for word in words[::2])
    if words and len(words) % 2 == 1 and dots and named:
        readings.append((parts[-2] if len(parts) > 1 else None, parts[-1]))
    readings.append((None, text))
    return readings
