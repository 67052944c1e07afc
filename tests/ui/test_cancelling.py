"""“Cancelling…” is shown until it is true, on a real server."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import psycopg
import pytest
from textual.pilot import Pilot

from sqlagent_tui.database.watchdog import Pace, Watchdog
from sqlagent_tui.ui.app import SqlAgentApp
from tests import ui_scenes as scenes
from tests.fix_guard import READER, Guard
from tests.fix_ui import Harness, answer, call

RUNNING = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{READER}' AND wait_event = 'PgSleep'"


async def _ask(app: SqlAgentApp, pilot: Pilot[int], question: str = "e agora?") -> None:
    app.work.prompt.text = question
    await pilot.press("enter")


async def _until(pilot: Pilot[int], true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline
        await pilot.pause(0.02)


@pytest.mark.parametrize(
    ("sql", "said"),
    [("SELECT pg_sleep(60)", "Cancelled"), ("SELECT teima.dorme(60)", "its session on the server was terminated")],
)
async def test_it_is_shown_while_the_server_still_works(
    harmed: Guard, harness: Callable[..., Harness], sql: str, said: str
) -> None:
    dog = Watchdog(Pace(look=0.2, grace=0.5))
    one = harness([call("execute_sql", sql=sql), answer("SELECT 1")], watchdog=dog)
    one.conninfo = harmed.reader
    app = one.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.settle(app, pilot)
        with psycopg.connect(harmed.superuser, autocommit=True) as admin:
            await _ask(app, pilot)
            await _until(pilot, lambda: admin.execute(RUNNING).fetchone() != (0,))
            await pilot.press("escape")
            await _until(pilot, lambda: not app.presenter.busy or app.work.status.status.activity != "cancelling")
            assert not app.presenter.busy
            assert admin.execute(RUNNING).fetchone() == (0,)
        await scenes.settle(app, pilot)
        assert said in scenes.shown(app.work.conversation)
        assert app.work.status.status.activity == "ready"
        await _ask(app, pilot)
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows == (("1",),)
    dog.close()


async def test_connecting_can_be_cancelled_too(harness: Callable[..., Harness], demo_conninfo: str) -> None:
    one = harness([answer("SELECT 1")])
    with socket.create_server(("127.0.0.1", 0)) as mute:
        one.conninfo = f"host=127.0.0.1 port={mute.getsockname()[1]} user=x dbname=x"
        app = one.app()
        async with app.run_test(size=(80, 24)) as pilot:
            await _ask(app, pilot)
            await pilot.pause(0.2)
            started = time.monotonic()
            await pilot.press("escape")
            await _until(pilot, lambda: not app.presenter.busy)
            assert time.monotonic() - started < 2
            assert "Connecting was cancelled" in scenes.shown(app.work.conversation)
            one.conninfo = demo_conninfo
            await _ask(app, pilot)
            await _until(pilot, lambda: not app.presenter.busy)
            assert app.work.grid.result is not None
            assert app.work.grid.result.rows == (("1",),)
