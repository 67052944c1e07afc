"""Equal rows have equal digests, whatever their order, their columns' names and how numbers are written."""

from __future__ import annotations

import msgspec

from sqlagent_tui.agent.results import Column, QueryResult
from sqlagent_tui.bench.digest import digest
from tests.bench.test_comparison import DIFFERENT, SAME, one, result


def test_the_same_values_have_the_same_digest() -> None:
    for type_, value, other_type, other in SAME:
        assert digest(one(type_, value)) == digest(one(other_type, other)), (value, other)


def test_other_values_have_another_digest() -> None:
    for type_, value, other_type, other in DIFFERENT:
        assert digest(one(type_, value)) != digest(one(other_type, other)), (value, other)


def test_names_and_the_order_of_rows_do_not_count_but_what_stands_in_a_row_does() -> None:
    rows = result("text;numeric", ("a", "1"), ("b", "2"), ("b", "2"))
    turned = QueryResult(columns=(Column("x", "text"), Column("y", "integer")), rows=rows.rows[::-1])
    assert digest(rows) == digest(turned)
    assert digest(rows) != digest(result("text;numeric", ("a", "2"), ("b", "1"), ("b", "2")))
    assert digest(rows) != digest(result("text;numeric", ("a", "1"), ("b", "2")))
    assert digest(rows) != digest(msgspec.structs.replace(rows, truncated=True))
    assert digest(result("text", ("NULL",))) != digest(result("text", (None,)))


def test_numbers_are_rounded_to_nine_digits() -> None:
    assert digest(one("numeric", "0.33333333333333333333")) == digest(one("double precision", "0.3333333333333333"))
    assert digest(one("numeric", "0.3333333")) != digest(one("numeric", "0.3333334"))
