"""EWKT and EWKB of one geometry are one value, by PostGIS's own account; what is no geometry is nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sqlagent_tui.bench.geometry import geometry
from sqlagent_tui.bench.literals import array
from tests.fix_guard import Client

SHAPES = (
    "POINT(-47.929721321999 -15.799876543210123)",
    "SRID=4674;POINT(1e-7 1e20)",
    "POINT Z (1 2 3)",
    "POINT M (1 2 3)",
    "SRID=31983;POINT ZM (1 2 3 4)",
    "POINT EMPTY",
    "LINESTRING(0 0,0.1 0.2,1e15 -0.0)",
    "POLYGON((0 0,0 3,3 3,0 0),(1 1,1 2,2 2,1 1))",
    "POLYGON EMPTY",
    "MULTIPOINT((1 2),(3 4))",
    "MULTIPOINT EMPTY",
    "MULTILINESTRING((0 0,1 1),(2 2,3 3))",
    "SRID=4674;MULTIPOLYGON(((0 0,0 1,1 1,0 0)),((5 5,5 6,6 6,5 5)))",
    "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1),GEOMETRYCOLLECTION EMPTY)",
    "CIRCULARSTRING(0 0,1 1,2 0)",
    "COMPOUNDCURVE(CIRCULARSTRING(0 0,1 1,2 0),(2 0,3 0))",
    "CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0),(1 1,3 3,3 1,1 1))",
    "MULTICURVE((0 0,5 5),CIRCULARSTRING(4 0,4 4,8 4))",
    "MULTISURFACE(CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0)),((10 10,14 12,11 10,10 10)))",
    "POLYHEDRALSURFACE(((0 0,0 1,1 1,0 0)))",
    "TIN(((0 0,0 1,1 1,0 0)))",
    "TRIANGLE((0 0,0 1,1 1,0 0))",
)


def test_both_forms_of_every_kind_are_read_alike(postgis: str, connect: Callable[..., Client]) -> None:
    client = connect(postgis)
    seen = set()
    for shape in SHAPES:
        made = f"'{shape}'::\"Geo\".geometry"
        (row,) = client.rows(f"SELECT {made}, ARRAY[{made}, {made}]").rows
        words, binary = row
        assert words is not None
        assert binary is not None
        value = geometry(words)
        assert value is not None, words
        assert not words.startswith("0")
        assert array(binary, geometry, ":") == (value, value), words
        seen.add(value)
    assert len(seen) == len(SHAPES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SRID=4674;POINT(1 2)", "POINT(1 2)"),
        ("POINT(1 2)", "POINT(2 1)"),
        ("POINT(1 2)", "MULTIPOINT(1 2)"),
        ("POINTM(1 2 3)", "POINT(1 2 3)"),
        ("LINESTRING(0 0,1 1)", "LINESTRING(1 1,0 0)"),
        ("POLYGON((0 0,0 1,1 1,0 0))", "TRIANGLE((0 0,0 1,1 1,0 0))"),
    ],
)
def test_other_geometries(one: str, other: str) -> None:
    assert geometry(one) is not None
    assert geometry(other) is not None
    assert geometry(one) != geometry(other)


def test_points_of_a_multipoint_are_read_with_and_without_brackets() -> None:
    assert geometry("MULTIPOINT(1 2,3 4)") == geometry("MULTIPOINT((1 2),(3 4))")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "POINT",
        "POINT(1)",
        "POINT(1 2",
        "POINT(1 2)) ",
        "POINT(a b)",
        "CIRCLE(1 2)",
        "GEOMETRYCOLLECTION((1 2))",
        "MULTIPOLYGON(((0 0,0 1",
        "0101000000",
        "01010000000000000000000000000000000000000000",
        "01630000000000000000000000000000000000000000",
        "GEOMETRYCOLLECTION(" * 5_000,
    ],
)
def test_what_is_no_geometry_or_was_cut(text: str) -> None:
    assert geometry(text) is None
