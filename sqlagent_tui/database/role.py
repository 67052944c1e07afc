"""What a role may do beyond reading: asked of the server when a connection is made, told in sentences with remedies."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from sqlagent_tui.agent.results import QueryResult, quote_identifier
from sqlagent_tui.agent.roles import RoleFinding, RoleLevel, RoleReport
from sqlagent_tui.errors import SuperuserRefusedError

_SEVEREST_FIRST: dict[RoleLevel, int] = {"danger": 0, "warning": 1, "note": 2, "ok": 3}
_MAKE_A_ROLE = "Connect as a role that may only read; `sqlagent-tui doctor --sql` prints the statements that make one."


class _Right(NamedTuple):
    level: RoleLevel
    sentence: str
    """With {role}, {names} and {count}, the latter with the word that it counts."""
    remedy: str
    unit: str = ""
    """What is counted, in the singular."""


def _member(level: RoleLevel, name: str, may: str) -> _Right:
    return _Right(level, f"{{role}} is a member of {name} and {may}.", f"REVOKE {name} FROM {{role}}.")


def _attribute(level: RoleLevel, word: str, may: str) -> _Right:
    return _Right(level, f"{{role}} has {word} (as {{names}}) and {may}.", f"ALTER ROLE {{names}} NO{word}.")


_RIGHTS: dict[str, _Right] = {
    "superuser": _Right(
        "danger",
        "{names} is a superuser: files, programs, settings and other sessions are open to it, and no read-only "
        "transaction holds that back.",
        _MAKE_A_ROLE,
    ),
    "superuser_member": _Right(
        "danger",
        "{role} may become a superuser by SET ROLE {names}.",
        "REVOKE {names} FROM {role}, or use another role.",
    ),
    "pg_execute_server_program": _member("danger", "pg_execute_server_program", "may run programs on the server"),
    "pg_write_server_files": _member("danger", "pg_write_server_files", "may write files of the server"),
    "pg_read_server_files": _member("danger", "pg_read_server_files", "may read files of the server"),
    "server_functions": _Right(
        "danger",
        "{role} may execute {count} that act outside any transaction: {names}.",
        "REVOKE EXECUTE ON FUNCTION … FROM the role or group that was granted it.",
        "server function",
    ),
    "untrusted_functions": _Right(
        "danger",
        "{role} may execute {count} in a language without limits: {names}.",
        "REVOKE EXECUTE ON FUNCTION … FROM PUBLIC and from {role}.",
        "function",
    ),
    "replication": _attribute("danger", "REPLICATION", "may make replication slots, which fill the server's disk"),
    "pg_signal_backend": _member("danger", "pg_signal_backend", "may end the sessions of others"),
    "pg_signal_autovacuum_worker": _member("danger", "pg_signal_autovacuum_worker", "may end autovacuum's work"),
    "dblink": _Right(
        "warning",
        "{role} may execute {count} that open connections of their own, which no rollback undoes: {names}.",
        "REVOKE EXECUTE ON ALL FUNCTIONS of that extension FROM PUBLIC and from {role}.",
        "dblink function",
    ),
    "createrole": _attribute("warning", "CREATEROLE", "may make and change roles"),
    "createdb": _attribute("warning", "CREATEDB", "may make databases"),
    "bypassrls": _attribute("warning", "BYPASSRLS", "sees the rows that row-level security hides"),
    "owned_database": _Right(
        "warning", "{role} owns the database {names}.", _MAKE_A_ROLE
    ),
    "owned_schemas": _Right(
        "warning", "{role} owns {count}: {names}.", _MAKE_A_ROLE, "schema"
    ),
    "owned_relations": _Right(
        "warning",
        "{role} owns {count}, which it may change and drop: {names}.",
        _MAKE_A_ROLE,
        "table, view or sequence",
    ),
    "pg_write_all_data": _member("warning", "pg_write_all_data", "may write to every table"),
    "writable_relations": _Right(
        "warning",
        "{role} may write to {count}: {names}.",
        "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA … FROM the role or group that was granted it.",
        "table or view",
    ),
    "writable_sequences": _Right(
        "warning",
        "{role} may advance {count}: {names}.",
        "REVOKE USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA … FROM the role or group that was granted it.",
        "sequence",
    ),
    "create_in_database": _Right(
        "warning",
        "{role} may create schemas in the database {names}.",
        "REVOKE CREATE ON DATABASE {names} FROM PUBLIC and from {role}.",
    ),
    "create_in_schemas": _Right(
        "warning",
        "{role} may create objects in {count}: {names}.",
        "REVOKE CREATE ON SCHEMA {names} FROM PUBLIC and from {role}.",
        "schema",
    ),
    "pg_maintain": _member("warning", "pg_maintain", "may run VACUUM, REINDEX and LOCK TABLE on every table"),
    "pg_checkpoint": _member("warning", "pg_checkpoint", "may force checkpoints"),
    "pg_create_subscription": _member("warning", "pg_create_subscription", "may subscribe to other servers"),
    "superuser_functions": _Right(
        "note",
        "{role} may execute {count} that run with a superuser's rights: {names}.",
        "Look at what they do, or REVOKE EXECUTE ON FUNCTION … FROM PUBLIC.",
        "function",
    ),
    "pg_read_all_data": _member("note", "pg_read_all_data", "reads every table, the password hashes of roles included"),
    "pg_monitor": _member("note", "pg_monitor", "sees what other sessions run"),
    "unseen_relations": _Right(
        "note", "The database has more relations than the check looks at; {role} may have rights on the others.", ""
    ),
    "temporary_tables": _Right(
        "ok",
        "{role} may create temporary tables in {names}.",
        "REVOKE TEMPORARY ON DATABASE {names} FROM PUBLIC and from {role}.",
    ),
}  # fmt: skip


KEYS = tuple(_RIGHTS)
"""Every key that a finding may have, the rights that matter most first within a level."""


def read_report(result: QueryResult) -> RoleReport:
    """Return the report that the rows of `role_sql.QUERY` make."""
    rows = {key: (int(count or 0), _strings(names)) for key, count, names in result.rows}
    login = rows.pop("login")[1][0]
    findings = [_finding(login, key or "", number, names) for key, (number, names) in rows.items()]
    findings.sort(key=lambda finding: (_SEVEREST_FIRST[finding.level], KEYS.index(finding.key)))
    return RoleReport(
        role=login,
        superuser=any(finding.key in ("superuser", "superuser_member") for finding in findings),
        findings=tuple(findings),
    )


def refuse_superuser(report: RoleReport) -> None:
    """Raise `SuperuserRefusedError` when the role is a superuser, or may become one."""
    if report.superuser:
        insist = "To connect all the same, for this once: --allow-superuser."
        raise SuperuserRefusedError(report.findings[0].message, f"{_MAKE_A_ROLE} {insist}")


def _finding(login: str, key: str, number: int, told: tuple[str, ...]) -> RoleFinding:
    right = _RIGHTS[key]
    listed = ", ".join(told) + (", …" if number > len(told) else "")
    words = {"role": quote_identifier(login), "names": listed, "count": _counted(number, right.unit)}
    return RoleFinding(
        key=key,
        level=right.level,
        message=right.sentence.format(**words),
        names=told,
        count=number,
        remedy=right.remedy.format(**{**words, "names": ", ".join(told)}),
    )


def _counted(number: int, unit: str) -> str:
    if number == 1:
        return f"1 {unit}"
    plural = {"table, view or sequence": "tables, views and sequences", "table or view": "tables and views"}
    return f"{number:,} {plural.get(unit, f'{unit}s')}"


def _strings(names: str | None) -> tuple[str, ...]:
    return tuple(msgspec.json.decode(names or "[]", type=list[str]))
