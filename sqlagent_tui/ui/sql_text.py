"""SQL in colour. The colours are the theme's, so they follow a change of theme."""

from __future__ import annotations

from functools import lru_cache

from textual.content import Content

from sqlagent_tui.ui.text import safe, safe_line

MAX_HIGHLIGHTED = 8_000
"""Characters beyond which a statement is shown plain: the lexer runs on the screen's thread."""


_CLAUSES = frozenset(("FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "UNION", "INTERSECT", "EXCEPT"))
_JOINS = frozenset(("LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "NATURAL", "JOIN"))
MIN_LAID_OUT, MAX_LAID_OUT = 60, 4_000
"""A shorter statement fits a line; a longer one isn't worth the screen's time."""


@lru_cache(maxsize=256)
def highlight_sql(sql: str) -> Content:
    """Return `sql` for the screen, highlighted; hostile text in it is harmless."""
    from textual.content import Span

    text = safe(sql.strip("\n"))
    return Content(text, spans=[Span(start, end, f"${colour}") for start, end, colour in coloured(text)])


@lru_cache(maxsize=256)
def coloured(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return what of `text` has a colour: (start, end, theme variable); nothing when it is too long to read."""
    if len(text) > MAX_HIGHLIGHTED:
        return ()
    from pygments.lexers.sql import PostgresLexer
    from pygments.token import Token

    colours = {
        Token.Keyword: "sql-keyword",
        Token.Literal.String: "sql-string",
        Token.Literal.Number: "sql-number",
        Token.Name.Builtin: "sql-type",
        Token.Comment: "sql-comment",
    }
    spans: list[tuple[int, int, str]] = []
    start = 0
    for kind, token in PostgresLexer(stripnl=False, ensurenl=False).get_tokens(text):
        end = start + len(token)
        colour = next((colours[parent] for parent in reversed(kind.split()) if parent in colours), None)
        if colour and token != ".":  # which the lexer takes for a number
            spans.append((start, end, colour))
        start = end
    return tuple(spans)


def laid_out(sql: str) -> str:
    """Return `sql` with a line for each of its clauses; what has line breaks already stays as it is.

    Only white space changes, and only outside literals, comments and brackets.
    """
    if "\n" in sql.strip() or not MIN_LAID_OUT <= len(sql) <= MAX_LAID_OUT:
        return sql
    from pygments.lexers.sql import PostgresLexer
    from pygments.token import Keyword

    parts: list[str] = []
    depth, before = 0, ""
    for kind, token in PostgresLexer(stripnl=False, ensurenl=False).get_tokens(sql):
        depth += (token == "(") - (token == ")")
        if kind in Keyword:
            word = token.upper()
            clause = word in _CLAUSES or (word in _JOINS and before not in _JOINS)
            if clause and parts and depth == 0 and not (word == "FROM" and before == "DISTINCT"):
                while parts and parts[-1].isspace():
                    parts.pop()
                parts.append("\n")
            before = word
        parts.append(token)
    return "".join(parts)


def one_line(sql: str) -> str:
    """Return `sql` on one line, its runs of space folded."""
    return safe_line(" ".join(sql.split()))
