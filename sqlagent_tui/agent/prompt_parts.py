"""What a prompt's tokens are spent on, so that a user who has too few of them knows where to save."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from sqlagent_tui.agent.context import PromptTooLongError
from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.protocols import Model

_STEP = 1024
"""Contexts are offered in multiples of this many tokens."""


class PromptParts(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of each part; what the template puts between them is in none."""

    instructions: int
    """The system prompt without the list of tables."""
    tables: int
    tools: int
    """The tools' definitions."""
    question: int
    """What the user wrote, replies included."""
    written: int
    """What the model has thought, written and called in this turn."""
    results: int
    """What the tools answered."""

    @property
    def heaviest(self) -> str:
        """The name of the field with the most tokens."""
        return max(self.__struct_fields__, key=lambda name: int(getattr(self, name)))


def parts_of(
    messages: Sequence[Message],
    model: Model,
    tools: Sequence[dict[str, object]],
    *,
    instructions: str,
    question: str,
) -> PromptParts:
    """Count the parts of a prompt.

    `instructions` is its system prompt as it would be without tables, `question` what the user said, replies included:
    likely tables may stand beside it.
    """
    nothing = _alone("", model)

    def tokens(*roles: str) -> int:
        texts = [text for message in messages if message.role in roles for text in _texts(message)]
        return _alone("\n".join(texts), model) - nothing if texts else 0

    bare, asked = _alone(instructions, model) - nothing, _alone(question, model) - nothing
    return PromptParts(
        instructions=bare,
        tables=max(0, tokens("system", "user") - bare - asked),
        tools=model.count_tokens(messages, tools) - model.count_tokens(messages, ()) if tools else 0,
        question=asked,
        written=tokens("assistant"),
        results=tokens("tool"),
    )


def too_long(error: PromptTooLongError, parts: PromptParts) -> str:
    """Say that a prompt doesn't fit into the context, what it consists of, and what helps."""
    enough = math.ceil(error.enough(parts.tables) / _STEP) * _STEP
    return (
        f"The prompt needs {error.needed} tokens, but a context of {error.size} leaves {error.available} beside the "
        "answer: "
        f"{parts.instructions} for the instructions, {parts.tables} for the list of tables, {parts.tools} for the "
        f"tools, {parts.question} for the question, {parts.written} for what the model wrote, {parts.results} for "
        f"results. {_ADVICE[parts.heaviest]} Or load the model with a larger context, {enough} tokens or more: "
        "context_size in config.toml."
    )


_ADVICE = {
    "instructions": "Shorten the profile's system prompt.",
    "tables": "Leave the list of tables to the model's tool: list_tables = false in the profile.",
    "tools": "Shorten the descriptions of the tools in the profile.",
    "question": "Shorten the question.",
    "written": "Ask more narrowly, or lower thinking_budget in the profile.",
    "results": "Ask more narrowly, so that fewer results are looked at.",
}
"""What saves the most, for each part that may be the heaviest."""


def _texts(message: Message) -> list[str]:
    return [text for text in (message.thinking, message.content, *(call.raw for call in message.tool_calls)) if text]


def _alone(text: str, model: Model) -> int:
    return model.count_tokens([Message(role="user", content=text)], ())
