"""The tool calls of a profile as a GBNF grammar, so that a model can't write one that isn't readable.

llama.cpp's own conversion of a JSON schema lets raw control characters into strings; here strings are strict JSON
(RFC 8259, section 7). Arguments come under the profile's names and in its order: every alternative is a path that has
to be tried at each token. A decision other than `sql` must bring its message, as `read_call` asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import combinations, islice
from typing import Final

from sqlagent_tui.agent.parser import CALL_CLOSE, CALL_OPEN
from sqlagent_tui.agent.profile import Argument, Profile, Tool

MAX_CALLS: Final = 8
MAX_NAMES: Final = 32
MAX_ENUMERATED: Final = 300
"""More table names than this are not spelt out: each costs a rule to be tried at every token."""

# What str.strip takes away must not be all there is of a string.
_BLANK: Final = r"\x00-\x20\x7F-\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000"
_RULES: Final = rf"""space ::= [ \t\n]{{0,4}}
comma ::= space "," space
colon ::= space ":" space
string ::= "\"" first char* "\""
first ::= [^"\\{_BLANK}] | "\\" ["\\/]
char ::= [^"\\\x00-\x1F\x7F] | "\\" ( ["\\/bfnrt] | "u" hex hex hex hex )
hex ::= [0-9a-fA-F]
name ::= "\"" [^"'`\\{_BLANK}] [^"\\\x00-\x1F\x7F]{{0,255}} "\""
"""


def tool_grammar(profile: Profile, tables: Iterable[str] = ()) -> str:
    """Return the grammar of one to `MAX_CALLS` tool calls, tags included; its root is `root`.

    `tables`: every name that `get_table_schema` knows, when that list is complete; empty when it isn't known. At most
    one more than `MAX_ENUMERATED` of them are taken.
    """
    calls = [_call(tool, _arguments(own, tool, profile)) for own, tool in profile.tools.items()]
    spelt = tuple(islice(tables, MAX_ENUMERATED + 1))
    names = " | ".join(map(_json, spelt)) if len(spelt) <= MAX_ENUMERATED else ""
    return (
        f"root ::= space call ( space call ){{0,{MAX_CALLS - 1}}}\n"
        f"call ::= {_literal(CALL_OPEN)} space ( {' | '.join(calls)} ) space {_literal(CALL_CLOSE)}\n"
        f"table ::= {names or 'name'}\n"
        f'tables ::= "[" space table ( comma table ){{0,{MAX_NAMES - 1}}} space "]"\n'
        f"{_RULES}"
    )


def _call(tool: Tool, arguments: str) -> str:
    head = f'"{{" space {_json("name")} colon {_json(tool.name)} comma {_json("arguments")} colon'
    return f'{head} "{{" space ( {arguments} ) space "}}" space "}}"'


def _arguments(own: str, tool: Tool, profile: Profile) -> str:
    """Every admissible set of arguments."""
    pairs = {name: _pair(argument) for name, argument in tool.arguments.items()}
    required = {name for name, argument in tool.arguments.items() if argument.required}
    if own != "final_answer":
        return _sets(pairs, required)
    forms = []
    for kind, values in profile.decisions.items():
        pairs["decision"] = f"{_json(tool.arguments['decision'].name)} colon {_json(values[0])}"
        forms.append(_sets(pairs, required | {"decision"} | ({"message"} if kind != "sql" else set())))
    return " | ".join(forms)


def _sets(pairs: dict[str, str], required: set[str]) -> str:
    optional = [name for name in pairs if name not in required]
    sets = [required.union(extra) for size in range(len(optional) + 1) for extra in combinations(optional, size)]
    return " | ".join(" comma ".join(pair for name, pair in pairs.items() if name in chosen) for chosen in sets)


def _pair(argument: Argument) -> str:
    return f"{_json(argument.name)} colon {'tables' if argument.type == 'string[]' else 'string'}"


def _json(text: str) -> str:
    return _literal(json.dumps(text, ensure_ascii=False))


def _literal(text: str) -> str:
    """A literal as GBNF reads it; a JSON string holds no control character that would have to be escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
