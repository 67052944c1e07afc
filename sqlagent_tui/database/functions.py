"""Which functions a statement calls, as far as its text tells, and what the server knows about them.

Three notations call a function: `f(x)`, `(x).f`, and `t.f` for a row `t`. Operators, casts, views, aggregates and other
functions call functions too, and no text shows those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
from psycopg import pq

from sqlagent_tui.database.lexer import Token, tokens
from sqlagent_tui.database.results import decode

CallForm = Literal["call", "expression", "row"]
"""`f(x)`, `(x).f`, `t.f`: the last two may as well be a column."""

_NAMES = ("word", "quoted")
_ROW_TYPES = ("c", "p")
"""Values of `pg_type.typtype`: composite types, and pseudo-types such as record and anyelement."""
_LONGEST_NAME = 63
"""Bytes."""
_UNCOUNTABLE = frozenset({"order", "variadic", "from", "for", "in", "placing"})
"""Words inside a call's parentheses after which commas don't count its arguments."""


class Call(msgspec.Struct, frozen=True):
    """A name in a place where it calls a function, if there is one of that name."""

    name: str
    schema: str | None
    arguments: int | None
    """None: not to be told from the text."""
    form: CallForm
    start: int
    """0-based character offset of the name."""


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function of the server that is declared VOLATILE."""

    schema: str
    name: str
    extension: str | None
    """Which brought it."""
    in_path: bool
    """Found without its schema."""
    least: int
    most: int | None
    """Arguments that it can be called with; None: any number from `least` on."""
    takes_row: bool
    """Its first argument may be a table's row."""


class _Brackets(msgspec.Struct):
    """What stands between one opening bracket and its closing one; `close` is past the end when there is none."""

    close: int
    commas: int = 0
    countable: bool = True
    names_only: bool = True


def calls(sql: str) -> tuple[Call, ...]:
    """Return the calls in `sql`, each kind of call once, where it first stands."""
    words = list(tokens(sql))
    brackets = _brackets(words)
    values = _names_of_values(words, brackets)
    found: dict[tuple[object, ...], Call] = {}
    for at, word in enumerate(words):
        if word.kind not in _NAMES:
            continue
        before = words[at - 2] if at > 1 and _is(words[at - 1], ".") else None
        inside = brackets.get(at + 1) if at + 1 < len(words) and words[at + 1].text == "(" else None
        if inside is not None:
            if before is None and _is_no_call(words, at, inside):
                continue
            schema = before.text if before is not None and before.kind in _NAMES else None
            call = Call(word.text, schema, _arguments(words, at + 1, inside), "call", word.start)
        elif before is not None:
            row = before.kind in _NAMES and before.text not in values
            call = Call(word.text, None, 1, "row" if row else "expression", word.start)
        else:
            continue
        found.setdefault((call.name, call.schema, call.arguments, call.form), call)
    return tuple(found.values())


LOOK_UP = re.sub(
    r" (=|<>) ",
    r" OPERATOR(pg_catalog.\1) ",  # an operator of the same name may stand before it in search_path
    """
SELECT p.proname, n.nspname, n.nspname = ANY (pg_catalog.current_schemas(true)),
  p.pronargs, p.pronargdefaults, p.provariadic <> 0::pg_catalog.oid,
  (SELECT t.typtype FROM pg_catalog.pg_type t WHERE t.oid = (p.proargtypes::pg_catalog.oid[])[0]),
  (SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
   WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.proname = ANY ($1::pg_catalog.name[]) AND p.provolatile = 'v'
ORDER BY p.oid""",
)
"""The volatile functions of some names. Asked anew for every statement, in a message that is sent anyway, because a
function may be replaced at any time; a third of a millisecond."""


def look_up_parameter(wanted: Sequence[Call]) -> bytes:
    """Return the parameter of `LOOK_UP`: an array of names, written as the server reads one."""
    names = (call.name.replace("\\", "\\\\").replace('"', '\\"') for call in wanted)
    return ("{" + ",".join(f'"{name}"' for name in dict.fromkeys(names)) + "}").encode()


