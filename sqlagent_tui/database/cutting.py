"""The second form of a query, in which the server cuts its long values before they are sent."""

from __future__ import annotations

from collections.abc import Sequence

from sqlagent_tui.database.lexer import tokens
from sqlagent_tui.database.value_types import ValueType


def cut_form(sql: str, types: Sequence[ValueType], width: int) -> str:
    """Return `sql` as a subquery whose unbounded columns are cut to `width` characters; the order of rows is kept."""
    names = [f"c{index}" for index in range(1, len(types) + 1)]
    cut = (
        f"pg_catalog.left({type_.as_text.format(f'q.{name}')}, {width})" if type_.unbounded else f"q.{name}"
        for name, type_ in zip(names, types, strict=True)
    )
    return f"SELECT {', '.join(cut)} FROM (\n{_without_semicolon(sql)}\n) AS q({', '.join(names)})"


def _without_semicolon(sql: str) -> str:
    if ";" not in sql:
        return sql
    words = list(tokens(sql))
    while words and words[-1].kind == "symbol" and words[-1].text == ";":
        last = words.pop()
        sql = sql[: last.start] + " " + sql[last.end :]
    return sql
