from __future__ import annotations

from collections.abc import Callable

import msgspec
import psycopg
import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import StatementFinished, StatementStarted
from sqlagent_tui.agent.results import Column, QueryResult, TableInfo
from tests.fix_guard import ASCII, Client, Guard


def test_rows_types_and_null(reader: Client) -> None:
    result = reader.rows("SELECT id, nome, saldo, NULL AS nada FROM conta ORDER BY id LIMIT 2")
    assert result.columns == (
        Column("id", "integer"),
        Column("nome", "text"),
        Column("saldo", "numeric(12,2)"),
        Column("nada", "text"),
    )
    assert result.rows == (("1", "conta 1", "10.00", None), ("2", "conta 2", "20.00", None))
    assert not result.truncated
    assert result.bytes == len("1conta 110.00" + "2conta 220.00")
    assert result.elapsed_ms > 0


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT 'infinity'::timestamp", "infinity"),
        ("SELECT '0044-03-15 BC'::date", "0044-03-15 BC"),
        ("SELECT '1 year 2 mons'::interval", "1 year 2 mons"),
        ("SELECT '24:00'::time", "24:00:00"),
        ("SELECT true", "t"),
        ("SELECT 'a  '::char(5)", "a    "),
        ("SELECT 'a  '::bpchar", "a  "),
        ("SELECT '10.0.0.1'::inet", "10.0.0.1"),
        ("SELECT ARRAY['a', 'b c']", '{a,"b c"}'),
        ("SELECT ROW(1, 'x')", "(1,x)"),
        ("SELECT '{\"a\": 1}'::json", '{"a": 1}'),
        ("SELECT 'á'::bytea", "\\xc3a1"),
        ("SELECT int4range(1, 5)", "[1,5)"),
        ("SELECT 1.50::numeric", "1.50"),
        ("SELECT textout('x')", "x"),
        ("SELECT cor_clara 'azul'", "azul"),
        ("SELECT E'\\x1b[31m[b]'", "\x1b[31m[b]"),
    ],
)
def test_values_are_the_servers_own_text(reader: Client, sql: str, value: str) -> None:
    assert reader.rows(sql).rows == ((value,),)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'x' AS a",
        "SELECT 'x' AS a;",
        "SELECT 'x' AS a ; ; ",
        "SELECT 'x' AS a -- comment",
        "SELECT 'x' AS a; -- comment;",
        "SELECT 'x' AS a /* ; */",
        "\n\t /* ; */ -- ;\nSELECT 'x' AS a",
        "(SELECT 'x' AS a)",
        "WITH q AS (SELECT 'x' AS a) SELECT * FROM q",
        "SELECT * FROM (VALUES ('x')) AS v(a)",
    ],
)
def test_ends_and_comments(reader: Client, sql: str) -> None:
    result = reader.rows(sql)
    assert [column.name for column in result.columns] == ["a"]
    assert result.rows == (("x",),)


def test_columns_of_the_same_name_without_a_name_and_none_at_all(reader: Client) -> None:
    twice = reader.rows('SELECT 1 AS a, \'x\' AS a, \'y\' AS "b ""c""", 2')
    assert [column.name for column in twice.columns] == ["a", "a", 'b "c"', "?column?"]
    assert twice.rows == (("1", "x", "y", "2"),)
    none = reader.rows("SELECT FROM conta LIMIT 3")
    assert (none.columns, none.rows) == ((), ((), (), ()))
    empty = reader.rows("SELECT * FROM conta WHERE false")
    assert (len(empty.columns), empty.rows) == (3, ())


def test_odd_names(reader: Client) -> None:
    result = reader.rows('SELECT * FROM "Tabela Ímpar"')
    assert [column.name for column in result.columns] == ["Coluna Á", 'com "aspas" dentro', "select"]
    assert result.rows == (("á", "1", "2"),)


def test_order_survives_the_cut_form(reader: Client) -> None:
    result = reader.rows("SELECT nome, id FROM conta ORDER BY id DESC LIMIT 3")
    assert [row[1] for row in result.rows] == ["200", "199", "198"]
    windowed = reader.rows("SELECT nome, row_number() OVER (ORDER BY id DESC) FROM conta ORDER BY 2 LIMIT 2")
    assert windowed.rows == (("conta 200", "1"), ("conta 199", "2"))


@pytest.mark.parametrize(
    ("sql", "sqlstate", "fragment"),
    [
        ("SELECT nomee FROM conta", "42703", "nomee"),
        ("  SELECT *\n FROM inexistente", "42P01", "inexistente"),
        ("SELECT 'á', 'é', nomee FROM conta", "42703", "nomee"),
        ("SELECT 1 +", "42601", ""),
        ("explain (costs off) select nomee from conta", "42703", "nomee"),
        ("SELECT nome FROM conta WHERE nome = 'x' AND idd = 1;", "42703", "idd"),
        ("SELECT apagar()", "42883", "apagar"),
    ],
)
def test_errors_point_into_the_users_own_sql(reader: Client, sql: str, sqlstate: str, fragment: str) -> None:
    error = reader.fails(sql)
    assert (error.kind, error.sqlstate) == ("database", sqlstate)
    assert error.position is not None
    assert sql[error.position - 1 :].startswith(fragment)
    assert error.message


