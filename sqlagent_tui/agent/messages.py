"""The message-only record of a turn: what a model is given and what it gives back."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

Role = Literal["system", "user", "assistant", "tool"]


class ToolCall(msgspec.Struct, frozen=True):
    """A tool call, already read: names are this project's own, whatever the profile calls them."""

    id: str
    tool: str
    arguments: dict[str, Any]
    raw: str = ""
    """The text between the tool-call tags, verbatim."""

    def as_written(self) -> tuple[str, Any]:
        """Return name and arguments in the model's own words where they can be read, else in ours."""
        try:
            written = json.loads(self.raw, strict=False)
        except (ValueError, RecursionError):
            written = None
        if isinstance(written, dict) and isinstance(written.get("name"), str):
            arguments = written.get("arguments", written.get("parameters"))
            if isinstance(arguments, dict):
                return written["name"], arguments
        return self.tool, self.arguments


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a conversation. `content` of user and tool messages is untrusted text."""

    role: Role
    content: str = ""
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    tool_name: str = ""
    """For role `tool`: the name under which the model knows the tool."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one generation, or a whole turn, cost."""

    prompt_tokens: int = 0
    """Tokens of the prompt, cached ones included."""
    cached_tokens: int = 0
    """Of these, taken from the cache instead of being evaluated."""
    generated_tokens: int = 0
    seconds: float = 0.0
    generation_seconds: float = 0.0
    """Time spent generating only, so that tokens per second means decoding speed."""
    first_token_seconds: float = 0.0

    @property
    def tokens_per_second(self) -> float:
        """Decoding speed; 0 when nothing was generated."""
        return self.generated_tokens / self.generation_seconds if self.generation_seconds else 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            generated_tokens=self.generated_tokens + other.generated_tokens,
            seconds=self.seconds + other.seconds,
            generation_seconds=self.generation_seconds + other.generation_seconds,
            first_token_seconds=self.first_token_seconds or other.first_token_seconds,
        )


class PromptProgress(msgspec.Struct, frozen=True):
    """Prompt evaluation under way: `done` of `total` tokens that must be evaluated."""

    done: int
    total: int


class Piece(msgspec.Struct, frozen=True):
    """A piece of generated text, already told apart by the stream parser."""

    kind: Literal["thinking", "text", "tool_call"]
    text: str


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one generation: everything that was written."""

    thinking: str = ""
    text: str = ""
    raw_calls: tuple[str, ...] = ()
    """What stood between each pair of tool-call tags, verbatim."""
    unclosed_call: bool = False
    """The last of `raw_calls` was cut off before its closing tag."""
    stop: Literal["end", "length", "thinking_budget", "cancelled"] = "end"
    usage: Usage = Usage()


Delta = PromptProgress | Piece | Generation
"""What `Model.generate` yields: any number of progress reports and pieces, then exactly one `Generation`."""
