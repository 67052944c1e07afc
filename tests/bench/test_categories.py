"""The non-SQL questions of shipped suites are what they are said to be, by the database that they ask about.

An ambiguous question has readings with different results. What an unanswerable one asks for has no column, no link or
no value; whoever adds one to a suite's database learns here which questions it answers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.comparison import compare
from sqlagent_tui.bench.suite import Item, find_suite
from sqlagent_tui.database.postgres import PostgresDatabase

SUITES: Final = {name: find_suite(name) for name in ("cadastro_ambiental", "rede_saude_publica")}
ITEMS: Final[dict[str, Item]] = {item.id: item for suite in SUITES.values() for item in suite.items}
SUITE_OF: Final = {item.id: name for name, suite in SUITES.items() for item in suite.items}

_DATA: Final = [tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text("utf-8")) for name in SUITES]


def _joined(section: str) -> dict[str, Any]:
    return {id_: value for data in _DATA for id_, value in data[section].items()}


READINGS: Final[dict[str, list[str]]] = _joined("readings")
UNNAMED: Final[dict[str, list[str]]] = _joined("unnamed")
UNLINKED: Final[dict[str, list[str]]] = _joined("unlinked")
UNHELD: Final[dict[str, str]] = _joined("unheld")

Databases = dict[str, PostgresDatabase]
Connections = dict[str, psycopg.Connection]

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
_PLAIN: Final = r"lower(regexp_replace(normalize({}::text, NFD), '[\u0300-\u036f]', '', 'g'))"
_TEXTS: Final = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type IN ('text', 'character')
ORDER BY table_name, column_name
"""


def _ids(*categories: str) -> list[str]:
    return sorted(item.id for item in ITEMS.values() if item.category in categories)


@pytest.fixture(scope="module")
def ways(demo_conninfo: str, health_conninfo: str) -> dict[str, str]:
    return dict(zip(SUITES, (demo_conninfo, health_conninfo), strict=True))


@pytest.fixture(scope="module")
def databases(ways: dict[str, str]) -> Iterator[Databases]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(closing(PostgresDatabase.connect(way))) for name, way in ways.items()}


@pytest.fixture(scope="module")
def connections(ways: dict[str, str]) -> Iterator[Connections]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(psycopg.connect(way, autocommit=True)) for name, way in ways.items()}


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
def test_a_reply_leads_to_rows(id_: str, databases: Databases) -> None:
    for gold in ITEMS[id_].reply_gold:
        rows = _rows(databases[SUITE_OF[id_]], gold).rows
        assert any(value is not None for row in rows for value in row)


@pytest.mark.parametrize("id_", READINGS)
def test_another_reading_gives_another_result(id_: str, databases: Databases) -> None:
    database = databases[SUITE_OF[id_]]
    golds = [_rows(database, gold) for gold in ITEMS[id_].reply_gold]
    for reading in READINGS[id_]:
        other = _rows(database, reading)
        assert not any(compare(gold, other, ordered=False).relaxed for gold in golds), reading


@pytest.mark.parametrize(("id_", "stems"), UNNAMED.items(), ids=list(UNNAMED))
def test_nothing_in_the_schema_is_called_so(id_: str, stems: list[str], connections: Connections) -> None:
    assert [_called(connections[SUITE_OF[id_]], stem) for stem in stems] == [[]] * len(stems)


@pytest.mark.parametrize(("id_", "tables"), UNLINKED.items(), ids=list(UNLINKED))
def test_the_tables_are_not_linked(id_: str, tables: list[str], connections: Connections) -> None:
    assert not _linked(connections[SUITE_OF[id_]], *tables)


@pytest.mark.parametrize(("id_", "value"), UNHELD.items(), ids=list(UNHELD))
def test_the_value_is_nowhere(id_: str, value: str, connections: Connections) -> None:
    assert _holding(connections[SUITE_OF[id_]], value) == []


def test_what_is_there_is_found(connections: Connections) -> None:
    registry, health = connections.values()
    assert _called(registry, "retificac") == ["data_retificacao", "Última retificação; nulo quando nunca retificado"]
    assert _called(registry, "topo_de") == ["TOPO_DE_MORRO"]
    assert _called(health, "obstetric") == ["OBSTETRICO"]
    assert _linked(registry, "embargo", "orgao")
    assert _linked(registry, "orgao", "embargo")
    assert _holding(registry, "tangara da serra") == ["municipio.nome", "vw_imovel.municipio"]
    assert _holding(registry, "L-001396") == ["licenca.numero"]
    assert _holding(health, "PIUMA") == ["municipio.nome"]


def _called(connection: psycopg.Connection, stem: str) -> list[str]:
    """The names, values of enums and comments with `stem` in them, accents and capitals aside."""
    query = f"SELECT name FROM ({_NAMES}) AS named (name) WHERE strpos({_PLAIN.format('name')}, %s) > 0"
    return sorted(name for (name,) in connection.execute(query.encode(), [stem]))


def _linked(connection: psycopg.Connection, one: str, other: str) -> bool:
    return connection.execute(_LINK, {"one": one, "other": other}).fetchone() is not None


def _holding(connection: psycopg.Connection, value: str) -> list[str]:
    """The columns in which a text, or a value of an enum, has `value` in it, accents and capitals aside."""
    columns = [*connection.execute(_TEXTS).fetchall(), ("pg_enum", "enumlabel")]
    query = sql.SQL(f"SELECT FROM {{}} WHERE strpos({_PLAIN}, {_PLAIN.format('%s')}) > 0 LIMIT 1")
    return [
        f"{table}.{column}"
        for table, column in columns
        if connection.execute(query.format(sql.Identifier(table), sql.Identifier(column)), [value]).rowcount
    ]
