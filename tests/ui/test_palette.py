"""What the palette offers works from there too."""

import pytest

from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.screens.connections import ConnectionsScreen
from sqlagent_tui.ui.screens.help import HelpScreen
from sqlagent_tui.ui.screens.limits import LimitsScreen
from sqlagent_tui.ui.screens.role import RoleScreen
from tests import ui_scenes as scenes


@pytest.mark.parametrize(
    ("typed", "screen"),
    [("help", HelpScreen), ("limits", LimitsScreen), ("role", RoleScreen), ("connections", ConnectionsScreen)],
)
async def test_every_sheet_opens_from_the_palette(typed: str, screen: type) -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.play(app, scenes.opened())
        await pilot.press("ctrl+p", *typed)
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert isinstance(app.screen, screen)


async def test_ones_own_sql_opens_from_the_palette() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.play(app, scenes.opened())
        await pilot.press("ctrl+p", *"SQL")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.work.writing == "sql"
