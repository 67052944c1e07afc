"""The limits of every statement, to look at and to change while the app runs."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from sqlagent_tui.config import LimitSettings
from sqlagent_tui.ui.limits import LimitError, limits_of_settings, read_settings
from sqlagent_tui.ui.messages import Messages


class LimitsScreen(ModalScreen[LimitSettings]):
    """A line for each limit; dismissed with the new settings, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, messages: Messages, settings: LimitSettings) -> None:
        super().__init__()
        self._messages = messages
        self._settings = settings
        self._wrong: LimitError | None = None
        self._foot = Static(markup=False, id="limits-foot")

    def compose(self) -> ComposeResult:
        """Labels and fields, and below them a sentence on the one that has the keyboard, or on what is wrong."""
        t = self._messages
        with Vertical(classes="sheet -limits") as sheet:
            sheet.border_title = Content(t("limits.title"))
            sheet.border_subtitle = Content(t("limits.keys"))
            with VerticalScroll(can_focus=False):
                for limit in limits_of_settings():
                    with Horizontal(classes="limit"):
                        yield Static(Content(t(f"limit.{limit.name}")), markup=False, classes="limit-name")
                        value = getattr(self._settings, limit.name)
                        yield Input(limit.write(value, t), id=limit.name, compact=True, select_on_focus=False)
            yield self._foot

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the limit means, or what is wrong with it."""
        self._tell(event.widget.id or "")

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was said of the field was about what stood there before."""
        if self._wrong is not None and event.input.id == self._wrong.name:
            self._wrong = None
            self._tell(event.input.id)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take all of them, or say which can't be right, and go there."""
        event.stop()
        texts = {field.id or "": field.value for field in self.query(Input)}
        try:
            self.dismiss(read_settings(texts, self._messages))
        except LimitError as problem:
            self._wrong = problem
            self.query_one(f"#{problem.name}", Input).focus()
            self._tell(problem.name)

    def _tell(self, name: str) -> None:
        if self._wrong is not None and self._wrong.name == name:
            self._foot.update(Content.styled(str(self._wrong), "$error"))
        else:
            self._foot.update(Content.styled(self._messages(f"limit_tip.{name}"), "$muted"))
