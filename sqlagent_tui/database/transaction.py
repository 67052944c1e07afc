"""What names one transaction on the server, and what must not outlive it."""

from __future__ import annotations

import msgspec
from psycopg import pq

from sqlagent_tui.database.results import decode


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
_COMPARE = (
    f"SELECT {RESIDUE_SQL}; SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()) "
    f"WHERE {RESIDUE_SQL} OPERATOR(pg_catalog.<>) "
)
_RESIDUE_AT = 2
"""Which of the answers to `end_sql` tells the residue."""
_NAMES = ("a prepared statement", "a replication slot")


def residue(before: str, after: str) -> str | None:
    """Name the first thing that a session holds after a transaction and didn't before; both are `RESIDUE_SQL`'s."""
    counts = zip(_NAMES, before.split(","), after.split(","), strict=True)
    return next((name for name, earlier, later in counts if earlier != later), None)


def end_sql(held_before: str) -> str:
    """Return the message that ends a transaction, and the session too when it holds more than `held_before`."""
    end = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()"
    return f"{end}; {_COMPARE}'{held_before}'" if held_before else end


def left_behind(answers: list[pq.abc.PGresult], before: str) -> str | None:
    """Name what outlived the transaction, by the answers to `end_sql(before)`."""
    if not before or len(answers) <= _RESIDUE_AT or answers[_RESIDUE_AT].status != pq.ExecStatus.TUPLES_OK:
        return None
    return residue(before, decode(answers[_RESIDUE_AT].get_value(0, 0) or b""))
