"""What names one transaction on the server, and what must not outlive it."""

from __future__ import annotations

import msgspec


class Transaction(msgspec.Struct, frozen=True):
    """One transaction, named for good: a backend's pid alone may be another client's a moment later."""

    pid: int
    started: str
    """In UTC, as digits down to the microsecond; the server shows it as `pg_stat_activity.xact_start`."""


def started_sql(timestamp: str) -> str:
    """Return SQL that writes `timestamp`, an expression, as `Transaction.started`."""
    return f"pg_catalog.to_char(pg_catalog.timezone('UTC', {timestamp}), 'YYYYMMDDHH24MISSUS')"


# What a session may hold that ROLLBACK doesn't undo, apart from advisory locks, which are given back: counts, in the
# order of `_NAMES`. Functions, because their views take twice as long.
RESIDUE_SQL = """pg_catalog.concat_ws(',',
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_statement()),
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_get_replication_slots()
   WHERE active_pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()))"""
_NAMES = ("a prepared statement", "a replication slot")


def residue(before: str, after: str) -> str | None:
    """Name the first thing that a session holds after a transaction and didn't before; both are `RESIDUE_SQL`'s."""
    counts = zip(_NAMES, before.split(","), after.split(","), strict=True)
    return next((name for name, earlier, later in counts if earlier != later), None)
