"""Tool results as text for the model: bounded, plain, one form per profile layout."""

from __future__ import annotations

from collections.abc import Sequence

from sqlagent_tui.agent.profile import Layout
from sqlagent_tui.agent.results import (
    ColumnInfo,
    QueryResult,
    StatementError,
    TableInfo,
    TableName,
    UnknownTable,
    quote_identifier,
)

_CUT = "…"
_LABELS_SHOWN = 20


def schema_text(infos: Sequence[TableInfo | UnknownTable], layout: Layout) -> str:
    """Return what `get_table_schema` shows of `infos`, at most `layout.max_chars` characters."""
    render = _compact_table if layout.schema == "compact" else _full_table
    separator = "\n" if layout.schema == "compact" else "\n\n"
    parts = [_unknown(info) if isinstance(info, UnknownTable) else render(info) for info in infos]
    return _bounded(separator.join(parts), layout.max_chars)


def table_facts(table: TableName) -> list[str]:
    """Return what a reader of its name needs to know of a relation: kind, rows, and what restricts its reading."""
    facts: list[str] = [] if table.kind == "table" else [table.kind]
    if table.partition:
        facts.append("a partition")
    if table.below:
        facts.append(f"{table.below} {'partitions' if table.kind == 'partitioned table' else 'inheriting tables'}")
    if table.estimated_rows is not None:
        facts.append(f"~{_roughly(table.estimated_rows)}")
    if table.filtered:
        facts.append("rows may be hidden by row-level security")
    if not table.populated:
        facts.append("not populated, can't be read")
    return facts


def _roughly(count: int) -> int:
    """Two digits of an estimate: every ANALYZE changes the others, and with them the prompt."""
    return round(count, -max(len(str(count)) - 2, 0))


def result_text(result: QueryResult | StatementError, layout: Layout) -> str:
    """Return what `execute_sql` shows: at most `layout.max_rows` rows, or the error as the server told it."""
    if isinstance(result, StatementError):
        return _bounded(_error_text(result), layout.max_chars)
    lines = [" | ".join(_cell(column.name, layout.max_cell) for column in result.columns)]
    shown = result.rows[: layout.max_rows]
    lines += [" | ".join("NULL" if v is None else _cell(v, layout.max_cell) for v in row) for row in shown]
    if len(shown) < len(result.rows) or result.truncated:
        lines.append(_CUT)
    count = f"{'>' if result.truncated else ''}{result.row_count}"
    elapsed = 1.0 if layout.steady_times else result.elapsed_ms
    footer = f"({count} {'row' if count == '1' else 'rows'}, {elapsed:.0f} ms)"
    return f"{_bounded(chr(10).join(lines), layout.max_chars)}\n{footer}"


def shorten(content: str, max_chars: int) -> str:
    """Return the head of an older tool result, at most `max_chars` characters, saying that it was cut."""
    if len(content) <= max_chars:
        return content
    return content[: max(0, max_chars - 20)].rstrip() + f"\n{_CUT} (shortened)"


def _bounded(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else text[: max_chars - 1] + _CUT


def _cell(value: str, width: int) -> str:
    one_line = value.replace("\n", "⏎").replace("\r", "")
    return one_line if len(one_line) <= width else one_line[: width - 1] + _CUT


def _error_text(error: StatementError) -> str:
    lines = [f"ERROR{f' {error.sqlstate}' if error.sqlstate else ''}: {error.message}"]
    if error.detail:
        lines.append(f"DETAIL: {error.detail}")
    if error.hint:
        lines.append(f"HINT: {error.hint}")
    if error.position:
        lines.append(f"POSITION: {error.position}")
    return "\n".join(lines)


def _unknown(unknown: UnknownTable) -> str:
    nearest = f" Nearest: {', '.join(unknown.suggestions)}." if unknown.suggestions else ""
    return f"{unknown.name}: no such table.{nearest}"


def _references(info: TableInfo) -> dict[str, str]:
    """Map each column of a one-column foreign key to `table.column` that it points to."""
    return {
        key.columns[0]: f"{key.references}.{quote_identifier(key.referenced_columns[0])}"
        for key in info.foreign_keys
        if len(key.columns) == 1
    }


def _compact_table(info: TableInfo) -> str:
    """One line: `table(id, name, other_id>other, …)`."""
    targets = {key.columns[0]: key.references for key in info.foreign_keys if len(key.columns) == 1}
    columns = (
        quote_identifier(c.name) + (f">{targets[c.name]}" if c.name in targets else "")
        for c in info.columns
        if c.readable
    )
    return f"{info.table.reference}({', '.join(columns)})"


def _full_table(info: TableInfo) -> str:
    table = info.table
    rows = "" if table.estimated_rows is None else f", ~{table.estimated_rows} rows"
    head = f"{table.reference} ({table.kind}{rows})" + (f": {table.comment}" if table.comment else "")
    references = _references(info)
    columns = [column for column in info.columns if column.readable]
    lines = [head, *_notes(info), *(_column_line(column, references) for column in columns)]
    if closed := len(info.columns) - len(columns):
        lines.append(f"  ({closed} more {'column' if closed == 1 else 'columns'} that this role may not read)")
    lines += [
        f"  FOREIGN KEY ({', '.join(map(quote_identifier, key.columns))}) -> "
        f"{key.references} ({', '.join(map(quote_identifier, key.referenced_columns))})"
        for key in info.foreign_keys
        if len(key.columns) > 1
    ]
    return "\n".join(lines)


def _notes(info: TableInfo) -> list[str]:
    """What to know before reading a relation, a line each."""
    table, notes = info.table, []
    if info.partition_key:
        notes.append(f"PARTITION BY {info.partition_key}: {table.below} partitions, read through this table")
    elif info.children:
        more = f", {_CUT}" if table.below > len(info.children) else ""
        notes.append(f"reading it also reads the tables that inherit from it: {', '.join(info.children)}{more}")
    if info.parents:
        notes.append(f"{'partition of' if table.partition else 'inherits from'} {', '.join(info.parents)}")
    if info.server:
        notes.append(f"on the foreign server {quote_identifier(info.server)}")
    if table.filtered:
        notes.append("row-level security: rows may be hidden from this role")
    if not table.populated:
        notes.append("not populated: it can't be read before REFRESH MATERIALIZED VIEW")
    return [f"  ({note})" for note in notes]


def _column_line(column: ColumnInfo, references: dict[str, str]) -> str:
    parts = [f"  {quote_identifier(column.name)} {column.type}"]
    if column.stands_for:
        parts.append(f"= {column.stands_for}")
    if column.generated:
        parts.append("GENERATED")
    if column.primary_key:
        parts.append("PRIMARY KEY")
    elif not column.nullable:
        parts.append("NOT NULL")
    if column.name in references:
        parts.append(f"-> {references[column.name]}")
    line = " ".join(parts)
    if column.comment:
        line += f" -- {_cell(column.comment, 200)}"
    if column.enum_values:
        more = f", {_CUT}" if len(column.enum_values) > _LABELS_SHOWN else ""
        line += f" [values: {', '.join(column.enum_values[:_LABELS_SHOWN])}{more}]"
    elif column.frequent_values:
        line += f" [frequent: {', '.join(_cell(v, 40) for v in column.frequent_values)}]"
    return line
