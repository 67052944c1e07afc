"""Whether the order of a gold statement's rows, and where its LIMIT cuts them, is the statement's own doing.

Running it twice wouldn't tell: a small table comes in the same order every time, until it doesn't. So the statement is
asked for its sort keys beside its rows, and for one row more than its LIMIT: rows that differ though their keys are
equal are in no order. Only the statement's own ORDER BY and LIMIT are looked at, not a subquery's, nor DISTINCT ON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.reading import parse
from sqlagent_tui.bench.values import columns

if TYPE_CHECKING:
    from sqlglot import exp


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that shows the keys that rows are sorted by."""

    sql: str
    keys: tuple[int, ...]
    """Which columns of its result are the sort keys; negative ones count from the end."""
    added: int
    """How many columns at the end aren't the gold statement's."""
    limit: int | None
    """The gold statement's; the probe's is one more."""


class Ties(msgspec.Struct, frozen=True):
    """Rows whose order their keys don't settle, the first of them, from 1; None where there are none."""

    inside: int | None
    """This row and the next could change places."""
    at_the_cut: bool
    """The last row could be another one."""


def is_ordered(statement: str) -> bool | None:
    """Whether `statement` ends in an ORDER BY of its own; None when it can't be read."""
    tree = parse(statement)
    return None if tree is None else bool(_outermost(tree).args.get("order"))


def is_limited(statement: str) -> bool:
    """Whether `statement` has a LIMIT of its own."""
    tree = parse(statement)
    return tree is not None and bool(_outermost(tree).args.get("limit"))


def probe(statement: str, names: Sequence[str]) -> Probe | None:
    """Return the probe of a statement whose result's columns have these names; None when it can't be made."""
    from sqlglot import exp

    tree = parse(statement)
    if tree is None:
        return None
    query = _outermost(tree)
    order, limit = query.args.get("order"), query.args.get("limit")
    if order is None:
        return None
    added: list[exp.Expr] = []
    keys: list[int | exp.Expr] = []
    for ordered in order.expressions:
        shown = _output(ordered.this, names)
        keys.append(ordered.this if shown is None else shown)
        if shown is None:
            added.append(ordered.this)
    if added and not isinstance(query, exp.Select):
        return None
    most = None
    if limit is not None:
        most = _count(limit)
        if most is None:
            return None
        query.set("limit", exp.Limit(expression=exp.Literal.number(most + 1)))
    for expression in added:
        query.append("expressions", exp.alias_(expression.copy(), "chave"))
    places = [key if isinstance(key, int) else -len(added) + added.index(key) for key in keys]
    return Probe(sql=tree.sql(dialect="postgres"), keys=tuple(places), added=len(added), limit=most)


def ties(made: Probe, result: QueryResult) -> Ties:
    """Return what is undecided among the rows of the probe `made`."""
    held = columns(result)
    rows = list(zip(*(column.items for column in held[: len(held) - made.added]), strict=True))
    keys = list(zip(*(held[place].items for place in made.keys), strict=True))
    tied = [at for at in range(1, len(rows)) if keys[at - 1] == keys[at] and rows[at - 1] != rows[at]]
    inside = [at for at in tied if made.limit is None or at < made.limit]
    return Ties(inside[0] if inside else None, made.limit in tied)


def _outermost(tree: exp.Query) -> exp.Query:
    """Without the brackets around the whole statement."""
    from sqlglot import exp

    while isinstance(tree, exp.Subquery) and not tree.args.get("order") and not tree.args.get("limit"):
        tree = tree.this
    return tree


def _output(key: exp.Expr, names: Sequence[str]) -> int | None:
    """Which column of the result a sort key means: by number, or by a bare name, as the server reads it."""
    from sqlglot import exp

    if isinstance(key, exp.Literal) and not key.is_string and key.name.isdecimal():
        return int(key.name) - 1
    if isinstance(key, exp.Column) and not key.table and key.name in names:
        return list(names).index(key.name)
    return None


def _count(limit: exp.Expr) -> int | None:
    from sqlglot import exp

    options = limit.args.get("limit_options")
    if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
        return None
    count = limit.args.get("count") if isinstance(limit, exp.Fetch) else limit.expression
    return int(count.name) if isinstance(count, exp.Literal) and count.name.isdecimal() else None
