"""Puts an answer together from the chunks of a stream, whichever way a server tells thoughts and calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import msgspec

from sqlagent_tui.agent.messages import Piece
from sqlagent_tui.agent.parser import CALL_OPEN, THINK_CLOSE, THINK_OPEN, Parsed, StreamParser
from sqlagent_tui.models.server.messages import ThoughtField
from sqlagent_tui.models.server.stream import Delta, ToolCallDelta

_UNDECIDED: Final = max(len(CALL_OPEN), len(THINK_OPEN))


class Habits(msgspec.Struct):
    """What is learnt of a server while it answers."""

    opens_thought: bool | None = None
    """Contents begin inside a thought that the prompt opened; None: not seen yet."""
    thoughts: ThoughtField = "reasoning_content"


class _Call:
    """A structured call being received."""

    def __init__(self, identity: str, name: str) -> None:
        self.identity = identity
        self.head = f'{{"name": {json.dumps(name, ensure_ascii=False)}, "arguments": '
        self.arguments = ""

    def raw(self, cut: bool) -> str:
        """The call as a model would have written it between tags; `cut`: without its end."""
        return self.head + (self.arguments if cut else (self.arguments or "{}") + "}")

    @property
    def whole(self) -> bool:
        try:
            json.loads(self.arguments or "{}", strict=False)
        except (ValueError, RecursionError):
            return False
        return True


class AnswerReader:
    """One answer. What it learns goes into `habits`."""

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        self._thinking: list[str] = []
        self._content: list[str] = []
        self._parser: StreamParser | None = None
        self._calls: list[_Call] = []
        self._at: dict[int, _Call] = {}
        self.chunks = 0
        """How many brought something: about as many as tokens."""

    def add(self, delta: Delta) -> list[Piece]:
        """Take a chunk in; return what is certain of it."""
        pieces: list[Piece] = []
        if thought := delta.reasoning_content or delta.reasoning:
            self._habits.thoughts = "reasoning_content" if delta.reasoning_content else "reasoning"
            self._thinking.append(thought)
            pieces.append(Piece("thinking", thought))
        if delta.content:
            self._content.append(delta.content)
            pieces += self._read(delta.content)
        for call in delta.tool_calls or ():
            pieces += self._add_call(call)
        self.chunks += bool(pieces or delta.content)
        return pieces

    def flush(self) -> list[Piece]:
        """Return what was held back, when the stream has ended."""
        if self._parser is None:
            return self._open("".join(self._content)) if self._content else []
        return self._parser.flush()

    def finish(self, cut: bool) -> Parsed:
        """Return the whole; `cut`: it was ended by a limit."""
        content = "".join(self._content)
        parsed = self._parse(content)
        raw = [call.raw(cut=False) for call in self._calls]
        unclosed = parsed.unclosed
        if cut and self._calls and not self._calls[-1].whole:
            raw[-1], unclosed = self._calls[-1].raw(cut=True), True
        return Parsed(
            "\n".join(filter(None, ["".join(self._thinking).strip(), parsed.thinking])),
            parsed.text,
            (*parsed.raw_calls, *raw),
            unclosed,
        )

    def _read(self, text: str) -> Sequence[Piece]:
        if self._parser is not None:
            return self._parser.feed(text)
        start = "".join(self._content).lstrip()
        if len(start) < _UNDECIDED and (not start or any(tag.startswith(start) for tag in (CALL_OPEN, THINK_OPEN))):
            return []
        return self._open("".join(self._content))

    def _open(self, content: str) -> list[Piece]:
        """Begin to read the content, by the best guess of where it begins; `_parse` has the last word.

        A model with tools calls them or thinks, so the beginning of an unknown one's text is shown as a thought.
        """
        start = content.lstrip()
        inside = self._habits.opens_thought is not False and not self._thinking
        if start.startswith((CALL_OPEN, THINK_OPEN)):
            inside = False
        self._parser = StreamParser(inside)
        return self._parser.feed(content)

    def _parse(self, content: str) -> Parsed:
        """Read the content, now that all of it is known."""
        head, closed, _ = content.partition(THINK_CLOSE)
        opened = THINK_OPEN in head or content.lstrip().startswith(CALL_OPEN)  # so that </think> is a call's own
        if opened:
            self._habits.opens_thought = False
        elif closed:
            self._habits.opens_thought = True
        inside = not opened and (bool(closed) or self._habits.opens_thought is True)
        parser = StreamParser(inside and not self._thinking)
        parser.feed(content)
        parsed = parser.finish()
        if parsed.thinking and not self._thinking:
            self._habits.thoughts = "content"
        return parsed

    def _add_call(self, delta: ToolCallDelta) -> list[Piece]:
        """Take in a piece of a call. A new identity under an old index is a new call: not every server counts."""
        index = delta.index if delta.index is not None else len(self._calls) - (not delta.function.name)
        call, name, written = self._at.get(index), delta.function.name or "", ""
        if call is None or (name and delta.id and call.identity and delta.id != call.identity):
            call = self._at[index] = _Call(delta.id or "", name)
            self._calls.append(call)
            written = call.head
        arguments = delta.function.arguments or ""
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments, ensure_ascii=False)
        call.arguments += arguments
        return [Piece("tool_call", written + arguments)] if written + arguments else []
