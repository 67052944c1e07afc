"""One value, whole."""

from __future__ import annotations

import json
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from sqlagent_tui.agent.results import Column
from sqlagent_tui.ui.grid_data import NULL
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe, safe_line

MAX_SHOWN = 200_000


class CellScreen(ModalScreen[str]):
    """Shows a value; dismissed with the text to copy, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", show=False),
        Binding("c", "copy", show=False),
    ]

    def __init__(self, messages: Messages, column: Column, value: str | None) -> None:
        super().__init__()
        self._messages = messages
        self._column = column
        self._value = value

    def compose(self) -> ComposeResult:
        """The column's name and type around the value."""
        with Vertical(classes="sheet -cell") as sheet:
            sheet.border_title = Content(f"{safe_line(self._column.name)} · {safe_line(self._column.type)}")
            sheet.border_subtitle = Content(self._messages("cell.keys"))
            with VerticalScroll(can_focus=True):
                yield Static(self._content(), markup=False)
            yield Static(Content.styled(self._length(), "$muted"), classes="footnote", markup=False)

    def action_copy(self) -> None:
        """Close, and have the value copied."""
        self.dismiss(self._value or "")

    def _content(self) -> Content:
        if self._value is None:
            return Content.styled(NULL, "italic $muted")
        if not self._value:
            return Content.styled(self._messages("cell.empty"), "italic $muted")
        return Content(safe(self._pretty(self._value[:MAX_SHOWN])))

    def _pretty(self, value: str) -> str:
        if self._column.type not in ("json", "jsonb"):
            return value
        try:
            return json.dumps(json.loads(value), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return value

    def _length(self) -> str:
        return "" if self._value is None else self._messages.count("characters", len(self._value))
