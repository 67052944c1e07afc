"""What leaves the app as a file; a result as CSV, the way PostgreSQL's own COPY writes it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlagent_tui.errors import UsageError

if TYPE_CHECKING:
    from sqlagent_tui.agent.results import QueryResult


def csv_lines(result: QueryResult) -> Iterable[str]:
    """Yield the lines of `result`, header first. NULL is nothing at all, the empty string is `""`."""
    yield ",".join(_field(column.name) for column in result.columns) + "\n"
    for row in result.rows:
        yield ",".join("" if value is None else _field(value) for value in row) + "\n"


def write_new(path: Path, lines: Iterable[str]) -> Path:
    """Write `lines` to a new file that only the user can read, and return its path.

    Raises UsageError when the file is already there or can't be written.
    """
    path = path.expanduser().absolute()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except FileExistsError as error:
        raise UsageError(f"{path} already exists.", "Choose another name.") from error
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror or error}.", "Choose another place.") from error
    return path


def _field(value: str) -> str:
    if value == "" or any(character in value for character in ',"\r\n') or value.strip() != value:
        return '"' + value.replace('"', '""') + '"'
    return value
