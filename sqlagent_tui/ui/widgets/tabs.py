"""Names of the panes, where only one of them fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


@dataclass(frozen=True, slots=True)
class Tab:
    """A pane, the key that goes there as people write it, and what it is called."""

    pane: str
    key: str
    title: str


class PaneTabs(Widget):
    """One line: `F2 Conversa  F3 Esquema …`; the shown one stands out, a number tells what waits in the others."""

    class Chosen(Message):
        """A name was clicked."""

        def __init__(self, pane: str) -> None:
            self.pane = pane
            super().__init__()

    def __init__(self, tabs: Sequence[Tab], *, current: str) -> None:
        super().__init__(id="tabs")
        self._tabs = tabs
        self._current = current
        self._marks: dict[str, str] = {}
        self._ends: list[tuple[int, str]] = []

    def show(self, pane: str) -> None:
        """Mark `pane` as the one that is shown."""
        self._current = pane
        self.refresh()

    def mark(self, pane: str, text: str) -> None:
        """Show `text`, such as a count, beside the name of `pane`."""
        if self._marks.get(pane) != text:
            self._marks[pane] = text
            self.refresh()

    def render(self) -> RenderResult:
        """Draw the names, and remember where each ends for the mouse."""
        line = Content(" ")
        self._ends = []
        for tab in self._tabs:
            mark = self._marks.get(tab.pane, "")
            label = f" {tab.key} {tab.title}{f' {mark}' if mark else ''} "
            current = tab.pane == self._current
            line += Content.styled(
                label, "bold $block-cursor-foreground on $block-cursor-background" if current else "$muted"
            )
            self._ends.append((line.cell_length, tab.pane))
            line += Content(" ")
        return line

    def on_click(self, event: events.Click) -> None:
        """Tell which name was clicked."""
        for end, pane in self._ends:
            if event.x < end:
                self.post_message(self.Chosen(pane))
                return
