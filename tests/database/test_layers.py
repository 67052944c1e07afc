"""The server's part of the guard, with the policy of functions out of the way: nothing depends on how we read SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.database.policy import FunctionPolicy
from tests.fingerprint import LOG_OF_CHANGES
from tests.fix_guard import Client, Guard
from tests.fix_target import LIMITS, Target
from tests.statements import read

FAMILIES = sorted(path for path in (Path(__file__).parent / "attacks").glob("*.sql") if path.stem != "exhaustion")
_OUTSIDE_TRANSACTIONS = {LOG_OF_CHANGES, "next transaction", "connections"}
"""What the server lets a reader leave: records in the log, used-up numbers, and sessions of its own role ended."""
_NOT_THE_READERS = "como_superusuario|autoprewarm"
"""What acts with more than the role's rights: a superuser's function, and those of pg_prewarm, which write its file."""
_UNDONE = {"pg_class", "pg_index", "pg_statistic", "files"}
"""What REINDEX, CLUSTER or ANALYZE leaves, run by the owner's function and undone: marks on rows that say the same."""
_UNDONE_LARGE_OBJECTS = {"pg_largeobject", "pg_largeobject_metadata", "pg_shdepend"}
"""Likewise, before PostgreSQL 16, whose reading transactions leave large objects alone."""


@pytest.mark.parametrize("role", ["reader", "owner"])
def test_without_the_policy_the_server_still_keeps_all_data(
    role: str, target: Target, connect: Callable[..., Client]
) -> None:
    client = connect(getattr(target.guard, role), LIMITS, policy=_everything(target))
    statements = [
        target.fill(entry.sql)
        for path in FAMILIES
        for entry in read(path)
        if target.has(entry) and not re.search(_NOT_THE_READERS, entry.sql)
    ]

    def attack() -> None:
        for sql in statements:
            client.run(sql)

    bearable = _OUTSIDE_TRANSACTIONS | (_UNDONE if role == "owner" else set())
    if target.major < 16:
        bearable |= _UNDONE_LARGE_OBJECTS
    changes = target.changes_by(attack)
    assert {key: how for key, how in changes.items() if key not in bearable} == {}
    assert client.rows("SELECT count(*) FROM conta").rows == (("200",),)


def _everything(target: Target) -> FunctionPolicy:
    """A policy that allows all functions there are."""
    with psycopg.connect(target.guard.direct) as admin:
        names = admin.execute("SELECT DISTINCT pronamespace::regnamespace::text, proname FROM pg_proc").fetchall()
    return FunctionPolicy(allow=[f"{schema}.{name}" for schema, name in names])


def test_a_session_lock_taken_by_a_function_is_given_back(
    guard: Guard, lenient: Client, connect: Callable[..., Client]
) -> None:
    assert isinstance(lenient.run("SELECT tranca()"), QueryResult)
    locks = connect(guard.owner).rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711")
    assert locks.rows == (("0",),)


def test_a_query_that_switches_its_timeout_off_is_still_stopped(lenient: Client) -> None:
    # The rows of the first FETCH switch it off; the guard sets it again before it reads.
    error = lenient.fails(
        "SELECT desliga_prazo(), pg_sleep(g) FROM generate_series(0, 20, 20) g", statement_timeout_ms=400
    )
    assert isinstance(error, StatementError)
    assert error.kind == "timeout"
    assert error.elapsed_ms < 3_000
