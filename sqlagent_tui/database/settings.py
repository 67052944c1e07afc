"""The server's settings that every transaction of ours begins with; all are LOCAL, nothing outlives the ROLLBACK."""

from __future__ import annotations

from sqlagent_tui.agent.protocols import Limits

_PARAMETER_PRIVILEGES = 150_000
"""From this version on a superuser may grant the right to SET a parameter."""
_TRANSACTION_TIMEOUT = 170_000
_GREATEST_MS = 2**31 - 1


def of_transaction(limits: Limits, server_version: int, client_encoding: str) -> dict[str, str]:
    """Return setting → value. None needs a right, so that none can fail."""
    settings = {
        "statement_timeout": limits.statement_timeout_ms,
        "lock_timeout": limits.lock_timeout_ms,
        "idle_in_transaction_session_timeout": limits.idle_timeout_ms,
        "max_parallel_workers_per_gather": limits.parallel_workers,
        "cursor_tuple_fraction": 1,
        "jit": "off",
        "standard_conforming_strings": "on",
        "client_encoding": client_encoding,
    }
    if limits.work_mem_mb is not None:
        settings["work_mem"] = f"{limits.work_mem_mb}MB"
    if server_version >= _TRANSACTION_TIMEOUT and limits.statement_timeout_ms and limits.idle_timeout_ms:
        # The last resort: a statement's time twice over, for its planning and its reading, and that of a pause.
        longest = 2 * limits.statement_timeout_ms + limits.idle_timeout_ms
        settings["transaction_timeout"] = min(longest, _GREATEST_MS)
    return {name: str(value) for name, value in settings.items()}


def temp_file_limit(megabytes: int, server_version: int) -> str:
    """Return an expression that limits temporary files where the role may do that, and never widens a limit."""
    may_set = (
        "pg_catalog.has_parameter_privilege('temp_file_limit', 'SET')"
        if server_version >= _PARAMETER_PRIVILEGES
        else "(SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)"
    )
    own = "pg_catalog.pg_size_bytes(pg_catalog.current_setting('temp_file_limit'))"
    wider = f"({own} < 0 OR {own} > {megabytes}::pg_catalog.int8 * 1048576)"
    return f"CASE WHEN {may_set} AND {wider} THEN pg_catalog.set_config('temp_file_limit', '{megabytes}MB', true) END"
