"""How the app looks. A changed picture fails; look at it, then accept it with `--snapshot-update`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Model
from sqlagent_tui.database.saved import SavedConnection, SavedConnections
from sqlagent_tui.errors import DatabaseError, SuperuserRefusedError
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.model_choice import ModelChoice
from sqlagent_tui.ui.notices import DatabasesListed, PartFailed, PartProgress, ReadingAhead, UiEvent
from sqlagent_tui.ui.services import Place, Report
from tests import ui_scenes as scenes

Scene = Callable[[SqlAgentApp, Pilot[int]], Awaitable[None]]
SIZES = [pytest.param((80, 24), id="80x24"), pytest.param((160, 48), id="160x48")]


@pytest.fixture(autouse=True)
def _steady(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TMUX", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")


async def start(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await scenes.play(app, [PartProgress("model", "carregando o modelo", 0.43)])


async def welcome(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await scenes.play(app, scenes.opened())


async def reading_ahead(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await scenes.play(app, [*scenes.opened(), ReadingAhead(0.34)])


def turn(events: Callable[[], Iterable[UiEvent]], question: str = scenes.QUESTION, *keys: str) -> Scene:
    async def run(app: SqlAgentApp, pilot: Pilot[int]) -> None:
        await scenes.begin(app, pilot, question)
        await scenes.play(app, events())
        await pilot.pause()
        await pilot.press(*keys)

    return run


async def unreachable(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    error = DatabaseError("The server at db1:5432 can't be reached.", "Check host and port, and whether it is running.")
    await scenes.play(app, [scenes.opened()[1], PartFailed("catalogue", error), PartFailed("database", error)])


async def help_sheet(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await welcome(app, pilot)
    await pilot.press("f1")


async def schema_filtered(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await welcome(app, pilot)
    await pilot.press("f3", "slash", *"imov", "enter")
    await pilot.pause()
    await pilot.press("down", "enter")
    await pilot.pause()
    await scenes.play(app, scenes.described())
    await pilot.pause()
    await pilot.press(*["down"] * 6)


async def own_sql(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await turn(scenes.answered)(app, pilot)
    await pilot.press("f6")
    app.work.sql.editor.cursor_blink = False
    await pilot.press("f7")
    await scenes.play(app, scenes.own_failed())


async def limits(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await welcome(app, pilot)
    await pilot.press("f10")
    await pilot.pause()
    for field in app.screen.query(Input):
        field.cursor_blink = False
    app.screen.query_one("#work_mem_mb", Input).value = "muito"
    await pilot.press("enter")


async def role(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await scenes.play(app, scenes.with_role())
    await pilot.press("f11")


async def badge(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await scenes.play(app, scenes.with_role())


async def superuser(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    error = SuperuserRefusedError("postgres is a superuser.", "Connect as a role that may only read.")
    await scenes.play(app, [scenes.opened()[1], PartFailed("catalogue", error), PartFailed("database", error)])


async def start_screen(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await pilot.pause()
    await scenes.play(app, [DatabasesListed(("cadastro_ambiental", "Licenças 2024 [/b]\x1b[31m"))])
    app.screen.query_one("#conninfo", Input).value = "host=db2 password=segredo"
    app.screen.query_one("#conninfo", Input).focus()
    for field in app.screen.query(Input):
        field.cursor_blink = False
    await pilot.press("enter")


class Shelf:
    """Models as a library lists them; texts of files are hostile."""

    def choices(self, current: Model | None) -> Sequence[ModelChoice]:
        return (
            ModelChoice(
                address="student",
                name="student",
                summary="qwen3 3,1M Q8_0",
                size=5_400_000,
                context=4096,
            ),
            ModelChoice(
                address="qwen3-4b",
                name="qwen3-4b-sql",
                current=True,
                summary="qwen3 4.0B Q4_K_M",
                size=2_497_281_120,
                context=40_960,
                source="organizacao/qwen3-4b-instruct-sql-gguf:qwen3-4b-instruct-sql-Q4_K_M.gguf",
            ),
            ModelChoice(
                address="x", name="parte", problem="parte.gguf is cut off: it has 1,048,576 of 2,497,281,120 bytes."
            ),
            ModelChoice(
                address="y",
                name="[/oops]\x1b[31m\u202e",
                summary="[b]llama[/b] \x07",
                size=1,
                context=1,
                source="\x1b]0;x",
            ),
            ModelChoice(address="http://gpu-box:8000/v1", name="http://gpu-box:8000/v1", server=True),
        )

    def open(self, address: str, report: Report, cancel: CancelToken) -> Model:
        raise AssertionError

    def goes_on(self, old: Model, new: Model) -> bool:
        return True


async def models(app: SqlAgentApp, pilot: Pilot[int]) -> None:
    await welcome(app, pilot)
    app.switching.choose()
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


SCENES: dict[str, Scene] = {
    "limits": limits,
    "role": role,
    "badge": badge,
    "superuser": superuser,
    "costly": turn(scenes.costly),
    "own_sql": own_sql,
    "start": start,
    "welcome": welcome,
    "reading_ahead": reading_ahead,
    "thinking": turn(scenes.thinking, scenes.QUESTION, "f8"),
    "answer": turn(scenes.answered),
    "grid": turn(scenes.answered, scenes.QUESTION, "f5", "down"),
    "recovered": turn(scenes.recovered, scenes.QUESTION, "f4", "home"),
    "clarification": turn(scenes.clarification, "Quantos imóveis estão irregulares?"),
    "unanswerable": turn(scenes.unanswerable, "Qual a previsão de chuva para amanhã?"),
    "unreachable": unreachable,
    "help": help_sheet,
    "schema": schema_filtered,
    "hostile": turn(scenes.hostile, "O que é [b]isto[/b]? \x1b[31m"),
    "hostile_grid": turn(scenes.hostile, "O que é [b]isto[/b]? \x1b[31m", "f5"),
}


def compare(snap: Any, scene: Scene, size: tuple[int, int], **services: Any) -> bool:
    app = SqlAgentApp(scenes.still_services(**services))
    app.animation_level = "none"

    async def run_before(pilot: Pilot[int]) -> None:
        app.work.prompt.cursor_blink = False
        await pilot.pause()
        await scene(app, pilot)
        await pilot.pause()
        await pilot.pause()

    return bool(snap(app, terminal_size=size, run_before=run_before))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCENES)
def test_dark(snap_compare: Any, name: str, size: tuple[int, int]) -> None:
    assert compare(snap_compare, SCENES[name], size)


@pytest.mark.parametrize("size", SIZES)
def test_start_screen(snap_compare: Any, size: tuple[int, int], tmp_path: Path) -> None:
    store = SavedConnections(tmp_path / "connections.toml", tmp_path / "used.json")
    store.add(SavedConnection(name="producao", conninfo="host=db1 dbname=cadastro user=leitor", ssh="bastiao"))
    store.add(SavedConnection(name="homologacao", conninfo="service=homologacao"))
    assert compare(snap_compare, start_screen, size, place=Place(), connections=store)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "sixteen"])
def test_other_themes(snap_compare: Any, theme: str, size: tuple[int, int]) -> None:
    assert compare(snap_compare, SCENES["recovered"], size, theme=theme)


@pytest.mark.parametrize("size", SIZES)
def test_models(snap_compare: Any, size: tuple[int, int]) -> None:
    assert compare(snap_compare, models, size, models=Shelf())


def test_english(snap_compare: Any) -> None:
    assert compare(snap_compare, SCENES["answer"], (160, 48), language="en")


def test_two_columns_of_panes(snap_compare: Any) -> None:
    assert compare(snap_compare, SCENES["answer"], (120, 36))


def test_all_four_panes_in_a_large_terminal(snap_compare: Any) -> None:
    assert compare(snap_compare, SCENES["answer"], (200, 60))


def test_a_tiny_terminal(snap_compare: Any) -> None:
    assert compare(snap_compare, SCENES["welcome"], (20, 5))
