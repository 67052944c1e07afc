"""The layer that refuses functions by name and by declaration, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.config import load_config
from sqlagent_tui.database.function_lists import DENIED, HARMLESS
from sqlagent_tui.database.policy import FunctionPolicy, Refusal
from tests.fix_guard import Client, Guard

_VOLATILE = """SELECT DISTINCT p.proname FROM pg_proc p WHERE p.provolatile = 'v'
  AND p.pronamespace = 'pg_catalog'::regnamespace ORDER BY 1"""


def check(sql: str, policy: FunctionPolicy | None = None) -> Refusal | None:
    return (policy or FunctionPolicy()).refuse_text(sql)


@contextmanager
def functions(guard: Guard, sql: str) -> Iterator[None]:
    """Objects in a schema of their own, `f`, for one test."""
    with psycopg.connect(guard.owner, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA f; GRANT USAGE ON SCHEMA f TO PUBLIC; SET search_path = f, public")
        owner.execute(sql.encode())
        try:
            yield
        finally:
            owner.execute("DROP SCHEMA f CASCADE")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_notify('a', 'b')",
        "select PG_NOTIFY ('a', 'b')",
        "select pg_catalog.pg_notify('a', 'b')",
        "select postgres.pg_catalog.pg_notify('a', 'b')",
        "select pg_catalog . /* x */ pg_notify -- y\n('a', 'b')",
        "select \"pg_notify\"('a', 'b')",
        r'select U&"pg\005fnotify"(1)',
        "select U&\"pg!005fnotify\" UESCAPE '!' (1)",
        'select U&"pg!005fnotify"/**/UESCAPE$$!$$(1)',
        "select U&\"pg!005fnotify\" uescape E'\\x21' (1)",
        "select E'a'\n'\\'', pg_notify('a', 'b') --'",
        "select ('.'::text).pg_ls_dir",
        "select g.pg_advisory_lock from generate_series(1, 1) g",
        "select 1 from lateral pg_advisory_lock(1)",
        "select query_to_xml('select 1', true, true, '')",
        "select pg_logical_emit_message(false, 'x', 'y')",
        "select lo_create(0)",
    ],
)
def test_refused_by_name_in_every_notation(reader: Client, sql: str) -> None:
    refusal = check(sql)
    assert refusal is not None
    assert refusal.position is not None
    assert sql[refusal.position - 1 :].lower().lstrip('u&"').startswith(("pg", "query", "lo_"))
    assert refusal.message.endswith(".")
    assert "because" in refusal.message
    assert "allow_functions" in (refusal.hint or "")
    error = reader.fails(sql)
    assert (error.kind, error.message, error.position, error.hint) == (
        "refused",
        refusal.message,
        refusal.position,
        refusal.hint,
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM pg_proc WHERE proname = 'pg_notify'",
        "SELECT 1 -- pg_notify(1)",
        "SELECT 1 /* pg_notify(1) */",
        "SELECT $$pg_notify(1)$$",
        "SELECT 'a'\n'pg_notify(1)'",
        "SELECT 1 AS nextval, 2 AS crosstab",
        "WITH nextval(a, b) AS (SELECT 1, 2) SELECT * FROM nextval",
        "SELECT * FROM (VALUES (1, 2)) AS setval(a, b)",
        "SELECT pg_sleep(0)",
    ],
)
def test_not_refused_where_it_is_only_mentioned(reader: Client, sql: str) -> None:
    assert check(sql) is None
    assert isinstance(reader.run(sql), QueryResult)


def test_text_that_the_server_would_read_otherwise_is_refused_before_sending(reader: Client) -> None:
    nul = check("SELECT 1\0; DROP TABLE x")
    half = check("SELECT '\ud800'")
    assert nul is not None
    assert nul.position == 9
    assert half is not None
    assert half.position == 9
    sent = reader.database.info.backend_pid
    assert reader.fails("SELECT 1\0; DROP TABLE x").kind == "refused"
    assert reader.fails("SELECT '\ud800'").kind == "refused"
    assert reader.rows("SELECT pg_backend_pid()").rows == ((str(sent),),)


def test_no_function_is_both_denied_and_harmless() -> None:
    assert not DENIED.keys() & {name for origin, name in HARMLESS if origin == "pg_catalog"}


def test_every_volatile_function_of_the_server_was_decided_upon(direct_guard: Guard) -> None:
    with psycopg.connect(direct_guard.superuser) as admin:
        volatile = {name for (name,) in admin.execute(_VOLATILE)}
    assert len(volatile) > 200
    harmless = {name for origin, name in HARMLESS if origin == "pg_catalog"}
    assert volatile - DENIED.keys() - harmless == set()


def test_harmless_functions_run(reader: Client) -> None:
    reader.rows(
        "SELECT random(), clock_timestamp(), timeofday(), gen_random_uuid(), setseed(0.5), pg_is_in_recovery(), "
        "pg_relation_size('conta'), pg_total_relation_size('conta'), pg_database_size(current_database()), "
        "current_query(), pg_blocking_pids(1), pg_notification_queue_usage()"
    )
    reader.rows("SELECT * FROM conta TABLESAMPLE SYSTEM (10)")
    reader.rows("SELECT * FROM conta TABLESAMPLE BERNOULLI (10) REPEATABLE (1)")
    reader.rows("SELECT * FROM pg_partition_tree('medida')")
    reader.rows("SELECT * FROM pg_stat_activity, pg_locks LIMIT 1")


def test_a_volatile_function_is_refused_until_the_dba_allows_it(
    guard: Guard, reader: Client, connect: Callable[..., Client]
) -> None:
    sql = "SELECT 1, f.dobro(2)"
    with functions(guard, "CREATE FUNCTION f.dobro(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1'"):
        error = reader.fails(sql)
        assert (error.kind, error.position, error.sqlstate) == ("refused", sql.index("dobro") + 1, None)
        assert error.message == "dobro is refused because it is declared VOLATILE, so it may do more than read."
        assert 'allow_functions = ["f.dobro"]' in (error.hint or "")
        allowed = connect(guard.reader, policy=FunctionPolicy(allow=["f.dobro"]))
        assert allowed.rows(sql).rows == (("1", "4"),)
        elsewhere = connect(guard.reader, policy=FunctionPolicy(allow=["public.dobro"]))
        assert elsewhere.fails(sql).kind == "refused"
        with psycopg.connect(guard.owner, autocommit=True) as owner:
            owner.execute("ALTER FUNCTION f.dobro STABLE")
        assert reader.rows(sql).rows == (("1", "4"),)


def test_what_the_dba_denies_is_refused_whatever_it_is(guard: Guard, connect: Callable[..., Client]) -> None:
    client = connect(guard.reader, policy=FunctionPolicy(allow=["pg_catalog.pg_sleep"], deny=["pg_sleep", "f.soma"]))
    assert "deny_functions" in client.fails("SELECT pg_sleep(0)").message
    assert client.fails("SELECT f.soma(1)").kind == "refused"
    assert client.fails("SELECT public.soma(1)").sqlstate == "42883"


def test_the_dba_may_allow_what_is_denied_by_name(guard: Guard, connect: Callable[..., Client]) -> None:
    client = connect(guard.reader, policy=FunctionPolicy(allow=["pg_catalog.pg_current_xact_id"]))
    assert check("SELECT pg_current_xact_id()", FunctionPolicy(allow=["pg_catalog.pg_current_xact_id"])) is None
    assert client.rows("SELECT pg_current_xact_id() > '1'").rows == (("t",),)
    assert client.fails("SELECT public.pg_current_xact_id()").kind == "refused"


def test_overloads_and_columns_are_told_apart(guard: Guard, connect: Callable[..., Client]) -> None:
    made = """
        CREATE FUNCTION random(integer, integer) RETURNS integer VOLATILE LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION lower(text, integer DEFAULT 1) RETURNS text VOLATILE LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION saldo(integer) RETURNS integer VOLATILE LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION vago(conta) RETURNS integer VOLATILE LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION junta(VARIADIC integer[]) RETURNS integer VOLATILE LANGUAGE sql AS 'SELECT 1';
    """
    with functions(guard, made):
        path = psycopg.conninfo.make_conninfo(guard.reader, options="-c search_path=f,public")
        client = connect(path)
        assert client.rows("SELECT conta.saldo, random() < 2 FROM conta WHERE id = 1").rows == (("10.00", "t"),)
        assert client.rows("SELECT count(DISTINCT nome) FROM conta").rows == (("200",),)
        for sql in (
            "SELECT random(1, 2)",
            "SELECT lower('X')",
            "SELECT lower('X', 2)",
            "SELECT junta(1)",
            "SELECT junta(1, 2, 3)",
            "SELECT junta(VARIADIC ARRAY[1, 2])",
            "SELECT conta.vago FROM conta",
            "SELECT (conta).vago FROM conta",
            "SELECT g.saldo FROM generate_series(1, 2) AS g",
            "SELECT generate_series.saldo FROM generate_series(1, 2)",
            "SELECT (1).saldo",
        ):
            assert "VOLATILE" in client.fails(sql).message, sql
        assert connect(guard.reader).rows("SELECT lower('X')").rows == (("x",),)


@pytest.mark.parametrize("name", ['a "b', "a\\\\b{},", "é" * 40, "Ação'x", "NULL"])
def test_awkward_names_are_looked_up_too(guard: Guard, reader: Client, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    with functions(guard, f"CREATE FUNCTION {quoted}() RETURNS integer VOLATILE LANGUAGE sql AS 'SELECT 1'"):
        error = reader.fails(f"SELECT f.{quoted}()")
        assert error.message.endswith("is refused because it is declared VOLATILE, so it may do more than read.")


def test_an_operator_of_the_same_name_does_not_mislead_the_look_up(
    guard: Guard, connect: Callable[..., Client]
) -> None:
    made = """
        CREATE FUNCTION nunca(name, name) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
        CREATE OPERATOR = (FUNCTION = f.nunca, LEFTARG = name, RIGHTARG = name);
        CREATE FUNCTION perigo() RETURNS integer VOLATILE LANGUAGE sql AS 'SELECT 1';
    """
    with functions(guard, made):
        path = psycopg.conninfo.make_conninfo(guard.reader, options="-c search_path=f,pg_catalog")
        assert connect(path).fails("SELECT perigo()").kind == "refused"


def test_the_servers_own_error_comes_first(reader: Client) -> None:
    error = reader.fails("SELECT apaga(), nomee FROM conta")
    assert (error.kind, error.sqlstate) == ("database", "42703")
    assert reader.fails("EXPLAIN SELECT apaga()").kind == "refused"
    assert reader.fails("SELECT nope(1)").sqlstate == "42883"


def test_a_function_that_a_view_hides_is_found_in_the_plan(guard: Guard, connect: Callable[..., Client]) -> None:
    made = """
        CREATE VIEW espera AS SELECT nome FROM conta WHERE pg_try_advisory_lock(id);
        CREATE VIEW lista AS SELECT * FROM pg_logical_emit_message(false, 'a', 'b');
        GRANT SELECT ON espera, lista TO PUBLIC;
    """
    with functions(guard, made):
        client = connect(guard.reader)
        for view, name in (("espera", "pg_try_advisory_lock"), ("lista", "pg_logical_emit_message")):
            error = client.fails(f"SELECT count(*) FROM f.{view}", max_cost=10_000_000)
            assert error.kind == "refused"
            assert error.message.startswith(f"{name} is refused because")
            assert error.position is None


def test_the_settings_file_sets_the_policy(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[safety]\nallow_functions = ["app.fn"]\ndeny_functions = ["pg_sleep", "app.outra"]\n')
    loaded = load_config(file)
    assert loaded.problem is None
    assert loaded.config.safety.allow_functions == ("app.fn",)
    assert loaded.config.safety.deny_functions == ("pg_sleep", "app.outra")
    file.write_text('[safety]\nallow_functions = ["fn"]\n')
    assert "allow_functions" in (load_config(file).problem or "")


def test_what_a_server_would_pore_over_for_minutes_is_not_sent() -> None:
    assert check("SELECT 1 " + "/*" * 300).message.startswith("The statement holds more than 500 operator")
    assert check("SELECT 'x" + "=" * 501 + "'").position == 10
    assert check("SELECT 1 -- " + "=" * 400) is None
    assert check("SELECT 1" + " " * 250_000).message.startswith("The statement is longer")
