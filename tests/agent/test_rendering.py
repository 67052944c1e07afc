"""What the model is shown of a relation, in both layouts."""

from __future__ import annotations

import msgspec

from sqlagent_tui.agent.profile import Layout
from sqlagent_tui.agent.rendering import result_text, schema_text
from sqlagent_tui.agent.results import Column, ColumnInfo, ForeignKey, QueryResult, TableInfo, TableName

FULL, COMPACT = Layout(schema="full"), Layout(schema="compact")
MEDIDA = TableInfo(
    table=TableName(oid=1, schema="public", name="medida", kind="partitioned table", estimated_rows=400, below=2),
    columns=(
        ColumnInfo(name="dia", type="date", nullable=False),
        ColumnInfo(name="valor", type="integer"),
        ColumnInfo(name="dobro", type="integer", generated="stored"),
        ColumnInfo(name="cor", type="cor_clara", stands_for="cor", enum_values=tuple(f"c{n}" for n in range(21))),
        ColumnInfo(name="posto", type="integer"),
        ColumnInfo(name="segredo", type="text", readable=False, frequent_values=("x",)),
    ),
    foreign_keys=(ForeignKey(("posto",), "posto", ("id",)),),
    partition_key="RANGE (dia)",
    children=("medida_2024", "medida_2025"),
)


def described(**facts: object) -> list[str]:
    table = TableName(oid=1, schema="public", name="t", kind="table")
    of_table = {name: value for name, value in facts.items() if name in table.__struct_fields__}
    of_info = {name: value for name, value in facts.items() if name not in of_table}
    info = TableInfo(table=msgspec.structs.replace(table, **of_table), columns=(), **of_info)  # type: ignore[arg-type]
    return schema_text([info], FULL).splitlines()[1:]


def test_a_partitioned_table_in_full() -> None:
    assert schema_text([MEDIDA], FULL).splitlines() == [
        "medida (partitioned table, ~400 rows)",
        "  (PARTITION BY RANGE (dia): 2 partitions, read through this table)",
        "  dia date NOT NULL",
        "  valor integer",
        "  dobro integer GENERATED",
        f"  cor cor_clara = cor [values: {', '.join(f'c{n}' for n in range(20))}, …]",
        "  posto integer -> posto.id",
        "  (1 more column that this role may not read)",
    ]


def test_what_is_known_of_a_relation_is_said() -> None:
    assert described(filtered=True) == ["  (row-level security: rows may be hidden from this role)"]
    assert described(kind="foreign table", server="Longe") == ['  (on the foreign server "Longe")']
    assert described(partition=True, parents=("medida",)) == ["  (partition of medida)"]
    assert described(parents=("a", "b")) == ["  (inherits from a, b)"]
    assert described(below=3, children=("c", "d")) == [
        "  (reading it also reads the tables that inherit from it: c, d, …)"
    ]
    assert described(kind="materialized view", populated=False) == [
        "  (not populated: it can't be read before REFRESH MATERIALIZED VIEW)"
    ]


def test_the_compact_layout_is_names_and_keys_of_what_may_be_read() -> None:
    assert schema_text([MEDIDA], COMPACT) == "medida(dia, valor, dobro, cor, posto>posto)"


def test_steady_times_make_the_same_rows_the_same_words() -> None:
    quick, slow = (
        QueryResult(columns=(Column("n", "integer"),), rows=(("7",),), elapsed_ms=elapsed) for elapsed in (3.2, 481.0)
    )
    assert [result_text(result, Layout()) for result in (quick, slow)] == [
        "n\n7\n(1 row, 3 ms)",
        "n\n7\n(1 row, 481 ms)",
    ]
    assert {result_text(result, Layout(steady_times=True)) for result in (quick, slow)} == {"n\n7\n(1 row, 1 ms)"}
