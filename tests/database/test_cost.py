"""What is too costly isn't run for the model; the user may run it."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import Origin, QueryResult, StatementError
from sqlagent_tui.config import Config
from sqlagent_tui.database import execution, wire
from sqlagent_tui.database.plan import estimate
from tests.fix_guard import Client, Guard

CROSS = "SELECT count(*) FROM tinta a, tinta b, tinta c"
ROWS = "SELECT a.id FROM tinta a, tinta b, tinta c"
DEFAULTS = Config().limits.statement()


def run(client: Client, sql: str, origin: Origin, limits: Limits) -> QueryResult | StatementError:
    return client.database.execute(sql, origin=origin, cancel=CancelToken(), limits=limits)


@pytest.mark.parametrize("origin", ["agent", "answer"])
def test_a_cross_join_of_the_model_is_not_run(reader: Client, origin: Origin) -> None:
    error = run(reader, CROSS, origin, DEFAULTS)
    assert isinstance(error, StatementError)
    assert (error.kind, error.sqlstate) == ("costly", None)
    assert error.estimate is not None
    assert error.estimate.cost > DEFAULTS.max_cost
    assert error.estimate.rows == 3000**3
    assert "estimated cost" in error.message
    assert "exceeds 1e7" in error.message
    assert error.elapsed_ms < 1_000
    assert msgspec.json.decode(msgspec.json.encode(error), type=StatementError) == error


def test_the_user_may_run_it(reader: Client) -> None:
    tight = msgspec.structs.replace(DEFAULTS, max_cost=1.0, max_estimated_rows=1)
    counted = run(reader, "SELECT count(*) FROM conta", "user", tight)
    assert isinstance(counted, QueryResult)
    assert counted.rows == (("200",),)
    assert isinstance(run(reader, "SELECT count(*) FROM conta", "agent", tight), StatementError)


def test_only_what_is_fetched_counts(reader: Client) -> None:
    # 27 thousand million rows, of which two hundred are read: that costs nothing, but is hardly what was meant.
    error = run(reader, ROWS, "agent", DEFAULTS)
    assert isinstance(error, StatementError)
    assert error.estimate is not None
    assert error.estimate.cost < DEFAULTS.max_cost
    assert "27000000000 rows" in error.message or "2.7e10 rows" in error.message
    lazy = run(reader, ROWS, "agent", msgspec.structs.replace(DEFAULTS, max_estimated_rows=None))
    assert isinstance(lazy, QueryResult)
    assert (lazy.row_count, lazy.truncated) == (200, True)


def test_each_bound_can_be_none(reader: Client) -> None:
    off = msgspec.structs.replace(DEFAULTS, max_cost=None, max_estimated_rows=None, statement_timeout_ms=200)
    stopped = run(reader, CROSS, "agent", off)
    assert isinstance(stopped, StatementError)
    assert stopped.kind == "timeout"


def test_explain_and_show_are_never_too_costly(reader: Client) -> None:
    tight = msgspec.structs.replace(DEFAULTS, max_cost=0.0, max_estimated_rows=0)
    assert isinstance(run(reader, f"EXPLAIN {CROSS}", "agent", tight), QueryResult)
    assert isinstance(run(reader, "SHOW work_mem", "agent", tight), QueryResult)
    assert reader.database.tables(CancelToken())


def test_the_mistakes_of_a_statement_come_before_its_cost(reader: Client) -> None:
    error = run(reader, "SELECT nomee FROM tinta a, tinta b, tinta c", "agent", DEFAULTS)
    assert isinstance(error, StatementError)
    assert (error.sqlstate, error.position) == ("42703", 8)
    changed = run(reader, "DELETE FROM conta", "agent", DEFAULTS)
    assert isinstance(changed, StatementError)
    assert changed.kind == "refused"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT * FROM ({' UNION ALL '.join(['SELECT id FROM conta'] * 300)}) u",
        "SELECT * FROM " + "(SELECT * FROM " * 250 + "conta" + " OFFSET 0) s" * 250,
        'SELECT \'{"Plan Rows": 1}\n    "Plan Rows": 99999999999999,\' AS "Plan Rows: 1" FROM conta',
        'SELECT id FROM conta WHERE nome <> \'\n "Total Cost": 99999999999.0,\n "Plan Rows": 99999999999999,\n\'',
    ],
)
def test_plans_of_any_shape_are_read(reader: Client, sql: str) -> None:
    assert isinstance(run(reader, sql, "agent", DEFAULTS), QueryResult)


def test_a_big_value_that_the_planner_computes_costs_nothing_either(reader: Client) -> None:
    result = run(reader, "SELECT repeat(repeat('x', 1000), 80000) AS grande", "agent", DEFAULTS)
    assert isinstance(result, QueryResult)
    assert result.rows == (("x" * 4096,),)
    assert result.shortened_values == 1


def test_a_plan_too_large_to_be_held_is_not_read(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # The planner computes constants, and a plan shows them. What is counted is what waits in the socket each time it is
    # looked at; libpq may read more by then. So the server is given time to fill the socket before each look.
    look = wire._bytes_waiting

    def patient_look(descriptor: int) -> int:
        time.sleep(0.1)
        return look(descriptor)

    monkeypatch.setattr(wire, "_bytes_waiting", patient_look)
    monkeypatch.setattr(execution, "LARGEST_ANSWER", 60_000)
    limits = msgspec.structs.replace(DEFAULTS, max_bytes=60_000)
    lost = run(reader, "SELECT id FROM conta WHERE nome <> repeat('x', 40000000)", "agent", limits)
    assert isinstance(lost, StatementError)
    assert lost.kind == "connection"
    assert "an answer of more than" in (lost.detail or "")
    assert reader.rows("SELECT 1").rows == (("1",),)


def test_what_demo_questions_ask_is_left_alone(
    demo_conninfo: str, connect: Callable[..., Client], guard: Guard
) -> None:
    client = connect(demo_conninfo)
    tables = [table.reference for table in client.database.tables(CancelToken())]
    assert len(tables) > 10
    for table in tables:
        assert isinstance(run(client, f"SELECT count(*), min(t::text) FROM {table} t", "agent", DEFAULTS), QueryResult)


def test_the_share_of_the_rows_that_are_fetched() -> None:
    plan = (
        '[\n  {\n    "Plan": {\n      "Startup Cost": 10.00,\n      "Total Cost": 1010.00,\n      "Plan Rows": 1000,\n'
    )
    assert estimate(plan, 100).cost == 110.0
    assert estimate(plan, 5_000).cost == 1010.0
    assert estimate(plan + '      "Plans": [\n          "Plan Rows": 7000,\n', 1).rows == 7000.0
