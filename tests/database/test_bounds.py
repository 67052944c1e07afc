"""However much a statement gives back, what is held is counted and bounded."""

from __future__ import annotations

import resource

from tests.fix_guard import Client


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_the_limit_itself_is_no_truncation(reader: Client) -> None:
    exact = reader.rows("SELECT generate_series(1, 10)", max_rows=10)
    assert (exact.row_count, exact.truncated) == (10, False)
    over = reader.rows("SELECT generate_series(1, 11)", max_rows=10)
    assert (over.row_count, over.truncated) == (10, True)
    none = reader.rows("SELECT generate_series(1, 11)", max_rows=0)
    assert (none.row_count, none.truncated) == (0, True)


def test_values_are_counted_in_characters(reader: Client) -> None:
    result = reader.rows("SELECT repeat('é', 10), repeat('é', 11), repeat('x', 10)", max_value_chars=10)
    assert result.rows == (("é" * 10, "é" * 10, "x" * 10),)
    assert result.shortened_values == 1


def test_every_unbounded_type_is_cut(reader: Client) -> None:
    result = reader.rows(
        """SELECT repeat('x', 100)::varchar, array_fill('y'::text, ARRAY[100]),
           json_build_object('a', repeat('z', 100)), repeat('w', 100)::bytea,
           ROW(repeat('v', 100)), repeat('1', 100)::numeric,
           repeat('u', 100)::bpchar, repeat('1 ', 50)::oidvector, repeat('t', 100)::varchar(90),
           textout(repeat('s', 100))
        """,
        max_value_chars=20,
    )
    assert [len(value or "") for value in result.rows[0]] == [20] * 10
    assert result.shortened_values == 10


def test_a_modifier_that_bounds_nothing_is_no_bound(reader: Client) -> None:
    before = _peak_mb()
    result = reader.rows(
        """SELECT repeat('x', n)::varchar(10000000), repeat('x', n)::char(10000000), repeat('1 ', n)::oidvector
           FROM generate_series(5000000, 5000000) n"""
    )
    assert [len(value or "") for value in result.rows[0]] == [4096] * 3
    assert _peak_mb() - before < 20


def test_bytes_are_bounded_and_the_rest_is_not_waited_for(reader: Client) -> None:
    before = _peak_mb()
    result = reader.rows(
        "SELECT repeat('x', 4000) || g FROM generate_series(1, 1000000) g", max_rows=1_000_000, max_bytes=1_000_000
    )
    assert result.truncated
    assert 900_000 < result.bytes <= 1_000_000
    assert result.row_count == result.bytes // 4003 or result.row_count <= 250
    assert result.elapsed_ms < 5_000
    assert _peak_mb() - before < 20
    assert reader.rows("SELECT 1").rows == (("1",),)


def test_a_table_as_wide_as_tables_get(reader: Client) -> None:
    names = ", ".join(f"repeat('x', 5000) AS c{index}" for index in range(1600))
    result = reader.rows(f"SELECT {names} FROM generate_series(1, 100)", max_bytes=20_000_000)
    assert len(result.columns) == 1600
    assert result.truncated
    assert result.bytes <= 20_000_000
