"""Where a run stands: a table that rewrites itself on a terminal, a line a verdict in a pipe. All on stderr."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final, Self

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sqlagent_tui.bench.records import Verdict
from sqlagent_tui.bench.tables import duration
from sqlagent_tui.ui.text import safe_line

_EXPECTED: Final = ("sql", "clarification", "unanswerable")
_ENDINGS: Final = (*_EXPECTED, "none", "timeout", "failed")


class Standing:
    """Counts verdicts, and foretells when the last one comes."""

    def __init__(self, total: int, before: Iterable[Verdict], clock: Callable[[], float] = time.monotonic) -> None:
        """`total` verdicts make the run; `before` are those of earlier sessions."""
        self.total = total
        self.done = self.right = self.excluded = 0
        self.last: Verdict | None = None
        self.by_decision: dict[str, Counter[str]] = {expected: Counter() for expected in _EXPECTED}
        for verdict in before:
            self.add(verdict)
        self._before, self._clock, self._started = self.done, clock, clock()

    def add(self, verdict: Verdict) -> None:
        """Take one in."""
        self.done += 1
        self.last = verdict
        if verdict.gold_error:
            self.excluded += 1
            return
        self.right += verdict.right
        self.by_decision[verdict.expected].update({verdict.ending: 1, "right": verdict.right, "asked": 1})

    @property
    def seconds_left(self) -> float | None:
        """By the mean of this session; None before its first verdict."""
        fresh = self.done - self._before
        return (self._clock() - self._started) / fresh * (self.total - self.done) if fresh else None

    def line(self) -> str:
        """Say it in one line."""
        judged = self.done - self.excluded
        share = f" ({self.right / judged:.1%})" if judged else ""
        left = self.seconds_left
        eta = f", about {duration(left)} left" if left is not None and self.done < self.total else ""
        excluded = f", {self.excluded} excluded" if self.excluded else ""
        return f"{self.done}/{self.total}, {self.right} right{share}{excluded}{eta}"


class RunProgress:
    """Shows a standing while it changes. A context manager."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._live = None
        if sys.stderr.isatty():
            self._live = Live(
                console=Console(stderr=True), get_renderable=self._picture, refresh_per_second=2, transient=True
            )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
            click.echo(self._standing.line(), err=True)

    def __call__(self, verdict: Verdict) -> None:
        """Take a verdict in."""
        self._standing.add(verdict)
        if self._live is None:
            click.echo(f"{_told(verdict)} | {self._standing.line()}", err=True)

    def _picture(self) -> Group:
        standing = self._standing
        table = Table(box=None, padding=(0, 1, 0, 0))  # fits eighty columns
        table.add_column("expected")
        for name in ("asked", "right", *_ENDINGS):
            table.add_column(name, justify="right")
        for expected, counts in standing.by_decision.items():
            table.add_row(expected, *(str(counts[name]) for name in ("asked", "right", *_ENDINGS)))
        return Group(table, Text(_told(standing.last) if standing.last else ""), Text(standing.line()))


def _told(verdict: Verdict) -> str:
    sample = f" #{verdict.sample}" if verdict.sample else ""
    if verdict.gold_error:
        return safe_line(f"{verdict.item_id}{sample}: excluded. {verdict.gold_error}")
    judged = "right" if verdict.right else "wrong"
    return safe_line(f"{verdict.item_id}{sample}: {verdict.ending}, {judged}, {verdict.seconds:.1f} s")
