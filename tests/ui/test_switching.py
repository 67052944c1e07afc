"""Changing the model while the app runs: the real library, engine and server, or models that follow a script."""

import dataclasses
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from sqlagent_tui.agent.protocols import Model
from sqlagent_tui.assembly import Target
from sqlagent_tui.config import Config
from sqlagent_tui.models.library import ModelLibrary
from sqlagent_tui.models.llama import LlamaModel
from sqlagent_tui.models.scripted import ScriptedModel
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.model_choice import LibraryModels, ModelChoice
from sqlagent_tui.ui.run import AppOptions, Parts
from sqlagent_tui.ui.screens.models import ModelsScreen
from sqlagent_tui.ui.widgets.blocks import Notice
from tests import ui_scenes as scenes
from tests.fix_models import make_gguf
from tests.fix_ui import answer, call


@pytest.fixture
def parts(demo_conninfo: str, tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path / "home"))
    library = ModelLibrary()
    library.add(tiny_gguf, "base")
    library.add(make_gguf(tmp_path / "tuned.gguf", seed=9, context=2048), "tuned")
    (tmp_path / "home" / "data" / "models" / "zz.gguf").write_bytes(b"nonsense" * 10)
    return Parts(AppOptions(target=Target(conninfo=demo_conninfo), model="base"))


async def listed(app: SqlAgentApp, pilot: Pilot[int]) -> list[str]:
    app.switching.choose()
    assert isinstance(app.screen, ModelsScreen)
    while not any(found.highlighted is not None for found in app.screen.query(OptionList)):
        await pilot.pause(0.02)
    options = app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


async def test_a_model_is_chosen_from_the_library_and_answers(parts: Parts) -> None:
    app = SqlAgentApp(dataclasses.replace(parts.services(), language="en"))
    async with app.run_test(size=(100, 30)) as pilot:
        await scenes.settle(app, pilot)
        first = app.agent.model
        assert isinstance(first, LlamaModel)
        assert "Model: change" in [command.title for command in app.get_system_commands(app.screen)]
        student, base, tuned, broken = await listed(app, pilot)
        assert student.startswith("  student\n    qwen3 5")
        assert base.startswith("● base\n    qwen3 0.")
        assert "F16" in tuned
        assert "2,048 tokens" in tuned
        assert "tuned.gguf" in tuned
        assert "zz.gguf is not a GGUF file." in broken
        await pilot.press("down", "enter")
        await scenes.settle(app, pilot)
        second = app.agent.model
        assert isinstance(second, LlamaModel)
        assert second.path.stem == "tuned"
        assert app.work.status.status.context_size == 2048
        assert app.work.status.status.activity == "ready"
        assert first.pid is None
        assert second.pid is not None
        assert not app.query(Notice)
    app.agent.close()
    app.user.close()
    parts.close()


async def test_a_model_that_can_not_be_had_leaves_the_old_one_working(parts: Parts) -> None:
    app = SqlAgentApp(dataclasses.replace(parts.services(), language="en"))
    async with app.run_test(size=(100, 30)) as pilot:
        await scenes.settle(app, pilot)
        first = app.agent.model
        assert isinstance(first, LlamaModel)
        await listed(app, pilot)
        ModelLibrary().remove("tuned")
        await pilot.press("down", "enter")
        await scenes.settle(app, pilot)
        assert app.agent.model is first
        assert first.pid is not None
        assert app.work.status.status.activity == "ready"
        assert "There is no model called tuned." in str(app.query_one(Notice).content)
    app.agent.close()
    app.user.close()
    parts.close()


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_clarification_goes_on_only_with_a_model_that_is_spoken_to_in_the_same_way(
    demo_conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, goes_on: bool
) -> None:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path / "home"))
    parts = Parts(AppOptions(target=Target(conninfo=demo_conninfo)))
    first = ScriptedModel([call("final_answer", decision="clarification", message="De que ano?")], name="a")
    second = ScriptedModel([answer("SELECT 2023 AS ano")], name="b" if goes_on else "sqlagent-student")
    models = LibraryModels(
        config=Config(), named=None, open_named=lambda address, report, cancel: second, profile=parts._profile
    )

    def opened(_report: object, _cancel: object) -> Model:
        return first

    app = SqlAgentApp(dataclasses.replace(parts.services(), open_model=opened, models=models, language="en"))
    async with app.run_test(size=(100, 30)) as pilot:
        await scenes.settle(app, pilot)
        app.work.prompt.text = "Quantos autos?"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.asking.replying
        app.switching._chosen(ModelChoice(address="b", name="b"))
        await scenes.settle(app, pilot)
        assert app.asking.replying is goes_on
        app.work.prompt.text = "2023"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
    asked = [message.content.split("\n\n")[-1] for message in second.prompts[0] if message.role == "user"]
    assert asked == (["Quantos autos?", "2023"] if goes_on else ["2023"])
    app.agent.close()
    app.user.close()
    parts.close()
