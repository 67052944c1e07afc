"""What the schema pane says of a relation and of a column: beside its name, and below the tree."""

from __future__ import annotations

from rich.text import Text
from textual.content import Content

from sqlagent_tui.agent.results import ColumnInfo, SchemaObject, TableInfo, TableName
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe, safe_line, shorten

_LONGEST_COMMENT = 300
_LONGEST_LIST = 200
_COUNTED = ("table", "partitioned table", "materialized view")


def table_label(table: TableName, t: Messages) -> Text:
    """Name, kind, rows, and a mark where reading is restricted."""
    beside = [t(f"kind.{table.kind}")] if table.kind != "table" else []
    if table.estimated_rows is not None and table.kind in _COUNTED:
        beside.append("~" + t.number(table.estimated_rows))
    if table.filtered:
        beside.append(t("schema.filtered_mark"))
    if not table.populated:
        beside.append(t("schema.unpopulated_mark"))
    return Text.assemble(safe_line(table.name), "  " + " ".join(beside) if beside else "")


def table_lines(table: TableName, info: TableInfo | None, t: Messages) -> list[Content]:
    """Everything known of a relation; `info` is None before its details were read."""
    lines = [Content.styled(safe_line(f"{table.schema}.{table.name}"), "bold")]
    if table.comment:
        lines.append(Content.styled(safe(shorten(table.comment, _LONGEST_COMMENT)), "$muted"))
    counts = [t(f"kind.{table.kind}")]
    if table.estimated_rows is not None:
        counts.append(t("schema.estimate", count=table.estimated_rows))
    if table.below:
        counts.append(
            t.count("schema.partitions" if table.kind == "partitioned table" else "schema.heirs", table.below)
        )
    if info is not None:
        counts.append(t.count("schema.columns", len(info.columns)))
        if info.indexes:
            counts.append(t.count("schema.indexes", len(info.indexes)))
    lines.append(Content.styled(" · ".join(counts), "$muted"))
    if info is not None:
        lines += [Content.styled(safe_line(shorten(line, _LONGEST_LIST)), "$muted") for line in _structure(info, t)]
    if table.filtered:
        lines.append(Content.styled(t("schema.filtered"), "$warning"))
    if not table.populated:
        lines.append(Content.styled(t("schema.unpopulated"), "$warning"))
    return lines


def _structure(info: TableInfo, t: Messages) -> list[str]:
    lines = []
    if info.partition_key:
        lines.append(t("schema.partition_key", columns=info.partition_key))
    if info.parents:
        key = "schema.partition_of" if info.table.partition else "schema.inherits"
        lines.append(t(key, names=", ".join(info.parents)))
    if info.children:
        lines.append(t("schema.children", names=", ".join(info.children)))
    if info.server:
        lines.append(t("schema.server", name=info.server))
    return lines


def column_label(column: ColumnInfo, target: str | None, t: Messages) -> Text:
    """Name, type and marks; `target` is what a foreign key of this column points to."""
    marks = [safe_line(column.type)]
    if column.primary_key:
        marks.append("PK")
    if target is not None:
        marks.append("FK → " + safe_line(target))
    if not column.readable:
        marks.append(t("schema.unreadable_mark"))
    return Text.assemble(safe_line(column.name), "  " + " ".join(marks))


def column_lines(column: ColumnInfo, t: Messages) -> list[Content]:
    """Everything known of a column."""
    nullable = "" if column.nullable else " NOT NULL"
    lines = [Content.assemble((safe_line(column.name), "bold"), (f"  {safe_line(column.type)}{nullable}", "$muted"))]
    if column.comment:
        lines.append(Content.styled(safe(shorten(column.comment, _LONGEST_COMMENT)), "$muted"))
    if column.stands_for:
        lines.append(Content.styled(f"= {safe_line(shorten(column.stands_for, _LONGEST_LIST))}", "$muted"))
    if column.generated:
        lines.append(Content.styled(t(f"schema.generated.{column.generated}"), "$muted"))
    if column.identity:
        lines.append(Content.styled(t("schema.identity"), "$muted"))
    values = column.enum_values or column.frequent_values
    if values:
        label = t("schema.enum") if column.enum_values else t("schema.frequent")
        shown = safe_line(shorten(", ".join(values), _LONGEST_LIST))
        lines.append(Content.styled(f"{label}: {shown}", "$muted"))
    if not column.readable:
        lines.append(Content.styled(t("schema.unreadable"), "$warning"))
    return lines


def object_label(item: SchemaObject) -> Text:
    """Name, with its schema where needed, and what it is made of."""
    return Text.assemble(safe_line(item.reference), f"  {safe_line(item.definition)}" if item.definition else "")


def object_lines(item: SchemaObject, t: Messages) -> list[Content]:
    """Everything known of a function or a type."""
    lines = [Content.styled(safe_line(f"{item.schema}.{item.name}"), "bold")]
    if item.comment:
        lines.append(Content.styled(safe(shorten(item.comment, _LONGEST_COMMENT)), "$muted"))
    definition = safe_line(shorten(item.definition or "", _LONGEST_LIST))
    lines.append(Content.styled(f"{t(f'kind.{item.kind}')} {definition}".rstrip(), "$muted"))
    return lines
