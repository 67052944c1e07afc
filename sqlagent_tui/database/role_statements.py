"""The SQL that makes a role for this database: it may log in and read, and nothing else."""

from __future__ import annotations

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Database
from sqlagent_tui.agent.results import Row, StatementError, quote_identifier
from sqlagent_tui.errors import DatabaseError, UsageError

DEFAULT_ROLE = "sqlagent_reader"

_SCHEMAS = """
SELECT n.nspname, pg_catalog.has_schema_privilege('public', n.oid, 'CREATE'),
  (SELECT pg_catalog.array_to_json(pg_catalog.array_agg(DISTINCT o.rolname))
   FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
   WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))
FROM pg_catalog.pg_namespace n
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY n.nspname
"""
_ROLES = "SELECT r.rolname, r.rolsuper FROM pg_catalog.pg_roles r"


def role_statements(database: Database, role: str = DEFAULT_ROLE) -> str:
    """Return a script for a superuser (or whoever may grant all of it), fit for psql and for a terminal.

    It grants SELECT on every schema that holds tables now, and on what the owners of those tables make there later.
    A role of that name is changed instead of created. Raises DatabaseError; UsageError when it is a superuser.
    """
    existing = {row[0]: row[1] == "t" for row in _rows(database, _ROLES)}
    if existing.get(role):
        raise UsageError(f"The role “{role}” is a superuser.", "Give the name of a new role: --role NAME.")
    name = script_name(role)
    dbname = script_name(database.info.database)
    verb = "ALTER" if role in existing else "CREATE"
    lines = [
        "-- A role that may only read this database. Run as a superuser, connected to it.",
        f"{verb} ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;",
        "-- Its password: \\password ROLE in psql, which sends no clear text.",
        f"ALTER ROLE {name} SET default_transaction_read_only = on;",
        f"ALTER ROLE {name} SET statement_timeout = '60s';",
        f"ALTER ROLE {name} SET lock_timeout = '5s';",
        f"ALTER ROLE {name} SET idle_in_transaction_session_timeout = '5min';",
        f"ALTER ROLE {name} SET temp_file_limit = '5GB';",
        f"GRANT CONNECT ON DATABASE {dbname} TO {name};",
    ]
    taken = []
    for schema, public_creates, owners in _rows(database, _SCHEMAS):
        quoted = script_name(schema or "")
        if public_creates == "t":
            taken.append(f"REVOKE CREATE ON SCHEMA {quoted} FROM PUBLIC;")
        if owners is None:
            continue
        lines.append(f"GRANT USAGE ON SCHEMA {quoted} TO {name};")
        lines.append(f"GRANT SELECT ON ALL TABLES IN SCHEMA {quoted} TO {name};")
        for owner in msgspec.json.decode(owners, type=list[str]):
            default = f"ALTER DEFAULT PRIVILEGES FOR ROLE {script_name(owner)} IN SCHEMA {quoted}"
            lines.append(f"{default} GRANT SELECT ON TABLES TO {name};")
    if taken:
        lines += ["-- Every role may create objects here. Grant CREATE to those that need it.", *taken]
    return "\n".join(lines) + "\n"


def script_name(name: str) -> str:
    """Return `name` as SQL that is printable whatever the name holds: no line break, no escape sequence."""
    if name.isprintable():
        return quote_identifier(name)
    escaped = "".join(_escaped(char) for char in name)
    return f'U&"{escaped}"'


def _escaped(char: str) -> str:
    if char == '"':
        return '""'
    if char == "\\":
        return "\\\\"
    return char if char.isprintable() else f"\\+{ord(char):06X}"


def _rows(database: Database, sql: str) -> tuple[Row, ...]:
    outcome = database.execute(sql, origin="setup", cancel=CancelToken())
    if isinstance(outcome, StatementError):
        raise DatabaseError(f"The schemas could not be read: {outcome.message}")
    if outcome.truncated:
        raise DatabaseError("The database has too many schemas or roles.", "Raise answer_rows in the settings.")
    return outcome.rows
