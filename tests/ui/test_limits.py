"""The limits in force: how they are written, and that a change holds from the next statement on."""

from collections.abc import Callable

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.config import LimitSettings
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.limits import LimitError, limits_of_settings, read_settings
from sqlagent_tui.ui.messages import LANGUAGES, Messages
from sqlagent_tui.ui.screens.limits import LimitsScreen
from sqlagent_tui.ui.widgets.trace import TraceEntry
from tests import ui_scenes as scenes
from tests.fix_ui import Real, answer, call

NARROW, WIDE = (80, 24), (160, 48)
LIMITS = {limit.name: limit for limit in limits_of_settings()}
ODD = LimitSettings(
    statement_timeout_ms=1_500,
    lock_timeout_ms=0,
    idle_timeout_ms=7_200_000,
    work_mem_mb=3_072,
    temp_file_limit_mb=0,
    agent_rows=1_234_567,
    max_bytes=1_000_001,
    agent_max_cost=12_345.5,
)


def texts(settings: LimitSettings, messages: Messages) -> dict[str, str]:
    return {name: limit.write(getattr(settings, name), messages) for name, limit in LIMITS.items()}


def test_every_setting_is_on_the_screen() -> None:
    assert LIMITS.keys() == set(LimitSettings.__struct_fields__)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("settings", [LimitSettings(), ODD])
def test_what_is_written_is_read_again(language: str, settings: LimitSettings) -> None:
    messages = Messages.load(language)
    written = texts(settings, messages)
    again = read_settings(written, messages)
    assert msgspec.structs.replace(again, agent_max_cost=0) == msgspec.structs.replace(settings, agent_max_cost=0)
    assert abs(again.agent_max_cost - settings.agent_max_cost) < 1


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("statement_timeout_ms", "45", 45_000),
        ("statement_timeout_ms", " 1,5 S ", 1_500),
        ("statement_timeout_ms", "1.5s", 1_500),
        ("statement_timeout_ms", "250 ms", 250),
        ("statement_timeout_ms", "2min", 120_000),
        ("statement_timeout_ms", "0", 0),
        ("work_mem_mb", "2 GB", 2_048),
        ("work_mem_mb", "64", 64),
        ("max_bytes", "64 MB", 64 * 2**20),
        ("answer_rows", "100.000", 100_000),
        ("answer_rows", "100,000", 100_000),
        ("answer_rows", "5000", 5_000),
    ],
)
def test_people_write_numbers_in_many_ways(name: str, text: str, value: float) -> None:
    assert LIMITS[name].read(text, Messages.load("en")) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("statement_timeout_ms", ""),
        ("statement_timeout_ms", "soon"),
        ("statement_timeout_ms", "-1"),
        ("statement_timeout_ms", "3 days"),
        ("statement_timeout_ms", "99999 h"),
        ("work_mem_mb", "64 ms"),
        ("work_mem_mb", "9999999 GB"),
        ("max_bytes", "1 B"),
        ("answer_rows", "5 MB"),
        ("answer_rows", "1e9"),
        ("max_value_chars", "0"),
        ("agent_max_cost", "nan"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_can_not_be_right_is_one_sentence(language: str, name: str, text: str) -> None:
    messages = Messages.load(language)
    with pytest.raises(LimitError, match=r"\.$") as told:
        LIMITS[name].read(text, messages)
    assert str(told.value).startswith(messages(f"limit.{name}"))


async def change(app: SqlAgentApp, pilot: Pilot[int], **values: str) -> None:
    await pilot.press("f10")
    await pilot.pause()
    for name, value in values.items():
        app.screen.query_one(f"#{name}", Input).value = value
    await pilot.press("enter")
    await pilot.pause()


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_wrong_value_keeps_the_sheet_open_and_everything_as_it_was(size: tuple[int, int]) -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=size) as pilot:
        await change(app, pilot, work_mem_mb="soon")
        assert isinstance(app.screen, LimitsScreen)
        assert app.focused is not None
        assert app.focused.id == "work_mem_mb"
        foot = app.screen.query_one("#limits-foot")
        assert "write a size" in scenes.shown(app.screen)
        assert foot.region.bottom <= size[1]
        await pilot.press("escape")
        assert app.services.limits.settings == LimitSettings()


async def test_up_and_down_go_through_the_limits() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("ctrl+l")
        await pilot.pause()
        seen = []
        for _ in LIMITS:
            assert app.focused is not None
            seen.append(app.focused.id)
            assert app.focused.region.height == 1
            assert Messages.load("en")(f"limit_tip.{app.focused.id}") in scenes.shown(app.screen)
            await pilot.press("down")
            await pilot.pause()
        assert seen == list(LIMITS)


async def test_a_change_holds_from_the_next_statement_of_the_user(
    real: Callable[..., Real], demo_conninfo: str
) -> None:
    app = real(demo_conninfo).app
    async with app.run_test(size=WIDE) as pilot:
        await scenes.settle(app, pilot)
        await change(app, pilot, statement_timeout_ms="200 ms", answer_rows="3")
        await pilot.press("f6")
        app.work.sql.editor.text = "SELECT pg_sleep(60)"
        await pilot.press("f7")
        await scenes.settle(app, pilot)
        assert "took longer than 0.2 s" in scenes.shown(app.work.sql)
        app.work.sql.editor.text = "SELECT generate_series(1, 50)"
        await pilot.press("f7")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None
        assert (app.work.grid.result.row_count, app.work.grid.result.truncated) == (3, True)


async def test_a_change_holds_for_the_agent_in_the_middle_of_its_conversation(
    real: Callable[..., Real], demo_conninfo: str
) -> None:
    script = [answer("SELECT 1 AS um"), call("execute_sql", sql="SELECT pg_sleep(60)"), answer("SELECT 2 AS dois")]
    app = real(demo_conninfo, script).app
    async with app.run_test(size=WIDE) as pilot:
        await scenes.settle(app, pilot)
        for question in ("um", "dois"):
            app.work.prompt.text = question
            await pilot.press("enter")
            await scenes.settle(app, pilot)
            if question == "um":
                await change(app, pilot, statement_timeout_ms="200 ms")
        errors: list[StatementError] = [
            entry.finished.error
            for entry in app.query(TraceEntry)
            if entry.finished is not None and entry.finished.error is not None
        ]
        assert [error.kind for error in errors] == ["timeout"]
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows == (("2",),)
