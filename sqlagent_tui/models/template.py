"""Renders a GGUF's own chat template, keeping what the template wrote apart from what others wrote.

Every untrusted string is replaced by a sentinel before rendering; the rendered text is then split at the sentinels.
So a template can test, trim and join contents without ever seeing a tag that somebody put into one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sqlagent_tui.agent.messages import Message, ToolCall
from sqlagent_tui.agent.parser import CALL_CLOSE, CALL_OPEN, THINK_CLOSE, THINK_OPEN
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.tokens import Part

_OPEN, _CLOSE = "\ue0f0", "\ue0f1"
_SENTINEL = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_OTHER_MODEL = "Choose another model file."

ToolStyle = Literal["object", "string", "text"]
"""How a template wants a call's arguments; `text`: it knows no tool calls, so they are written into the content."""


class _GenerationTag(Extension):
    """`{% generation %}` marks what to train on; when rendering it means nothing."""

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


_GenerationTag.tags = {"generation"}


class _Vault:
    """The untrusted strings of one rendering, each under a number."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def hide(self, text: str) -> str:
        """Return the sentinel that stands for `text`; an empty text stays empty, so that templates can test for it."""
        if not text:
            return ""
        self._texts.append(text)
        return f"{_OPEN}{len(self._texts) - 1}{_CLOSE}"

    def hide_within(self, value: Any) -> Any:
        """Hide every string of a JSON value, keys included."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, Mapping):
            return {self.hide(str(key)): self.hide_within(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide_within(item) for item in value]
        return value

    def to_json(self, value: Any, indent: int | None = None, **_: Any) -> str:
        """The template's `tojson`: no HTML escapes, and hidden strings stay hidden, escaped for JSON."""
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        return _SENTINEL.sub(lambda match: self.hide(_escape(self._texts[int(match[1])])), text)

    def split(self, rendered: str) -> list[Part]:
        """Put the hidden strings back, apart from the template's own text."""
        parts: list[Part] = []
        end = 0
        for match in _SENTINEL.finditer(rendered):
            parts += [Part(rendered[end : match.start()], True), Part(self._texts[int(match[1])], False)]
            end = match.end()
        parts.append(Part(rendered[end:], True))
        if any(part.trusted and (_OPEN in part.text or _CLOSE in part.text) for part in parts):
            raise ModelError("The model's chat template changes the texts it is given.", _OTHER_MODEL)
        return [part for part in parts if part.text]


class ChatTemplate:
    """A compiled chat template.

    `source` is the GGUF's template; `bos` and `eos` are the texts of these tokens. Raises `ModelError` when it can't
    be read or can't render a plain conversation.
    """

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _GenerationTag]
        )
        environment.globals.update(raise_exception=_raise_exception, strftime_now=_strftime_now)
        environment.filters["tojson"] = _tojson
        try:
            self._template = environment.from_string(source)
        except (jinja2.TemplateError, RecursionError) as error:
            raise ModelError(f"The model's chat template can't be read: {_first_line(error)}", _OTHER_MODEL) from error
        self._tokens = {"bos_token": bos, "eos_token": eos}
        self._tool_style: ToolStyle = "object"
        self._knows_tool_role = True
        self.render([_QUESTION], [])  # fails here, while loading, rather than at the first question
        self._tool_style = self._probe_tool_style()
        self._knows_tool_role = self._probe_tool_role()

    @property
    def tool_style(self) -> ToolStyle:
        """How this template wants tool calls, as found out by trying."""
        return self._tool_style

    def render(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> list[Part]:
        """Return the prompt, generation prompt included. Raises `ModelError` when the template refuses."""
        vault = _Vault()
        return vault.split(self._render(vault, messages, tools))

    def render_suffix(
        self, known: Sequence[Message], new: Sequence[Message], tools: Sequence[Mapping[str, Any]]
    ) -> list[Part] | None:
        """Return what follows the assistant's answer to `known`, when `new` comes after that answer.

        None when the template doesn't say it that simply; then the whole must be rendered.
        """
        vault = _Vault()
        mark = vault.hide("answer")
        answer = {"role": "assistant", "content": mark}
        try:
            rendered = self._render(vault, known, tools, answer, new)
        except ModelError:
            return None
        head, found, tail = rendered.rpartition(mark)
        return vault.split(tail) if found and mark not in head else None

    def _render(
        self,
        vault: _Vault,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        answer: Mapping[str, Any] | None = None,
        rest: Sequence[Message] = (),
    ) -> str:
        turns = [self._turn(vault, message) for message in messages]
        if answer is not None:
            turns.append(dict(answer))
            turns += [self._turn(vault, message) for message in rest]
        try:
            return self._template.render(
                messages=turns,
                tools=[_hide_names(vault, tool) for tool in tools] or None,
                add_generation_prompt=True,
                enable_thinking=True,
                _vault=vault,
                **self._tokens,
            )
        except ModelError:
            raise
        except Exception as error:  # a template is a foreign program: it may raise anything
            raise ModelError(f"The model's chat template failed: {_first_line(error)}", _OTHER_MODEL) from error

    def _turn(self, vault: _Vault, message: Message) -> dict[str, Any]:
        if message.role == "tool":
            return self._tool_turn(vault, message)
        turn: dict[str, Any] = {"role": message.role, "content": vault.hide(message.content)}
        if message.role == "assistant":
            turn["content"] = vault.hide(message.content.strip())
            if thinking := message.thinking.strip():
                turn["reasoning_content"] = vault.hide(thinking)
            if message.tool_calls and self._tool_style == "text":
                written = [
                    f"{CALL_OPEN}\n{vault.hide(call.raw.strip() or _call_json(call))}\n{CALL_CLOSE}"
                    for call in message.tool_calls
                ]
                turn["content"] = "\n".join(filter(None, [turn["content"], *written]))
            elif message.tool_calls:
                turn["tool_calls"] = [self._call(vault, call) for call in message.tool_calls]
        return turn

    def _tool_turn(self, vault: _Vault, message: Message) -> dict[str, Any]:
        content = vault.hide(message.content)
        if not self._knows_tool_role:
            return {"role": "user", "content": f"<tool_response>\n{content}\n</tool_response>"}
        return {
            "role": "tool",
            "content": content,
            "name": vault.hide(message.tool_name),
            "tool_call_id": vault.hide(message.tool_call_id),
        }

    def _call(self, vault: _Vault, call: ToolCall) -> dict[str, Any]:
        name, values = call.as_written()
        arguments = (
            vault.hide(json.dumps(values, ensure_ascii=False))
            if self._tool_style == "string"
            else vault.hide_within(values)
        )
        function = {"name": vault.hide(name), "arguments": arguments}
        return {"id": vault.hide(call.id), "type": "function", "function": function}

    def _probe_tool_style(self) -> ToolStyle:
        styles: tuple[ToolStyle, ...] = ("object", "string")
        for style in styles:
            self._tool_style = style
            try:
                rendered = "".join(part.text for part in self.render([_QUESTION, _CALLING, _RESULT], [_TOOL]))
            except ModelError:
                continue
            if '{"probe_key": "probe_value"}' in rendered or (
                "<parameter=probe_key>" in rendered and "probe_value" in rendered
            ):
                return style
        return "text"

    def _probe_tool_role(self) -> bool:
        try:
            return any("probe_result" in part.text for part in self.render([_QUESTION, _CALLING, _RESULT], [_TOOL]))
        except ModelError:
            return False


def opens_thought(parts: Sequence[Part]) -> bool:
    """Whether a rendered prompt ends inside a thought, as Qwen3's Thinking models' prompts do."""
    last = parts[-1] if parts else Part("", True)
    return last.trusted and last.text.rfind(THINK_OPEN) > last.text.rfind(THINK_CLOSE)


def same_start(parts: Sequence[Part], longer: Sequence[Part]) -> bool:
    """Whether `longer` begins with `parts`, both in text and in trust."""
    short, long = _flat(parts), _flat(longer)
    if not short:
        return True
    head, (text, trusted) = short[:-1], short[-1]
    rest = long[len(head) :]
    return long[: len(head)] == head and bool(rest) and rest[0].trusted == trusted and rest[0].text.startswith(text)


def same_end(parts: Sequence[Part], longer: Sequence[Part]) -> bool:
    """Whether `longer` ends with `parts`, both in text and in trust."""
    short, long = _flat(parts), _flat(longer)
    if not short:
        return True
    (text, trusted), tail = short[0], short[1:]
    if len(long) <= len(tail):
        return False
    edge = long[len(long) - len(tail) - 1]
    return long[len(long) - len(tail) :] == tail and edge.trusted == trusted and edge.text.endswith(text)


def _flat(parts: Sequence[Part]) -> list[Part]:
    """Join neighbours of equal trust."""
    flat: list[Part] = []
    for part in parts:
        if flat and flat[-1].trusted == part.trusted:
            flat[-1] = Part(flat[-1].text + part.text, part.trusted)
        elif part.text:
            flat.append(part)
    return flat


_QUESTION = Message(role="user", content="probe")
_CALLING = Message(
    role="assistant", tool_calls=(ToolCall(id="call_0001", tool="probe_tool", arguments={"probe_key": "probe_value"}),)
)
_RESULT = Message(role="tool", content="probe_result", tool_call_id="call_0001", tool_name="probe_tool")
_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "probe_tool", "description": "", "parameters": {"type": "object", "properties": {}}},
}


def _call_json(call: ToolCall) -> str:
    name, arguments = call.as_written()
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)


def _hide_names(vault: _Vault, value: Any, key: str = "") -> Any:
    """Hide what a tool's schema may have taken from the database: enumerated names and descriptions."""
    if isinstance(value, Mapping):
        return {name: _hide_names(vault, item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [vault.hide_within(item) if key == "enum" else _hide_names(vault, item) for item in value]
    return vault.hide(value) if key == "description" and isinstance(value, str) else value


def _escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


@jinja2.pass_context
def _tojson(context: jinja2.runtime.Context, value: Any, indent: int | None = None, **options: Any) -> str:
    vault: _Vault = context["_vault"]
    return vault.to_json(value, indent, **options)


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _strftime_now(pattern: str) -> str:
    return datetime.now().strftime(pattern)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return "".join(char for char in lines[0] if char.isprintable())[:200]
