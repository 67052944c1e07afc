"""What is evaluated ahead is what the next prompt begins with."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from sqlagent_tui.agent import context
from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.messages import Message, PromptProgress
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.models.scripted import ScriptedModel


class WarmScripted(ScriptedModel):
    """A scripted model that records what it was to evaluate ahead."""

    def __init__(self, script: Sequence[str], **options: Any) -> None:
        super().__init__(script, **options)
        self.warmed: list[tuple[Message, ...]] = []

    def warm(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], cancel: CancelToken
    ) -> Iterator[PromptProgress]:
        cancel.raise_if_cancelled()
        assert [tool["function"]["name"] for tool in tools] == ["get_table_schema", "execute_sql", "final_answer"]
        self.warmed.append(tuple(messages))
        yield PromptProgress(1, 1)


@pytest.fixture(scope="module")
def database(demo_conninfo: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase.connect(demo_conninfo)
    yield database
    database.close()


def final(decision: str, **arguments: str) -> str:
    arguments["decision"] = decision
    return f"x</think><tool_call>{json.dumps({'name': 'final_answer', 'arguments': arguments})}</tool_call>"


@pytest.mark.parametrize("share", [0.35, 0.001], ids=["all tables fit", "not all tables fit"])
def test_the_first_prompt_begins_with_what_was_warmed(
    database: PostgresDatabase, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_TABLE_LIST_SHARE", share)
    model = WarmScripted([final("unanswerable", message="não")] * 2)
    agent = Agent(model, database, default_profile())
    assert list(agent.warm(CancelToken())) == [PromptProgress(1, 1)]
    for question in ("Quantos imóveis?", "E embargos?"):
        list(agent.ask(question, CancelToken()))
        (system, asked) = model.prompts[-1]
        assert (system,) == model.warmed[0]
        assert asked.content.endswith(question)
        assert ("<database_profile>" in asked.content) == (share < 0.1)
        list(agent.warm(CancelToken()))
        assert model.warmed[-1] == model.warmed[0]


def test_while_a_reply_is_awaited_the_conversation_is_warmed(database: PostgresDatabase) -> None:
    model = WarmScripted([final("clarification", message="qual?"), final("unanswerable", message="não")])
    agent = Agent(model, database, default_profile())
    list(agent.ask("Quantos?", CancelToken()))
    list(agent.warm(CancelToken()))
    assert [message.role for message in model.warmed[-1]] == ["system", "user", "assistant"]
    list(agent.ask("Todos", CancelToken()))
    assert model.prompts[-1] == (*model.warmed[-1], Message(role="user", content="Todos"))


def test_another_model_has_another_opening(database: PostgresDatabase) -> None:
    large, small = WarmScripted([]), WarmScripted([], context_size=500)
    agent = Agent(large, database, default_profile())
    list(agent.warm(CancelToken()))
    agent.model = small
    list(agent.warm(CancelToken()))
    assert len(small.warmed[0][0].content) < len(large.warmed[0][0].content)


def test_a_model_that_can_not_is_left_alone(database: PostgresDatabase) -> None:
    agent = Agent(ScriptedModel([]), database, default_profile())
    assert list(agent.warm(CancelToken())) == []


def test_it_can_be_cancelled_from_the_first_moment(database: PostgresDatabase) -> None:
    agent = Agent(WarmScripted([]), database, default_profile())
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(agent.warm(cancel))
