"""A statement that was too costly to be run for the model, and the user who runs it."""

from collections.abc import Callable

from sqlagent_tui.agent.events import ToolCallFinished, ToolCallStarted
from sqlagent_tui.agent.results import PlanEstimate, StatementError
from sqlagent_tui.config import Config, LimitSettings
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.widgets.blocks import ToolCall
from sqlagent_tui.ui.widgets.trace import TraceEntry
from tests import ui_scenes as scenes
from tests.fix_ui import Real, answer, call

NARROW = (80, 24)


async def test_it_is_shown_with_its_estimates_and_one_key_runs_it() -> None:
    ran: list[str] = []
    app = SqlAgentApp(scenes.still_services(language="en", keymap={"run_anyway": "f12"}))
    async with app.run_test(size=NARROW) as pilot:
        app.user.execute = ran.append  # type: ignore[method-assign]
        await scenes.begin(app, pilot)
        await pilot.press("f12")
        await pilot.pause()
        assert len(app._notifications) == 1
        assert not ran
        await scenes.play(app, scenes.costly())
        await pilot.pause()
        told = scenes.shown(app.work.conversation)
        assert "41,230,11" in told
        assert "311,000,000" in told
        assert "F12" in told
        assert app.focused is app.work.prompt
        await pilot.press("f12")
        await pilot.pause()
        assert ran == [scenes.SQL]
        assert app.own.running
        assert app.work.writing == "sql"
        await pilot.press("f12")
        assert ran == [scenes.SQL]


async def test_the_server_estimates_it_and_the_user_runs_it(real: Callable[..., Real], demo_conninfo: str) -> None:
    sql = "SELECT count(*) FROM imovel_rural a, imovel_rural b WHERE a.id < 50 AND b.id < 50"
    script = [call("execute_sql", sql=sql), answer("SELECT 1 AS um")]
    app = real(demo_conninfo, script, config=Config(limits=LimitSettings(agent_max_cost=1))).app
    async with app.run_test(size=NARROW) as pilot:
        await scenes.settle(app, pilot)
        app.work.prompt.text = "quantos pares?"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.conversation.costly_sql == sql
        assert "Not run" in scenes.shown(app.work.conversation)
        await pilot.press("f7")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows == (("2401",),)
        assert [entry.started.origin for entry in app.query(TraceEntry)][-1] == "user"


async def test_what_the_user_was_writing_can_be_had_back() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=NARROW) as pilot:
        app.user.execute = lambda sql: None  # type: ignore[method-assign]
        await scenes.begin(app, pilot)
        await pilot.press("f6", *"select 7", "f2")
        await scenes.play(app, scenes.costly())
        await pilot.press("f7")
        editor = app.work.sql.editor
        assert editor.text == scenes.SQL
        editor.move_cursor((0, 0))
        await pilot.press("up")
        assert editor.text == "select 7"


async def test_a_costly_answer_is_shown_with_its_statement() -> None:
    error = StatementError(kind="costly", message="Too costly.", estimate=PlanEstimate(cost=1e30, rows=float("inf")))
    start = ToolCallStarted(step=1, call_id="c9", tool="final_answer", arguments={"sql": "SELECT 1 -- [/b]\x1b[31m"})
    end = ToolCallFinished(step=1, call_id="c9", tool="final_answer", ok=False, content="Too costly.", error=error)
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=NARROW) as pilot:
        await scenes.begin(app, pilot)
        await scenes.play(app, [*scenes.thinking(), start, end])
        await pilot.pause()
        told = scenes.shown(app.query_one(ToolCall))
        assert "SELECT 1" in told
        assert "1e+30" in told
        assert "\x1b" not in told
        assert app.work.conversation.costly_sql.startswith("SELECT 1")
