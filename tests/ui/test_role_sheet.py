"""What the app does about a role that may do too much, on a real server and with hostile names."""

from collections.abc import Callable

import pytest
from textual.widgets import OptionList

from sqlagent_tui.errors import SuperuserRefusedError
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.notices import PartFailed
from sqlagent_tui.ui.screens.question import QuestionScreen
from sqlagent_tui.ui.screens.role import RoleScreen
from sqlagent_tui.ui.widgets.blocks import Notice
from tests import ui_scenes as scenes
from tests.fix_guard import Guard
from tests.fix_ui import Real, answer

NARROW, WIDE = (80, 24), (160, 48)


async def test_a_superuser_is_refused_until_the_user_insists(
    real: Callable[..., Real], demo_admin_conninfo: str
) -> None:
    app = real(demo_admin_conninfo, [answer("SELECT 1 AS um")]).app
    async with app.run_test(size=NARROW) as pilot:
        await scenes.settle(app, pilot)
        assert isinstance(app.screen, QuestionScreen)
        assert app.work.status.status.database is None
        await pilot.press("enter")  # the first answer: no
        await pilot.pause()
        assert not isinstance(app.screen, QuestionScreen)
        await scenes.settle(app, pilot)
        assert app.work.status.status.database is None
        assert len(app.query(Notice)) == 1

        app.work.prompt.text = "um"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is None
        assert isinstance(app.screen, QuestionScreen)  # asked again when it matters again
        await pilot.press("down", "enter")
        await scenes.settle(app, pilot)
        assert app.work.status.status.database is not None
        assert app.work.status.status.activity == "ready"
        assert "SUPERUSER" in str(app.work.status.render())
        assert len(app.work.schema._relations) > 5
        app.work.prompt.text = "um"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None


async def test_esc_refuses_too() -> None:
    insisted: list[bool] = []
    app = SqlAgentApp(scenes.still_services(language="en", allow_superuser=lambda: insisted.append(True)))
    async with app.run_test(size=NARROW) as pilot:
        await scenes.play(app, [PartFailed("database", SuperuserRefusedError("x is a superuser."))])
        await pilot.pause()
        assert app.screen.query_one(OptionList).highlighted == 0
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, QuestionScreen)
        assert not insisted


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_reader_has_no_badge_and_an_owner_has_one(
    real: Callable[..., Real], guard: Guard, size: tuple[int, int]
) -> None:
    for conninfo, badge in ((guard.reader, False), (guard.owner, True)):
        app = real(conninfo).app
        async with app.run_test(size=size) as pilot:
            await scenes.settle(app, pilot)
            line = str(app.work.status.render())
            assert ("! role" in line) is badge
            assert "read-only" in line
            await pilot.press("f11")
            await pilot.pause()
            assert isinstance(app.screen, RoleScreen)
            told = scenes.shown(app.screen)
            assert ("may write" in told) is badge
            assert "doctor --sql" in told
            if badge:
                assert "owns" in told.lower()
                assert "→" in told


async def test_hostile_names_in_the_role_sheet_are_only_text() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=WIDE) as pilot:
        await scenes.play(app, scenes.with_role())
        await pilot.press("f11")
        await pilot.pause()
        assert "[/oops]" in scenes.shown(app.screen)
        svg = app.export_screenshot()
        assert "\x1b" not in svg
        assert "\u202e" not in svg


async def test_without_a_connection_there_is_nothing_to_tell_of_a_role() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("ctrl+g")
        await pilot.pause()
        assert not isinstance(app.screen, RoleScreen)
        assert len(app._notifications) == 1
