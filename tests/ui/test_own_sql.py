"""SQL of the user's own, on the second connection of a real server."""

import time
from collections.abc import Callable

import psycopg
import pytest
from textual.pilot import Pilot

from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.notices import OwnFinished
from sqlagent_tui.ui.screens.help import HelpScreen
from sqlagent_tui.ui.widgets.trace import TraceEntry
from tests import ui_scenes as scenes
from tests.fix_guard import Guard
from tests.fix_ui import Harness, answer, call

NARROW, WIDE = (80, 24), (160, 48)
ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


async def run(app: SqlAgentApp, pilot: Pilot[int], sql: str) -> str:
    """Write `sql`, run it, and return what is said about it."""
    if app.work.writing != "sql":
        await pilot.press("f6")
    app.work.sql.editor.text = sql
    await pilot.press("f7")
    await scenes.settle(app, pilot)
    return scenes.shown(app.work.sql)


async def wait_asleep(admin: psycopg.Connection, pilot: Pilot[int]) -> None:
    deadline = time.monotonic() + 10
    while admin.execute(ASLEEP).fetchone() == (0,):
        assert time.monotonic() < deadline, "the statement did not reach the server"
        await pilot.pause(0.02)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_statement_of_ones_own_fills_the_grid(harness: Callable[..., Harness], size: tuple[int, int]) -> None:
    app = harness([]).app()
    async with app.run_test(size=size) as pilot:
        await scenes.settle(app, pilot)
        await pilot.press("f6", *"select 1 as um;", "enter")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows == (("1",),)
        assert app.work.grid.region
        assert "your SQL" in str(app.work.grid.border_title)
        assert "1 row" in scenes.shown(app.work.sql)
        assert [entry.started.origin for entry in app.query(TraceEntry)][-1] == "user"
        assert app.focused is app.work.sql.editor
        await pilot.press("up")  # nothing older than itself
        assert app.work.sql.editor.text == "select 1 as um;"
        await pilot.press("escape")
        assert app.focused is app.work.prompt
        assert not app.work.sql.region


async def test_an_error_is_told_with_its_place_marked(harness: Callable[..., Harness]) -> None:
    app = harness([]).app()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.settle(app, pilot)
        said = await run(app, pilot, "SELECT sigla,\n  nomee FROM estado")
        assert "42703" in said
        assert "line 2, column 3" in said
        assert "nomee" in said
        editor = app.work.sql.editor
        assert editor.cursor_location == (1, 2)
        marked = [span for span in editor.get_line(1).spans if span.style.underline]  # type: ignore[union-attr]
        assert [(span.start, span.end) for span in marked] == [(2, 7)]
        await pilot.press("x")
        assert not [span for span in editor.get_line(1).spans if span.style.underline]  # type: ignore[union-attr]


@pytest.mark.parametrize("sql", ["DELETE FROM conta", "SELECT apaga()", "SELECT 1; SELECT 2", "COPY conta TO STDOUT"])
async def test_what_changes_something_is_refused_here_too(
    harness: Callable[..., Harness], guard: Guard, sql: str
) -> None:
    one = harness([])
    one.conninfo = guard.owner
    app = one.app()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.settle(app, pilot)
        assert "✗" in await run(app, pilot, sql)
        assert app.work.grid.result is None
        assert "✓" in await run(app, pilot, "SELECT count(*) FROM conta")
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows == (("200",),)


async def test_esc_cancels_on_the_server(harness: Callable[..., Harness], demo_admin_conninfo: str) -> None:
    app = harness([]).app()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.settle(app, pilot)
        await pilot.press("f6")
        app.work.sql.editor.text = "SELECT pg_sleep(60)"
        await pilot.press("f7")
        with psycopg.connect(demo_admin_conninfo, autocommit=True) as admin:
            await wait_asleep(admin, pilot)
            await pilot.press("escape")
            await scenes.settle(app, pilot)
            assert admin.execute(ASLEEP).fetchone() == (0,)
        assert not app.own.running
        assert "Cancelled" in scenes.shown(app.work.sql)
        assert "1 row" in await run(app, pilot, "SELECT 2")


