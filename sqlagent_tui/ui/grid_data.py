"""A result in the form that the grid draws: built once, off the screen's thread.

Values become safe single lines; widths are counted here because the grid would measure every accented value through
rich, which takes seconds for 100,000 rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from sqlagent_tui.ui.text import safe_line, shorten

if TYPE_CHECKING:
    from textual_fastdatatable import ArrowBackend

    from sqlagent_tui.agent.results import QueryResult

MAX_WIDTH: Final = 48
NULL: Final = "NULL"
_SHOWN_CHARACTERS: Final = 400
"""More than any column shows: the rest of a long value would only cost memory; the cell view shows it whole."""

_NUMERIC = ("smallint", "integer", "bigint", "numeric", "real", "double precision", "money", "oid")


@dataclass(frozen=True, slots=True)
class GridData:
    """What the grid widget is made of."""

    backend: ArrowBackend
    labels: tuple[Text, ...]

    @classmethod
    def build(cls, result: QueryResult) -> GridData:
        """Return the grid's data for `result`. Numbers are aligned to the right."""
        import pyarrow as pa
        from textual_fastdatatable import ArrowBackend

        labels: list[Text] = []
        widths: list[int] = []
        columns: list[pa.Array] = []
        for index, column in enumerate(result.columns):
            numeric = is_numeric(column.type)
            name = safe_line(column.name) or " "
            values = [
                value
                if (value := row[index]) is None or (len(value) <= MAX_WIDTH and value.isprintable())
                else _shown(value)
                for row in result.rows
            ]
            width = min(max(cell_len(name), _width(values)), MAX_WIDTH)
            if numeric:
                values = [None if value is None else value.rjust(width) for value in values]
            columns.append(pa.array(values, type=pa.string()))
            labels.append(Text(name, justify="right" if numeric else "left", no_wrap=True, end=""))
            widths.append(width)
        names = [f"c{index}" for index in range(len(columns))]
        backend = ArrowBackend(pa.Table.from_arrays(columns, names=names))
        backend.render_markup = False
        # The backend measures what it was not told; this is where it keeps what it measured.
        backend._column_content_widths = widths
        return cls(backend, tuple(labels))


def is_numeric(type_name: str) -> bool:
    """Whether values of this type line up on the right."""
    return type_name.startswith(_NUMERIC) and not type_name.endswith("[]")


def _shown(value: str) -> str:
    return safe_line(shorten(value, _SHOWN_CHARACTERS))


def _width(values: Iterable[str | None]) -> int:
    widest = len(NULL)
    for value in set(values):
        if value is not None and len(value) > widest // 2:
            widest = max(widest, len(value) if value.isascii() else cell_len(value))
            if widest >= MAX_WIDTH:
                return MAX_WIDTH
    return widest
