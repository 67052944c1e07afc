"""Progress on stderr: one line that rewrites itself on a terminal, silence in a pipe."""

from __future__ import annotations

import sys

import click


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
