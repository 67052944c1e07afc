"""Progress on stderr: one line that rewrites itself on a terminal, silence in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from sqlagent_tui.agent.events import Reconnected, Reconnecting, TraceEvent
from sqlagent_tui.ui.text import safe_line

TraceListener = Callable[[TraceEvent], None]


class Narration:
    """Tells where slow work stands, when somebody can see it."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = ""

    def __call__(self, sentence: str, fraction: float | None) -> None:
        """Show `sentence`, with per cent when they are known."""
        if not self._live:
            return
        text = sentence if fraction is None else f"{sentence} {fraction:.0%}"
        if text != self._shown:
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
            self._shown = text

    def done(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._shown = ""


def tell_reconnecting(narration: Narration, then: TraceListener | None = None) -> TraceListener:
    """Return a listener that narrates how a lost connection is made again, and passes every event on."""

    def listen(event: TraceEvent) -> None:
        if isinstance(event, Reconnecting):
            narration(f"{safe_line(event.reason)} Connecting again, attempt {event.attempt} of {event.attempts}", None)
        elif isinstance(event, Reconnected):
            narration.done()
        if then is not None:
            then(event)

    return listen
