"""Statements that try to change, keep, lock, hide or leave something. Whoever sends them, the fingerprint stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from sqlagent_tui.agent.results import QueryResult, StatementError
from tests.fix_guard import LENIENT, OWN_FUNCTIONS, Client, Guard

_TABLES = """SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('public', 'outro', 'trancado') ORDER BY 1"""
_STATE = """
SELECT 'relations',
  md5(string_agg(concat_ws(':', oid, relname, relkind, relfilenode, relowner, relacl), ',' ORDER BY oid))
  FROM pg_class WHERE relname NOT LIKE 'pg\\_toast%'
UNION ALL SELECT 'columns', md5(string_agg(concat_ws(':', attrelid, attname, atttypid), ',' ORDER BY attrelid, attnum))
  FROM pg_attribute
UNION ALL SELECT 'functions', md5(string_agg(p::text, ',' ORDER BY oid)) FROM pg_proc p
UNION ALL SELECT 'types', count(*)::text FROM pg_type
UNION ALL SELECT 'schemas', string_agg(n::text, ',' ORDER BY oid) FROM pg_namespace n
UNION ALL SELECT 'databases', string_agg(concat_ws(':', oid, datname, datdba, datconnlimit, datacl), ',' ORDER BY oid)
  FROM pg_database WHERE datname NOT LIKE 'cadastro%' AND (datname NOT LIKE 'guarda%' OR datname = current_database())
UNION ALL SELECT 'roles', md5(string_agg(r::text, ',' ORDER BY oid)) FROM pg_authid r
  WHERE rolname NOT LIKE 'guarda%' OR starts_with(rolname, current_database())
UNION ALL SELECT 'members', string_agg(m::text, ',' ORDER BY roleid, member) FROM pg_auth_members m
UNION ALL SELECT 'role settings', string_agg(s::text, ',' ORDER BY setdatabase, setrole) FROM pg_db_role_setting s
UNION ALL SELECT 'settings', md5(string_agg(concat_ws('=', name, reset_val), ',' ORDER BY name)) FROM pg_settings
UNION ALL SELECT 'comments', md5(string_agg(d::text, ',' ORDER BY objoid, objsubid)) FROM pg_description d
UNION ALL SELECT 'large objects', string_agg(l::text, ',' ORDER BY oid) FROM pg_largeobject_metadata l
UNION ALL SELECT 'slots', string_agg(slot_name, ',') FROM pg_replication_slots
UNION ALL SELECT 'prepared transactions', string_agg(gid, ',') FROM pg_prepared_xacts
UNION ALL SELECT 'advisory locks', string_agg(l::text, ',') FROM pg_locks l
  WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL SELECT 'table locks', string_agg(l::text, ',') FROM pg_locks l
  WHERE mode NOT IN ('AccessShareLock', 'ExclusiveLock', 'ShareUpdateExclusiveLock') AND relation >= 16384
