"""Questions asked before, kept for the next time in a file that only the user can read."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

MAX_ENTRIES: Final = 500
MAX_CHARACTERS: Final = 4_000
"""A longer question is remembered while the app runs, but not written."""


class History:
    """A list of questions and a place in it. The file holds one JSON string a line, oldest first."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._entries = _read(path) if path else []
        self._position = len(self._entries)
        self._draft = ""

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, question: str) -> None:
        """Append `question` unless it repeats the last one, and write it; a file that can't be written is let be."""
        if not self._entries or self._entries[-1] != question:
            self._entries.append(question)
            if self._path and len(question) <= MAX_CHARACTERS:
                with suppress(OSError):
                    _append(self._path, question)
        self._position = len(self._entries)
        self._draft = ""

    def previous(self, current: str) -> str | None:
        """Return the question before the place, None at the oldest; `current` is kept as the draft to come back to."""
        if self._position == 0:
            return None
        if self._position == len(self._entries):
            self._draft = current
        self._position -= 1
        return self._entries[self._position]

    def next(self) -> str | None:
        """Return the question after the place, at the end the draft, after that None."""
        if self._position >= len(self._entries):
            return None
        self._position += 1
        return self._draft if self._position == len(self._entries) else self._entries[self._position]


def _read(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    entries: list[str] = []
    for line in lines[-MAX_ENTRIES:]:
        with suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, str) and entry.strip():
                entries.append(entry)
    return entries


def _append(path: Path, question: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with open(descriptor, "a", encoding="utf-8") as file:
        file.write(json.dumps(question) + "\n")
