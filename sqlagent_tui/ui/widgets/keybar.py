"""The line at the bottom: the keys that do something now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

Hint = tuple[str, str]
"""A key as people write it, and what it does."""


class KeyBar(Widget):
    """Shows as many hints as fit; the first matter most."""

    def __init__(self, hints: Callable[[], Sequence[Hint]]) -> None:
        super().__init__(id="keys")
        self._hints = hints

    def render(self) -> RenderResult:
        """Draw the hints that fit, in order."""
        room = self.size.width - 1
        line = Content(" ")
        for key, label in self._hints():
            hint = Content.assemble((key, "bold $primary"), " ", (label, "$muted"), "   ")
            if line.cell_length + hint.cell_length - 3 <= room:
                line += hint
        return line
