"""What our apps share: language, keys and themes, the bridge from their workers, and how a bug ends them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import ClassVar, Final

from rich.text import Text
from textual.app import App

from sqlagent_tui import crash
from sqlagent_tui.ui.bridge import Bridge
from sqlagent_tui.ui.keymap import split_keymap
from sqlagent_tui.ui.look import Look
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.panes import SINGLE_PANE_BELOW
from sqlagent_tui.ui.taking import Taking
from sqlagent_tui.ui.themes import use_themes
from sqlagent_tui.ui.widgets.grid import GridPane

STYLES: Final = Path(__file__).with_name("app.tcss")


class BaseApp(App[int]):
    """An app in the user's look, whose workers report through a bridge."""

    TITLE = "sqlagent-tui"
    CSS_PATH: ClassVar[list[str | PurePath]] = [STYLES]
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012 - Textual declares it as an instance's
        (0, "-tiny"), (40, "-narrow"), (SINGLE_PANE_BELOW, "-wide"), (160, "-huge"),
    ]  # fmt: skip
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-flat"), (10, "-low"), (30, "-tall")]  # noqa: RUF012

    def __init__(self, look: Look, notes: Sequence[str] = ()) -> None:
        """`notes` are told as soon as the app runs."""
        self.messages = Messages.load(look.language)
        super().__init__()
        t = self.messages
        self.theme_titles, theme_notes = use_themes(self, t, wanted=look.theme, folders=look.theme_folders)
        self.keymap_of_user, unknown = split_keymap(look.keymap)
        self.set_keymap(self.keymap_of_user)
        self._notes = [*notes, *theme_notes]
        if unknown:
            self._notes.append(t("toast.unknown_keys", names=", ".join(unknown)))
        self.bridge = Bridge()
        self.taking = Taking(self, t)

    def tell_notes(self) -> None:
        """Tell what was found out before there was a screen."""
        for note in self._notes:
            self.notify(note, severity="warning", markup=False)

    def on_grid_pane_copied(self, event: GridPane.Copied) -> None:
        """Copy a value."""
        self.taking.copy(event.text)

    def on_grid_pane_cell_opened(self, event: GridPane.CellOpened) -> None:
        """Show a value whole."""
        self.taking.open_cell(event.column, event.value)

    def on_grid_pane_save_asked(self, event: GridPane.SaveAsked) -> None:
        """Ask where to, and save."""
        self.taking.save(event.result)

    def action_command_palette(self) -> None:
        """Open the palette, with its field in the user's language."""
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder=self.messages("command.search"), id="--command-palette"))

    def _fatal_error(self) -> None:
        """Leave a short account of a bug; Textual's own would print every local, passwords and data included."""
        import sys

        error = sys.exc_info()[1]
        account = crash.account(error) if error is not None else ""
        self._exit_renderables.append(Text(f"{self.messages('crash')}\n\n{account}"))
        self._close_messages_no_wait()
