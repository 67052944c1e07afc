"""What holds of every comparison, whatever the rows; small ones against trying out all pairings there are."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sqlagent_tui.agent.results import Column, QueryResult, Row
from sqlagent_tui.bench.comparison import compare
from sqlagent_tui.bench.digest import digest
from sqlagent_tui.bench.matching import find_columns
from sqlagent_tui.bench.values import RELAXED, STRICT, columns

_DATES = st.dates().map(str)
_SAFE = st.characters(exclude_categories=["Cs", "Cc"])
VALUES: dict[str, st.SearchStrategy[str]] = {
    "integer": st.integers(-3, 10**9).map(str),
    "numeric(12,2)": st.decimals(-(10**9), 10**9, places=2).map(str),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str)
    | st.sampled_from(["NaN", "Infinity", "-Infinity", "0", "-0.0"]),
    "double precision": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "boolean": st.sampled_from("tf"),
    "text": st.text(_SAFE, max_size=4),
    "date": _DATES,
    "timestamp without time zone": st.tuples(_DATES, st.sampled_from(["00:00:00", "10:30:00.5"])).map(" ".join),
    "timestamp with time zone": st.tuples(_DATES, st.sampled_from(["00:00:00-03", "03:00:00+00"])).map(" ".join),
    "interval": st.sampled_from(["1 day", "24:00:00", "1 mon -2 days", "-00:00:01.5"]),
    "jsonb": st.sampled_from(['{"a": 1, "b": [2]}', '{"b": [2.0], "a": 1}', "null", "1", "true", '"1"']),
    "integer[]": st.lists(st.integers(0, 3), max_size=3).map(lambda items: "{" + ",".join(map(str, items)) + "}"),
    "geometry(Point,4674)": st.integers(0, 3).map(lambda x: f"SRID=4674;POINT({x} 1)"),
}


def make(types: Sequence[str], rows: Sequence[Row]) -> QueryResult:
    return QueryResult(columns=tuple(Column(f"c{n}", t) for n, t in enumerate(types)), rows=tuple(rows))


def with_rows(result: QueryResult, rows: Sequence[Row]) -> QueryResult:
    return msgspec.structs.replace(result, rows=tuple(rows))


@st.composite
def results(draw: st.DrawFn, min_rows: int = 0, max_rows: int = 6, max_columns: int = 4) -> QueryResult:
    types = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=max_columns))
    row = st.tuples(*(st.none() | VALUES[type_] for type_ in types))
    return make(types, draw(st.lists(row, min_size=min_rows, max_size=max_rows)))


@st.composite
def look_alikes(draw: st.DrawFn) -> tuple[QueryResult, QueryResult]:
    """Two results of few values, the second with at least as many columns: often a match, often nearly one."""
    width, extra, rows = draw(st.integers(1, 3)), draw(st.integers(0, 1)), draw(st.integers(0, 4))
    value = st.sampled_from(["a", "b", None])
    gold = [tuple(draw(value) for _ in range(width)) for _ in range(rows)]
    if draw(st.booleans()):
        order = draw(st.permutations(range(width)))
        predicted = [tuple(row[n] for n in order) + (draw(value),) * extra for row in draw(st.permutations(gold))]
    else:
        predicted = [tuple(draw(value) for _ in range(width + extra)) for _ in range(rows)]
    return make(["text"] * width, gold), make(["text"] * (width + extra), predicted)


@settings(deadline=None)
@given(results(), st.booleans())
def test_a_result_equals_itself(result: QueryResult, ordered: bool) -> None:
    match = compare(result, result, ordered=ordered)
    assert (match.strict, match.relaxed, match.extra_columns, match.reason) == (True, True, 0, "")


@settings(deadline=None)
@given(st.data(), results())
def test_the_order_of_rows_does_not_count_unless_asked_for(data: st.DataObject, result: QueryResult) -> None:
    shuffled = with_rows(result, data.draw(st.permutations(result.rows)))
    assert compare(result, shuffled, ordered=False).strict
    assert digest(result) == digest(shuffled)


@settings(deadline=None)
@given(st.permutations(range(5)), st.integers(0, 1))
def test_an_order_that_is_asked_for_is_kept_exactly(order: list[int], extra: int) -> None:
    gold = make(["text"], [(f"n{row}",) for row in range(5)])
    predicted = make(["text"] * (1 + extra), [("x",) * extra + (f"n{row}",) for row in order])
    assert compare(gold, predicted, ordered=True).relaxed == (order == sorted(order))


@settings(deadline=None)
@given(st.data(), results(), st.booleans())
def test_columns_in_another_order_and_further_ones_are_relaxed(
    data: st.DataObject, result: QueryResult, ordered: bool
) -> None:
    order = data.draw(st.permutations(range(len(result.columns))))
    rows = [(*(row[n] for n in order), str(number)) for number, row in enumerate(result.rows)]
    wide = make([*(result.columns[n].type for n in order), "text"], rows)
    match = compare(result, wide, ordered=ordered)
    assert (match.strict, match.relaxed, match.extra_columns) == (False, True, 1)
    assert len(set(match.columns)) == len(result.columns)
    assert compare(result, project(wide, match.columns), ordered=ordered).relaxed


@settings(deadline=None)
@given(look_alikes(), st.booleans())
def test_columns_are_found_exactly_when_trying_all_of_them_finds_them(
    pair: tuple[QueryResult, QueryResult], ordered: bool
) -> None:
    gold, predicted = pair
    match = compare(gold, predicted, ordered=ordered)
    mappings = itertools.permutations(range(len(predicted.columns)), len(gold.columns))
    fits = [mapping for mapping in mappings if same(gold.rows, project(predicted, mapping).rows, ordered)]
    assert match.relaxed == bool(fits)
    assert not match.relaxed or match.columns in fits
    assert match.strict == (len(gold.columns) == len(predicted.columns) and same(gold.rows, predicted.rows, ordered))


def same(gold: Sequence[Row], predicted: Sequence[Row], ordered: bool) -> bool:
    return list(gold) == list(predicted) if ordered else Counter(gold) == Counter(predicted)


def project(result: QueryResult, mapping: Sequence[int]) -> QueryResult:
    return make([result.columns[n].type for n in mapping], [tuple(row[n] for n in mapping) for row in result.rows])


@settings(deadline=None)
@given(st.data(), st.integers(2, 8))
def test_a_column_shuffled_against_the_others_is_another_result(data: st.DataObject, rows: int) -> None:
    shuffled = data.draw(st.permutations(range(rows)).filter(lambda order: list(order) != list(range(rows))))
    gold = make(["text", "integer"], [(f"n{row}", str(100_000 + row)) for row in range(rows)])
    predicted = with_rows(gold, [(f"n{row}", str(100_000 + other)) for row, other in enumerate(shuffled)])
    assert not compare(gold, predicted, ordered=False).relaxed
    assert digest(gold) != digest(predicted)


@settings(deadline=None)
@given(st.data(), results(min_rows=1), st.booleans())
def test_a_row_more_or_less_is_another_result(data: st.DataObject, result: QueryResult, ordered: bool) -> None:
    row = data.draw(st.sampled_from(range(result.row_count)))
    doubled = with_rows(result, (*result.rows[: row + 1], *result.rows[row:]))
    cut = with_rows(result, result.rows[:-1])
    for one, other in ((result, doubled), (doubled, result), (result, cut), (cut, result)):
        assert not compare(one, other, ordered=ordered).relaxed


@settings(deadline=None)
@given(st.data(), results(min_rows=1), st.sampled_from(["0", "", "f"]), st.booleans())
def test_a_null_replaced_is_another_result(data: st.DataObject, result: QueryResult, value: str, ordered: bool) -> None:
    row = data.draw(st.sampled_from(range(result.row_count)))
    types = [column.type for column in result.columns]
    type_ = {"0": "integer", "": "text", "f": "boolean"}[value]
    with_null = make([*types, type_], [(*cells, None if n == row else "7") for n, cells in enumerate(result.rows)])
    without = make([*types, type_], [(*cells, value if n == row else "7") for n, cells in enumerate(result.rows)])
    assert not compare(with_null, without, ordered=ordered).relaxed
    assert not compare(without, with_null, ordered=ordered).relaxed


@settings(deadline=None)
@given(results(), results(), st.booleans())
def test_comparison_is_symmetric_between_results_of_one_width(
    one: QueryResult, other: QueryResult, ordered: bool
) -> None:
    assert compare(one, other, ordered=ordered).strict == compare(other, one, ordered=ordered).strict
    assume(len(one.columns) == len(other.columns))
    assert compare(one, other, ordered=ordered).relaxed == compare(other, one, ordered=ordered).relaxed


@settings(deadline=None)
@given(look_alikes())
def test_what_matches_in_order_matches_in_any_order(pair: tuple[QueryResult, QueryResult]) -> None:
    ordered, free = compare(*pair, ordered=True), compare(*pair, ordered=False)
    assert free.strict or not ordered.strict
    assert free.relaxed or not ordered.relaxed


@settings(deadline=None)
@given(st.data(), st.lists(st.decimals(-(10**6), 10**6, places=3), min_size=1, max_size=8), st.booleans())
def test_strict_implies_relaxed_by_the_relaxed_search_itself(
    data: st.DataObject, numbers: list[Decimal], ordered: bool
) -> None:
    factors = st.sampled_from([Decimal(1), 1 + Decimal("9e-10"), 1 - Decimal("9e-10")])
    gold = make(["numeric", "text"], [(str(number), str(row)) for row, number in enumerate(numbers)])
    near = make(["numeric", "text"], [(str(n * data.draw(factors)), str(row)) for row, n in enumerate(numbers)])
    assert compare(gold, near, ordered=ordered).strict
    assert find_columns(columns(gold), columns(near), RELAXED, ordered=ordered).columns == (0, 1)


@settings(deadline=None)
@given(st.data(), results(), st.booleans())
def test_whatever_one_value_becomes_a_strict_match_is_a_relaxed_one(
    data: st.DataObject, result: QueryResult, ordered: bool
) -> None:
    assume(result.rows)
    row = data.draw(st.sampled_from(range(result.row_count)))
    place = data.draw(st.sampled_from(range(len(result.columns))))
    cells = list(result.rows[row])
    cells[place] = data.draw(st.none() | VALUES[result.columns[place].type])
    changed = with_rows(result, (*result.rows[:row], tuple(cells), *result.rows[row + 1 :]))
    strict = compare(result, changed, ordered=ordered).strict
    assert strict == compare(changed, result, ordered=ordered).strict
    found = find_columns(columns(result), columns(changed), RELAXED, ordered=ordered)
    assert found.columns is not None or not strict


_NUMBERS = st.decimals(0, Decimal("0.04"), places=3)


@settings(deadline=None)
@given(st.lists(st.tuples(_NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS), min_size=1, max_size=4))
def test_rows_of_close_numbers_match_exactly_when_some_pairing_of_them_fits(
    cells: list[tuple[Decimal, Decimal, Decimal, Decimal]],
) -> None:
    nearby = Decimal("0.01")
    gold = [row[:2] for row in cells]
    predicted = [row[2:] for row in cells]
    fits = any(
        all(abs(a - row[x]) <= nearby and abs(b - row[y]) <= nearby for (a, b), row in zip(gold, order, strict=True))
        for x, y in ((0, 1), (1, 0))
        for order in itertools.permutations(predicted)
    )
    types = ["numeric(9,3)"] * 2
    one = make(types, [tuple(map(str, row)) for row in gold])
    assert compare(one, make(types, [tuple(map(str, row)) for row in predicted]), ordered=False).relaxed == fits


@settings(deadline=None)
@given(st.decimals(-(10**9), 10**9, places=4), st.decimals(-(10**9), 10**9, places=4))
def test_the_tolerances_are_the_larger_of_their_bounds(one: Decimal, other: Decimal) -> None:
    distance, largest = abs(one - other), max(abs(one), abs(other))
    match = compare(make(["numeric(14,4)"], [(str(one),)]), make(["numeric(14,4)"], [(str(other),)]), ordered=False)
    assert match.strict == (distance <= largest * STRICT.relative)
    assert match.relaxed == (distance <= max(Decimal("0.01"), largest * Decimal("1e-4")))
