"""A text field that remembers: Up and Down at its edges walk through what was sent before."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import TextArea

from sqlagent_tui.ui.history import History
from sqlagent_tui.ui.text import safe_cells


class Writing(TextArea):
    """Several lines of text. What a terminal would obey or hide is shown as a sign in its place, and sent as it is."""

    def __init__(self, id: str, history: History, *, soft_wrap: bool = True) -> None:
        super().__init__(id=id, soft_wrap=soft_wrap, show_line_numbers=False, compact=True, highlight_cursor_line=False)
        self.asked = history

    def get_line(self, line_index: int) -> Text:
        """Return a line as it may be shown, as long as the line itself."""
        return Text(safe_cells(self.document.get_line(line_index)), end="", no_wrap=True)

    def action_history_previous(self) -> None:
        """Move up; on the first line, to what was sent before."""
        if self.cursor_location[0] > 0 or self.wrapped_document.location_to_offset(self.cursor_location).y > 0:
            self.action_cursor_up()
            return
        entry = self.asked.previous(self.text)
        if entry is not None:
            self._recall(entry)
        elif not self.text:
            self.past_history()

    def action_history_next(self) -> None:
        """Move down; on the last line, to what was sent after."""
        offset = self.wrapped_document.location_to_offset(self.cursor_location)
        if offset.y < self.wrapped_document.height - 1:
            self.action_cursor_down()
            return
        entry = self.asked.next()
        if entry is not None:
            self._recall(entry)

    def past_history(self) -> None:
        """Nothing older exists and nothing is written: a hook."""

    def _recall(self, entry: str) -> None:
        self.text = entry
        self.move_cursor(self.document.end)
