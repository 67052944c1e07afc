"""Markdown that can be read as it stands: tables in line, and foreign text that stays text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlagent_tui.bench.metrics import Estimate
from sqlagent_tui.bench.statistics import Proportion

NONE: Final = "–"
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|#&!])")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table; the first column is text, the others are figures."""
    widths = [max(len(row[n]) for row in (header, *rows)) for n in range(len(header))]

    def line(row: Sequence[str]) -> str:
        first, *others = row
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        return f"| {' | '.join(cells)} |"

    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    return [line(header), f"|{rule}|", *map(line, rows), ""]


def share(value: Proportion) -> str:
    """Return per cent, the interval, and how many of how many: `78.9 [72–84] 142/180`."""
    if value.rate is None:
        return NONE
    interval = value.interval
    return (
        f"{100 * value.rate:.1f} [{100 * interval.low:.0f}–{100 * interval.high:.0f}] {value.successes}/{value.total}"
    )


def estimate(value: Estimate) -> str:
    """Return per cent and the interval: `91.7 [87–95]`."""
    return f"{100 * value.value:.1f} [{100 * value.interval.low:.0f}–{100 * value.interval.high:.0f}]"


def percent(value: float | None) -> str:
    """Return per cent without an interval."""
    return NONE if value is None else f"{100 * value:.1f}"


def duration(seconds: float) -> str:
    """Return a time as people say it: `41 s`, `12 min 5 s`, `2 h 41 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def foreign(text: str) -> str:
    """Return a name or a message of somebody else's on one line, as words: nothing in it is markup."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return _MARKUP.sub(r"\\\1", " ".join(line.split()))
