"""The signs that differences bear on the screen and in a file, for those who see no colour too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlagent_tui.agent.results import Column, QueryResult, Row
from sqlagent_tui.bench.difference import Mark

MISSING: Final = "−"
EXTRA: Final = "+"
MOVED: Final = "↕"
MARKS: Final = Column("≠", "text")


def marked(
    result: QueryResult, marks: Sequence[Mark], lone: frozenset[int], sign: str, *, ordered: bool
) -> QueryResult:
    """Return `result` with a column of marks in front, and `sign` before the names of the columns in `lone`.

    Where the order doesn't count, rows that the other side doesn't have come first.
    """
    signs = {"same": "", "moved": MOVED, "only": sign}
    rows: list[Row] = [(signs[mark], *row) for mark, row in zip(marks, result.rows, strict=True)]
    if not ordered:
        rows.sort(key=lambda row: row[0] == "")
    columns = [
        Column(f"{sign} {column.name}", column.type) if number in lone else column
        for number, column in enumerate(result.columns)
    ]
    return QueryResult(
        columns=(MARKS, *columns),
        rows=tuple(rows),
        truncated=result.truncated,
        shortened_values=result.shortened_values,
        bytes=result.bytes,
        elapsed_ms=result.elapsed_ms,
    )
