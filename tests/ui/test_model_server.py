"""The app with a model on a server: a turn, a cancel in mid-answer, a server that goes away."""

import dataclasses
import json
from pathlib import Path

import pytest

from sqlagent_tui.assembly import Target
from sqlagent_tui.models.server.address import Address
from sqlagent_tui.models.server.client import Client
from sqlagent_tui.models.server.key import ApiKey
from sqlagent_tui.models.server.model import ServerModel
from sqlagent_tui.models.server.probe import Offer
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.run import AppOptions, Parts
from sqlagent_tui.ui.widgets.blocks import Notice
from tests import ui_scenes as scenes
from tests.fake_model_server import Exchange, FakeModelServer

CHAT = "/v1/chat/completions"
MODELS = {"data": [{"id": "qwen3-4b", "owned_by": "vllm", "max_model_len": 16384}]}
ARGUMENTS = json.dumps({"decision": "sql", "sql": "SELECT 42 AS resposta", "message": "Aqui está."})


def delta(value: dict[str, object], finish: str | None = None) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": value, "finish_reason": finish}]}


def chat(exchange: Exchange) -> None:
    thought = delta({"reasoning": "Penso um pouco."})
    if exchange.body["messages"][-1]["content"].endswith("devagar"):
        exchange.begin_events()
        exchange.chunk(f"data: {json.dumps(thought)}\n\n")
        exchange.connection.recv(1)
        exchange.close_connection = True
        return
    call = {"index": 0, "id": "1", "function": {"name": "final_answer", "arguments": ARGUMENTS}}
    exchange.events(thought, delta({"tool_calls": [call]}, "tool_calls"))


async def test_a_conversation_with_a_server(
    demo_conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path))
    with FakeModelServer({"/v1/models": MODELS, CHAT: chat}) as server:
        parts = Parts(AppOptions(target=Target(conninfo=demo_conninfo), model=server.url))
        app = SqlAgentApp(parts.services())
        async with app.run_test(size=(120, 40)) as pilot:
            await scenes.settle(app, pilot)
            assert app.work.status.status.context_size == 16384
            assert "vLLM" in scenes.shown(app.work.conversation)

            app.work.prompt.text = "qual é a resposta?"
            await pilot.press("enter")
            await scenes.settle(app, pilot)
            assert app.work.grid.result is not None
            assert app.work.grid.result.rows == (("42",),)

            app.work.prompt.text = "devagar"
            await pilot.press("enter")
            while app.work.status.status.activity != "thinking":
                await pilot.pause(0.02)
            await pilot.press("escape")
            await scenes.settle(app, pilot)
            assert app.work.status.status.activity == "ready"

            server.routes[CHAT] = lambda exchange: exchange.hang_up()
            app.work.prompt.text = "e agora?"
            await pilot.press("enter")
            await scenes.settle(app, pilot)
            assert len(app.query(Notice)) == 1

            server.routes[CHAT] = chat
            app.work.prompt.text = "de novo"
            await pilot.press("enter")
            await scenes.settle(app, pilot)
            assert app.work.status.status.activity == "ready"
            assert len(app.query(Notice)) == 1
            app.agent.close()
        parts.close()


async def test_a_key_in_the_clear_is_a_toast(
    demo_conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path))
    client = Client(Address.parse("http://gpu-box:8000"), ApiKey("segredo", "$X"), 1.0)
    model = ServerModel(client, Offer(model="m"), context_size=0, key_variable="X")
    parts = Parts(AppOptions(target=Target(conninfo=demo_conninfo)))
    app = SqlAgentApp(dataclasses.replace(parts.services(), open_model=lambda report, cancel: model))
    async with app.run_test(size=(100, 30)) as pilot:
        await scenes.settle(app, pilot)
        [toast] = app._notifications
        assert "sem cifra" in toast.message
        app.agent.close()
    parts.close()
