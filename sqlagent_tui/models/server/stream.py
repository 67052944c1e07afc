"""What streams in: server-sent events, and the chunks of a chat completion in the shapes that servers give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Protocol

import msgspec

MAX_LINE: Final = 4 << 20
DONE: Final = "[DONE]"


class Function(msgspec.Struct, frozen=True):
    """A piece of a function call. By the standard `arguments` is a text; some send the object."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class ToolCallDelta(msgspec.Struct, frozen=True):
    """A piece of a tool call."""

    index: int | None = None
    id: str | None = None
    function: Function = Function()


class Delta(msgspec.Struct, frozen=True):
    """What a chunk adds to the message, or the whole message where nothing is streamed."""

    content: str | None = None
    reasoning_content: str | None = None
    """llama-server, vLLM, SGLang, DeepSeek."""
    reasoning: str | None = None
    """Newer vLLM, Ollama, OpenRouter."""
    tool_calls: list[ToolCallDelta] | None = None


class Choice(msgspec.Struct, frozen=True):
    """One of the answers; there is only one."""

    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None


class PromptDetails(msgspec.Struct, frozen=True):
    """Where prompt tokens came from."""

    cached_tokens: int | None = None


class Counts(msgspec.Struct, frozen=True):
    """OpenAI's usage figures."""

    prompt_tokens: int = 0
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None


class Timings(msgspec.Struct, frozen=True):
    """llama-server's own figures."""

    cache_n: int | None = None
    prompt_n: int = 0
    predicted_n: int = 0
    predicted_ms: float = 0.0


class Progress(msgspec.Struct, frozen=True):
    """llama-server's progress with the prompt; `total` and `processed` include `cache`."""

    total: int = 0
    cache: int = 0
    processed: int = 0


class Chunk(msgspec.Struct, frozen=True):
    """One event of a stream, or a whole answer."""

    choices: list[Choice] | None = None
    usage: Counts | None = None
    timings: Timings | None = None
    prompt_progress: Progress | None = None
    error: Any = None


decode_chunk: Final = msgspec.json.Decoder(Chunk).decode
"""Raises `msgspec.DecodeError`."""


class Lines(Protocol):
    """What events are read from."""

    def readline(self, limit: int = -1, /) -> bytes:
        """Return the next line with its end; empty at the end."""
        ...


def events(source: Lines) -> Iterator[str]:
    """Yield the data of each event (WHATWG HTML, 9.2). llama-server once told errors in a field of that name.

    A line without an end was cut off with its connection, and is dropped.
    """
    data: list[str] = []
    while (raw := source.readline(MAX_LINE)).endswith(b"\n"):
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        field, _, value = line.partition(":")
        if not line and data:
            yield "\n".join(data)
            data = []
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif field == "error":
            yield f'{{"error": {value}}}'
    if data:
        yield "\n".join(data)
