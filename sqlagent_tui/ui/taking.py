"""How values and results leave the app: copied, shown whole, or saved to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlagent_tui.errors import UsageError
from sqlagent_tui.ui import clipboard
from sqlagent_tui.ui.told import error_told

if TYPE_CHECKING:
    from textual.app import App

    from sqlagent_tui.agent.results import Column, QueryResult
    from sqlagent_tui.ui.messages import Messages


class Taking:
    """Copies, opens and saves, and tells how that went."""

    def __init__(self, app: App[int], messages: Messages) -> None:
        self._app = app
        self._messages = messages

    def copy(self, text: str) -> None:
        """Copy `text` the way the terminal allows."""
        if clipboard.copy(self._app, text):
            self._app.notify(self._messages.count("toast.copied", len(text)), timeout=3, markup=False)
        else:
            self._app.notify(self._messages("toast.too_big_to_copy"), severity="warning", markup=False)

    def open_cell(self, column: Column, value: str | None) -> None:
        """Show a value whole."""
        from sqlagent_tui.ui.screens.cell import CellScreen

        def copy(text: str | None) -> None:
            if text is not None:
                self.copy(text)

        self._app.push_screen(CellScreen(self._messages, column, value), copy)

    def save(self, result: QueryResult) -> None:
        """Ask where to, and save the rows."""
        t = self._messages

        def written(path: Path) -> str:
            from sqlagent_tui.ui.export import csv_lines, write_new

            saved = write_new(path, csv_lines(result))
            return t("toast.saved", rows=t.count("rows", result.row_count), path=str(saved))

        self.save_as(t("save.name"), written, title=t("save.title"), hint=t("save.hint"))

    def save_as(self, suggestion: str, write: Callable[[Path], str], *, title: str, hint: str) -> None:
        """Ask where to, and have `write` write it: it returns what to tell, and raises UsageError."""
        from sqlagent_tui.ui.screens.save import SaveScreen

        def save(name: str | None) -> None:
            if name is None:
                return
            try:
                told = write(Path(name))
            except UsageError as error:
                told_error = error_told(self._messages, error)
                self._app.notify(f"{told_error.message} {told_error.remedy}", severity="error", markup=False)
            else:
                self._app.notify(told, markup=False)

        self._app.push_screen(SaveScreen(self._messages, suggestion, title=title, hint=hint), save)
