"""What a database gives back, as the agent, the screens and the journal see it."""

from __future__ import annotations

from typing import Literal

import msgspec

Row = tuple[str | None, ...]
"""One row: the server's own text of each value; None is NULL."""

Verb = Literal["query", "explain", "show"]
Origin = Literal["agent", "answer", "schema", "user", "setup", "watchdog"]
"""Who asked for a statement: the model, the final answer's run, the schema browser, the user, connection set-up, or the
watchdog that looks whether another statement harms anybody."""


class Column(msgspec.Struct, frozen=True):
    """One column of a result."""

    name: str
    type: str
    """As `format_type` prints it: `numeric(12,2)`, `text`, …"""


class QueryResult(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a statement that ran, bounded."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    truncated: bool = False
    """More rows exist on the server than `rows` holds."""
    shortened_values: int = 0
    """How many values were cut to the per-value limit."""
    bytes: int = 0
    elapsed_ms: float = 0.0

    @property
    def row_count(self) -> int:
        """Rows held."""
        return len(self.rows)


class PlanEstimate(msgspec.Struct, frozen=True):
    """What the planner expects of a statement that wasn't run."""

    cost: float
    """In the planner's units, of the rows that would be fetched."""
    rows: float
    """The most that any step of the plan yields."""


class StatementError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a statement gave no rows: a result the model sees, not an exception."""

    kind: Literal["refused", "database", "connection", "timeout", "cancelled", "costly", "stopped"]
    """`stopped`: by us, for the sake of other sessions."""
    message: str
    sqlstate: str | None = None
    position: int | None = None
    """1-based character offset in the SQL that was asked for (not in what was sent)."""
    hint: str | None = None
    detail: str | None = None
    elapsed_ms: float = 0.0
    estimate: PlanEstimate | None = None
    """Of a statement that is `costly`: it wasn't run, the user may run it."""


class ForeignKey(msgspec.Struct, frozen=True):
    """A foreign key; both column lists have the same length."""

    columns: tuple[str, ...]
    references: str
    referenced_columns: tuple[str, ...]


class ColumnInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One column as `get_table_schema` tells it."""

    name: str
    type: str
    """As `format_type` prints it: `character varying(20)`, `geometry(Point,4674)`, `outro.cor[]`, …"""
    stands_for: str | None = None
    """What a type made by a user is made of: a domain's base type, a composite's fields, a range's subtype."""
    nullable: bool = True
    primary_key: bool = False
    comment: str | None = None
    enum_values: tuple[str, ...] = ()
    """The labels in their order, the first `MOST_LABELS` of them; also of an array of an enum or a domain over one."""
    frequent_values: tuple[str, ...] = ()
    """A few of the most common values, from the server's own statistics (`pg_stats`), most common first."""
    generated: Literal["stored", "virtual"] | None = None
    """Computed from other columns."""
    identity: Literal["always", "by default"] | None = None
    """Numbered by the server."""
    readable: bool = True
    """False in a partly granted table: the role may not read this column, the server refuses any use of it."""


MOST_LABELS = 60
"""Labels of an enum that are read."""

TableKind = Literal["table", "partitioned table", "view", "materialized view", "foreign table"]


class TableName(msgspec.Struct, frozen=True, kw_only=True):
    """One relation in the list of names that is loaded first."""

    oid: int
    schema: str
    name: str
    kind: TableKind
    comment: str | None = None
    estimated_rows: int | None = None
    """From `pg_class.reltuples`, the relations below it included; None when never analysed."""
    visible: bool = True
    """Found through search_path, so it needs no schema prefix."""
    below: int = 0
    """Relations whose rows are read with its own, at any depth: partitions, or tables that inherit from it."""
    partition: bool = False
    """A part of a partitioned table: found when asked for by name, left out of the list."""
    filtered: bool = False
    """Row-level security is active for this role: rows may be hidden from it."""
    populated: bool = True
    """False for a materialized view that can't be read before its first REFRESH."""

    @property
    def reference(self) -> str:
        """The name as it must stand in SQL: quoted where needed, with its schema unless search_path finds it."""
        return reference(self.schema, self.name, visible=self.visible)


MOST_CHILDREN = 20
"""Partitions, or tables that inherit, that are read by name."""


class TableInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One relation in detail."""

    table: TableName
    columns: tuple[ColumnInfo, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    """Those that point to a relation which the role may read."""
    indexes: tuple[str, ...] = ()
    partition_key: str | None = None
    """How a partitioned table is divided: `RANGE (dia)`."""
    parents: tuple[str, ...] = ()
    """References of the tables that it inherits from or is a partition of."""
    children: tuple[str, ...] = ()
    """References of the relations right below it, the first `MOST_CHILDREN` of them by name."""
    server: str | None = None
    """The foreign server that a foreign table lies on."""


class SchemaObject(msgspec.Struct, frozen=True, kw_only=True):
    """A function or a type that the database defines itself and the role may use."""

    schema: str
    name: str
    kind: Literal["function", "aggregate", "window function", "enum", "domain", "composite type", "range"]
    visible: bool = True
    """Found through search_path, so it needs no schema prefix."""
    definition: str | None = None
    """A function's arguments and result, and VOLATILE when it may do more than read; what a type is made of: labels,
    base type, fields, subtype."""
    comment: str | None = None

    @property
    def reference(self) -> str:
        """The name as it must stand in SQL."""
        return reference(self.schema, self.name, visible=self.visible)


class UnknownTable(msgspec.Struct, frozen=True):
    """A name that the catalogue doesn't hold, and the nearest that it does."""

    name: str
    suggestions: tuple[str, ...]


# Reserved key words of PostgreSQL 18 (Appendix C, "reserved" and "reserved (can be function or type)").
_RESERVED = frozenset(
    """all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
    from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
    returning right select session_user similar some symmetric system_user table tablesample then to trailing true union
    unique user using variadic verbose when where window with""".split()
)


def reference(schema: str, name: str, *, visible: bool) -> str:
    """Return a relation's name as it must stand in SQL; a `visible` one is found through search_path, bare."""
    quoted = quote_identifier(name)
    return quoted if visible else f"{quote_identifier(schema)}.{quoted}"


def quote_identifier(name: str) -> str:
    """Return `name` as PostgreSQL reads it back unchanged: bare when it can be, else in double quotes."""
    plain = name.isascii() and name.replace("_", "a").replace("$", "a").isalnum() and name == name.lower()
    if plain and not name[0].isdigit() and name[0] != "$" and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'
