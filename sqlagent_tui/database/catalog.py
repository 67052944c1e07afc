"""The catalogue: all names in one query, details by oid when somebody asks for them.

Nothing here waits behind a DDL lock: only pg_catalog is read, and none of the functions that open a relation
(pg_get_indexdef, pg_get_viewdef, pg_get_expr, pg_relation_size, pg_partition_tree) is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
)
from sqlagent_tui.database import catalog_sql
from sqlagent_tui.database.names import NameIndex

RunQuery = Callable[[str, CancelToken], QueryResult]
"""Runs one catalogue query; raises `DatabaseError` or `Cancelled`."""

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
        """Return every relation that the role may read, in schema and name order."""
        tables = tuple(_table_name(row) for row in self._run(catalog_sql.TABLES, cancel).rows)
        self._index = NameIndex(tables)
        return tables

    def describe(self, names: Sequence[str], cancel: CancelToken) -> tuple[TableInfo | UnknownTable, ...]:
        """Return each named relation in detail, in the order asked for."""
        found = self._find(names, cancel)
        details = self._details(found, cancel)
        if any(isinstance(table, TableName) and not details[table.oid].columns for table in found):
            self.tables(cancel)  # dropped since its name was read, perhaps made anew under another oid
            found = self._find(names, cancel)
            details = self._details(found, cancel)
        return tuple(table if isinstance(table, UnknownTable) else details[table.oid] for table in found)

    def _find(self, names: Sequence[str], cancel: CancelToken) -> list[TableName | UnknownTable]:
        fresh = self._index is None
        if self._index is None:
            self.tables(cancel)
        index = self._index or NameIndex(())
        found = [index.find(name) for name in names]
        if not fresh and any(isinstance(table, UnknownTable) for table in found):
            self.tables(cancel)  # it may have been created since
            index = self._index or index
            found = [index.find(name) for name in names]
        return found

    def _details(self, found: Sequence[TableName | UnknownTable], cancel: CancelToken) -> dict[int, TableInfo]:
        tables = {table.oid: table for table in found if isinstance(table, TableName)}
        if not tables:
            return {}
        oids = list(tables)
        values: dict[tuple[int, str | None], tuple[str, ...]] = {}
        for row in self._run(catalog_sql.frequent_values(oids, [table.name for table in tables.values()]), cancel).rows:
            values[(_number(row[0]), row[1])] = _strings(row[2])
        columns: dict[int, list[ColumnInfo]] = {oid: [] for oid in oids}
        for row in self._run(catalog_sql.columns(oids), cancel).rows:
            oid = _number(row[0])
            columns[oid].append(_column(row, values.get((oid, row[1]), ())))
        keys: dict[int, list[ForeignKey]] = {oid: [] for oid in oids}
        for row in self._run(catalog_sql.foreign_keys(oids), cancel).rows:
            keys[_number(row[0])].append(_foreign_key(row))
        indexes: dict[int, list[str]] = {oid: [] for oid in oids}
        for row in self._run(catalog_sql.indexes(oids), cancel).rows:
            indexes[_number(row[0])].append(row[1] or "")
        return {
            oid: TableInfo(
                table=table,
                columns=tuple(columns[oid]),
                foreign_keys=tuple(keys[oid]),
                indexes=tuple(indexes[oid]),
            )
            for oid, table in tables.items()
        }


def _table_name(row: Row) -> TableName:
    oid, schema, name, kind, comment, estimate, visible = row
    return TableName(
        oid=_number(oid),
        schema=schema or "",
        name=name or "",
        kind=_KINDS[kind],
        comment=comment,
        estimated_rows=None if estimate is None else int(estimate),
        visible=visible == "t",
    )


def _column(row: Row, frequent: tuple[str, ...]) -> ColumnInfo:
    _, name, type_name, nullable, primary_key, comment, labels = row
    return ColumnInfo(
        name=name or "",
        type=type_name or "???",
        nullable=nullable == "t",
        primary_key=primary_key == "t",
        comment=comment,
        enum_values=_strings(labels),
        frequent_values=frequent,
    )


def _foreign_key(row: Row) -> ForeignKey:
    _, columns, schema, name, visible, referenced = row
    target = TableName(oid=0, schema=schema or "", name=name or "", kind="table", visible=visible == "t")
    return ForeignKey(_strings(columns), target.reference, _strings(referenced))


def _strings(text: str | None) -> tuple[str, ...]:
    try:
        return tuple(msgspec.json.decode(text, type=list[str])) if text else ()
    except msgspec.DecodeError:
        return ()  # cut: an enum of thousands of labels says nothing to a reader anyway


def _number(text: str | None) -> int:
    return int(text or "0")