def look_up_answer(answer: pq.abc.PGresult, wanted: Sequence[Call]) -> Iterator[tuple[Call, Function]]:
    """Yield each call with a volatile function that it may mean, in the order of the statement's text."""
    rows = [[decode(answer.get_value(row, field) or b"") for field in range(8)] for row in range(answer.ntuples)]
    functions = [
        Function(
            schema=schema,
            name=name,
            extension=extension or None,
            in_path=in_path == "t",
            least=int(arguments) - int(defaults) - (variadic == "t"),
            most=None if variadic == "t" else int(arguments),
            takes_row=first_type in _ROW_TYPES,
        )
        for name, schema, in_path, arguments, defaults, variadic, first_type, extension in rows
    ]
    return ((call, function) for call in wanted for function in functions if _may_mean(call, function))


def _may_mean(call: Call, function: Function) -> bool:
    # The server cuts longer names off.
    same = call.name == function.name or (
        len(call.name.encode()) > _LONGEST_NAME and call.name.startswith(function.name)
    )
    there = function.in_path if call.schema is None else call.schema == function.schema
    fits = call.arguments is None or (
        function.least <= call.arguments and (function.most is None or call.arguments <= function.most)
    )
    return same and there and fits and (call.form != "row" or function.takes_row)


def _is(token: Token, text: str, kind: str = "symbol") -> bool:
    return token.kind == kind and token.text == text


def _brackets(words: list[Token]) -> dict[int, _Brackets]:
    """Return what each opening bracket holds, by its place in `words`; one pass, whatever is nested in what."""
    found: dict[int, _Brackets] = {}
    open_ones: list[_Brackets] = []
    for at, word in enumerate(words):
        if word.kind == "symbol" and word.text in ")]}":
            if open_ones:
                open_ones.pop().close = at
            continue
        if open_ones:
            inner = open_ones[-1]
            comma = _is(word, ",")
            inner.commas += comma
            inner.names_only = inner.names_only and (comma or word.kind in _NAMES)
            inner.countable = inner.countable and not (word.kind == "word" and word.text in _UNCOUNTABLE)
        if word.kind == "symbol" and word.text in "([{":
            found[at] = _Brackets(len(words))
            open_ones.append(found[at])
    return found


def _arguments(words: list[Token], opening: int, inside: _Brackets) -> int | None:
    if not inside.countable or inside.close >= len(words):
        return None
    empty = inside.close == opening + 1 or (inside.close == opening + 2 and _is(words[opening + 1], "*"))
    return 0 if empty else inside.commas + 1


def _is_no_call(words: list[Token], at: int, inside: _Brackets) -> bool:
    """Whether the name is an alias or a type after AS, or heads a WITH query: `name (column, …) AS (`."""
    if at and _is(words[at - 1], "as", "word"):
        return True
    after = [word.text for word in words[inside.close + 1 : inside.close + 5]]
    body = next((text for text in after[1:] if text not in ("not", "materialized")), None)
    return inside.names_only and after[:1] == ["as"] and body == "("


def _names_of_values(words: list[Token], brackets: dict[int, _Brackets]) -> set[str]:
    """Return the names that may stand for a function's plain value: `g` in `FROM f(x) AS g`, or the function's own.

    `g.h` may then call h, whatever type that takes; for a table's name h has to take a row.
    """
    names: set[str] = set()
    for opening, inside in brackets.items():
        word = words[opening - 1] if opening else None
        if word is None or word.kind not in _NAMES:
            continue
        rows_from = word.text == "from" and opening > 1 and words[opening - 2].text == "rows"
        if word.kind == "word" and word.text in ("from", "join", "lateral") and not rows_from:
            continue  # a subquery, whose name stands for a row
        names.add(word.text)
        after = inside.close + 1
        after += after < len(words) and _is(words[after], "as", "word")
        if after < len(words) and words[after].kind in _NAMES:
            names.add(words[after].text)
    return names
