"""What a result of any size costs this program: rows and bytes held, and the peak of a process of its own.

A process's peak never goes down, so each measurement needs a process that has done nothing bigger before.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import TypedDict

import psycopg
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import StatementFinished
from sqlagent_tui.agent.results import TableInfo
from tests.fix_guard import Client, Guard

MEGABYTE = 1024 * 1024
SLACK = 24 * MEGABYTE
"""For one row on its way, libpq's buffer and Python's own."""

HUNDRED_MILLION = "FROM generate_series(1, 10000) AS a(n), generate_series(1, 10000) AS b(m)"
_MEASURE = """
import json, resource, sys
from sys import getsizeof
import msgspec
from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.database.postgres import PostgresDatabase

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

conninfo, sql, limits = json.loads(sys.argv[1])
database = PostgresDatabase.connect(conninfo)
bounds = msgspec.structs.replace(database.limits, **limits)
database.execute("SELECT 'a'", origin="user", cancel=CancelToken(), limits=bounds)
before = peak()
result = database.execute(sql, origin="user", cancel=CancelToken(), limits=bounds)
grown = peak() - before
held = sum(getsizeof(row) + sum(getsizeof(text) for text in row if text is not None) for row in result.rows)
print(json.dumps({
    "grown": grown, "held": held, "rows": result.row_count, "columns": len(result.columns),
    "truncated": result.truncated, "shortened": result.shortened_values, "bytes": result.bytes,
}))
database.close()
"""


class Measured(TypedDict):
    grown: int
    held: int
    rows: int
    columns: int
    truncated: bool
    shortened: int
    bytes: int


def measure(conninfo: str, sql: str, **limits: int) -> Measured:
    command = [sys.executable, "-c", _MEASURE, json.dumps([conninfo, sql, limits])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured: Measured = json.loads(done.stdout)
    return measured


@pytest.fixture(scope="module")
def wide(guard: Guard) -> Iterator[str]:
    """A table of as many columns as a table may have, 2,000 rows of which one is NULL throughout."""
    names = [f"c{n}" for n in range(1, 1601)]
    with psycopg.connect(guard.owner, autocommit=True) as owner:
        owner.execute(f"CREATE TABLE larga ({', '.join(f'{name} text' for name in names)})".encode())
        owner.execute(f"INSERT INTO larga SELECT {', '.join(['$$xy$$'] * 1600)} FROM generate_series(1, 2000)".encode())
        owner.execute("INSERT INTO larga DEFAULT VALUES")
        yield "larga"
        owner.execute("DROP TABLE larga")


def test_a_hundred_million_rows_cost_the_rows_shown(guard: Guard) -> None:
    found = measure(guard.reader, f"SELECT n, 'valor ' || m {HUNDRED_MILLION}")
    assert (found["rows"], found["truncated"]) == (1_000, True)
    assert found["held"] < MEGABYTE
    assert found["grown"] < SLACK


def test_a_hundred_million_rows_asked_for_stop_at_the_bytes(guard: Guard) -> None:
    found = measure(
        guard.reader, f"SELECT n, 'valor ' || m {HUNDRED_MILLION}", max_rows=100_000_000, max_bytes=16 * MEGABYTE
    )
    assert found["truncated"]
    assert 15.9 * MEGABYTE < found["held"] <= 16 * MEGABYTE
    assert found["grown"] < 16 * MEGABYTE + SLACK


def test_rows_of_nulls_are_not_free(guard: Guard) -> None:
    nulls = ", ".join(["NULL"] * 1000)
    found = measure(guard.reader, f"SELECT {nulls} {HUNDRED_MILLION}", max_rows=100_000_000, max_bytes=8 * MEGABYTE)
    assert (found["truncated"], found["bytes"]) == (True, 0)
    assert 7.9 * MEGABYTE < found["held"] <= 8 * MEGABYTE
    assert found["grown"] < 8 * MEGABYTE + SLACK


def test_the_largest_value_there_is_costs_what_is_shown_of_it(guard: Guard) -> None:
    # 1 GiB less a megabyte: the server's bound on a value. As a column of a row, or the planner would make it, thrice.
    found = measure(guard.reader, "SELECT repeat(repeat('x', 1048576), n), 1 FROM generate_series(1023, 1023) AS g(n)")
    assert (found["rows"], found["shortened"]) == (1, 1)
    assert found["bytes"] == 4_097 + 1
    assert found["held"] < 5_000
    assert found["grown"] < SLACK


def test_a_table_of_1600_columns_costs_the_bytes_allowed(guard: Guard, wide: str) -> None:
    found = measure(guard.reader, f"SELECT * FROM {wide}", max_rows=2_000, max_bytes=32 * MEGABYTE)
    assert (found["columns"], found["truncated"]) == (1_600, True)
    assert found["rows"] == 32 * MEGABYTE // (found["held"] // found["rows"])
    assert found["held"] <= 32 * MEGABYTE
    assert found["grown"] < 32 * MEGABYTE + SLACK


def test_its_details_are_one_statement_and_a_row_a_column(reader: Client, wide: str) -> None:
    reader.database.tables(CancelToken())
    reader.events.clear()
    (info,) = reader.database.describe([wide], CancelToken())
    assert isinstance(info, TableInfo)
    assert len(info.columns) == 1_600
    (finished,) = [event for event in reader.events if isinstance(event, StatementFinished)]
    assert finished.row_count == 1_600 + 1
    assert finished.bytes < MEGABYTE
