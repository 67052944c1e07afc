"""Choosing, saving and changing connections in the app, on real servers."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo as libpq
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from sqlagent_tui.assembly import Target
from sqlagent_tui.database.saved import SavedConnection, SavedConnections
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.notices import DatabasesListed
from sqlagent_tui.ui.screens.connections import ConnectionsScreen
from sqlagent_tui.ui.services import Place
from tests import ui_scenes as scenes
from tests.fix_guard import Guard
from tests.fix_ui import Real, answer

NARROW, WIDE = (80, 24), (160, 48)


@pytest.fixture
def store(tmp_path: Path) -> SavedConnections:
    return SavedConnections(tmp_path / "connections.toml", tmp_path / "used.json")


def start_screen(store: SavedConnections) -> SqlAgentApp:
    return SqlAgentApp(scenes.still_services(language="en", place=Place(), connections=store))


def listed(app: SqlAgentApp) -> list[str]:
    options = app.screen.query_one("#connections", OptionList)
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


async def write(app: SqlAgentApp, pilot: Pilot[int], conninfo: str, name: str = "") -> None:
    app.screen.query_one("#conninfo", Input).value = conninfo
    app.screen.query_one("#name", Input).value = name
    app.screen.query_one("#name", Input).focus()
    await pilot.press("enter")
    await pilot.pause()


async def test_without_a_database_the_app_begins_with_the_connections(real: Callable[..., Real], guard: Guard) -> None:
    app = real(None, [answer("SELECT 1 AS um")]).app
    async with app.run_test(size=NARROW) as pilot:
        await scenes.settle(app, pilot)
        assert isinstance(app.screen, ConnectionsScreen)
        assert listed(app)[-1].startswith("Demo")
        await write(app, pilot, guard.reader, name="guarda")
        await scenes.settle(app, pilot)
        assert app.work.status.status.database is not None
        assert app.work.status.status.database.database == libpq.conninfo_to_dict(guard.reader)["dbname"]
        assert app.work.schema._relations
        assert [saved.name for saved in SavedConnections().all()] == ["guarda"]
        app.work.prompt.text = "um"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None


async def test_esc_leaves_an_app_that_says_what_is_missing(real: Callable[..., Real]) -> None:
    app = real(None).app
    async with app.run_test(size=NARROW) as pilot:
        await scenes.settle(app, pilot)
        await pilot.press("escape")
        assert app.work.status.status.activity == "ready"
        assert "no connection" in str(app.work.status.render())
        app.work.prompt.text = "um"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert "F12" in scenes.shown(app.work.conversation)
        await pilot.press("f12")
        await pilot.pause()
        assert isinstance(app.screen, ConnectionsScreen)


async def test_changing_the_database_in_the_middle_of_a_session(
    real: Callable[..., Real], guard: Guard, demo_conninfo: str, demo_admin_conninfo: str
) -> None:
    other = str(libpq.conninfo_to_dict(guard.reader)["dbname"])
    app = real(demo_conninfo, [answer("SELECT current_database() AS onde")] * 2).app
    async with app.run_test(size=WIDE) as pilot:
        await scenes.settle(app, pilot)
        first = app.agent._database.info.backend_pid  # type: ignore[union-attr]
        app.work.prompt.text = "onde?"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        await pilot.press("f12")
        await scenes.settle(app, pilot)
        names = [line.split()[0] for line in listed(app)]
        assert "cadastro_ambiental" not in names
        app.screen.query_one("#connections", OptionList).highlighted = names.index(other)
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.status.status.database is not None
        assert app.work.status.status.database.database == other
        assert app.work.status.status.activity == "ready"
        app.work.prompt.text = "onde?"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows == ((other,),)
        await pilot.press("f6")
        app.work.sql.editor.text = "SELECT current_database()"
        await pilot.press("f7")
        await scenes.settle(app, pilot)
        assert app.work.grid.result.rows == ((other,),)
        with psycopg.connect(demo_admin_conninfo) as admin:
            left = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", (first,)).fetchone()
        assert left == (0,)


async def test_a_connection_that_fails_is_told_and_another_can_be_chosen(
    real: Callable[..., Real], guard: Guard
) -> None:
    app = real(guard.reader).app
    async with app.run_test(size=NARROW) as pilot:
        await scenes.settle(app, pilot)
        for conninfo, connected in (("host=127.0.0.1 port=1 dbname=x connect_timeout=2", False), (guard.reader, True)):
            await pilot.press("f12")
            await pilot.pause()
            await write(app, pilot, conninfo)
            await scenes.settle(app, pilot)
            assert (app.work.status.status.database is not None) is connected
            assert app.work.status.status.activity == ("ready" if connected else "failed")


async def test_nothing_changes_while_something_runs(store: SavedConnections) -> None:
    moved: list[Place] = []
    app = SqlAgentApp(scenes.still_services(language="en", connections=store, change_place=moved.append))
    async with app.run_test(size=NARROW) as pilot:
        await scenes.begin(app, pilot)
        await pilot.press("f12", "enter")
        await pilot.pause()
        assert not moved
        assert len(app._notifications) == 1


@pytest.mark.parametrize(
    ("conninfo", "name", "said"),
    [
        ("", "", "Write a CONNINFO"),
        ("host=a password=s3cret", "", "Leave the password out"),
        ("postgresql://a:s3cret@b/c", "x", "Leave the password out"),
        ("host=a", "a b[/]", "can't be the name"),
        ("host='a", "", "can't be read"),
        ("nowhere", "", "no saved connection"),
    ],
)
async def test_what_can_not_be_right_is_one_sentence(
    store: SavedConnections, conninfo: str, name: str, said: str
) -> None:
    app = start_screen(store)
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await write(app, pilot, conninfo, name)
        assert isinstance(app.screen, ConnectionsScreen)
        told = str(app.screen._foot.content)
        assert said in told
        assert "s3cret" not in told
        assert not store.all()


async def test_a_saved_connection_is_forgotten_only_when_one_means_it(store: SavedConnections) -> None:
    for name in ("um", "dois"):
        store.add(SavedConnection(name=name, conninfo="host=db1 dbname=x"))
    app = start_screen(store)
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await pilot.press("delete")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert len(store.all()) == 2
        await pilot.press("delete")
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert [saved.name for saved in store.all()] == ["dois"]
        assert [line.split()[0] for line in listed(app)] == ["dois", "Demo"]


async def test_a_broken_file_is_told_and_the_demo_still_offered(store: SavedConnections) -> None:
    store.file.write_text("[")
    app = start_screen(store)
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        assert str(app.screen._foot.content)  # type: ignore[attr-defined]
        assert listed(app)[0].startswith("Demo")


async def test_hostile_names_of_databases_are_only_text(store: SavedConnections) -> None:
    app = start_screen(store)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await scenes.play(app, [DatabasesListed(("[/oops]\x1b[31m\u202e", "x" * 300))])
        await pilot.pause()
        svg = app.export_screenshot()
        assert "[/oops]" in svg.replace("&#160;", " ")
        assert "\x1b" not in svg
        assert "\u202e" not in svg


async def test_the_demo_brings_its_examples(store: SavedConnections) -> None:
    moved: list[Place] = []
    app = SqlAgentApp(scenes.still_services(language="en", place=Place(), connections=store, change_place=moved.append))
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert [place.target for place in moved] == [Target(demo=True)]
        assert app.work.conversation.welcome._examples.option_count > 2
        assert app.work.status.status.demo
