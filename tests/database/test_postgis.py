"""Geometry: columns say type and SRID, values are text that a person can read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.results import TableInfo
from tests.fix_guard import Client


@pytest.fixture
def client(postgis: str, connect: Callable[..., Client]) -> Client:
    return connect(postgis)


def test_values_are_ewkt_with_their_srid(client: Client) -> None:
    result = client.rows("SELECT sede, limite, livre, altitude, lugar FROM imovel ORDER BY id")
    assert result.rows == (
        (
            "SRID=4674;POINT(-47.9 -15.8)",
            "SRID=4674;MULTIPOLYGON(((0 0,0 1,1 1,0 0)))",
            "POINT(1 2)",
            "SRID=31983;POINT(1 2 3)",
            "SRID=4326;POINT(-47.9 -15.8)",
        ),
        (None, None, "POINT EMPTY", None, None),
    )
    assert [column.type for column in result.columns] == [
        '"Geo".geometry(Point,4674)',
        '"Geo".geometry(MultiPolygon,4674)',
        '"Geo".geometry',
        '"Geo".geometry(PointZ,31983)',
        '"Geo".geography(Point,4326)',
    ]


def test_a_domain_and_an_expression_are_readable_too(client: Client) -> None:
    assert client.rows("SELECT onde FROM marco").rows == (("SRID=4674;POINT(3 4)",),)
    assert client.rows('SELECT "Geo".st_buffer(sede, 0, 1) FROM imovel WHERE id = 1').rows == (
        ("SRID=4674;POLYGON EMPTY",),
    )


def test_geojson_comes_when_it_is_asked_for(client: Client) -> None:
    sql = 'SELECT "Geo".st_asgeojson(sede) FROM imovel WHERE id = 1'
    assert '"type":"Point","crs":{"type":"name","properties":{"name":"EPSG:4674"}}' in (
        client.rows(sql).rows[0][0] or ""
    )


def test_a_big_geometry_is_cut_on_the_server(client: Client) -> None:
    result = client.rows("SELECT curso FROM rio")
    assert result.shortened_values == 1
    assert (result.rows[0][0] or "").startswith("SRID=4674;LINESTRING(1 1,2 2,3 3,")
    assert len(result.rows[0][0] or "") == client.database.limits.max_value_chars
    assert result.bytes < 5_000


def test_only_postgis_s_own_function_is_called(client: Client) -> None:
    result = client.rows("SELECT ROW(1, 2)::falso.geometry")
    assert (result.columns[0].type, result.rows) == ("falso.geometry", (("(1,2)",),))


def test_the_schema_says_type_and_srid(client: Client) -> None:
    imovel, marco = client.database.describe(["imovel", "marco"], CancelToken())
    assert isinstance(imovel, TableInfo)
    assert isinstance(marco, TableInfo)
    assert {column.name: column.type for column in imovel.columns} == {
        "id": "integer",
        "sede": '"Geo".geometry(Point,4674)',
        "limite": '"Geo".geometry(MultiPolygon,4674)',
        "livre": '"Geo".geometry',
        "altitude": '"Geo".geometry(PointZ,31983)',
        "lugar": '"Geo".geography(Point,4326)',
        "pontos": '"Geo".geometry(Point,4674)[]',
    }
    assert marco.columns[0].type == "ponto"
    assert marco.columns[0].stands_for == '"Geo".geometry(Point,4674)'


def test_what_belongs_to_the_extension_is_not_listed_as_the_database_s_own(client: Client) -> None:
    assert [item.reference for item in client.database.objects(CancelToken())] == [
        "falso.st_asewkt",
        "falso.geometry",
        "ponto",
    ]
