"""Tells where a download stands: on a terminal one line that rewrites itself, elsewhere now and then a line."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from shutil import get_terminal_size
from typing import Final

import click

from sqlagent_tui.models.download import Step
from sqlagent_tui.ui.text import shorten

_WINDOW: Final = 10.0
"""Seconds that the speed is an average of."""
_REDRAW: Final = 0.2
_LINE_EVERY: Final = 10.0
_LEAST_OF_NAME: Final = 8
_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class TransferProgress:
    """Narrates the steps of one download on stderr."""

    def __init__(self, name: str, *, live: bool | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._live = sys.stderr.isatty() if live is None else live
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()
        self._told_at: float | None = None
        self._told_kind = ""
        self._open = False

    def __call__(self, step: Step) -> None:
        """Tell, unless that was done a moment ago."""
        now = self._clock()
        if step.kind != self._told_kind:
            self._seen.clear()  # what was on the disk already is no speed of the network
        self._seen.append((now, step.done))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        due = _REDRAW if self._live else _LINE_EVERY
        whole = step.kind == "downloading" and step.done == step.total
        if step.kind == self._told_kind and not whole and self._told_at is not None and now - self._told_at < due:
            return
        self._told_at, self._told_kind = now, step.kind
        self._write(self._sentence(step))

    def done(self) -> None:
        """Leave the line that rewrites itself."""
        if self._open:
            click.echo(err=True)
            self._open = False

    def _write(self, text: str) -> None:
        if self._live:
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
            self._open = True
        else:
            click.echo(text, err=True)

    def _sentence(self, step: Step) -> str:
        share = step.done / max(step.total, 1)
        if step.kind == "checking":
            return f"Checking what has already arrived, {amount(step.done)} of {amount(step.total)}"
        stand = f" {share:.0%}, {amount(step.done)} of {amount(step.total)}"
        if step.kind == "waiting":
            stand += f": {step.note}, trying again"
        elif speed := self._speed():
            left = (step.total - step.done) / speed
            stand += f", {speed / 1e6:.1f} MB/s" + (f", {_duration(left)} left" if left >= 1 else "")
        if not self._live:
            return self._name + stand
        room = get_terminal_size().columns - 1 - len(stand)  # a line that wraps can't be rewritten
        return shorten(self._name, max(room, _LEAST_OF_NAME)) + stand

    def _speed(self) -> float:
        """Bytes a second, lately; 0 when it can't be said yet."""
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        return (last - first) / (end - start) if end > start else 0.0


def amount(size: int) -> str:
    """Return a number of bytes as people write it: `4.28 GB`."""
    for factor, unit in _UNITS:
        if size >= factor:
            return f"{size / factor:.2f} {unit}"
    return f"{size} bytes"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
