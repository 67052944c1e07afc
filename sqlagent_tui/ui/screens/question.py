"""A question to the user in which doing nothing is the first answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from sqlagent_tui.ui.text import safe


class QuestionScreen(ModalScreen[bool]):
    """Dismissed with True for the second answer, with False for the first one, and with nothing by Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(self, title: str, paragraphs: Sequence[str], refuse: str, agree: str) -> None:
        super().__init__()
        self._title = title
        self._paragraphs = paragraphs
        self._answers = (refuse, agree)

    def compose(self) -> ComposeResult:
        """What it is about, and the two answers."""
        with Vertical(classes="sheet -small -question") as sheet:
            sheet.border_title = Content(self._title)
            for paragraph in self._paragraphs:
                yield Static(Content(safe(paragraph)), markup=False, classes="told")
            yield OptionList(*(Option(Content(answer)) for answer in self._answers), markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the answer."""
        event.stop()
        self.dismiss(event.option_index == 1)