UNION ALL SELECT 'channels', string_agg(c, ',') FROM pg_listening_channels() c
UNION ALL SELECT 'notifications', pg_notification_queue_usage()::text
UNION ALL SELECT 'sequence', (SELECT concat_ws(':', last_value, is_called) FROM contador)
UNION ALL SELECT 'files', string_agg(f, ',' ORDER BY f) FROM pg_ls_dir('.') f
UNION ALL SELECT 'configuration', md5(pg_read_file('postgresql.auto.conf'))
"""

ATTACKS = [
    "DELETE FROM conta",
    "UPDATE conta SET saldo = 0",
    "INSERT INTO conta VALUES (0, 'x', 0)",
    "INSERT INTO conta VALUES (0, 'x', 0) RETURNING *",
    "TRUNCATE conta",
    "DROP TABLE conta",
    "CREATE TABLE x (a int)",
    "CREATE TEMP TABLE x (a int)",
    "CREATE TABLE x AS SELECT 1",
    "SELECT * INTO x FROM conta",
    "SELECT * INTO TEMP x FROM conta",
    "ALTER TABLE conta ADD x int",
    "GRANT ALL ON conta TO PUBLIC",
    "COMMIT; DELETE FROM conta",
    "COMMIT; BEGIN READ WRITE; DELETE FROM conta; COMMIT",
    "ROLLBACK; DELETE FROM conta",
    "SELECT 1; DELETE FROM conta",
    "SELECT 1; COMMIT; DELETE FROM conta; BEGIN",
    "; DELETE FROM conta",
    "SELECT '\\'; DELETE FROM conta; --'",
    "SELECT 1\n# c\n; DELETE FROM conta",
    "SELECT 1) AS q(c1); DELETE FROM conta; --",
    "SELECT 'x') AS q(c1), (DELETE FROM conta RETURNING nome) AS r(c2",
    "SELECT 'x' /* \n) AS q(c1); DELETE FROM conta; -- */",
    "DO $$BEGIN COMMIT; DELETE FROM conta; END$$",
    "DO $$BEGIN COMMIT; SET TRANSACTION READ WRITE; DELETE FROM conta; END$$",
    "CALL x()",
    "SET TRANSACTION READ WRITE",
    "BEGIN READ WRITE",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SET default_transaction_read_only = off",
    "RESET ALL",
    "DISCARD ALL",
    "SET ROLE postgres",
    "SELECT set_config('default_transaction_read_only', 'off', false)",
    "SELECT set_config('transaction_read_only', 'off', true)",
    "WITH d AS (DELETE FROM conta RETURNING *) SELECT * FROM d",
    "WITH d AS (UPDATE conta SET saldo = 0 RETURNING *) SELECT * FROM d",
    "WITH x AS (SELECT 1) DELETE FROM conta",
    "SELECT nextval('contador')",
    "SELECT setval('contador', 99)",
    "SELECT ('contador'::regclass).nextval",
    "SELECT * FROM conta FOR UPDATE",
    "SELECT nome FROM conta FOR SHARE",
    "SELECT apaga()",
    "SELECT apaga_como_dono()",
    "SELECT torna_gravavel()",
    "SELECT tranca()",
    "SELECT tranca(), nome FROM conta",
    "SELECT avisa()",
    "SELECT objeto_grande()",
    "EXPLAIN ANALYZE DELETE FROM conta",
    "EXPLAIN (ANALYZE) SELECT apaga()",
    "EXPLAIN (COSTS OFF) DELETE FROM conta",
    "EXPLAIN ANALYZE VERBOSE WITH d AS (DELETE FROM conta) SELECT 1",
    "EXPLAIN EXECUTE x",
    "LOCK TABLE conta IN ACCESS EXCLUSIVE MODE",
    "REINDEX TABLE conta",
    "CLUSTER conta USING conta_pkey",
    "VACUUM FULL conta",
    "ANALYZE conta",
    "CHECKPOINT",
    "REFRESH MATERIALIZED VIEW saldo_guardado",
    "COMMENT ON TABLE conta IS 'x'",
    "PREPARE TRANSACTION 'x'",
    "PREPARE p AS DELETE FROM conta",
    "EXECUTE p",
    "DEALLOCATE ALL",
    "DECLARE d CURSOR WITH HOLD FOR SELECT 1",
    "FETCH 1 FROM sqlagent",
    "LISTEN canal",
    "NOTIFY canal",
    "SELECT pg_notify('canal', 'x')",
    "LOAD 'plpgsql'",
    "COPY conta TO STDOUT",
    "COPY conta FROM STDIN",
    "COPY conta TO '/tmp/sqlagent-test-copy'",
    "COPY conta TO PROGRAM 'cat > /tmp/sqlagent-test-copy'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "ALTER SYSTEM SET work_mem = '1MB'",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "CREATE ROLE x",
    "CREATE EXTENSION dblink",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT ('.'::text).pg_ls_dir",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_export(1, '/tmp/sqlagent-test-copy')",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_lock_shared(1, 2)",
    "SELECT query_to_xml('SELECT pg_advisory_lock(1)', true, true, '')",
    "SELECT * FROM ts_stat('SELECT to_tsvector(pg_advisory_lock(1)::text)')",
    "SELECT pg_logical_emit_message(false, 'x', 'y')",
    "SELECT pg_create_physical_replication_slot('x')",
    "SELECT pg_switch_wal()",
    "SELECT pg_reload_conf()",
    "SELECT pg_stat_reset()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
    "SELECT pg_export_snapshot()",
    "SELECT dblink_exec('dbname=postgres', 'DELETE FROM conta')",
    "SHOW all; DELETE FROM conta",
    "VALUES (1); DELETE FROM conta",
    "TABLE conta; DELETE FROM conta",
    "SELECT 1\0; DELETE FROM conta",
]


@pytest.fixture
def fingerprint(guard: Guard) -> Iterator[Callable[[], dict[str, str | None]]]:
    with psycopg.connect(guard.superuser, autocommit=True) as admin:

        def take() -> dict[str, str | None]:
            state = dict(admin.execute(_STATE.encode()).fetchall())
            for (table,) in admin.execute(_TABLES.encode()).fetchall():
                content = (
                    f"SELECT md5(string_agg(concat_ws(':', t.ctid, t.xmin, t), ',' ORDER BY t.ctid)) FROM {table} t"
                )
                state[table] = admin.execute(content.encode()).fetchone()[0]
            return state

        yield take


@pytest.mark.parametrize("role", ["reader", "owner", "superuser"])
def test_no_attack_leaves_anything(
    role: str, guard: Guard, connect: Callable[..., Client], fingerprint: Callable[[], dict[str, str | None]]
) -> None:
    client = connect(getattr(guard, role))
    before = fingerprint()
    assert before["public.conta"]
    for attack in ATTACKS:
        client.run(attack)
        assert fingerprint() == before, attack
        alive = client.run("SELECT count(*) FROM conta")
        assert isinstance(alive, QueryResult), attack
        assert alive.rows == (("200",),)
    assert len({event.backend_pid for event in client.events if event.backend_pid}) == 1, "the connection was lost"


def test_the_fingerprint_sees_a_change(guard: Guard, fingerprint: Callable[[], dict[str, str | None]]) -> None:
    before = fingerprint()
    with psycopg.connect(guard.owner, autocommit=True) as owner:
        owner.execute("SELECT pg_advisory_lock(1)")
        assert fingerprint() != before
        owner.execute("SELECT pg_advisory_unlock(1)")
        assert fingerprint() == before
        owner.execute("UPDATE conta SET saldo = saldo WHERE id = 1")
        assert fingerprint()["public.conta"] != before["public.conta"]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM conta", "not DELETE"),
        ("COMMIT; DELETE FROM conta", "not COMMIT"),
        ("SELECT 1; DELETE FROM conta", "one statement"),
        ("WITH d AS (DELETE FROM conta RETURNING *) SELECT * FROM d", "Nothing may be changed"),
        ("WITH x AS (SELECT 1) DELETE FROM conta", "Nothing may be changed"),
        ("SELECT * INTO x FROM conta", "Nothing may be created"),
        ("SELECT apaga()", "declared VOLATILE"),
        ("EXPLAIN DELETE FROM conta", "not DELETE"),
        ("", "no statement"),
        (" -- only a comment", "no statement"),
    ],
)
def test_a_refusal_says_why(reader: Client, sql: str, words: str) -> None:
    error = reader.fails(sql)
    assert error.kind == "refused"
    assert words in error.message
    assert error.message.endswith(".")


def test_a_misspelt_statement_is_a_syntax_error_and_no_refusal(reader: Client) -> None:
    error = reader.fails("SELEC nome FROM conta")
    assert (error.kind, error.sqlstate, error.position) == ("database", "42601", 1)


@pytest.mark.parametrize("role", ["reader", "owner"])
def test_the_server_holds_where_the_policy_of_functions_allows(
    role: str, guard: Guard, connect: Callable[..., Client], fingerprint: Callable[[], dict[str, str | None]]
) -> None:
    client = connect(getattr(guard, role), policy=LENIENT)
    before = fingerprint()
    for function in OWN_FUNCTIONS:
        outcome = client.run(f"SELECT {function}(), nome FROM conta")
        assert "VOLATILE" not in getattr(outcome, "message", "")
        assert fingerprint() == before, function
    assert client.fails("SELECT apaga()").message.startswith("Nothing may be changed")


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
