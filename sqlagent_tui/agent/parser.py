"""Tells a model's output apart while it streams: thinking, text, tool calls.

The format is the one that Qwen3 and its relatives are trained in: `<think>…</think>`, then text and any number of
`<tool_call>…</tool_call>`. Inside a thought nothing but its end counts: thoughts talk about tool calls.
"""

from __future__ import annotations

import json
import re
from typing import Literal, NamedTuple

from sqlagent_tui.agent.messages import Piece

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
CALL_OPEN, CALL_CLOSE = "<tool_call>", "</tool_call>"

_State = Literal["thinking", "text", "tool_call"]
_TAGS: dict[_State, tuple[str, ...]] = {
    "thinking": (THINK_CLOSE,),
    "text": (CALL_OPEN, THINK_OPEN, THINK_CLOSE),
    "tool_call": (CALL_CLOSE, CALL_OPEN),
}
_FENCE = re.compile(r"\A```(?:json|tool_call)?[ \t]*\n(.*?)\n?[ \t]*```\Z", re.DOTALL)


class Parsed(NamedTuple):
    """Everything a generation wrote."""

    thinking: str
    text: str
    raw_calls: tuple[str, ...]
    """What stood between each pair of tool-call tags, verbatim."""
    unclosed: bool
    """The last of `raw_calls` was cut off before its closing tag."""


class StreamParser:
    """Feed it chunks of any size; tags may be split anywhere.

    `inside_thinking` says whether the prompt ended inside an opened thought.
    """

    def __init__(self, inside_thinking: bool) -> None:
        self._state: _State = "thinking" if inside_thinking else "text"
        self._pending = ""
        self._thinking: list[str] = []
        self._text: list[str] = []
        self._call: list[str] = []
        self._calls: list[str] = []
        self._quiet = True  # nothing but white space was seen since the last tag

    @property
    def inside_thinking(self) -> bool:
        """Whether the next character belongs to a thought."""
        return self._state == "thinking"

    @property
    def after_call(self) -> bool:
        """Whether a call was closed and nothing else opened."""
        return self._state == "text" and bool(self._calls)

    def feed(self, text: str) -> list[Piece]:
        """Take a chunk; return what became certain, in order. White space around tags is not reported."""
        self._pending += text
        pieces: list[Piece] = []
        while True:
            tags = _TAGS[self._state]
            found = [(at, tag) for tag in tags if (at := self._pending.find(tag)) >= 0]
            if not found:
                break
            at, tag = min(found)
            self._emit(self._pending[:at], pieces)
            self._pending = self._pending[at + len(tag) :]
            self._cross(tag, pieces)
        keep = max(_overlap(self._pending, tag) for tag in _TAGS[self._state])
        certain = len(self._pending) - keep
        self._emit(self._pending[:certain], pieces)
        self._pending = self._pending[certain:]
        return pieces

    def flush(self) -> list[Piece]:
        """Return what was held back because it could have become a tag. Call it when the stream ends."""
        pieces: list[Piece] = []
        self._emit(self._pending, pieces)
        self._pending = ""
        return pieces

    def finish(self) -> Parsed:
        """End the stream and return the whole, leniently: see the rules in `_rescue` and `_bare_calls`."""
        self.flush()
        if self._state == "tool_call":
            parsed = self._finish_open_call()
        else:
            parsed = Parsed("".join(self._thinking), "".join(self._text), tuple(self._calls), False)
        if self._state == "thinking" and not parsed.raw_calls:
            parsed = _rescue(parsed)
        if not parsed.raw_calls and (calls := _bare_calls(parsed.text)):
            parsed = parsed._replace(text="", raw_calls=calls)
        return parsed._replace(thinking=parsed.thinking.strip(), text=parsed.text.strip())

    def _emit(self, text: str, pieces: list[Piece]) -> None:
        if not text:
            return
        if self._state == "tool_call":
            self._call.append(text)
        elif self._state == "thinking":
            self._thinking.append(text)
        else:
            self._text.append(text)
        if self._quiet:
            text = text.lstrip()
            if not text:
                return
            self._quiet = False
        pieces.append(Piece(self._state, text))

    def _cross(self, tag: str, pieces: list[Piece]) -> None:
        """Change the state at a tag."""
        if self._state == "tool_call":
            body = "".join(self._call)
            if _inside_string(body):  # SQL may well quote a tag: then it belongs to the call
                self._emit(tag, pieces)
                return
            self._calls.append(body)
            self._call = []
        elif self._state == "text" and tag == THINK_CLOSE:
            # The thought had been opened by the prompt after all.
            self._thinking.extend(self._text)
            self._text = []
        self._quiet = True
        if tag == CALL_OPEN:
            self._state = "tool_call"
        elif tag == THINK_OPEN:
            self._state = "thinking"
        else:
            self._state = "text"

    def _finish_open_call(self) -> Parsed:
        """The stream ended inside a call: cut off, or an unbalanced quote hid its closing tag."""
        body = "".join(self._call)
        calls = [*self._calls]
        text = "".join(self._text)
        before, tag, after = body.partition(CALL_CLOSE)
        if not tag:
            return Parsed("".join(self._thinking), text, (*calls, body), True)
        rest = StreamParser(inside_thinking=False)
        rest.feed(after)
        tail = rest.finish()
        return Parsed(
            "".join(self._thinking) + tail.thinking, text + tail.text, (*calls, before, *tail.raw_calls), tail.unclosed
        )


def _overlap(text: str, tag: str) -> int:
    """Length of the longest end of `text` that begins `tag`."""
    for size in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-size:]):
            return size
    return 0


def _inside_string(body: str) -> bool:
    """Whether a JSON text that was cut here is cut inside a string. Always false for other syntaxes."""
    if not body.lstrip().startswith(("{", "[")):
        return False
    inside = escaped = False
    for char in body:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = inside
        elif char == '"':
            inside = not inside
    return inside


def _rescue(parsed: Parsed) -> Parsed:
    """A thought that was never closed, but ends with a complete call: take that call."""
    thinking, tag, call = parsed.thinking.rpartition(CALL_OPEN)
    if not tag:
        return parsed
    body, closed, after = call.partition(CALL_CLOSE)
    if after.strip() or not (closed or _names_a_tool(_load(body))):
        return parsed
    return parsed._replace(thinking=thinking, raw_calls=(body,), unclosed=not closed)


def _bare_calls(text: str) -> tuple[str, ...]:
    """Calls written without tags: the whole text is such JSON, perhaps in a code fence."""
    text = text.strip()
    if fenced := _FENCE.match(text):
        text = fenced[1].strip()
    value = _load(text)
    if _names_a_tool(value):
        return (text,)
    if isinstance(value, list) and value and all(_names_a_tool(item) for item in value):
        return tuple(json.dumps(item, ensure_ascii=False) for item in value)
    return ()


def _load(text: str) -> object:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        value: object = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value


def _names_a_tool(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and ("arguments" in value or "parameters" in value)
    )
