"""The app as the command line starts it: real server, real engine, a model that writes nonsense."""

import os
import signal
from pathlib import Path

import pytest

from sqlagent_tui.agent.events import TurnEnded
from sqlagent_tui.assembly import Target
from sqlagent_tui.models.llama import LlamaModel
from sqlagent_tui.sessions.journal import read_events
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.run import AppOptions, Parts
from sqlagent_tui.ui.widgets.blocks import Notice
from tests import ui_scenes as scenes

WRITING = {"thinking", "writing"}


@pytest.fixture
def parts(demo_conninfo: str, slow_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path / "home"))
    return Parts(AppOptions(target=Target(conninfo=demo_conninfo), model=str(slow_gguf)))


async def test_a_killed_model_is_told_and_the_next_question_starts_it_again(parts: Parts, tmp_path: Path) -> None:
    assert parts.record() is None
    app = SqlAgentApp(parts.services())
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.settle(app, pilot)
        model = app.agent._model
        assert isinstance(model, LlamaModel)
        first = model.pid
        assert first is not None
        app.work.prompt.text = "quantos imóveis rurais existem?"
        await pilot.press("enter")
        while app.work.status.status.activity not in WRITING:
            await pilot.pause(0.02)
        os.kill(first, signal.SIGKILL)
        await scenes.settle(app, pilot)
        assert len(app.query(Notice)) == 1

        app.work.prompt.text = "de novo"
        await pilot.press("enter")
        while app.work.status.status.activity not in WRITING:
            await pilot.pause(0.02)
        assert model.pid not in (None, first)
        await pilot.press("escape")
        await scenes.settle(app, pilot)
        assert app.work.status.status.activity == "ready"
        app.agent.close()
    parts.close()

    journal = next((tmp_path / "home" / "data" / "sessions").glob("*.jsonl"))
    outcomes = [event.outcome for event in read_events(journal) if isinstance(event, TurnEnded)]
    assert outcomes == ["failed", "cancelled"]
    assert (tmp_path / "home" / "data" / "history.jsonl").stat().st_mode & 0o777 == 0o600


async def test_a_missing_model_is_a_card(parts: Parts, demo_conninfo: str) -> None:
    broken = Parts(AppOptions(target=Target(conninfo=demo_conninfo), model="/nowhere/model.gguf"))
    app = SqlAgentApp(broken.services())
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.settle(app, pilot)
        assert len(app.query(Notice)) == 1
        assert app.work.status.status.activity == "failed"
        assert app.work.status.status.database is not None
    broken.close()


def test_a_session_that_cannot_be_recorded_is_told(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "home" / "data").mkdir(parents=True)
    (tmp_path / "home" / "data" / "sessions").write_text("in the way")
    problem = parts.record()
    assert problem is not None
    assert "can't be recorded" in problem
