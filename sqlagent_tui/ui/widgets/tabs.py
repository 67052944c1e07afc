"""Names of the four panes, where only one of them fits."""

from __future__ import annotations

from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.panes import PANES, Pane


class PaneTabs(Widget):
    """One line: `F2 Conversa  F3 Esquema …`; the shown one stands out, a number tells what waits in the others."""

    class Chosen(Message):
        """A name was clicked."""

        def __init__(self, pane: Pane) -> None:
            self.pane = pane
            super().__init__()

    def __init__(self, messages: Messages) -> None:
        super().__init__(id="tabs")
        self._messages = messages
        self._current: Pane = "conversation"
        self._marks: dict[str, str] = {}
        self._ends: list[tuple[int, Pane]] = []

    def show(self, pane: Pane) -> None:
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
        for index, pane in enumerate(PANES):
            mark = self._marks.get(pane, "")
            label = f" F{index + 2} {self._messages(f'pane.{pane}')}{f' {mark}' if mark else ''} "
            current = pane == self._current
            line += Content.styled(
                label, "bold $block-cursor-foreground on $block-cursor-background" if current else "$muted"
            )
            self._ends.append((line.cell_length, pane))
            line += Content(" ")
        return line

    def on_click(self, event: events.Click) -> None:
        """Tell which name was clicked."""
        for end, pane in self._ends:
            if event.x < end:
                self.post_message(self.Chosen(pane))
                return
