"""The first, explaining layer: functions that are refused before anything runs.

This is not the boundary. What keeps a database unchanged is enforced by the server: an explicit READ ONLY transaction
that always ends in ROLLBACK, a grammar that accepts only what a cursor can be declared for, and the rights of the role.
But some functions act outside any transaction (they write WAL, take session locks, signal other backends, read files)
or run SQL that is hidden in a string, and the server lets a reading transaction call them.

Two rules, for the calls that can be read off the statement's text:

1. By name: those that are known to do such things are refused before the statement is sent.
2. By declaration: what the server's `pg_proc` says to be VOLATILE is refused unless it is known to be harmless. That is
   asked in the statement's own transaction, before its first row is computed: planning never runs a volatile function.

A view, an operator, a cast, an aggregate, a row policy or the body of a function can call functions that no text shows.
Those in a plan, where the cost gate reads one anyway, are held against the first rule; the rest is up to the
server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.database.function_lists import DENIED, HARMLESS
from sqlagent_tui.database.functions import Call, Function, calls


class Refusal(msgspec.Struct, frozen=True):
    """Why a statement isn't run: one sentence, where the offending name begins (1-based), and what a DBA can do."""

    message: str
    position: int | None = None
    hint: str | None = None


NUL = "The statement holds a NUL character, after which the server would not read on; it was not sent."
SURROGATE = "The statement holds half of a character (a lone surrogate) and can't be sent."
TOO_LONG = "The statement is longer than 250,000 characters; it was not sent."
OPERATORS = (
    "The statement holds more than 500 operator characters in a row, which can keep the server busy for minutes "
    "past any timeout; it was not sent."
)
_LONGEST = 250_000
# The server's lexer reads such a run again at each `/*` or `+` in it, and nothing interrupts a lexer: 100 kB of nested
# comments held a backend for minutes, deaf to timeout, cancel and termination.
_OPERATOR_RUN = re.compile(r"[-+*/<>=~!@#%^&|`?]{501}")


def unsendable(sql: str) -> Refusal | None:
    """Return why `sql` can't be sent as it is, or None."""
    if "\0" in sql:
        return Refusal(NUL, sql.index("\0") + 1)
    try:
        sql.encode()
    except UnicodeEncodeError as problem:
        return Refusal(SURROGATE, problem.start + 1)
    if len(sql) > _LONGEST:
        return Refusal(TOO_LONG)
    run = _OPERATOR_RUN.search(sql)
    return Refusal(OPERATORS, run.start() + 1) if run else None


def refused(refusal: Refusal) -> StatementError:
    """Return `refusal` as a result."""
    return StatementError(kind="refused", message=refusal.message, position=refusal.position, hint=refusal.hint)


class FunctionPolicy:
    """The two rules, and what the DBA made of them: `allow` wins over the built-in rules, `deny` over `allow`."""

    def __init__(self, allow: Iterable[str] = (), deny: Iterable[str] = ()) -> None:
        """Take names as `pg_proc` spells them: `schema.name` to allow, `schema.name` or `name` to deny."""
        self._allowed = {_split(entry) for entry in allow}
        self._denied = {_split(entry) for entry in deny}

    def refuse_text(self, sql: str) -> Refusal | None:
        """Return what speaks against sending `sql`, as far as its text tells."""
        return unsendable(sql) or self.refuse_first(calls(sql))

    def refuse_call(self, call: Call) -> Refusal | None:
        """Apply the rule by name."""
        for schema, name in self._denied:
            if name == call.name and (schema is None or call.schema in (None, schema)):
                return Refusal(f"{name} is refused because deny_functions in config.toml lists it.", call.start + 1)
        reason = DENIED.get(call.name)
        if reason is None or self._may_be_allowed(call):
            return None
        return Refusal(
            f"{call.name} is refused because it {reason}.", call.start + 1, _remedy(call.schema or "SCHEMA", call.name)
        )

    def refuse_function(self, function: Function, call: Call) -> Refusal | None:
        """Apply the rule by declaration to a function that `call` may mean."""
        if (function.schema, function.name) in self._allowed:
            return None
        origin = function.extension or (function.schema if function.schema == "pg_catalog" else "")
        if (origin, function.name) in HARMLESS:
            return None
        return Refusal(
            f"{function.name} is refused because it is declared VOLATILE, so it may do more than read.",
            call.start + 1,
            _remedy(function.schema, function.name),
        )

    def refuse_first(self, calls: Iterable[Call]) -> Refusal | None:
        """Apply the rule by name to each of `calls`."""
        return next((refusal for call in calls if (refusal := self.refuse_call(call))), None)

    def refuse_hidden(self, calls: Iterable[Call]) -> Refusal | None:
        """Apply the rule by name to calls that a plan shows: the statement may reach them through a view."""
        refusal = self.refuse_first(calls)
        return refusal and msgspec.structs.replace(refusal, position=None)

    def refuse_answer(self, answer: Iterable[tuple[Call, Function]]) -> Refusal | None:
        """Apply the rule by declaration to the first volatile function that some call may mean."""
        return next((refusal for call, found in answer if (refusal := self.refuse_function(found, call))), None)

    def _may_be_allowed(self, call: Call) -> bool:
        if call.schema is not None:
            return (call.schema, call.name) in self._allowed
        return any(name == call.name for _, name in self._allowed)


def _split(entry: str) -> tuple[str | None, str]:
    schema, dot, name = entry.rpartition(".")
    return (schema if dot else None, name)


def _remedy(schema: str, name: str) -> str:
    return f'A DBA can allow it in config.toml: [safety] allow_functions = ["{schema}.{name}"].'
