"""While nobody asks, the model reads ahead; a question never waits for that."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from textual.pilot import Pilot

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.messages import Message, PromptProgress
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.scripted import ScriptedModel
from sqlagent_tui.ui.app import SqlAgentApp
from tests import ui_scenes as scenes
from tests.fix_ui import Harness, answer, call


class Reader(ScriptedModel):
    """Reads ahead, a third of it at once and the rest when it is let go on. `read` holds what it was given."""

    def __init__(self, script: list[str]) -> None:
        super().__init__(script)
        self.go_on = threading.Event()
        self.read: list[tuple[Message, ...]] = []
        self.interrupted = 0
        self.fails = False

    def warm(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], cancel: CancelToken
    ) -> Iterator[PromptProgress]:
        self.read.append(tuple(messages))
        if self.fails:
            raise ModelError("The model process stopped unexpectedly.", "It is started again.")
        yield PromptProgress(100, 300)
        while not self.go_on.wait(0.005):
            self.interrupted += cancel.cancelled
            cancel.raise_if_cancelled()
        yield PromptProgress(300, 300)


async def until(pilot: Pilot[int], true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline
        await pilot.pause(0.02)


def activity(app: SqlAgentApp) -> tuple[str, float | None]:
    return app.work.status.status.activity, app.work.status.status.fraction


async def test_it_is_shown_until_it_is_done(harness: Callable[..., Harness]) -> None:
    model = Reader([])
    app = harness([], model=model).app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: activity(app) == ("warming", 1 / 3))
        assert "Context    ━━━━━" in scenes.shown(app.work.conversation.welcome)
        model.go_on.set()
        await scenes.settle(app, pilot)
        assert activity(app) == ("ready", None)
        assert "✓ Context" in scenes.shown(app.work.conversation.welcome)
    assert [message.role for message in model.read[0]] == ["system"]


async def test_a_question_interrupts_it_and_afterwards_it_goes_on(harness: Callable[..., Harness]) -> None:
    model = Reader([answer("SELECT 1 AS um"), answer("SELECT 2 AS dois")])
    app = harness([], model=model).app()
    async with app.run_test(size=(100, 30)) as pilot:
        for number in (1, 2):
            await until(pilot, lambda: activity(app)[0] == "warming")
            app.work.prompt.text = "e agora?"
            await pilot.press("enter")
            await until(pilot, lambda n=number: model.interrupted == n and app.work.grid.result is not None)
            await until(pilot, lambda n=number: len(model.read) == n + 1 and not app.presenter.busy)
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows == (("2",),)
        model.go_on.set()
        await scenes.settle(app, pilot)
        assert activity(app) == ("ready", None)
    assert model.read[0] == model.read[1] == model.read[2] == model.prompts[0][:1]


async def test_while_a_reply_is_awaited_the_conversation_is_read(harness: Callable[..., Harness]) -> None:
    model = Reader([call("final_answer", decision="clarification", message="De que ano?"), answer("SELECT 2023")])
    model.go_on.set()
    app = harness([], model=model).app()
    async with app.run_test(size=(100, 30)) as pilot:
        for text in ("Quantos autos?", "2023"):
            await scenes.settle(app, pilot)
            app.work.prompt.text = text
            await pilot.press("enter")
        await until(pilot, lambda: len(model.read) == 3 and app.bridge.idle)
    assert [len(messages) for messages in model.read] == [1, 3, 1]
    assert model.prompts[1][:3] == model.read[1]


async def test_a_turn_that_failed_is_still_told_afterwards(harness: Callable[..., Harness]) -> None:
    model = Reader([])  # no answer at all
    model.go_on.set()
    app = harness([], model=model).app()
    async with app.run_test(size=(100, 30)) as pilot:
        await scenes.settle(app, pilot)
        app.work.prompt.text = "e agora?"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert len(model.read) == 2
        assert activity(app) == ("failed", None)


async def test_trouble_with_it_troubles_nobody(harness: Callable[..., Harness]) -> None:
    model = Reader([answer("SELECT 1 AS um")])
    model.fails = True
    app = harness([], model=model).app()
    async with app.run_test(size=(100, 30)) as pilot:
        await scenes.settle(app, pilot)
        assert model.read
        assert activity(app) == ("ready", None)
        app.work.prompt.text = "e agora?"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None


async def test_quitting_does_not_wait_for_it(harness: Callable[..., Harness]) -> None:
    model = Reader([])
    app = harness([], model=model).app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: activity(app)[0] == "warming")
        started = time.monotonic()
        app.agent.close()
        await until(pilot, lambda: model.interrupted)
        assert time.monotonic() - started < 2
