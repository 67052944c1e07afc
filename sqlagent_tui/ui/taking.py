"""How values and results leave the app: copied, shown whole, or saved to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlagent_tui.errors import UsageError
from sqlagent_tui.ui import clipboard

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
        """Ask where to, and save."""
        from sqlagent_tui.ui.screens.save import SaveScreen

        def save(name: str | None) -> None:
            if name is not None:
                self._save(result, Path(name))

        self._app.push_screen(SaveScreen(self._messages, self._messages("save.name")), save)

    def _save(self, result: QueryResult, path: Path) -> None:
        from sqlagent_tui.ui.export import save_csv

        try:
            written = save_csv(result, path)
        except UsageError as error:
            self._app.notify(f"{error.message} {error.remedy}", severity="error", markup=False)
        else:
            rows = self._messages.count("rows", result.row_count)
            self._app.notify(self._messages("toast.saved", rows=rows, path=str(written)), markup=False)
