"""A digest of a result's rows, so that samples of one question can be put to a vote without keeping their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from decimal import Decimal

from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.values import Moment, columns

_FORM = ".8e"
"""Nine significant digits, the strict comparison's tolerance; two numbers astride a rounding step fall apart."""


def digest(result: QueryResult) -> str:
    """Return a SHA-256 that is the same for results that match strictly in any order of rows, up to rounding."""
    held = columns(result)
    forms = [[_form(item) for item in column.items] for column in held]
    rows = sorted("\x1f".join(row) for row in zip(*forms, strict=True)) if forms else [""] * result.row_count
    head = "\x1f".join(column.kind for column in held)
    cut = "cut" if result.truncated else ""
    return hashlib.sha256("\x1e".join([head, cut, *rows]).encode()).hexdigest()


def _form(item: Hashable) -> str:
    if isinstance(item, Decimal):
        if item == item.to_integral_value():
            return f"{abs(item) if item == 0 else item:f}".split(".")[0]
        return format(item, _FORM)
    if isinstance(item, Moment):
        return repr(item.key)
    if isinstance(item, tuple):
        return f"({','.join(map(_form, item))})"
    return repr(item)
