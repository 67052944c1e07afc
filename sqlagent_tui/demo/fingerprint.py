"""A short proof of what the demo database holds, to compare machines by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, slots=True)
class TableFingerprint:
    """One table: its number of rows, and an md5 over their text in the order of their first column."""

    table: str
    rows: int
    md5: str


def fingerprint(connection: psycopg.Connection) -> list[TableFingerprint]:
    """Fingerprints of all tables of the schema `public`, by name."""
    from psycopg import sql

    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname"
    ).fetchall()
    result = []
    for (name,) in names:
        query = sql.SQL("SELECT count(*), coalesce(md5(string_agg(t::text, E'\\n' ORDER BY id)), '') FROM {} AS t")
        row = connection.execute(query.format(sql.Identifier(name))).fetchone()
        assert row is not None
        result.append(TableFingerprint(name, *row))
    return result


def digest(tables: Iterable[TableFingerprint]) -> str:
    """All of them in twelve hex digits."""
    text = "\n".join(f"{table.table} {table.rows} {table.md5}" for table in tables)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
