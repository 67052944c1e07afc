"""Connection poolers (PgBouncer and its like) between us and the server: found out, and served where that is possible.

Nothing that we do outlasts a transaction: limits by SET LOCAL, one transaction a statement, advisory locks given back
in the message that ends it. So sessions and transactions may be shared as a pooler likes. Only a pooler that hands out
single statements (pool_mode=statement) can't be used: it knows no BEGIN READ ONLY.
"""

from __future__ import annotations

from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.database.connection_errors import PoolerRefusedError

PGBOUNCER = "PgBouncer"
UNKNOWN = "a connection pooler"


def find_pooler(announced_pid: int, real_pid: int, *, refused_options: bool) -> str | None:
    """Return the name of what stands between, None when nothing does.

    A pooler makes the process id that it announces up, since it has not chosen a server process yet; the server tells
    the real one. `refused_options`: it refused start-up options in PgBouncer's words.
    """
    if refused_options:
        return PGBOUNCER
    return UNKNOWN if announced_pid != real_pid else None


def refuse_statement_mode(error: StatementError) -> None:
    """Raise PoolerRefusedError when `error`, the first statement's, is a pooler's refusal of transactions."""
    if "statement pooling mode" in f"{error.message} {error.detail}":
        raise PoolerRefusedError(
            "The connection pooler runs with pool_mode=statement, which allows no transaction, so nothing could be made"
            " read-only.",
            "Connect to PostgreSQL itself, or to a pool with pool_mode=transaction or session.",
        )
