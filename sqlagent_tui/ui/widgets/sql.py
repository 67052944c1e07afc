"""A statement on the screen: highlighted, indented, and no longer than asked for."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from sqlagent_tui.ui.sql_text import highlight_sql, one_line
from sqlagent_tui.ui.text import shorten


class SqlText(Static):
    """SQL behind a quiet bar. One line means the whole statement on one line, as far as it fits."""

    def __init__(self, sql: str, lines: int | None = None) -> None:
        super().__init__(markup=False, classes="sql")
        self._sql = sql
        self._lines: int | None = -1
        self.shorten(lines)

    def shorten(self, lines: int | None) -> None:
        """Show at most `lines` lines; None shows all."""
        if lines == self._lines:
            return
        self._lines = lines
        self.set_class(lines == 1, "-one-line")
        if lines == 1:
            self.update(Content.styled(shorten(one_line(self._sql), 400), "$muted"))
            return
        content = highlight_sql(self._sql)
        parts = content.split("\n", allow_blank=True)
        if lines is not None and len(parts) > lines:
            content = Content("\n").join([*parts[: lines - 1], Content.styled("…", "$muted")])
        self.update(content)
