"""Which tokens a conversation is. Inside a turn the tokens that the model itself wrote stay as they are.

Rendering a conversation anew spells the model's own words in other tokens than it chose, and everything from there on
would have to be evaluated again. So when a conversation continues the one that is held, only the new messages are
rendered and appended; the template itself is asked whether that is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.parser import Parsed
from sqlagent_tui.models.template import ChatTemplate, opens_thought, same_end, same_start
from sqlagent_tui.models.tokens import PromptEncoder, common_start

_INSIGNIFICANT = re.compile(r"\s+|</?tool_call>")


class Prompt(NamedTuple):
    """A conversation, ready to be evaluated."""

    tokens: list[int]
    inside_thinking: bool
    """The generation prompt has opened a thought."""
    continues: bool
    """The held tokens come first, unchanged."""


class _Held(NamedTuple):
    messages: tuple[Message, ...]
    tools: list[Any]
    answer: Parsed
    tokens: list[int]


class Conversation:
    """The conversation that a context holds, and how the next one relates to it."""

    def __init__(self, template: ChatTemplate, encoder: PromptEncoder) -> None:
        self._template = template
        self._encoder = encoder
        self._held: _Held | None = None

    def prompt(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Prompt:
        """Return the tokens of a conversation, generation prompt included. Raises `ModelError`."""
        parts = self._template.render(messages, tools)
        inside = opens_thought(parts)
        if self._held is not None:
            tokens = self._continued(self._held, messages, tools)
            if tokens is not None:
                return Prompt(tokens, inside, True)
        return Prompt(self._encoder.encode(parts, first=True), inside, False)

    def start(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> list[int]:
        """Return the tokens that every prompt begins with which consists of `messages` and a user's next one.

        The template itself is asked, with texts that have nothing in common: some templates print the tools within
        the user's message. Raises `ModelError`.
        """
        one, other = (
            self.prompt([*messages, Message(role="user", content=text)], tools).tokens for text in ("Quantos?", "1 é")
        )
        return one[: common_start(one, other)]

    def hold(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], answer: Parsed, tokens: Sequence[int]
    ) -> None:
        """Remember that the context now holds `tokens`: these messages and the model's complete answer to them."""
        self._held = _Held(tuple(messages), list(tools), answer, list(tokens))

    def forget(self) -> None:
        """The context no longer holds a conversation that could be continued."""
        self._held = None

    def _continued(
        self, held: _Held, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]
    ) -> list[int] | None:
        size = len(held.messages)
        if len(messages) < size + 2 or tuple(messages[:size]) != held.messages or list(tools) != held.tools:
            return None
        if not _is_answer(messages[size], held.answer):
            return None
        suffix = self._template.render_suffix(messages[:size], messages[size + 1 :], tools)
        if suffix is None:
            return None
        before = self._template.render(messages[:size], tools)
        whole = self._template.render(messages, tools)
        if not (same_start(before, whole) and same_end(suffix, whole)):
            return None  # a new question, say, for which the template drops earlier thoughts
        return held.tokens + self._encoder.encode(suffix)


def _is_answer(message: Message, answer: Parsed) -> bool:
    """Whether a message is what the model wrote, whichever way malformed calls are kept in it."""
    if message.role != "assistant" or message.thinking.strip() != answer.thinking:
        return False
    told = message.content + "".join(call.raw for call in message.tool_calls)
    return _INSIGNIFICANT.sub("", told) == _INSIGNIFICANT.sub("", answer.text + "".join(answer.raw_calls))
