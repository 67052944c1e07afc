"""The catalogue: all names in one query, details by oid in another when somebody asks for them.

Nothing here waits behind a DDL lock (see `catalog_sql`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.results import (
    ColumnInfo,
    ForeignKey,
    QueryResult,
    Row,
    TableInfo,
    TableKind,
    TableName,
    UnknownTable,
    reference,
)
from sqlagent_tui.database import catalog_sql
from sqlagent_tui.database.names import NameIndex, readings

RunQuery = Callable[[str, CancelToken], QueryResult]
"""Runs one catalogue query; raises `DatabaseError` or `Cancelled`."""

_Part = TypeVar("_Part")

_KINDS: dict[str | None, TableKind] = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
}


class Catalog:
    """Names are kept after the first look; details are always read fresh."""

    def __init__(self, run: RunQuery) -> None:
        self._run = run
        self._index: NameIndex | None = None

    def forget(self) -> None:
        """Drop what is kept: the connection was made anew."""
        self._index = None

    def tables(self, cancel: CancelToken) -> tuple[TableName, ...]:
        """Return every relation that the role may read, without partitions, in schema and name order."""
        tables = self._names(catalog_sql.TABLES, cancel)
        self._index = NameIndex(tables)
        return tables

    def describe(self, names: Sequence[str], cancel: CancelToken) -> tuple[TableInfo | UnknownTable, ...]:
        """Return each named relation in detail, in the order asked for.

        One statement when all names are known, whatever their number; two more, once, when one isn't.
        """
        found = self._find(names, cancel)
        details = self._details(found, cancel)
        if any(isinstance(table, TableName) and table.oid not in details for table in found):
            self.tables(cancel)  # dropped since its name was read, perhaps made anew under another oid
            found = self._find(names, cancel)
            details = self._details(found, cancel)
        return tuple(
            details.get(table.oid, UnknownTable(name, ())) if isinstance(table, TableName) else table
            for name, table in zip(names, found, strict=True)
        )

    def _names(self, sql: str, cancel: CancelToken) -> tuple[TableName, ...]:
        return tuple(_table_name(row) for row in self._run(sql, cancel).rows)

    def _find(self, names: Sequence[str], cancel: CancelToken) -> list[TableName | UnknownTable]:
        fresh = self._index is None
        if self._index is None:
            self.tables(cancel)
        found = self._look_up(names)
        if not fresh and any(isinstance(table, UnknownTable) for table in found):
            self.tables(cancel)  # it may have been created since
            found = self._look_up(names)
        unknown = [table.name for table in found if isinstance(table, UnknownTable)]
        if unknown:
            found = self._find_partitions(found, unknown, cancel)
        return found

    def _look_up(self, names: Sequence[str]) -> list[TableName | UnknownTable]:
        index = self._index or NameIndex(())
        return [index.find(name) for name in names]

    def _find_partitions(
        self, found: list[TableName | UnknownTable], unknown: Sequence[str], cancel: CancelToken
    ) -> list[TableName | UnknownTable]:
        """Look for the unknown names among the partitions, which the list of names leaves out."""
        wanted = {relation for name in unknown for _, relation in readings(name)}
        partitions = NameIndex(self._names(catalog_sql.partitions(sorted(wanted)), cancel))
        return [
            partitions.exactly(table.name) or table if isinstance(table, UnknownTable) else table for table in found
        ]

    def _details(self, found: Sequence[TableName | UnknownTable], cancel: CancelToken) -> dict[int, TableInfo]:
        """Return the details by oid; a relation that is gone has none."""
        tables = {table.oid: table for table in found if isinstance(table, TableName)}
        if not tables:
            return {}
        parts: defaultdict[tuple[int, str | None], list[str]] = defaultdict(list)
        sql = catalog_sql.details(list(tables), [table.name for table in tables.values()])
        for part, oid, data in self._run(sql, cancel).rows:
            parts[_number(oid), part].append(data or "null")
        return {
            oid: _table_info(table, {part: parts[oid, part] for part in _PARTS})
            for oid, table in tables.items()
            if parts[oid, "relation"]
        }


class _Reference(msgspec.Struct, frozen=True):
    schema: str
    name: str
    visible: bool

    def __str__(self) -> str:
        return reference(self.schema, self.name, visible=self.visible)


class _Relation(msgspec.Struct, frozen=True):
    parents: tuple[_Reference, ...]
    children: tuple[_Reference, ...]
    partition_key: str | None
    server: str | None


class _Values(msgspec.Struct, frozen=True):
    column: str
    values: tuple[str, ...]


class _Key(msgspec.Struct, frozen=True):
    columns: tuple[str, ...]
    target: _Reference
    referenced: tuple[str, ...]


_PARTS = ("relation", "column", "values", "key", "index")


def _table_info(table: TableName, parts: dict[str, list[str]]) -> TableInfo:
    """Put together what `catalog_sql.details` gave for one relation: its parts' JSON objects, in order."""
    relation = msgspec.json.decode(parts["relation"][0], type=_Relation)
    values = {found.column: found.values for found in decode_all(parts["values"], _Values)}
    columns = decode_all(parts["column"], ColumnInfo)
    keys = decode_all(parts["key"], _Key)
    return TableInfo(
        table=table,
        columns=tuple(
            msgspec.structs.replace(column, frequent_values=values[column.name]) if column.name in values else column
            for column in columns
        ),
        foreign_keys=tuple(ForeignKey(key.columns, str(key.target), key.referenced) for key in keys),
        indexes=decode_all(parts["index"], str),
        partition_key=relation.partition_key,
        parents=tuple(map(str, relation.parents)),
        children=tuple(map(str, relation.children)),
        server=relation.server,
    )


def decode_all(rows: Iterable[str | None], kind: type[_Part]) -> tuple[_Part, ...]:
    """Return each JSON object as a `kind`."""
    decoder = msgspec.json.Decoder(kind)
    return tuple(decoder.decode(data or "null") for data in rows)


def _table_name(row: Row) -> TableName:
    oid, schema, name, kind, comment, estimate, visible, below, filtered, populated, partition = row
    return TableName(
        oid=_number(oid),
        schema=schema or "",
        name=name or "",
        kind=_KINDS[kind],
        comment=comment,
        estimated_rows=None if estimate is None else int(estimate),
        visible=visible == "t",
        below=_number(below),
        filtered=filtered == "t",
        populated=populated == "t",
        partition=partition == "t",
    )


def _number(text: str | None) -> int:
    return int(text or "0")
