"""What a database holds, in a few digits, so that two runs can show that they asked about the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Database, Limits
from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIMITS: Final = Limits(statement_timeout_ms=600_000, max_rows=100_000, max_bytes=64 * 1024 * 1024)

# Tables of extensions differ between their versions; partitions are read with what they belong to.
_TABLES: Final = """SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY 1"""

# A sum has no order, needs no key and no sort: rows that two copies hold in another order weigh the same.
_WEIGHT: Final = """SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(
    ('x' || pg_catalog.left(pg_catalog.md5(t::pg_catalog.text), 15))::pg_catalog.bit(60)::pg_catalog.int8), 0)
  FROM {} AS t"""


class TableFingerprint(msgspec.Struct, frozen=True):
    """One table: how many rows, and the sum of the first 60 bits of the md5 of each row's text."""

    table: str
    """With its schema, as it stands in SQL."""
    rows: int
    weight: int


def fingerprint(database: Database, cancel: CancelToken) -> list[TableFingerprint]:
    """Read every table that the role may read, whole; by name. Raises DatabaseError and Cancelled."""
    found = []
    for (name,) in _rows(database, _TABLES, cancel):
        ((rows, weight),) = _rows(database, _WEIGHT.format(name), cancel)
        found.append(TableFingerprint(str(name), int(rows or 0), int(weight or 0)))
    return found


def digest(tables: Iterable[TableFingerprint]) -> str:
    """Return all of them in sixteen hex digits."""
    text = "\n".join(f"{table.table} {table.rows} {table.weight}" for table in tables)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _rows(database: Database, sql: str, cancel: CancelToken) -> Sequence[tuple[str | None, ...]]:
    outcome = database.execute(sql, origin="setup", cancel=cancel, limits=_LIMITS)
    if isinstance(outcome, StatementError):
        raise DatabaseError(f"The database could not be fingerprinted: {outcome.message}")
    if outcome.truncated:
        raise DatabaseError("The database has too many tables to be fingerprinted.")
    return outcome.rows
