"""What is asked for and how it is sent: a query through a cursor, or EXPLAIN or SHOW as verbs of their own."""

from __future__ import annotations

import msgspec

from sqlagent_tui.agent.results import StatementError, Verb
from sqlagent_tui.database.functions import Call, calls
from sqlagent_tui.database.lexer import Token, tokens

_EXPLAIN_OPTIONS = frozenset({"verbose", "costs", "settings", "summary", "format", "generic_plan"})
_SHOW_PHRASES = {
    ("time", "zone"): "timezone",
    ("transaction", "isolation", "level"): "transaction_isolation",
    ("session", "authorization"): "session_authorization",
}


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement, ready to be sent."""

    sql: str
    """As it was asked for."""
    verb: Verb
    gate: str | None = None
    """What must be accepted as a cursor's query before anything else is sent; None for SHOW."""
    gate_start: int = 0
    """Offset of `gate` in `sql`."""
    text: str = ""
    """What is sent for EXPLAIN and SHOW."""
    calls: tuple[Call, ...] = ()
    """Names whose functions are looked up before anything runs; none in statements of our own."""
    gated: bool = False
    """Not to run when its plan passes the limits' estimates."""
    text_offset: int = 0
    """Characters in `text` before the user's SQL, less `gate_start`: subtract it from the server's position."""


def read(sql: str, verb: Verb, *, gated: bool = False) -> Statement | StatementError:
    """Return how `sql` is sent, or why it isn't. A query that begins with EXPLAIN or SHOW takes that verb."""
    words = list(tokens(sql))
    first = words[0].text if words and words[0].kind == "word" else ""
    if verb == "show":
        return _show(sql, words[1:] if first == "show" and len(words) > 1 else words)
    if verb == "explain":
        if first != "explain":
            return _explain(sql, 0, "FORMAT JSON")
        return _explain_as_written(sql, words, "FORMAT JSON")
    if first == "explain":
        return _explain_as_written(sql, words, None)
    if first == "show":
        return _show(sql, words[1:])
    return Statement(sql=sql, verb="query", gate=sql, calls=calls(sql), gated=gated)


def _show(sql: str, words: list[Token]) -> Statement | StatementError:
    if words and words[-1].kind == "symbol" and words[-1].text == ";":
        words = words[:-1]
    phrase = tuple(word.text for word in words)
    if phrase in _SHOW_PHRASES:
        return Statement(sql=sql, verb="show", text=f"SHOW {_SHOW_PHRASES[phrase]}")
    if phrase == ("all",):
        return Statement(sql=sql, verb="show", text="SHOW ALL")
    names = words[::2]
    dotted = all(word.kind == "symbol" and word.text == "." for word in words[1::2])
    if not words or len(words) % 2 == 0 or not dotted or any(name.kind not in ("word", "quoted") for name in names):
        return StatementError(kind="refused", message="SHOW takes the name of one setting, as in SHOW server_version.")
    quoted = ".".join('"' + name.text.replace('"', '""') + '"' for name in names)
    start = words[0].start
    return Statement(sql=sql, verb="show", text=f"SHOW {quoted}", text_offset=len("SHOW ") - start)


def _explain(sql: str, start: int, options: str) -> Statement:
    prefix = f"EXPLAIN ({options})\n"
    return Statement(
        sql=sql,
        verb="explain",
        gate=sql[start:],
        gate_start=start,
        calls=calls(sql),
        text=prefix + sql[start:],
        text_offset=len(prefix) - start,
    )


def _explain_as_written(sql: str, words: list[Token], default: str | None) -> Statement | StatementError:
    """Read `EXPLAIN [VERBOSE] …` or `EXPLAIN (options) …`; anything that would run the statement is refused."""
    options: list[str] = [default] if default else []
    at = 1
    if (
        len(words) > 1
        and words[1].text == "("
        and len(words) > 2
        and words[2].text not in ("select", "with", "values", "(")
    ):
        close = next((index for index, word in enumerate(words) if index > 1 and word.text == ")"), None)
        if close is None:
            return _refused_option(words[1])
        for option in _split(words[2:close]):
            name = option[0].text
            if name not in _EXPLAIN_OPTIONS or any(part.kind not in ("word", "string", "number") for part in option):
                return _refused_option(option[0])
            if name != "format" or not default:
                options.append(" ".join(sql[part.start : part.end] for part in option))
        at = close + 1
    else:
        while at < len(words) and words[at].text in ("verbose", "analyze", "analyse"):
            if words[at].text != "verbose":
                return _refused_option(words[at])
            options.append("VERBOSE")
            at += 1
    if at >= len(words):
        return StatementError(kind="refused", message="EXPLAIN needs a statement to explain.")
    return _explain(sql, words[at].start, ", ".join(options) or "COSTS")


def _split(words: list[Token]) -> list[list[Token]]:
    groups: list[list[Token]] = [[]]
    for word in words:
        if word.kind == "symbol" and word.text == ",":
            groups.append([])
        else:
            groups[-1].append(word)
    return [group for group in groups if group]


def _refused_option(word: Token) -> StatementError:
    name = word.text.upper() if word.kind == "word" else "this option"
    return StatementError(
        kind="refused",
        message=f"EXPLAIN shows a plan here and never runs the statement, so {name} is refused.",
        position=word.start + 1,
    )
