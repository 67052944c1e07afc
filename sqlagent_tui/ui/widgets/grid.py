"""The rows of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from sqlagent_tui.agent.results import Column, QueryResult
from sqlagent_tui.ui.keymap import GRID, bindings
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe

if TYPE_CHECKING:
    from sqlagent_tui.ui.grid_data import GridData
    from sqlagent_tui.ui.widgets.table import ResultTable


class GridPane(Vertical):
    """A table of any number of rows, of which only the visible ones are drawn."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(key for key in GRID if key.id != "cell"))

    class Copied(Message):
        """A cell's or a row's text is to be copied."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class CellOpened(Message):
        """A cell is to be shown whole."""

        def __init__(self, column: Column, value: str | None) -> None:
            self.column = column
            self.value = value
            super().__init__()

    class SaveAsked(Message):
        """The result is to be saved."""

        def __init__(self, result: QueryResult) -> None:
            self.result = result
            super().__init__()

    def __init__(self, messages: Messages, *, id: str, title: str, empty: str) -> None:
        """`empty` is told until there are rows."""
        super().__init__(id=id, classes="pane")
        self._messages = messages
        self._table: ResultTable | None = None
        self.can_focus = True
        self.result: QueryResult | None = None
        self.border_title = Content(title)
        self._empty = Static(Content(empty), classes="empty", markup=False)

    def compose(self) -> ComposeResult:
        """Begin with a sentence on what will be here."""
        yield self._empty

    @property
    def target(self) -> Widget:
        """What takes the keyboard: the table, or the pane itself while there is none."""
        return self._table or self

    async def show(self, result: QueryResult, data: GridData, *, title: str, summary: str = "") -> None:
        """Show `result`, replacing what was there; `summary` stands in place of rows and time."""
        from sqlagent_tui.ui.widgets.table import ResultTable

        had_focus = self.target.has_focus
        await self._remove_table()
        self.result = result
        self.border_title = Content(title)
        self._empty.display = not result.rows
        if not result.rows:
            self._empty.update(Content(self._messages("grid.no_rows")))
        self._table = ResultTable(data)
        await self.mount(self._table)
        self.can_focus = False
        if had_focus:
            self._table.focus()
        self.border_subtitle = Content(summary or self.summary(result))

    async def clear(self, told: str, *, title: str) -> None:
        """Show no rows but a sentence; it may be anybody's."""
        had_focus = self.target.has_focus
        await self._remove_table()
        self.can_focus = True
        if had_focus:
            self.focus()
        self.result = None
        self.border_title, self.border_subtitle = Content(title), ""
        self._empty.display = True
        self._empty.update(Content(safe(told)))

    async def _remove_table(self) -> None:
        table, self._table = self._table, None
        if table is not None:
            await table.remove()

    def summary(self, result: QueryResult) -> str:
        """Return `27 rows · 14 ms`, honest where more exist or values were cut."""
        t = self._messages
        rows = t("rows.more", count=result.row_count) if result.truncated else t.count("rows", result.row_count)
        parts = [rows, t.duration(result.elapsed_ms)]
        if result.shortened_values:
            parts.append(t.count("grid.shortened", result.shortened_values))
        return " · ".join(parts)

    def on_data_table_cell_selected(self, event: Message) -> None:
        """Open the cell under the cursor."""
        event.stop()
        place = self._place()
        if place is not None and self.result is not None:
            column = self.result.columns[place.column]
            self.post_message(self.CellOpened(column, self.result.rows[place.row][place.column]))

    def action_copy_cell(self) -> None:
        """Copy the value under the cursor, whole; NULL copies as nothing."""
        place = self._place()
        if place is not None and self.result is not None:
            self.post_message(self.Copied(self.result.rows[place.row][place.column] or ""))

    def action_copy_row(self) -> None:
        """Copy the row under the cursor, tabs between its values."""
        place = self._place()
        if place is not None and self.result is not None:
            self.post_message(self.Copied("\t".join(value or "" for value in self.result.rows[place.row])))

    def action_save(self) -> None:
        """Ask for a file to save the result to."""
        if self.result is not None:
            self.post_message(self.SaveAsked(self.result))

    def _place(self) -> Coordinate | None:
        if self._table is None or self.result is None or not self.result.rows or not self.result.columns:
            return None
        return self._table.cursor_coordinate
