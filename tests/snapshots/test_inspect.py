"""How the inspection looks. A changed picture fails; look at it, then accept it with `--snapshot-update`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from sqlagent_tui.ui.inspect.app import InspectApp
from tests.fix_inspect import Inspect, settle

Scene = Callable[[InspectApp, Pilot[int]], Awaitable[None]]
SIZES = [pytest.param((80, 24), id="80x24"), pytest.param((160, 48), id="160x48")]


@pytest.fixture(autouse=True)
def _steady(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TMUX", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")


def keys(*pressed: str) -> Scene:
    async def run(app: InspectApp, pilot: Pilot[int]) -> None:
        for key in pressed:
            await pilot.press(key)
            await settle(app, pilot)

    return run


async def searching(app: InspectApp, pilot: Pilot[int]) -> None:
    app.work.cases.field.cursor_blink = False
    await pilot.press("a", "slash", *"imovel")
    await settle(app, pilot)


SCENES: dict[str, Scene] = {
    "list": keys(),
    "all": keys("a"),
    "facts": keys("enter"),
    "results": keys("3"),
    "steps": keys("4"),
    "steps_unfolded": keys("4", "t", "o"),
    "order": keys("n", "3"),
    "second_turn": keys("n", "n", "n", "2"),
    "no_decision": keys("n", "n", "2"),
    "hostile": keys("n", "n", "n", "n", "n", "2"),
    "hostile_results": keys("n", "n", "n", "n", "n", "3"),
    "narrowing": keys("f"),
    "searching": searching,
    "help": keys("question_mark"),
}


def compare(snap: Any, app: InspectApp, scene: Scene, size: tuple[int, int]) -> bool:
    app.animation_level = "none"

    async def run_before(pilot: Pilot[int]) -> None:
        await settle(app, pilot)
        await scene(app, pilot)
        await pilot.pause()

    return bool(snap(app, terminal_size=size, run_before=run_before))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCENES)
def test_dark(snap_compare: Any, inspect: Inspect, name: str, size: tuple[int, int]) -> None:
    assert compare(snap_compare, inspect(), SCENES[name], size)


@pytest.mark.parametrize("size", SIZES)
def test_without_a_database(snap_compare: Any, inspect: Inspect, size: tuple[int, int]) -> None:
    assert compare(snap_compare, inspect(database=None), SCENES["results"], size)


@pytest.mark.parametrize("theme", ["light", "sixteen"])
def test_other_themes(snap_compare: Any, inspect: Inspect, theme: str) -> None:
    assert compare(snap_compare, inspect(theme=theme), SCENES["order"], (160, 48))


def test_english_in_a_large_terminal(snap_compare: Any, inspect: Inspect) -> None:
    assert compare(snap_compare, inspect(language="en"), SCENES["second_turn"], (200, 60))
