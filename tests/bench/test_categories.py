"""The non-SQL questions of cadastro_ambiental are what they are said to be, by the database that they ask about.

An ambiguous question has readings with different results. What an unanswerable one asks for has no column, no link or
no value; whoever adds one to the demo learns here which questions it answers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import sql

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.comparison import compare
from sqlagent_tui.bench.suite import Item, find_suite
from sqlagent_tui.database.postgres import PostgresDatabase

_DATA: Final = tomllib.loads((Path(__file__).parent / "cadastro_ambiental.toml").read_text("utf-8"))
READINGS: Final[dict[str, list[str]]] = _DATA["readings"]
UNNAMED: Final[dict[str, list[str]]] = _DATA["unnamed"]
UNLINKED: Final[dict[str, list[str]]] = _DATA["unlinked"]
UNHELD: Final[dict[str, str]] = _DATA["unheld"]
ITEMS: Final[dict[str, Item]] = {item.id: item for item in find_suite("cadastro_ambiental").items}

_NAMES: Final = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION SELECT attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm') AND attnum > 0
UNION SELECT enumlabel FROM pg_enum
UNION SELECT description FROM pg_description JOIN pg_class c ON c.oid = objoid
    WHERE relnamespace = 'public'::regnamespace
"""
_LINK: Final = """
SELECT FROM pg_constraint
WHERE contype = 'f'
    AND (conrelid, confrelid) IN ((%(one)s::regclass, %(other)s::regclass), (%(other)s::regclass, %(one)s::regclass))
"""
_TEXTS: Final = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type IN ('text', 'character')
ORDER BY table_name, column_name
"""


def _ids(*categories: str) -> list[str]:
    return sorted(item.id for item in ITEMS.values() if item.category in categories)


@pytest.fixture(scope="module")
def database(demo_conninfo: str) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase.connect(demo_conninfo)) as database:
        yield database


@pytest.fixture(scope="module")
def connection(demo_conninfo: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(demo_conninfo, autocommit=True) as connection:
        yield connection


def _rows(database: PostgresDatabase, statement: str) -> QueryResult:
    result = database.execute(statement, origin="answer", cancel=CancelToken())
    assert isinstance(result, QueryResult), (statement, result)
    assert not result.truncated
    return result


def test_every_question_is_checked() -> None:
    assert sorted(READINGS) == sorted(item.id for item in ITEMS.values() if item.decision == "clarification")
    assert sorted(UNNAMED) == _ids("missing_select_column", "missing_where_column")
    assert sorted(UNLINKED) == _ids("unsupported_join")
    assert sorted(UNHELD) == _ids("missing_value")


@pytest.mark.parametrize("id_", READINGS)
def test_a_reply_leads_to_rows(id_: str, database: PostgresDatabase) -> None:
    for gold in ITEMS[id_].reply_gold:
        rows = _rows(database, gold).rows
        assert rows
        assert all(None not in row for row in rows)


@pytest.mark.parametrize("id_", READINGS)
def test_another_reading_gives_another_result(id_: str, database: PostgresDatabase) -> None:
    golds = [_rows(database, gold) for gold in ITEMS[id_].reply_gold]
    for reading in READINGS[id_]:
        other = _rows(database, reading)
        assert not any(compare(gold, other, ordered=False).relaxed for gold in golds), reading


@pytest.mark.parametrize(("id_", "stems"), UNNAMED.items(), ids=list(UNNAMED))
def test_nothing_in_the_schema_is_called_so(id_: str, stems: list[str], connection: psycopg.Connection) -> None:
    assert [_called(connection, stem) for stem in stems] == [[]] * len(stems)


@pytest.mark.parametrize(("id_", "tables"), UNLINKED.items(), ids=list(UNLINKED))
def test_the_tables_are_not_linked(id_: str, tables: list[str], connection: psycopg.Connection) -> None:
    assert not _linked(connection, *tables)


@pytest.mark.parametrize(("id_", "value"), UNHELD.items(), ids=list(UNHELD))
def test_the_value_is_nowhere(id_: str, value: str, connection: psycopg.Connection) -> None:
    assert _holding(connection, value) == []


def test_what_is_there_is_found(connection: psycopg.Connection) -> None:
    assert _called(connection, "retificac") == ["data_retificacao", "Última retificação; nulo quando nunca retificado"]
    assert _called(connection, "topo_de") == ["TOPO_DE_MORRO"]
    assert _linked(connection, "embargo", "orgao")
    assert _linked(connection, "orgao", "embargo")
    assert _holding(connection, "tangara da serra") == ["municipio.nome", "vw_imovel.municipio"]
    assert _holding(connection, "L-001396") == ["licenca.numero"]


def _called(connection: psycopg.Connection, stem: str) -> list[str]:
    """The names, values of enums and comments with `stem` in them, accents and capitals aside."""
    query = f"SELECT name FROM ({_NAMES}) AS named (name) WHERE strpos(sem_acento(name::text), %s) > 0"
    return sorted(name for (name,) in connection.execute(query.encode(), [stem]))


def _linked(connection: psycopg.Connection, one: str, other: str) -> bool:
    return connection.execute(_LINK, {"one": one, "other": other}).fetchone() is not None


def _holding(connection: psycopg.Connection, value: str) -> list[str]:
    """The columns in which a text, or a value of an enum, has `value` in it, accents and capitals aside."""
    columns = [*connection.execute(_TEXTS).fetchall(), ("pg_enum", "enumlabel")]
    query = sql.SQL("SELECT FROM {} WHERE strpos(sem_acento({}::text), sem_acento(%s)) > 0 LIMIT 1")
    return [
        f"{table}.{column}"
        for table, column in columns
        if connection.execute(query.format(sql.Identifier(table), sql.Identifier(column)), [value]).rowcount
    ]
