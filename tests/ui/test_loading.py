"""Loading or changing a model can be given up. The real engine loads a model forever whose template never ends."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from sqlagent_tui.assembly import Target
from sqlagent_tui.models.library import ModelLibrary
from sqlagent_tui.models.llama import LlamaModel
from sqlagent_tui.models.scripted import ScriptedModel
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.model_choice import LibraryModels, ModelChoice
from sqlagent_tui.ui.run import AppOptions, Parts
from sqlagent_tui.ui.widgets.blocks import Notice
from tests import ui_scenes as scenes
from tests.fix_models import make_gguf
from tests.fix_ui import Real, answer, call

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
SOON = 10.0
"""Seconds within which giving up is over, however busy the machine; the load itself would take hours."""

Opened = Callable[[str], SqlAgentApp]


@pytest.fixture
def opened(demo_conninfo: str, tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Apps with a library of two models, `good` and `endless`, beginning with one of them."""
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path / "home"))
    library = ModelLibrary()
    library.add(tiny_gguf, "good")
    (tmp_path / "home" / "data" / "models" / "endless.gguf").write_bytes(
        make_gguf(tmp_path / "endless.gguf", template=ENDLESS).read_bytes()
    )
    made: list[tuple[SqlAgentApp, Parts]] = []

    def open_app(model: str) -> SqlAgentApp:
        parts = Parts(AppOptions(target=Target(conninfo=demo_conninfo), model=model))
        made.append((SqlAgentApp(dataclasses.replace(parts.services(), language="en")), parts))
        return made[-1][0]

    yield open_app
    for app, parts in made:
        app.agent.close()
        app.user.close()
        parts.close()


async def until(pilot: Pilot[int], true: Callable[[], bool], seconds: float = 30) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds
        await pilot.pause(0.02)
    return time.monotonic() - began


def state(app: SqlAgentApp) -> str:
    return app.work.status.status.activity


def loading(app: SqlAgentApp) -> bool:
    """Whether only the model is still being opened."""
    status = app.work.status.status
    return status.database is not None and status.activity == "starting" and "model" in status.detail


def keys(app: SqlAgentApp) -> str:
    return str(app.work.keys.render())


async def test_loading_is_given_up_and_begun_again_by_the_next_question(
    opened: Opened, tiny_gguf: Path, tmp_path: Path
) -> None:
    app = opened("endless")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: loading(app))
        assert keys(app).startswith(" Esc stop")
        await pilot.press("escape")
        await until(pilot, lambda: state(app) == "failed", SOON)
        assert "Esc" not in keys(app)
        shown = scenes.shown(app.work.conversation)
        assert "Loading the model was cancelled." in shown
        assert "The next question loads it." in shown
        assert app.agent.model is None

        (tmp_path / "home" / "data" / "models" / "endless.gguf").write_bytes(tiny_gguf.read_bytes())
        app.work.prompt.text = "quantos imóveis?"
        await pilot.press("enter")
        await until(pilot, lambda: state(app) in {"thinking", "writing"})
        assert isinstance(app.agent.model, LlamaModel)
        await pilot.press("escape")
        await scenes.settle(app, pilot)
        assert state(app) == "ready"


async def test_a_question_that_waits_for_the_model_is_given_up_with_it(opened: Opened) -> None:
    app = opened("endless")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: loading(app))
        app.work.prompt.text = "quantos imóveis?"
        await pilot.press("enter", "escape")
        assert state(app) == "cancelling"
        await until(pilot, lambda: not app.presenter.busy, SOON)
        assert "Cancelled" in scenes.shown(app.work.conversation)
        assert not app.query(Notice)
        assert app.agent.model is None


async def test_a_change_is_given_up_and_the_old_model_goes_on(opened: Opened) -> None:
    app = opened("good")
    async with app.run_test(size=(100, 30)) as pilot:
        await scenes.settle(app, pilot)
        first = app.agent.model
        assert isinstance(first, LlamaModel)
        assert "Esc" not in keys(app)
        app.switching._chosen(ModelChoice(address="endless", name="endless"))
        await until(pilot, lambda: loading(app))
        assert keys(app).startswith(" Esc stop")
        await pilot.press("escape")
        assert state(app) == "cancelling"
        await until(pilot, lambda: state(app) not in {"starting", "cancelling"}, SOON)
        await scenes.settle(app, pilot)
        assert state(app) == "ready"
        assert app.agent.model is first
        assert first.pid is not None
        assert not app.query(Notice)
        assert [toast.message for toast in app._notifications] == ["The change was cancelled: Tiny goes on answering."]

        app.switching._chosen(ModelChoice(address="student", name="student"))
        await scenes.settle(app, pilot)
        assert app.agent.model is not first
        assert state(app) == "ready"


async def test_stopping_a_turn_does_not_take_back_the_change_that_waits_for_its_end(
    real: Callable[..., Real], demo_conninfo: str
) -> None:
    one = real(demo_conninfo, [call("execute_sql", sql="SELECT pg_sleep(60)")])
    second = ScriptedModel([answer("SELECT 2 AS dois")], name="second")
    models = LibraryModels(
        config=one.parts._options.config,
        named=None,
        open_named=lambda address, report, cancel: second,
        profile=one.parts._profile,
    )
    app = one.app
    app.services = app.agent._services = dataclasses.replace(app.services, models=models)
    async with app.run_test(size=(100, 30)) as pilot:
        await scenes.settle(app, pilot)
        app.work.prompt.text = "devagar"
        await pilot.press("enter")
        await until(pilot, lambda: state(app) == "running")
        app.switching._chosen(ModelChoice(address="second", name="second"))
        await pilot.press("escape")
        await scenes.settle(app, pilot)
        assert app.agent.model is second
        assert state(app) == "ready"


async def test_after_giving_up_a_connection_can_be_made_again(real: Callable[..., Real], demo_conninfo: str) -> None:
    app = real(demo_conninfo).app
    async with app.run_test(size=(100, 30)) as pilot:
        await scenes.settle(app, pilot)
        app.agent.cancel_opening()
        app.agent.cancel()
        app.agent._leave()
        app.moving.again()
        await scenes.settle(app, pilot)
        assert state(app) == "ready"
        assert not app.query(Notice)
