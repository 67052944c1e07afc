"""Files of SQL statements for tests: paragraphs, one statement each, with a first line `--! …` for what is special.

The words of that line: `17+` (PostgreSQL from 17), `needs=NAME` (an extension or a library), `escaped` (the text has
Python's escapes, for characters that no file should hold); for attacks `harmless` (may succeed); for queries `varies`
(other rows each time).
"""

from __future__ import annotations

from pathlib import Path

import msgspec

_MARK = "--!"


class Entry(msgspec.Struct, frozen=True):
    """One statement of a file."""

    sql: str
    line: int
    """Where it begins in its file, from 1."""
    since: int = 0
    """The first major version of PostgreSQL that has what it uses."""
    needs: str | None = None
    """An extension or a library."""
    harmless: bool = False
    """It may succeed."""
    varies: bool = False
    """Its rows differ from time to time."""


def read(path: Path) -> list[Entry]:
    """Return the statements of `path` in their order. Raises ValueError for a word that it doesn't know."""
    entries: list[Entry] = []
    paragraph: list[str] = []
    for number, line in enumerate([*path.read_text("utf-8").split("\n"), ""], start=1):
        if line:
            paragraph.append(line)
        elif paragraph:
            entries.append(_entry(paragraph, number - len(paragraph)))
            paragraph = []
    return entries


def _entry(lines: list[str], line: int) -> Entry:
    words = lines[0].removeprefix(_MARK).split() if lines[0].startswith(_MARK) else []
    entry = Entry("\n".join(lines[1:] if words else lines), line)
    for word in words:
        if word == "escaped":
            sql = entry.sql.encode("latin-1", "backslashreplace").decode("unicode_escape")
            entry = msgspec.structs.replace(entry, sql=sql)
        elif word in ("harmless", "varies"):
            entry = msgspec.structs.replace(entry, **{word: True})
        elif word.startswith("needs="):
            entry = msgspec.structs.replace(entry, needs=word.removeprefix("needs="))
        elif word.endswith("+"):
            entry = msgspec.structs.replace(entry, since=int(word[:-1]))
        else:
            raise ValueError(f"line {line}: {word}")
    return entry
