"""Results on stdout: a table for people, CSV and JSON for programs."""

from __future__ import annotations

import csv
import io
from typing import Any, Literal

import msgspec
from rich.cells import cell_len, set_cell_size

from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.errors import ExitCode
from sqlagent_tui.ui.text import safe_line

Format = Literal["table", "csv", "json"]
_MAX_WIDTH = 60
_NUMERIC = ("integer", "bigint", "smallint", "numeric", "real", "double")


def result_object(result: QueryResult) -> dict[str, Any]:
    """Return the result's part of the JSON contract: columns, rows, row_count, truncated."""
    return {
        "columns": [{"name": column.name, "type": column.type} for column in result.columns],
        "rows": [list(row) for row in result.rows],
        "row_count": result.row_count,
        "truncated": result.truncated,
    }


def error_object(error: StatementError) -> dict[str, Any]:
    """Return the error's part of the JSON contract."""
    return {
        "error": {
            "kind": error.kind,
            "sqlstate": error.sqlstate,
            "message": error.message,
            "hint": error.hint,
            "position": error.position,
        }
    }


def exit_code_of(error: StatementError) -> ExitCode:
    """Return what a script is told."""
    if error.kind == "cancelled":
        return ExitCode.INTERRUPTED
    return ExitCode.REFUSED if error.kind in ("refused", "costly") else ExitCode.DATABASE


def to_json(value: Any) -> str:
    """Return `value` as one line of JSON."""
    return msgspec.json.encode(value).decode()


def render(result: QueryResult, form: Format) -> str:
    """Return the rows in `form`, ending in a line break."""
    if form == "json":
        return to_json({**result_object(result), "elapsed_ms": round(result.elapsed_ms, 3)}) + "\n"
    return _csv(result) if form == "csv" else _table(result)


def _csv(result: QueryResult) -> str:
    """RFC 4180; NULL is an empty field and an empty string is quoted, as PostgreSQL's own COPY does."""
    lines = []
    for row in [tuple(column.name for column in result.columns), *result.rows]:
        lines.append(",".join("" if value is None else '""' if value == "" else _csv_field(value) for value in row))
    return "\r\n".join(lines) + "\r\n"


def _csv_field(value: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([value])
    return out.getvalue()


def _table(result: QueryResult) -> str:
    header = [safe_line(column.name) for column in result.columns]
    rows = [[_shown(value) for value in row] for row in result.rows]
    widths = [max([cell_len(name), *(cell_len(row[i]) for row in rows)]) for i, name in enumerate(header)]
    numeric = [column.type.startswith(_NUMERIC) for column in result.columns]
    lines = [" | ".join(_pad(cell, width, right=False) for cell, width in zip(header, widths, strict=True)).rstrip()]
    lines.append("-+-".join("-" * width for width in widths))
    for row in rows:
        cells = (_pad(cell, width, right=right) for cell, width, right in zip(row, widths, numeric, strict=True))
        lines.append(" | ".join(cells).rstrip())
    count = result.row_count
    lines.append(f"({'first ' if result.truncated else ''}{count} {'row' if count == 1 else 'rows'})")
    return "\n".join(lines) + "\n"


def _shown(value: str | None) -> str:
    text = "NULL" if value is None else safe_line(value)
    return text if cell_len(text) <= _MAX_WIDTH else set_cell_size(text, _MAX_WIDTH - 1) + "…"


def _pad(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if right else cell + space
