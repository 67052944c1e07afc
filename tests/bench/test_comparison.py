"""Strict and relaxed, case by case; the invariants are in test_comparison_properties."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
import pytest

from sqlagent_tui.agent.results import Column, QueryResult, Row
from sqlagent_tui.bench.comparison import Match, best, compare


def result(types: str, *rows: Row) -> QueryResult:
    """A result with columns a, b, … of the types between the semicolons."""
    names = (chr(ord("a") + number) for number in range(100))
    return QueryResult(
        columns=tuple(Column(name, type_.strip()) for name, type_ in zip(names, types.split(";"), strict=False)),
        rows=rows,
    )


def one(type_: str, value: str | None) -> QueryResult:
    return result(type_, (value,))


SAME: Sequence[tuple[str, str, str, str]] = [
    ("integer", "5", "bigint", "5"),
    ("integer", "5", "numeric(12,2)", "5.00"),
    ("numeric", "0.1", "double precision", "0.1"),
    ("numeric", "100000000000000000000", "double precision", "1e+20"),
    ("double precision", "-0", "integer", "0"),
    ("numeric", "NaN", "double precision", "NaN"),
    ("numeric", "Infinity", "real", "Infinity"),
    ("numeric", "1" + "0" * 20_000, "numeric", "1" + "0" * 20_000 + ".00"),
    ("money", "$1,234.50", "numeric", "1234.5"),
    ("money", "-R$ 1.234,50", "numeric", "-1234.50"),
    ("money", "￥1,234", "integer", "1234"),
    ("text", "MT", "character varying(2)", "MT"),
    ("text", "MT", "character(4)", "MT  "),
    ("text", "VIGENTE", "situacao", "VIGENTE"),
    ("jsonb", '{"a": 1, "b": [true, null]}', "json", '{ "b":[true,null],"a":1.0 }'),
    ("integer[]", "{1,NULL,3}", "numeric[]", "{1.0,NULL,3}"),
    ("text[]", '{a,"b c"}', "character varying(9)[]", '{"a","b c"}'),
    ("integer[]", "[0:1]={1,2}", "integer[]", "{1,2}"),
    ("jsonb[]", '{"{\\"a\\": 1, \\"b\\": 2}"}', "jsonb[]", '{"{\\"b\\": 2, \\"a\\": 1}"}'),
    ("geometry[]", "{0101000000000000000000F03F0000000000000040:NULL}", '"Geo".geometry(Point)[]', "{POINT(1 2):NULL}"),
    ("interval", "1 day", "interval day to second", "24:00:00"),
    ("interval", "1 mon", "interval", "30 days"),
    ("interval", "1 year 2 mons -3 days", "interval", "14 mons -3 days"),
    ("interval", "-00:00:01.5", "interval(3)", "-00:00:01.500"),
    ("timestamp with time zone", "2024-01-01 00:00:00-03", "timestamp(0) with time zone", "2024-01-01 03:00:00+00"),
    ("geometry(Point,4674)", "SRID=4674;POINT(-47.9 -15.8)", '"Geo".geometry', "SRID=4674;POINT(-47.90 -15.8)"),
]
DIFFERENT: Sequence[tuple[str, str, str, str]] = [
    ("boolean", "t", "integer", "1"),
    ("boolean", "t", "text", "t"),
    ("integer", "5", "text", "5"),
    ("bigint", "10000000000001", "bigint", "10000000000002"),
    ("bigint", "10000000000001", "numeric", "10000000000002"),
    ("text", "a", "text", "A"),
    ("text", "a", "text", "a "),
    ("text", "", "text", " "),
    ("text", "2024-01-01", "date", "2024-01-01"),
    ("date", "2024-01-01", "timestamp without time zone", "2024-01-01 00:00:01"),
    ("date", "2024-01-01", "date", "2024-01-01 BC"),
    ("timestamp without time zone", "2024-01-01 10:00:00", "timestamp with time zone", "2024-01-01 10:00:00+00"),
    ("jsonb", "true", "jsonb", "1"),
    ("jsonb", '"1"', "jsonb", "1"),
    ("jsonb", "[1, 2]", "jsonb", "[2, 1]"),
    ("integer[]", "{1,2}", "integer[]", "{2,1}"),
    ("integer[]", "{{1},{2}}", "integer[]", "{1,2}"),
    ("text[]", '{"NULL"}', "text[]", "{NULL}"),
    ("text[]", "{1}", "integer[]", "{1}"),
    ("boolean[]", "{t}", "text[]", "{t}"),
    ("numeric", "NaN", "numeric", "Infinity"),
    ("interval", "1 day", "interval", "1 day 00:00:01"),
    ("interval", "1 day", "text", "1 day"),
    ("geometry", "SRID=4674;POINT(1 2)", "geometry", "POINT(1 2)"),
    ("geometry", "SRID=4674;POINT(1 2)", "geometry", "SRID=4674;POINT(1.0001 2)"),
    ("numeric", "100", "numeric", "100.02"),
]
ONLY_RELAXED: Sequence[tuple[str, str, str, str]] = [
    ("numeric", "100.00", "numeric", "100.01"),
    ("numeric", "1000000.5", "double precision", "1000099"),
    ("date", "2024-01-01", "timestamp without time zone", "2024-01-01 00:00:00"),
    ("date", "2024-01-01", "timestamp with time zone", "2024-01-01 00:00:00-03"),
    ("timestamp without time zone", "0044-03-15 00:00:00 BC", "date", "0044-03-15 BC"),
    ("timestamp without time zone", "2024-01-01 00:00:00", "timestamp with time zone", "2024-01-01 00:00:00-03"),
    ("money", "$10.00", "numeric", "10.005"),
]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("type_", "value", "other_type", "other"), SAME)
def test_the_same_value_however_it_is_typed(type_: str, value: str, other_type: str, other: str, swapped: bool) -> None:
    pair = (one(type_, value), one(other_type, other))
    assert compare(*(reversed(pair) if swapped else pair), ordered=False).strict


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("type_", "value", "other_type", "other"), DIFFERENT)
def test_another_value(type_: str, value: str, other_type: str, other: str, swapped: bool) -> None:
    pair = (one(type_, value), one(other_type, other))
    match = compare(*(reversed(pair) if swapped else pair), ordered=False)
    assert not match.relaxed
    assert match.reason == "no column holds the values of the gold column 1 (a)"


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize(("type_", "value", "other_type", "other"), ONLY_RELAXED)
def test_nearly_the_same_value(type_: str, value: str, other_type: str, other: str, ordered: bool) -> None:
    match = compare(one(type_, value), one(other_type, other), ordered=ordered)
    assert (match.strict, match.relaxed) == (False, True)
    assert match.reason == "values are only nearly the same"


def test_the_names_of_columns_do_not_count_and_their_order_only_strictly() -> None:
    gold = result("text;integer", ("a", "1"), ("b", "2"))
    renamed = msgspec.structs.replace(gold, columns=(Column("x", "text"), Column("y", "integer")))
    assert compare(gold, renamed, ordered=True) == Match(strict=True, relaxed=True, columns=(0, 1))
    match = compare(gold, result("integer;text;text", ("2", "b", "z"), ("1", "a", "z")), ordered=False)
    assert match == Match(strict=False, relaxed=True, extra_columns=1, reason="1 extra column", columns=(1, 0))
    match = compare(gold, result("integer;text", ("2", "b"), ("1", "a")), ordered=False)
    assert (match.strict, match.relaxed, match.reason) == (False, True, "the columns are in another order")


def test_rows_stay_whole() -> None:
    gold = result("text;numeric", ("a", "1.5"), ("b", "2.5"))
    match = compare(gold, result("text;numeric", ("a", "2.5"), ("b", "1.5")), ordered=False)
    assert (match.relaxed, match.reason) == (False, "the columns are right one by one, the rows aren't")


def test_equal_rows_are_counted_not_only_each_column_s_values() -> None:
    often, seldom = [("t", "t"), ("f", "f")], [("t", "f"), ("f", "t")]
    gold = result("boolean;boolean", *often * 2, *seldom)
    match = compare(gold, result("boolean;boolean", *often, *seldom * 2), ordered=False)
    assert (match.relaxed, match.reason) == (False, "the columns are right one by one, the rows aren't")


def test_a_column_is_of_whole_numbers_only_when_all_of_them_are() -> None:
    gold = result("numeric", ("100000",), ("2.5",))
    assert compare(gold, result("numeric", ("100001",), ("2.501",)), ordered=False).relaxed
    assert not compare(gold, result("numeric", ("100001",), ("3",)), ordered=False).relaxed
    assert not compare(result("numeric", ("100000",)), result("bigint", ("100001",)), ordered=False).relaxed


def test_the_right_column_is_found_among_many_that_look_alike() -> None:
    rows = [tuple("tf"[(number >> bit) & 1] for bit in range(8)) for number in range(256)]
    gold = result(";".join(["boolean"] * 8), *rows, ("t", *"ffffffff"[1:]))
    turned = msgspec.structs.replace(gold, rows=tuple(tuple(reversed(row)) for row in reversed(gold.rows)))
    assert compare(gold, turned, ordered=False).columns[0] == 7
    spoiled = msgspec.structs.replace(turned, rows=(tuple("ttffffff"), *turned.rows[1:]))
    assert not compare(gold, spoiled, ordered=False).relaxed


def test_an_order_that_is_asked_for() -> None:
    gold = result("text", ("a",), ("b",))
    match = compare(gold, result("text", ("b",), ("a",)), ordered=True)
    assert (match.relaxed, match.reason) == (False, "the rows are right, their order isn't")
    assert compare(gold, result("text;text", ("x", "a"), ("y", "b")), ordered=True).columns == (1,)


def test_null_is_null_and_nothing_else() -> None:
    assert compare(result("text;integer", ("a", None)), result("text;text", ("a", None)), ordered=False).strict
    for type_, value in (("integer", "0"), ("text", ""), ("boolean", "f"), ("jsonb", "null"), ("text", "NULL")):
        assert not compare(one(type_, None), one(type_, value), ordered=False).relaxed


def test_no_rows_equal_no_rows_of_as_many_columns() -> None:
    assert compare(result("text;date"), result("integer;text"), ordered=False).strict
    assert compare(result("text"), result("integer;text"), ordered=False).extra_columns == 1
    assert compare(result("text;date"), result("text"), ordered=False).reason == "1 column instead of 2"
    assert compare(result("text"), one("text", "a"), ordered=False).reason == "1 row instead of 0"


@pytest.mark.parametrize("side", [0, 1])
def test_what_was_cut_equals_nothing(side: int) -> None:
    whole = one("text", "a")
    for change in ({"truncated": True}, {"shortened_values": 2}):
        pair = [whole, whole]
        pair[side] = msgspec.structs.replace(whole, **change)
        match = compare(*pair, ordered=False)
        assert not match.relaxed
        assert "cut" in match.reason
        assert ("gold", "predicted")[side] in match.reason


def test_close_numbers_are_paired_where_any_pairing_fits() -> None:
    # 1.000 is near both 0.995 and 1.009; only one choice leaves a partner for everybody, in two columns at once.
    gold = result("numeric;numeric", ("1.000", "5.000"), ("1.009", "5.009"), ("0.995", "5.018"))
    fits = result("numeric;numeric", ("1.005", "5.014"), ("0.999", "5.001"), ("1.002", "5.012"))
    assert compare(gold, fits, ordered=False).relaxed
    assert not compare(gold, result("numeric;numeric", *fits.rows[:2], ("1.002", "5.030")), ordered=False).relaxed


def test_of_several_golds_the_best_match_counts() -> None:
    golds = [one("text", "a"), one("integer", "5"), one("numeric", "5.004")]
    assert best(golds, one("integer", "5"), ordered=False) == Match(strict=True, relaxed=True, columns=(0,), gold=1)
    assert best(golds, one("numeric", "5.01"), ordered=False).gold == 1
    assert best(golds, one("text", "z"), ordered=False).gold == 0
    wide = result("integer;text", ("5", "x"))
    assert best([one("integer", "5"), result("text;integer", ("x", "5"))], wide, ordered=False).gold == 1


def test_a_search_that_leads_nowhere_is_given_up() -> None:
    # Columns of a Latin square hold the same values each; in twins of it, nearly every choice fits for a while.
    size = 40
    square = [tuple(str((row * column) % size) for column in range(size)) for row in range(size)]
    gold = result(";".join(["text"] * size), *square * 20)
    rolled = [tuple(row[1:] + row[:1]) for row in gold.rows]
    spoiled = (*rolled[:-1], (rolled[-1][1], rolled[-1][0], *rolled[-1][2:]))
    before = time.monotonic()
    assert compare(gold, msgspec.structs.replace(gold, rows=tuple(rolled)), ordered=False).relaxed
    assert not compare(gold, msgspec.structs.replace(gold, rows=spoiled), ordered=False).relaxed
    assert time.monotonic() - before < 60
