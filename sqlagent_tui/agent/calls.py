"""Reading a tool call: lenient in what it accepts, exact in what it reports.

Small models write JSON with raw line breaks, trailing commas, missing braces, fences, Python literals, arguments as a
string, or other names for a tool. All of that has one meaning and is read; what has none is reported in one sentence
that names what was expected, so that the model can mend it.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import msgspec

from sqlagent_tui.agent.messages import ToolCall
from sqlagent_tui.agent.profile import Profile


class MalformedCall(msgspec.Struct, frozen=True):
    """What was written is no tool call; `message` says what was expected."""

    message: str
    raw: str


_FENCE = re.compile(r"^```[a-zA-Z_]*\s*|\s*```$")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_XML_CALL = re.compile(r"<function=([^>\s]+)>(.*?)(?:</function>|$)", re.DOTALL)
_XML_PARAMETER = re.compile(r"<parameter=([^>\s]+)>\n?(.*?)\n?(?:</parameter>|$)", re.DOTALL)
_MAX_RAW = 20_000


def read_call(raw: str, profile: Profile, call_id: str) -> ToolCall | MalformedCall:
    """Read what stood between the tool-call tags. Never raises."""
    if len(raw) > _MAX_RAW:
        return MalformedCall(f"The tool call is longer than {_MAX_RAW} characters.", raw)
    parsed = _parse_object(raw)
    if parsed is None:
        return MalformedCall(
            'The tool call is not valid JSON. Write {"name": …, "arguments": {…}}, with quotes in strings escaped.', raw
        )
    name = next((parsed[k] for k in ("name", "tool", "function", "tool_name") if isinstance(parsed.get(k), str)), None)
    if name is None:
        return MalformedCall(f'The tool call has no "name". Tools: {_tool_names(profile)}.', raw)
    tool = profile.find_tool(name)
    if tool is None:
        return MalformedCall(f'There is no tool "{name}". Tools: {_tool_names(profile)}.', raw)
    arguments = _arguments_of(parsed)
    if arguments is None:
        return MalformedCall(f"The arguments of {profile.tools[tool].name} must be a JSON object.", raw)
    return _validated(tool, arguments, profile, call_id, raw)


def _tool_names(profile: Profile) -> str:
    return ", ".join(tool.name for tool in profile.tools.values())


def _parse_object(raw: str) -> dict[str, Any] | None:
    text = _FENCE.sub("", raw.strip()).strip()
    if match := _XML_CALL.search(text):
        return {"name": match[1], "arguments": dict(_XML_PARAMETER.findall(match[2]))}
    start = text.find("{")
    if start < 0:
        return None
    text = text[start:]
    for candidate in (text, _TRAILING_COMMA.sub(r"\1", text)):
        for closing in ("", "}", "}}", '"}', '"}}'):
            try:
                # strict=False accepts raw line breaks inside strings; raw_decode ignores what follows the object.
                value, _ = json.JSONDecoder(strict=False).raw_decode(candidate + closing)
            except (json.JSONDecodeError, RecursionError):
                continue
            return value if isinstance(value, dict) else None
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _arguments_of(parsed: dict[str, Any]) -> dict[str, Any] | None:
    for key in ("arguments", "parameters", "args", "input"):
        if key in parsed:
            value = parsed[key]
            if isinstance(value, str):
                value = _parse_object(value)
            return value if isinstance(value, dict) else None
    # Some models flatten the call: {"name": "execute_sql", "sql": "…"}.
    return {k: v for k, v in parsed.items() if k not in ("name", "tool", "function", "tool_name")}


def _validated(tool: str, given: dict[str, Any], profile: Profile, call_id: str, raw: str) -> ToolCall | MalformedCall:
    spec = profile.tools[tool]
    arguments: dict[str, Any] = {}
    for name, value in given.items():
        own = profile.find_argument(tool, name)
        if own is None or value is None or own in arguments:
            continue
        argument = spec.arguments[own]
        if argument.type == "string[]":
            names = _names(value)
            if not names:
                return MalformedCall(f'"{argument.name}" of {spec.name} must be a list of names.', raw)
            arguments[own] = names
        elif isinstance(value, str):
            arguments[own] = value.strip()
        elif isinstance(value, (int, float, bool)):
            arguments[own] = str(value)
        else:
            return MalformedCall(f'"{argument.name}" of {spec.name} must be a string.', raw)
    if tool == "final_answer":
        problem = _settle_decision(arguments, profile)
        if problem:
            return MalformedCall(problem, raw)
    missing = [a.name for own, a in spec.arguments.items() if a.required and not arguments.get(own)]
    if missing:
        was_given = ", ".join(given) or "nothing"
        return MalformedCall(f"{spec.name} needs {', '.join(missing)}; it was given {was_given}.", raw)
    return ToolCall(id=call_id, tool=tool, arguments=arguments, raw=raw)


def _names(value: Any) -> list[str]:
    if isinstance(value, str):
        value = value.strip().strip("[]").split(",")
    if not isinstance(value, list):
        return []
    names = [_unquoted(item) if isinstance(item, str) else "" for item in value]
    return [name for name in names if name]


def _unquoted(name: str) -> str:
    """Without quotes around the whole of it: those of `schema."Table"` belong to the name."""
    name = name.strip()
    while len(name) > 1 and name[0] == name[-1] and name[0] in "'\"`":
        name = name[1:-1].strip()
    return "" if name in ("'", '"', "`") else name


def _settle_decision(arguments: dict[str, Any], profile: Profile) -> str:
    """Replace the decision by this project's own word; return what is wrong, or an empty string."""
    said = arguments.get("decision")
    if said is None:
        if arguments.get("sql"):
            arguments["decision"] = "sql"
        return ""
    decision = profile.find_decision(said)
    if decision is None:
        values = ", ".join(values[0] for values in profile.decisions.values())
        return f'"{said}" is no decision. Decisions: {values}.'
    arguments["decision"] = decision
    if decision != "sql" and not arguments.get("message"):
        name = profile.tools["final_answer"].arguments["message"].name
        return f"The decision {decision} needs a {name} that tells the user why."
    return ""
