"""Where to save something."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from sqlagent_tui.ui.messages import Messages


class SaveScreen(ModalScreen[str]):
    """Asks for a file name; dismissed with it, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(self, messages: Messages, suggestion: str, *, title: str, hint: str) -> None:
        super().__init__()
        self._messages = messages
        self._suggestion = suggestion
        self._title, self._hint = title, hint

    def compose(self) -> ComposeResult:
        """One field."""
        with Vertical(classes="sheet -small") as sheet:
            sheet.border_title = Content(self._title)
            sheet.border_subtitle = Content(self._messages("save.keys"))
            yield Static(Content.styled(self._hint, "$muted"), markup=False)
            yield Input(self._suggestion, id="save-path", compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the name."""
        event.stop()
        self.dismiss(event.value.strip() or None)
