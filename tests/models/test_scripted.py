import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.messages import Generation, Message, Piece, PromptProgress
from sqlagent_tui.agent.protocols import GenerationOptions, Model
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.scripted import ScriptedModel

CALL = '{"name": "execute_sql", "arguments": {"sql": "select 1"}}'
QUESTION = [Message(role="user", content="Quantos?")]


def ask(model: Model, cancel: CancelToken | None = None) -> list[object]:
    return list(model.generate(QUESTION, [], GenerationOptions(), cancel or CancelToken()))


def test_replays_text_and_generations() -> None:
    recorded = Generation(thinking="sei", text="pronto")
    model = ScriptedModel([f"penso bem\n</think>\n\n<tool_call>\n{CALL}\n</tool_call>", recorded])
    first, *pieces, last = ask(model)
    assert isinstance(first, PromptProgress)
    assert isinstance(last, Generation)
    assert (last.thinking, last.raw_calls) == ("penso bem", (f"\n{CALL}\n",))
    assert last.usage.generated_tokens == len(pieces) > 4
    assert "".join(piece.text for piece in pieces if isinstance(piece, Piece) and piece.kind == "tool_call") == CALL
    second = ask(model)[-1]
    assert isinstance(second, Generation)
    assert (second.thinking, second.text) == ("sei", "pronto")
    assert second.usage.cached_tokens > 0
    assert model.prompts == [tuple(QUESTION)] * 2
    with pytest.raises(ModelError, match="used up"):
        ask(model)


def test_a_call_without_thought() -> None:
    last = ask(ScriptedModel([f"<tool_call>{CALL}</tool_call>"]))[-1]
    assert isinstance(last, Generation)
    assert (last.thinking, last.raw_calls) == ("", (CALL,))


def test_the_pace_may_cancel() -> None:
    cancel = CancelToken()
    heard: list[str] = []

    def pace(text: str) -> None:
        heard.append(text)
        if len(heard) == 2:
            cancel.cancel()

    with pytest.raises(Cancelled):
        ask(ScriptedModel(["um dois três quatro"], pace=pace), cancel)
    assert heard == ["um", " dois"]


def test_a_small_context_is_kept_to() -> None:
    model = ScriptedModel(["x"], context_size=5)
    assert model.info.context_size == 5
    with pytest.raises(ModelError, match="context holds 5"):
        ask(model)