def test_hints_come_along_and_a_late_error_has_no_place(reader: Client) -> None:
    assert "nome" in (reader.fails("SELECT nomee FROM conta").hint or "")
    late = reader.fails("SELECT 1 / (g - 5) FROM generate_series(1, 10) g")
    assert (late.kind, late.sqlstate, late.position) == ("database", "22012", None)


def test_show_and_explain(reader: Client) -> None:
    assert reader.rows("SHOW transaction_read_only").rows == (("on",),)
    assert reader.rows("SHOW TIME ZONE").columns[0].name == "TimeZone"
    unknown = reader.fails("SHOW no_such_setting")
    assert (unknown.kind, unknown.sqlstate) == ("database", "42704")
    lines = reader.rows("EXPLAIN SELECT * FROM conta")
    assert "Seq Scan on conta" in (lines.rows[0][0] or "")
    plan = reader.database.execute("SELECT * FROM conta", origin="agent", cancel=CancelToken(), verb="explain")
    assert isinstance(plan, QueryResult)
    decoded = msgspec.json.decode((plan.rows[0][0] or "").encode())
    assert decoded[0]["Plan"]["Relation Name"] == "conta"


def test_statement_timeout_and_lock_timeout_are_told_apart(guard: Guard, reader: Client) -> None:
    slow = reader.fails("SELECT pg_sleep(20)", statement_timeout_ms=150)
    assert (slow.kind, slow.sqlstate) == ("timeout", "57014")
    assert "0.15 s" in slow.message
    with psycopg.connect(guard.owner) as owner:
        owner.execute("LOCK TABLE conta IN ACCESS EXCLUSIVE MODE")
        locked = reader.fails("SELECT count(*) FROM conta", lock_timeout_ms=100)
        assert (locked.kind, locked.sqlstate) == ("timeout", "55P03")
        assert locked.elapsed_ms < 2_000
        owner.rollback()
    assert reader.rows("SELECT count(*) FROM conta").rows == (("200",),)


def test_what_a_statement_set_is_gone_afterwards(lenient: Client) -> None:
    assert lenient.rows("SELECT desliga_prazo()").rows == (("0",),)
    assert lenient.rows("SHOW statement_timeout").rows == (("30s",),)


def test_every_statement_is_told_with_the_servers_pid(reader: Client) -> None:
    setup = reader.events[0]
    assert isinstance(setup, StatementStarted)
    assert setup.origin == "setup"
    reader.events.clear()
    pid = reader.rows("SELECT pg_backend_pid()").rows[0][0]
    reader.fails("SELECT x")
    reader.fails("SELECT pg_notify('a', 'b')")
    reader.rows("SHOW work_mem")
    started = [event for event in reader.events if isinstance(event, StatementStarted)]
    finished = [event for event in reader.events if isinstance(event, StatementFinished)]
    assert [event.sql for event in started] == [
        "SELECT pg_backend_pid()",
        "SELECT x",
        "SELECT pg_notify('a', 'b')",
        "SHOW work_mem",
    ]
    assert [event.verb for event in started] == ["query", "query", "query", "show"]
    assert {str(event.backend_pid) for event in reader.events} == {pid}
    assert [event.statement_id for event in started] == [event.statement_id for event in finished]
    assert (finished[0].row_count, finished[0].error, finished[0].bytes) == (1, None, len(pid or ""))
    assert [event.error.kind if event.error else None for event in finished] == [None, "database", "refused", None]
    assert all(msgspec.json.encode(event) for event in reader.events)


def test_half_a_character_is_refused_and_the_event_can_still_be_written(reader: Client) -> None:
    assert reader.fails("SELECT '\ud800'").kind == "refused"
    assert msgspec.json.encode(reader.events[-2])


def test_an_sql_ascii_database_is_read(guard: Guard, connect: Callable[..., Client]) -> None:
    with psycopg.connect(guard.superuser, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {ASCII}")
        admin.execute(
            f"CREATE DATABASE {ASCII} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'"
        )
        try:
            info = libpq.make_conninfo(guard.superuser, dbname=ASCII)
            with psycopg.connect(info, autocommit=True) as raw:
                raw.execute("CREATE TABLE t (n int, v text)")
                raw.execute(
                    b"INSERT INTO t VALUES (1, 'a\xe9'), (2, 'b\xc3\xa9'), (3, E'\\\\303\\\\251\\\\303\\\\251')"
                )
                raw.execute(b'CREATE TABLE "im\xf3vel" ("\xe1rea" int)')
            client = connect(info)
            assert [table.name for table in client.database.tables(CancelToken())] == ["imóvel", "t"]
            (imovel,) = client.database.describe(["imóvel"], CancelToken())
            assert isinstance(imovel, TableInfo)
            assert [column.name for column in imovel.columns] == ["área"]
            rows = client.rows("SELECT n, v FROM t WHERE v <> 'ç' ORDER BY n", max_value_chars=1000).rows
            assert rows[:2] == (("1", "aé"), ("2", "bé"))
            error = client.fails("SELECT 'çã', nope FROM t")
            assert error.position is not None
            client.database.close()
        finally:
            admin.execute(f"DROP DATABASE {ASCII} WITH (FORCE)")
