"""How a model was trained to be spoken to. All wording lives in a TOML file that a user can replace.

A profile names the tools, their arguments and the decision values as its model knows them; the rest of the program
only ever sees this project's own names. Fields left out of a file are filled from the default profile's.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.errors import UsageError

TOOLS = ("get_table_schema", "execute_sql", "final_answer")
"""This project's own tool names, and the keys of a profile's `[tools]`."""

_ARGUMENTS: dict[str, frozenset[str]] = {
    "get_table_schema": frozenset({"table_names"}),
    "execute_sql": frozenset({"sql"}),
    "final_answer": frozenset({"decision", "sql", "message"}),
}


class Argument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One argument of a tool, as the model knows it."""

    name: str
    type: Literal["string", "string[]"] = "string"
    description: str = ""
    required: bool = True
    aliases: tuple[str, ...] = ()


class Tool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tool, as the model knows it; `arguments` is keyed by this project's own names."""

    name: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    arguments: dict[str, Argument]


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of tool results."""

    schema: Literal["full", "compact"] = "full"
    max_rows: int = 20
    max_cell: int = 200
    max_chars: int = 6_000
    list_tables: bool = True
    """Put the list of tables into the system prompt."""
    steady_times: bool = False
    """Say of every statement that it took 1 ms: the same conversation is then the same, word for word, each time."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A validated profile."""

    name: str
    description: str = ""
    system_prompt: str
    """`{database}` and `{tables}` are replaced. It is evaluated before anybody asks."""
    question: str = "{question}"
    """The user's message; `{question}` and `{today}` (YYYY-MM-DD) are replaced."""
    table_line: str = "- {table}{facts}{comment}"
    """`{facts}`: what kind of relation it is unless a plain table, how many rows, and what restricts its reading."""
    some_tables: str = "({count} tables: the likeliest come with each question; get_table_schema finds any by name)"
    """Stands for `{tables}` where they don't all fit."""
    likely_tables: str = "Likely tables:\n{tables}"
    """Goes before the question then."""
    more_tables: str = "(and {count} more tables: ask get_table_schema for any of them by name)"
    tools: dict[str, Tool]
    decisions: dict[DecisionKind, tuple[str, ...]]
    """The values of `decision` that mean each; the first is the one that the model is told."""
    layout: Layout = Layout()
    sampling: Sampling = Sampling()
    max_tokens: int = 4096
    thinking_budget: int = 2048
    constrain_calls: bool = True
    """Let the model write nothing but readable tool calls after its thought."""
    speculate: bool = True
    """Let the engine evaluate guesses ahead within tool calls."""

    def options(self, seed: int | None = None) -> GenerationOptions:
        """Return the generation options, with another seed when one is given."""
        sampling = self.sampling if seed is None else msgspec.structs.replace(self.sampling, seed=seed)
        return GenerationOptions(
            sampling=sampling,
            max_tokens=self.max_tokens,
            thinking_budget=self.thinking_budget,
            speculate=self.speculate,
        )

    def find_tool(self, name: str) -> str | None:
        """Return this project's name of the tool that the model calls `name`; None when there is none."""
        wanted = _fold(name)
        for own, tool in self.tools.items():
            if wanted in {_fold(own), _fold(tool.name), *map(_fold, tool.aliases)}:
                return own
        return None

    def find_argument(self, tool: str, name: str) -> str | None:
        """Return this project's name of an argument of `tool` (own name); None when there is none."""
        wanted = _fold(name)
        for own, argument in self.tools[tool].arguments.items():
            if wanted in {_fold(own), _fold(argument.name), *map(_fold, argument.aliases)}:
                return own
        return None

    def find_decision(self, value: str) -> DecisionKind | None:
        """Return the decision that `value` means; None when it means none."""
        wanted = _fold(value)
        for kind, values in self.decisions.items():
            if wanted == kind or wanted in map(_fold, values):
                return kind
        return None

    def tool_schemas(self) -> list[dict[str, object]]:
        """Return the tools as JSON-schema functions, the form that chat templates print."""
        return [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": {
                        "type": "object",
                        "properties": {a.name: self._argument_schema(own, a) for own, a in tool.arguments.items()},
                        "required": [a.name for a in tool.arguments.values() if a.required],
                    },
                },
            }
            for tool in self.tools.values()
        ]

    def _argument_schema(self, own: str, argument: Argument) -> dict[str, object]:
        schema: dict[str, object] = {"type": "string"}
        if argument.type == "string[]":
            schema = {"type": "array", "items": {"type": "string"}}
        if own == "decision":
            schema["enum"] = [values[0] for values in self.decisions.values()]
        if argument.description:
            schema["description"] = argument.description
        return schema


def _fold(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Lay `over` on `base`, table by table; anything but a table is replaced whole."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _default_table() -> dict[str, Any]:
    return tomllib.loads(files("sqlagent_tui.agent").joinpath("profiles/default.toml").read_text("utf-8"))


def parse_profile(text: str, source: str) -> Profile:
    """Read a profile from TOML `text`; `source` names it in errors.

    Raises UsageError when it is no TOML, misses a field, or names a tool, argument or decision that doesn't exist.
    """
    try:
        table = _merge(_default_table(), tomllib.loads(text))
        profile = msgspec.convert(table, Profile)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The profile {source} is not valid TOML: {error}.", "Correct that line.") from None
    except msgspec.ValidationError as error:
        raise UsageError(f"The profile {source} does not fit: {error}.", "Compare with the default.") from None
    for tool, arguments in _ARGUMENTS.items():
        if tool not in profile.tools or set(profile.tools[tool].arguments) != arguments:
            raise UsageError(
                f"The profile {source} must give [tools.{tool}] exactly the arguments {', '.join(sorted(arguments))}.",
                "Rename an argument with its name key, not by its table.",
            )
    if "{question}" not in profile.question:
        raise UsageError(f"The profile {source} has a question without {{question}} in it.", "Put it where it belongs.")
    if extra := set(profile.tools) - set(TOOLS):
        raise UsageError(f"The profile {source} names an unknown tool: {', '.join(sorted(extra))}.", f"Tools: {TOOLS}.")
    if any(not values for values in profile.decisions.values()) or len(profile.decisions) != 3:
        raise UsageError(f"The profile {source} must name a value for each of the three decisions.")
    return profile


def load_profile(path: Path) -> Profile:
    """Read the profile file at `path`. Raises UsageError, as `parse_profile`, and when it can't be read."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"The profile {path} can't be read: {reason}.", "Check --profile.") from None
    return parse_profile(text, str(path))


def default_profile() -> Profile:
    """Return the project's own profile, for a general tool-calling model such as Qwen3."""
    return msgspec.convert(_default_table(), Profile)
