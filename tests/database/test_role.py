"""The check of a role's rights, on real roles that have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import conninfo as libpq
from psycopg import sql

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.agent.roles import RoleFinding, RoleLevel, RoleReport
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.database.role_statements import role_statements
from sqlagent_tui.errors import ExitCode, SuperuserRefusedError, UsageError
from tests.fix_guard import NAME, OWNER, Client, Guard
from tests.fix_servers import Bouncing

ROLE = f"{NAME}_papel"
GROUP = f"{NAME}_grupo"
BOSS = f"{NAME}_chefe"
AWKWARD = f"{NAME} d'água \"\\\n\x1b[2J\u202e"


def change(guard: Guard, *statements: str) -> None:
    """Have the superuser change something."""
    with psycopg.connect(guard.direct, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement.format(r=ROLE, g=GROUP, db=NAME, boss=BOSS).encode())


def remove(guard: Guard, *roles: str) -> None:
    with psycopg.connect(guard.direct, autocommit=True) as admin:
        admin.execute("DROP SCHEMA IF EXISTS papel CASCADE")
        admin.execute(f"ALTER DATABASE {NAME} OWNER TO {OWNER}")
        for role in roles:
            if admin.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None:
                name = sql.Identifier(role)
                admin.execute(sql.SQL("DROP OWNED BY {}; DROP ROLE {}").format(name, name))


@pytest.fixture
def make_role() -> Iterator[Callable[..., str]]:
    """Makes a role and a group on the server of a guard, grants things, and returns the way in; all is taken back."""
    made: list[Guard] = []

    def make(guard: Guard, *grants: str) -> str:
        made.append(guard)
        change(guard, "CREATE ROLE {r} LOGIN", "CREATE ROLE {g}", *grants)
        return libpq.make_conninfo(guard.direct, user=ROLE)

    yield make
    for guard in made:
        remove(guard, ROLE, GROUP, BOSS)


def report(conninfo: str) -> RoleReport:
    database = PostgresDatabase.connect(conninfo, allow_superuser=True)
    try:
        return database.info.role
    finally:
        database.close()


def findings(conninfo: str) -> dict[str, RoleFinding]:
    return {finding.key: finding for finding in report(conninfo).findings}


INHERITED = "GRANT {g} TO {r}"
WORN = "ALTER ROLE {r} NOINHERIT; GRANT {g} TO {r}"
RIGHTS: list[tuple[str, RoleLevel, str]] = [
    ("replication", "danger", "ALTER ROLE {r} REPLICATION"),
    ("createrole", "warning", "ALTER ROLE {r} CREATEROLE"),
    ("createdb", "warning", "ALTER ROLE {r} CREATEDB"),
    ("bypassrls", "warning", "ALTER ROLE {r} BYPASSRLS"),
    ("createdb", "warning", "ALTER ROLE {g} CREATEDB; " + INHERITED),
    ("pg_write_all_data", "warning", "GRANT pg_write_all_data TO {r}"),
    ("pg_read_server_files", "danger", "GRANT pg_read_server_files TO {g}; " + INHERITED),
    ("pg_write_server_files", "danger", "GRANT pg_write_server_files TO {r}"),
    ("pg_execute_server_program", "danger", "GRANT pg_execute_server_program TO {g}; " + WORN),
    ("pg_signal_backend", "danger", "GRANT pg_signal_backend TO {r}"),
    ("pg_checkpoint", "warning", "GRANT pg_checkpoint TO {r}"),
    ("pg_read_all_data", "note", "GRANT pg_read_all_data TO {r}"),
    ("pg_monitor", "note", "GRANT pg_monitor TO {r}"),
    ("owned_database", "warning", "ALTER DATABASE {db} OWNER TO {g}; " + INHERITED),
    ("owned_schemas", "warning", "CREATE SCHEMA papel AUTHORIZATION {r}"),
    ("owned_relations", "warning", "CREATE SCHEMA papel; CREATE TABLE papel.t (); ALTER TABLE papel.t OWNER TO {r}"),
    ("writable_relations", "warning", "GRANT INSERT ON conta TO {r}"),
    ("writable_relations", "warning",
     "GRANT TRUNCATE ON outro.conta TO {g}; GRANT USAGE ON SCHEMA outro TO {g}; " + WORN),
    ("writable_relations", "warning", "GRANT UPDATE (saldo) ON conta TO {r}"),
    ("writable_sequences", "warning", "GRANT USAGE ON contador TO {r}"),
    ("create_in_database", "warning", "GRANT CREATE ON DATABASE {db} TO {r}"),
    ("create_in_schemas", "warning", "GRANT CREATE ON SCHEMA outro TO {g}; " + WORN),
    ("server_functions", "danger", "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {r}"),
    ("server_functions", "danger", "GRANT EXECUTE ON FUNCTION pg_reload_conf() TO {g}; " + WORN),
    ("superuser_functions", "note",
     "CREATE SCHEMA papel; GRANT USAGE ON SCHEMA papel TO {r};"
     "CREATE FUNCTION papel.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "level", "grants"), RIGHTS, ids=[f"{key}-{i}" for i, (key, *_) in enumerate(RIGHTS)])
def test_each_right_is_found_and_told(
    direct_guard: Guard, make_role: Callable[..., str], key: str, level: RoleLevel, grants: str
) -> None:
    way = make_role(direct_guard)
    assert key not in findings(way)
    change(direct_guard, grants)
    found = report(way)
    finding = next(finding for finding in found.findings if finding.key == key)
    assert finding.level == level
    assert found.badge in (level, "danger")
    assert finding.count >= len(finding.names) >= 1
    assert ROLE in finding.message or GROUP in finding.message
    assert finding.message.endswith(".")
    assert finding.remedy.endswith(".")
    assert not found.superuser


def test_functions_without_limits_are_found(guard_15: Guard, make_role: Callable[..., str]) -> None:
    way = make_role(
        guard_15,
        "CREATE SCHEMA papel",
        "GRANT USAGE ON SCHEMA papel TO {r}",
        "CREATE EXTENSION dblink SCHEMA papel",
        "CREATE LANGUAGE papel_lang HANDLER plpgsql_call_handler",  # not TRUSTED, like plpython3u
        "CREATE FUNCTION papel.tudo() RETURNS int LANGUAGE papel_lang AS 'BEGIN RETURN 1; END'",
    )
    try:
        found = findings(way)
    finally:
        change(guard_15, "DROP LANGUAGE papel_lang CASCADE")
    assert (found["untrusted_functions"].level, found["untrusted_functions"].names) == ("danger", ("papel.tudo",))
    assert (found["dblink"].level, found["dblink"].count > 5) == ("warning", True)
    assert "server_functions" not in found, "dblink_connect_u is not for PUBLIC"


def test_newer_servers_have_more_groups(guard_18: Guard, make_role: Callable[..., str]) -> None:
    groups = ("pg_maintain", "pg_create_subscription", "pg_signal_autovacuum_worker")
    found = findings(make_role(guard_18, *(f"GRANT {group} TO {{r}}" for group in groups)))
    assert found.keys() >= set(groups)


def test_a_role_that_may_only_read_is_told_nothing_bad(any_guard: Guard) -> None:
    found = report(any_guard.reader)
    assert (found.badge, found.superuser) == ("ok", False)
    assert {finding.key for finding in found.findings} <= {"temporary_tables"}


def test_what_public_may_is_found(direct_guard: Guard, make_role: Callable[..., str]) -> None:
    granted = ("GRANT CREATE ON SCHEMA outro", "GRANT DELETE ON tinta", "GRANT EXECUTE ON FUNCTION pg_ls_dir(text)")
    taken = [f"{grant.replace('GRANT', 'REVOKE', 1)} FROM PUBLIC" for grant in granted]
    way = make_role(direct_guard, *(f"{grant} TO PUBLIC" for grant in granted))
    try:
        found = findings(way)
    finally:
        change(direct_guard, *taken)
    assert found["create_in_schemas"].names == ("outro",)
    assert found["writable_relations"].names == ("public.tinta",)
    assert found["server_functions"].names == ("pg_catalog.pg_ls_dir",)


def test_names_are_quoted_and_few_of_many_are_told(direct_guard: Guard, make_role: Callable[..., str]) -> None:
    way = make_role(direct_guard, "GRANT INSERT ON ALL TABLES IN SCHEMA public TO {r}")
    finding = findings(way)["writable_relations"]
    assert finding.count > len(finding.names) == 5
    assert "tables and views: " in finding.message
    assert finding.message.endswith(", ….")
    change(direct_guard, "REVOKE INSERT ON ALL TABLES IN SCHEMA public FROM {r}")
    change(direct_guard, 'GRANT INSERT ON "d\'água \\" TO {r}')
    assert findings(way)["writable_relations"].names == ('public."d\'água \\"',)


def test_the_check_waits_behind_no_lock(direct_guard: Guard, make_role: Callable[..., str]) -> None:
    way = make_role(direct_guard, "GRANT INSERT ON conta TO {r}")
    with psycopg.connect(direct_guard.direct) as admin:
        admin.execute("LOCK TABLE conta, tinta IN ACCESS EXCLUSIVE MODE")
        database = PostgresDatabase.connect(way, limits=Limits(lock_timeout_ms=50, statement_timeout_ms=5_000))
        database.close()
    assert "writable_relations" in {finding.key for finding in database.info.role.findings}


# Superusers


def test_a_superuser_is_refused_unless_the_user_insists(any_guard: Guard) -> None:
    with pytest.raises(SuperuserRefusedError) as caught:
        PostgresDatabase.connect(any_guard.superuser)
    assert caught.value.exit_code == ExitCode.REFUSED
    assert caught.value.message.startswith("postgres is a superuser")
    assert "--allow-superuser" in caught.value.remedy
    found = report(any_guard.superuser)
    assert (found.superuser, found.badge, len(found.findings)) == (True, "danger", 1)


def test_a_superuser_in_other_clothes_is_refused(direct_guard: Guard) -> None:
    reader = libpq.conninfo_to_dict(direct_guard.reader)["user"]
    dressed = libpq.make_conninfo(direct_guard.superuser, options=f"-c role={reader}")
    database = PostgresDatabase.connect(dressed, allow_superuser=True)
    try:
        assert database.info.user == reader
        assert database.info.role.role == "postgres"
        assert database.info.role.superuser
    finally:
        database.close()
    with pytest.raises(SuperuserRefusedError):
        PostgresDatabase.connect(dressed)


@pytest.mark.parametrize("grant", ["GRANT {boss} TO {r}", "GRANT {boss} TO {g}; GRANT {g} TO {r}"])
def test_whoever_may_become_a_superuser_is_refused(
    direct_guard: Guard, make_role: Callable[..., str], grant: str
) -> None:
    way = make_role(direct_guard, "CREATE ROLE {boss} SUPERUSER", "ALTER ROLE {r} NOINHERIT", grant)
    with pytest.raises(SuperuserRefusedError, match="may become a superuser"):
        PostgresDatabase.connect(way)


# Rights that change while a session lasts


def run(database: PostgresDatabase, text: str) -> QueryResult | StatementError:
    return database.execute(text, origin="user", cancel=CancelToken())


def failing(database: PostgresDatabase, text: str) -> StatementError:
    outcome = run(database, text)
    assert isinstance(outcome, StatementError), outcome
    return outcome


def failing_again(database: PostgresDatabase) -> StatementError:
    """Run a statement on a connection that was cut, and again when only that told it."""
    error = failing(database, "SELECT 1")
    return failing(database, "SELECT 1") if "NOT retried" in error.message else error


def cut(guard: Guard) -> None:
    """End the role's sessions."""
    with psycopg.connect(guard.direct, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", (ROLE,))


@pytest.fixture
def session(direct_guard: Guard, make_role: Callable[..., str]) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase.connect(make_role(direct_guard, "GRANT SELECT ON conta TO {r}"))
    assert isinstance(run(database, "SELECT count(*) FROM conta"), QueryResult)
    yield database
    database.close()


def test_a_right_lost_in_mid_session_is_told_and_the_session_goes_on(
    direct_guard: Guard, session: PostgresDatabase
) -> None:
    change(direct_guard, "REVOKE SELECT ON conta FROM {r}")
    error = failing(session, "SELECT count(*) FROM conta")
    assert (error.sqlstate, error.kind) == ("42501", "database")
    assert "conta" in error.message
    assert isinstance(run(session, "SELECT 1"), QueryResult)
    assert "conta" not in [table.name for table in session.tables(CancelToken())]
    change(direct_guard, "GRANT SELECT ON conta TO {r}")
    assert isinstance(run(session, "SELECT count(*) FROM conta"), QueryResult)


def test_the_right_to_connect_lost_in_mid_session(direct_guard: Guard, session: PostgresDatabase) -> None:
    change(direct_guard, "ALTER ROLE {r} NOLOGIN")
    assert isinstance(run(session, "SELECT 1"), QueryResult)
    cut(direct_guard)
    refused = failing_again(session)
    assert refused.kind == "connection"
    assert "may not log in" in refused.message
    assert ROLE in refused.message
    change(direct_guard, "ALTER ROLE {r} LOGIN")
    assert isinstance(run(session, "SELECT 1"), QueryResult)


def test_a_role_that_became_a_superuser_is_refused_when_it_connects_again(
    direct_guard: Guard, session: PostgresDatabase
) -> None:
    change(direct_guard, "ALTER ROLE {r} SUPERUSER")
    cut(direct_guard)
    refused = failing_again(session)
    assert refused.kind == "refused"
    assert "is a superuser" in refused.message
    change(direct_guard, "ALTER ROLE {r} NOSUPERUSER CREATEDB")
    assert isinstance(run(session, "SELECT 1"), QueryResult)
    assert [finding.key for finding in session.info.role.findings if finding.level != "ok"] == ["createdb"]


# The statements that make a proper role


SCHEMA = "esq\"uema '\n;"


@pytest.fixture
def odd_schemas(direct_guard: Guard) -> Iterator[Guard]:
    """Beside the usual ones: an empty one, one where PUBLIC may create, one with an awkward name."""
    odd = sql.Identifier(SCHEMA)
    with psycopg.connect(direct_guard.direct, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA vazio; CREATE SCHEMA aberto; GRANT CREATE ON SCHEMA aberto TO PUBLIC")
        admin.execute(sql.SQL("CREATE SCHEMA {}; CREATE TABLE {}.t ()").format(odd, odd))
        yield direct_guard
        admin.execute(sql.SQL("DROP SCHEMA {} CASCADE; DROP SCHEMA vazio; DROP SCHEMA aberto").format(odd))
    remove(direct_guard, ROLE, AWKWARD)


@pytest.mark.parametrize("role", [ROLE, AWKWARD])
@pytest.mark.parametrize("exists", [False, True])
def test_the_printed_statements_make_a_role_that_may_only_read(
    odd_schemas: Guard, connect: Callable[..., Client], role: str, exists: bool
) -> None:
    with psycopg.connect(odd_schemas.direct, autocommit=True) as admin:
        if exists:
            admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN CREATEDB CREATEROLE").format(sql.Identifier(role)))
        script = role_statements(connect(odd_schemas.superuser).database, role)
        assert script.replace("\n", "").isprintable()
        admin.execute(script.encode())
    way = libpq.make_conninfo(odd_schemas.direct, user=role)
    database = PostgresDatabase.connect(way)
    try:
        assert database.info.role.badge == "ok", database.info.role
        assert isinstance(run(database, "SELECT count(*) FROM conta"), QueryResult)
        schemas = {table.schema for table in database.tables(CancelToken())}
        assert schemas == {"public", "outro", "trancado", SCHEMA}
        with psycopg.connect(odd_schemas.owner, autocommit=True) as owner:
            owner.execute("CREATE TABLE outro.depois ()")
            later = run(database, "SELECT count(*) FROM outro.depois")
            owner.execute("DROP TABLE outro.depois")
        assert isinstance(later, QueryResult), later
    finally:
        database.close()
    with psycopg.connect(way) as plain:
        assert plain.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


def test_a_superuser_is_not_made_into_a_reader(direct_guard: Guard) -> None:
    database = PostgresDatabase.connect(direct_guard.reader)
    try:
        with pytest.raises(UsageError, match="superuser"):
            role_statements(database, "postgres")
    finally:
        database.close()


def test_pooled_sessions_are_checked_too(guard_18: Guard, bouncing: Bouncing, make_role: Callable[..., str]) -> None:
    way = make_role(guard_18, "GRANT pg_read_server_files TO {r}", "GRANT INSERT ON conta TO {r}")
    for mode in ("session", "transaction"):
        found = findings(bouncing(way, mode))
        assert found["pg_read_server_files"].level == "danger"
        assert found["writable_relations"].names == ("public.conta",)
