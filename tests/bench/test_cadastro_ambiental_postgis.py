"""The spatial suite: a map that is the same on every machine, and questions with one answer however it is measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Final, get_args

import psycopg
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.assembly import OpenTarget
from sqlagent_tui.bench.comparison import compare
from sqlagent_tui.bench.databases import find_programs, open_suite_database
from sqlagent_tui.bench.fingerprint import digest, fingerprint
from sqlagent_tui.bench.suite import Category, Item, find_suite
from sqlagent_tui.config import Config
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import UsageError
from tests.fix_servers import Cluster, not_installed

SUITE = find_suite("cadastro_ambiental_postgis")
WITH_GOLD = [item for item in SUITE.items if item.gold or item.reply_gold]
MAP: Final = "1602fa235e064b27"
"""Of all tables. It changes with the demo's rows and with geometrias.sql, and with nothing else."""

READINGS: Final = {
    "cp-cla-001": (
        "SELECT count(*) FROM imovel_rural i JOIN rio r ON ST_Intersects(i.geom, r.geom) WHERE r.nome = 'Rio Preto'",
        """SELECT count(*) FROM imovel_rural i JOIN rio r ON ST_Intersects(i.geom, r.geom)
           JOIN municipio m ON m.id = i.municipio_id WHERE r.nome = 'Rio Preto' AND m.nome = 'Rolim de Moura'""",
    ),
    "cp-cla-002": (
        """SELECT i.codigo_car FROM imovel_rural i JOIN unidade_conservacao u
           ON ST_DWithin(i.geom::geography, u.geom::geography, 10000)
           WHERE u.nome = 'Estação Ecológica Mata da Sucupira'""",
        """SELECT i.codigo_car FROM imovel_rural i JOIN unidade_conservacao u ON ST_Touches(i.geom, u.geom)
           WHERE u.nome = 'Estação Ecológica Mata da Sucupira'""",
    ),
    "cp-cla-003": (
        """SELECT r.area_ha FROM reserva_legal r JOIN imovel_rural i ON i.id = r.imovel_id
           WHERE i.codigo_car = 'MT-5101902-097DCBE3'""",
    ),
    "cp-cla-004": (
        """SELECT count(*) FROM auto_infracao a JOIN imovel_rural i ON i.id = a.imovel_id
           JOIN municipio m ON m.id = i.municipio_id
           WHERE m.nome = 'Sapezal' AND a.data_autuacao BETWEEN '2024-01-01' AND '2024-12-31'""",
        """SELECT count(*) FROM auto_infracao a JOIN proprietario p ON p.id = a.proprietario_id
           JOIN municipio m ON m.id = p.municipio_id
           WHERE m.nome = 'Sapezal' AND a.data_autuacao BETWEEN '2024-01-01' AND '2024-12-31'""",
    ),
    "cp-cla-005": (
        """SELECT DISTINCT a.codigo_car FROM imovel_rural a JOIN municipio m ON m.id = a.municipio_id
           JOIN imovel_rural b ON b.id <> a.id AND ST_Intersects(a.geom, b.geom) WHERE m.nome = 'Guaratinguetá'
           AND ST_Area(ST_Intersection(a.geom, b.geom)::geography) > 0.3 * ST_Area(a.geom::geography)""",
    ),
    "cp-cla-006": (
        """SELECT u.nome, ST_Distance(m.sede::geography, u.geom::geography) / 1000 AS km
           FROM unidade_conservacao u JOIN municipio m ON m.nome = 'Palmas' JOIN estado e ON e.id = m.estado_id
           WHERE e.sigla = 'PR' ORDER BY km LIMIT 1""",
    ),
}
"""What else the ambiguous questions could mean."""
UNNAMED: Final = {
    "cp-una-001": "indigena",
    "cp-una-002": "altitude|elevacao|altura",
    "cp-una-004": r"\mfrp|radiativ",
    "cp-una-005": "vazao|descarga",
}
"""What no table, column, value of a type or comment is called."""
_OWN_NAMES: Final = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION SELECT attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm') AND attnum > 0
UNION SELECT enumlabel FROM pg_enum
UNION SELECT description FROM pg_description JOIN pg_class c ON c.oid = objoid
    WHERE relnamespace = 'public'::regnamespace"""

Row = tuple[object, ...]


@pytest.fixture(scope="module")
def target(suite_home: Path) -> Iterator[OpenTarget]:
    try:
        find_programs(SUITE)
    except UsageError:
        not_installed("PostGIS", "postgresql-postgis")
    with open_suite_database(SUITE, lambda *_: None) as target:
        yield target


@pytest.fixture(scope="module")
def database(target: OpenTarget) -> Iterator[PostgresDatabase]:
    """As the agent has it, with the limits that a user who set none has."""
    with closing(target.connect(Config())) as database:
        yield database


@pytest.fixture(scope="module")
def reader(target: OpenTarget) -> Iterator[psycopg.Connection]:
    with psycopg.connect(target.conninfo, autocommit=True) as connection:
        yield connection


def golds(item: Item) -> tuple[str, ...]:
    return item.gold or item.reply_gold


def rows(reader: psycopg.Connection, sql: str) -> list[Row]:
    return reader.execute(sql.encode()).fetchall()


def answer(database: PostgresDatabase, sql: str) -> QueryResult:
    result = database.execute(sql, origin="user", cancel=CancelToken())
    assert isinstance(result, QueryResult), (sql, result)
    return result


def alike(one: list[Row], other: list[Row], rel: float) -> bool:
    """Whether the rows are the same in the same order, figures within `rel` of one another."""
    return len(one) == len(other) and all(
        a == (pytest.approx(b, rel=rel) if isinstance(b, float) else b)
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    )


def test_every_category_is_there_with_its_reason() -> None:
    others = [item for item in SUITE.items if item.decision != "sql"]
    assert {item.category for item in others} == set(get_args(Category))
    assert all(item.reason.endswith(".") for item in others)


def test_the_map_is_the_pinned_one(database: PostgresDatabase) -> None:
    assert digest(fingerprint(database, CancelToken())) == MAP


def test_a_server_of_the_users_gets_the_same_map(target: OpenTarget, server_15: Cluster) -> None:
    """PostGIS is not trusted: the role that makes it must be a superuser, on whom the user insists."""
    way = server_15.conninfo()
    try:
        with open_suite_database(SUITE, lambda *_: None, server=way, allow_superuser=True) as theirs:
            assert theirs.conninfo != target.conninfo
            with closing(theirs.connect(Config(), allow_superuser=True)) as database:
                assert digest(fingerprint(database, CancelToken())) == MAP
    finally:
        with psycopg.connect(way, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {SUITE.database.name} WITH (FORCE)")


def test_every_geometry_is_valid_and_in_sirgas_2000(reader: psycopg.Connection) -> None:
    layers = rows(reader, "SELECT f_table_name, f_geometry_column, srid FROM geometry_columns ORDER BY 1, 2")
    assert {srid for _, _, srid in layers} == {4674}
    assert len(layers) == 9
    for table, column, _ in layers:
        [(wrong,)] = rows(
            reader, f"SELECT count(*) FROM {table} WHERE NOT ST_IsValid({column}) OR ST_IsEmpty({column})"
        )
        assert wrong == 0


def test_areas_are_as_declared_but_for_the_errors_on_purpose(reader: psycopg.Connection) -> None:
    [(worst,)] = rows(reader, "SELECT max(abs(ST_Area(geom::geography) / 1e6 / area_km2 - 1)) FROM municipio")
    assert worst < 0.005
    drawn = "abs(ST_Area(geom::geography) / 10000 / area_ha - 1)"
    [(right, wrong)] = rows(
        reader,
        f"SELECT count(*) FILTER (WHERE {drawn} < 0.0005), count(*) FILTER (WHERE {drawn} > 0.1) FROM imovel_rural",
    )
    assert (right, wrong) == (9600, 288)


def test_municipalities_tile_their_states(reader: psycopg.Connection) -> None:
    overlap = """SELECT count(*) FROM municipio a JOIN municipio b
      ON a.id < b.id AND ST_Intersects(a.geom, b.geom) AND NOT ST_Touches(a.geom, b.geom)"""
    assert rows(reader, overlap) == [(0,)]
    lost = "SELECT count(*) FROM imovel_rural i JOIN municipio m ON m.id = i.municipio_id AND NOT i.geom && m.geom"
    assert rows(reader, lost) == [(0,)]


@pytest.mark.parametrize("item", WITH_GOLD, ids=lambda item: item.id)
def test_its_golds_are_not_too_costly_for_the_agent(item: Item, database: PostgresDatabase) -> None:
    """What the model is asked for must not be refused when it gives it."""
    for gold in golds(item):
        assert isinstance(database.execute(gold, origin="agent", cancel=CancelToken()), QueryResult)


@pytest.mark.parametrize("item", WITH_GOLD, ids=lambda item: item.id)
def test_ellipsoid_and_plane_give_one_answer(item: Item, reader: psycopg.Connection) -> None:
    """Golds differ in how they measure, by a few per cent; never in what they list, count or rank."""
    answers = [rows(reader, gold) for gold in golds(item)]
    # Pairs may be told in either order; all else is comparable.
    ways = [answer for gold, answer in zip(golds(item), answers, strict=True) if "least(" not in gold]
    assert all(alike(one, other, 0.06) for one, other in pairwise(ways))
    assert len(set(map(str, answers))) == len(answers), "two golds say the same"


def test_every_question_that_is_no_query_is_checked() -> None:
    others = {item.id for item in SUITE.items if item.decision != "sql"}
    assert others == {*READINGS, *UNNAMED, "cp-una-003", "cp-una-006"}


@pytest.mark.parametrize("id_", READINGS)
def test_another_reading_gives_another_result(id_: str, database: PostgresDatabase) -> None:
    (item,) = (item for item in SUITE.items if item.id == id_)
    replied = [answer(database, gold) for gold in item.reply_gold]
    for reading in READINGS[id_]:
        other = answer(database, reading)
        assert not any(compare(gold, other, ordered=False).relaxed for gold in replied), reading


@pytest.mark.parametrize(("id_", "pattern"), UNNAMED.items())
def test_nothing_is_named_like_what_is_missing(id_: str, pattern: str, reader: psycopg.Connection) -> None:
    found = rows(reader, f"SELECT name FROM ({_OWN_NAMES}) AS own(name) WHERE sem_acento(name) ~ '{pattern}'")
    assert found == []


def test_the_park_is_unknown_and_protected_areas_have_no_place(reader: psycopg.Connection) -> None:
    assert rows(reader, "SELECT nome FROM unidade_conservacao WHERE sem_acento(nome) LIKE '%emas%'") == []
    assert rows(reader, "SELECT 1 FROM geometry_columns WHERE f_table_name = 'area_preservacao'") == []
