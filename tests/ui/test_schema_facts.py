"""What the schema pane says of kinds, partitions, inheritance and restrictions."""

from __future__ import annotations

from typing import Any

import msgspec

from sqlagent_tui.agent.results import ColumnInfo, SchemaObject, TableInfo, TableName
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.widgets.schema_facts import (
    column_label,
    column_lines,
    object_label,
    object_lines,
    table_label,
    table_lines,
)

EN = Messages.load("en")
PT = Messages.load("pt-BR")
TABLE = TableName(oid=1, schema="public", name="medida", kind="table", estimated_rows=12_000)


def below(table: TableName, **facts: Any) -> list[str]:
    return [line.plain for line in table_lines(table, TableInfo(table=table, columns=(), **facts), EN)][2:]


def changed(**facts: Any) -> TableName:
    return msgspec.structs.replace(TABLE, **facts)


def test_a_restriction_is_marked_beside_the_name() -> None:
    assert table_label(TABLE, EN).plain == "medida  ~12,000"
    assert table_label(changed(filtered=True), PT).plain == "medida  ~12.000 RLS"
    oca = changed(kind="materialized view", populated=False, estimated_rows=None)
    assert table_label(oca, EN).plain == "medida  mat. view empty"


def test_the_details_tell_how_a_relation_hangs_together() -> None:
    parent = changed(kind="partitioned table", below=3)
    counts = table_lines(parent, None, EN)[1].plain
    assert counts == "partitioned · ~12,000 rows · 3 partitions"
    assert below(parent, partition_key="RANGE (dia)", children=("a", "b")) == [
        "partitioned by RANGE (dia)",
        "below: a, b",
    ]
    assert below(changed(partition=True), parents=("medida",)) == ["partition of medida"]
    assert below(changed(below=1), children=("fiscal",)) == ["below: fiscal"]
    assert "1 inheriting table" in table_lines(changed(below=1), None, EN)[1].plain
    assert below(TABLE, parents=("pessoa",)) == ["inherits from pessoa"]
    assert below(changed(kind="foreign table"), server="Longe") == ["on the foreign server Longe"]
    assert below(changed(filtered=True)) == ["Row-level security: there may be rows that this role doesn't see."]


def test_a_column_that_may_not_be_read_is_marked() -> None:
    closed = ColumnInfo(name="cpf", type="text", readable=False)
    assert column_label(closed, None, EN).plain == "cpf  text no access"
    assert column_lines(closed, EN)[-1].plain == "This role may not read this column."
    assert column_label(ColumnInfo(name="id", type="integer", primary_key=True), "outra", EN).plain == (
        "id  integer PK FK → outra"
    )


def test_types_generation_and_labels_are_told() -> None:
    column = ColumnInfo(
        name="uf", type="sigla", stands_for="character varying(2)", generated="virtual", identity="always",
        nullable=False, enum_values=("A", "B"), frequent_values=("C",),
    )  # fmt: skip
    assert [line.plain for line in column_lines(column, EN)] == [
        "uf  sigla NOT NULL",
        "= character varying(2)",
        "computed from other columns when read",
        "numbered by the server",
        "values: A, B",
    ]


def test_functions_and_types_are_told_by_what_they_are_made_of() -> None:
    soma = SchemaObject(
        schema="outro", name="soma", kind="function", visible=False, definition="(a integer) -> integer"
    )
    assert object_label(soma).plain == "outro.soma  (a integer) -> integer"
    assert [line.plain for line in object_lines(soma, PT)] == ["outro.soma", "função (a integer) -> integer"]
    cor = SchemaObject(schema="public", name="cor", kind="enum", definition="verde, azul", comment="Cores")
    assert [line.plain for line in object_lines(cor, EN)] == ["public.cor", "Cores", "enum verde, azul"]


def test_names_are_shown_as_text_whatever_they_hold() -> None:
    evil = "\x1b[2J[bold]x"
    table = changed(name=evil, schema=evil, comment=evil)
    info = TableInfo(table=table, columns=(), parents=(evil,), children=(evil,), partition_key=evil, server=evil)
    column = ColumnInfo(name=evil, type=evil, stands_for=evil, enum_values=(evil,), comment=evil)
    item = SchemaObject(schema=evil, name=evil, kind="enum", definition=evil, comment=evil)
    shown = [
        object_label(item).plain,
        *(line.plain for line in object_lines(item, EN)),
        table_label(table, EN).plain,
        *(line.plain for line in table_lines(table, info, EN)),
        column_label(column, evil, EN).plain,
        *(line.plain for line in column_lines(column, EN)),
    ]
    assert not [text for text in shown if "\x1b" in text]
    assert all("[bold]" in text for text in shown if "x" in text and "12,000" not in text)
