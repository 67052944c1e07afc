"""A model that replays what was written before: for tests, demonstrations and replayed sessions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.messages import Delta, Generation, Message, Piece, PromptProgress, Usage
from sqlagent_tui.agent.parser import CALL_CLOSE, CALL_OPEN, THINK_CLOSE, StreamParser
from sqlagent_tui.agent.protocols import GenerationOptions, ModelInfo
from sqlagent_tui.errors import ModelError

_WORD = re.compile(r"\s*\S+|\s+")
_CHARS_PER_TOKEN = 4


class ScriptedModel:
    """Gives the answers of `trajectory`, one a call, whatever it is asked.

    An answer is a `Generation`, or the raw text that a model would have written after its prompt. A text with a
    `</think>` begins inside the thought, as Qwen3's Thinking models do. `pace` is called before every piece with its
    text and may sleep. `prompts` records what was asked. When the answers are used up, `ModelError` is raised.
    """

    def __init__(
        self,
        trajectory: Sequence[Generation | str],
        *,
        name: str = "scripted",
        context_size: int = 32_768,
        pace: Callable[[str], None] | None = None,
    ) -> None:
        self._answers = [_generation(answer) for answer in trajectory]
        self._info = ModelInfo(name=name, context_size=context_size, description="replays recorded answers")
        self._pace = pace or (lambda text: None)
        self._next = 0
        self._known = 0
        self.prompts: list[tuple[Message, ...]] = []

    @property
    def info(self) -> ModelInfo:
        """Name and context size, as given."""
        return self._info

    def count_tokens(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> int:
        """Return an estimate: four characters a token."""
        chars = len(str(list(tools))) if tools else 0
        for message in messages:
            chars += len(message.content) + len(message.thinking) + sum(len(call.raw) for call in message.tool_calls)
        return chars // _CHARS_PER_TOKEN + 4 * len(messages)

    def generate(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        options: GenerationOptions,
        cancel: CancelToken,
    ) -> Iterator[Delta]:
        """Yield the next answer, word by word. Raises `ModelError` when there is none, and `Cancelled`."""
        cancel.raise_if_cancelled()
        self.prompts.append(tuple(messages))
        if self._next >= len(self._answers):
            raise ModelError("The recorded answers are used up.", "Record a longer trajectory.")
        answer = self._answers[self._next]
        self._next += 1
        total = self.count_tokens(messages, tools)
        if total >= self._info.context_size:
            raise ModelError(
                f"The prompt needs {total} tokens, but the model's context holds {self._info.context_size}.",
                "Choose a larger context, or ask about fewer tables.",
            )
        cached = min(self._known, total)
        yield PromptProgress(total - cached, total - cached)
        written = 0
        for piece in _pieces(answer):
            cancel.raise_if_cancelled()
            self._pace(piece.text)
            cancel.raise_if_cancelled()
            written += 1
            yield piece
        self._known = total + written
        if answer.usage == Usage():
            usage = Usage(prompt_tokens=total, cached_tokens=cached, generated_tokens=written)
            answer = Generation(
                thinking=answer.thinking,
                text=answer.text,
                raw_calls=answer.raw_calls,
                unclosed_call=answer.unclosed_call,
                stop=answer.stop,
                usage=usage,
            )
        yield answer

    def close(self) -> None:
        """Nothing to end; here so that it can stand in for any model."""


def _generation(answer: Generation | str) -> Generation:
    if isinstance(answer, Generation):
        return answer
    inside = THINK_CLOSE in answer.partition(CALL_OPEN)[0] or THINK_CLOSE in answer.rpartition(CALL_CLOSE)[2]
    parser = StreamParser(inside_thinking=inside)
    parser.feed(answer)
    parsed = parser.finish()
    return Generation(
        thinking=parsed.thinking, text=parsed.text, raw_calls=parsed.raw_calls, unclosed_call=parsed.unclosed
    )


def _pieces(answer: Generation) -> Iterator[Piece]:
    for word in _WORD.findall(answer.thinking):
        yield Piece("thinking", word)
    for word in _WORD.findall(answer.text):
        yield Piece("text", word)
    for call in answer.raw_calls:
        for word in _WORD.findall(call.strip()):
            yield Piece("tool_call", word)
