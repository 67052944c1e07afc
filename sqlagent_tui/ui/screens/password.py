"""The password that a server asks for: typed here, kept in memory only."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from sqlagent_tui.ui.messages import Messages


class PasswordScreen(ModalScreen[str]):
    """Dismissed with the password, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(self, messages: Messages, role: str) -> None:
        super().__init__()
        self._messages = messages
        self._role = role

    def compose(self) -> ComposeResult:
        """One field that shows nothing of what is typed."""
        t = self._messages
        with Vertical(classes="sheet -small") as sheet:
            sheet.border_title = Content(t("password.title"))
            sheet.border_subtitle = Content(t("password.keys"))
            who = t("password.role", role=self._role) if self._role else t("password.no_role")
            yield Static(Content.styled(who, "$muted"), markup=False)
            yield Input(password=True, id="password", compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the password."""
        event.stop()
        self.dismiss(event.value)