async def test_it_never_waits_behind_the_agent(harness: Callable[..., Harness], demo_admin_conninfo: str) -> None:
    app = harness([call("execute_sql", sql="SELECT pg_sleep(60)"), answer("SELECT 1")]).app()
    async with app.run_test(size=WIDE) as pilot:
        await scenes.settle(app, pilot)
        app.work.prompt.text = "devagar"
        await pilot.press("enter")
        with psycopg.connect(demo_admin_conninfo, autocommit=True) as admin:
            await wait_asleep(admin, pilot)
        await pilot.press("f6")
        app.work.sql.editor.text = "SELECT 5 AS cinco"
        began = time.monotonic()
        await pilot.press("f7")
        while app.work.grid.result is None:
            assert time.monotonic() - began < 10
            await pilot.pause(0.02)
        assert app.work.grid.result.rows == (("5",),)
        assert app.presenter.busy
        await pilot.press("f2", "escape")
        await scenes.settle(app, pilot)
        assert not app.presenter.busy


async def test_the_editor_opens_with_the_last_answer_and_keeps_what_was_written(
    harness: Callable[..., Harness],
) -> None:
    app = harness([answer("SELECT 1 AS um"), answer("SELECT 2 AS dois"), answer("SELECT 3 AS tres")]).app()
    async with app.run_test(size=NARROW) as pilot:
        for text, expected in (("um", "SELECT 1 AS um"), ("dois", "SELECT 2 AS dois"), ("tres", "meu")):
            app.work.prompt.text = text
            await pilot.press("enter")
            await scenes.settle(app, pilot)
            await pilot.press("f6")
            assert app.work.sql.editor.text == expected
            if text == "dois":
                app.work.sql.editor.text = "meu"
            await pilot.press("f6")
            assert app.focused is app.work.prompt


async def test_names_from_the_schema_go_into_the_sql(harness: Callable[..., Harness]) -> None:
    app = harness([]).app()
    async with app.run_test(size=WIDE) as pilot:
        await scenes.settle(app, pilot)
        await pilot.press("f6", *"select * from ", "f3")
        app.work.schema._tree.move_cursor(app.work.schema._relations["estado"])
        await pilot.press("i")
        assert app.work.sql.editor.text == "select * from estado "
        assert app.focused is app.work.sql.editor


async def test_the_statements_before_come_back_with_up() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("f6")
        for sql in ("SELECT 1", "SELECT 2"):
            app.work.sql.editor.text = sql
            await pilot.press("f7")
            await scenes.play(app, [OwnFinished(None)])
        app.work.sql.editor.text = ""
        await pilot.press("up", "up")
        assert app.work.sql.editor.text == "SELECT 1"


async def test_a_cancelled_statement_counts_as_running_until_the_server_has_stopped_it() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("f6", *"select 1;", "enter")
        assert "running" in str(app.work.sql.border_subtitle)
        await pilot.press("escape", "f7", "escape")
        assert app.own.running
        assert app.own.cancelling
        assert app.work.writing == "sql"
        assert "cancelling" in str(app.work.sql.border_subtitle)
        await scenes.play(app, [OwnFinished(None)])
        assert not app.own.running
        assert "Cancelled" in scenes.shown(app.work.sql)


async def test_nothing_is_not_run() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("f6", "space", "f7")
        await pilot.pause()
        assert not app.own.running
        assert len(app._notifications) == 1


async def test_hostile_text_in_the_editor_is_only_text() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=WIDE) as pilot:
        await scenes.begin(app, pilot)
        await scenes.play(app, scenes.hostile())
        await pilot.press("f6")
        assert "\x1b" not in app.work.sql.editor.text  # what would be run is what is seen
        app.work.sql.editor.text = "SELECT '[/oops]\x1b[31m\u202e\x07' AS \"[bold]\""
        await pilot.pause()
        svg = app.export_screenshot()
        for character in ("\x1b", "\x07", "\u202e"):
            assert character not in svg
        assert "[/oops]" in svg.replace("&#160;", " ")
        assert "\x1b" in app.work.sql.editor.text  # shown as a sign, sent as it is


async def test_the_keys_are_in_the_help_and_can_be_changed() -> None:
    app = SqlAgentApp(scenes.still_services(language="en", keymap={"sql": "f12", "run": "ctrl+g"}))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("f12")
        assert app.focused is app.work.sql.editor
        app.work.sql.editor.text = "SELECT 1"
        await pilot.press("ctrl+g")
        assert app.own.running
        await pilot.press("f1")
        assert isinstance(app.screen, HelpScreen)
        told = scenes.shown(app.screen)
        assert "F12" in told
        assert "Ctrl+G" in told
        await pilot.press("f12")  # not behind a sheet
        assert isinstance(app.screen, HelpScreen)
