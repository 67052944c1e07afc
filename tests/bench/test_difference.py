"""What is said to differ between two results."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sqlagent_tui.agent.results import Column, QueryResult
from sqlagent_tui.bench.comparison import compare
from sqlagent_tui.bench.difference import Difference, difference


def result(names: str, *rows: tuple[str | None, ...]) -> QueryResult:
    """Columns as `nome:text total:bigint`."""
    columns = tuple(Column(*name.split(":")) for name in names.split())
    return QueryResult(columns=columns, rows=rows)


def between(gold: QueryResult, predicted: QueryResult, *, ordered: bool = False) -> Difference:
    return difference(gold, predicted, compare(gold, predicted, ordered=ordered), ordered=ordered)


GOLD = result("nome:text total:bigint", ("Pará", "3"), ("Acre", "2"), ("Acre", "2"))


def test_rows_that_are_missing_and_rows_too_many_are_marked_where_they_stand() -> None:
    found = between(GOLD, result("nome:text total:bigint", ("Acre", "2"), ("Pará", "4")))
    assert found.gold_rows == ("only", "same", "only")
    assert found.predicted_rows == ("same", "only")
    assert (found.missing_rows, found.extra_rows, found.moved_rows) == (2, 1, 0)
    assert not found.missing_columns | found.extra_columns


def test_columns_are_paired_by_their_values_whatever_their_names_and_places() -> None:
    found = between(GOLD, result("n:bigint x:text uf:text", ("2", "a", "Acre"), ("2", "b", "Acre"), ("3", "c", "Pará")))
    assert found.partners == (2, 0)
    assert found.extra_columns == {1}
    assert found.gold_rows == ("same",) * 3


def test_a_column_of_other_values_is_missing_and_the_rest_is_still_compared() -> None:
    predicted = result("sigla:text total:bigint", ("PA", "3"), ("AC", "2"), ("AC", "2"))
    found = between(GOLD, predicted)
    assert found.missing_columns == {0}
    assert found.extra_columns == {0}
    assert found.missing_rows == found.extra_rows == 0


def test_without_anything_in_common_every_row_is_alone() -> None:
    found = between(GOLD, result("dia:date", ("2024-01-01",)))
    assert found.missing_columns == {0, 1}
    assert (found.missing_rows, found.extra_rows) == (3, 1)


def test_the_same_name_pairs_columns_that_share_no_value_or_have_none() -> None:
    assert between(result("n:bigint", ("12",)), result("n:numeric", ("14",))).partners == (0,)
    assert between(result("n:bigint", ("12",)), result("n:bigint")).partners == (0,)
    assert between(result("n:bigint", ("12",)), result("m:bigint", ("14",))).partners == (None,)


def test_where_the_order_counts_rows_that_stand_elsewhere_are_told_from_those_that_are_wrong() -> None:
    gold = result("n:bigint", ("1",), ("2",), ("3",), ("4",))
    found = between(gold, result("n:bigint", ("1",), ("3",), ("2",), ("9",)), ordered=True)
    assert found.gold_rows == ("same", "moved", "moved", "only")
    assert found.predicted_rows == ("same", "moved", "moved", "only")
    assert found.moved_rows == 2


def test_numbers_within_the_tolerance_and_midnights_are_the_same() -> None:
    gold = result("v:numeric d:date", ("10.001", "2024-01-01"))
    columns = (Column("v", "numeric"), Column("d", "timestamp without time zone"))
    found = between(gold, QueryResult(columns=columns, rows=(("10.00", "2024-01-01 00:00:00"),)))
    assert found.gold_rows == ("same",)


VALUES = st.sampled_from(["1", "2", "3", None])
TABLES = st.lists(st.tuples(VALUES, VALUES), max_size=6)


@given(TABLES, TABLES, st.booleans())
def test_nothing_is_marked_exactly_where_the_comparison_is_content(
    gold: list[tuple[str | None, str | None]], predicted: list[tuple[str | None, str | None]], ordered: bool
) -> None:
    ours, theirs = result("a:text b:text", *gold), result("a:text b:text", *predicted)
    match = compare(ours, theirs, ordered=ordered)
    found = difference(ours, theirs, match, ordered=ordered)
    marked = found.missing_rows + found.extra_rows + found.moved_rows + len(found.missing_columns)
    if match.relaxed:
        assert marked == 0
    assert found.gold_rows.count("same") == found.predicted_rows.count("same")
    assert found.gold_rows.count("moved") == found.predicted_rows.count("moved")
    assert len(found.gold_rows) - found.missing_rows == len(found.predicted_rows) - found.extra_rows
