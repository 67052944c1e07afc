"""The sheet that narrows the list."""

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

from sqlagent_tui.ui.inspect import words
from sqlagent_tui.ui.inspect.listing import Tally, View
from sqlagent_tui.ui.messages import Messages

_COUNTS_WIDTH = 12


class NarrowingScreen(ModalScreen[View]):
    """Dismissed with another view, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f", "dismiss", show=False),
        Binding("j", "cursor(1)", show=False),
        Binding("k", "cursor(-1)", show=False),
    ]

    def __init__(self, messages: Messages, view: View, tallies: Sequence[Tally], *, failed: int, total: int) -> None:
        super().__init__()
        self._messages = messages
        self._view = view
        without = View(failures=True, search=view.search)
        everything = View(failures=False, search=view.search)
        self._views = [without, everything]
        self._lines = [
            self._line(messages("inspect.failures"), failed, total, view.failures and view.facet is None),
            self._line(messages("inspect.all"), failed, total, not view.failures and view.facet is None),
        ]
        for tally in tallies:
            self._views.append(View(failures=view.failures, facet=tally.facet, search=view.search))
            name = words.facet(messages, tally.facet)
            self._lines.append(self._line(name, tally.failed, tally.total, tally.facet == view.facet))
        self._list = OptionList(*(Option(line) for line in self._lines), id="narrowing", markup=False)

    def compose(self) -> ComposeResult:
        """One list."""
        with Vertical(classes="sheet -narrowing") as sheet:
            sheet.border_title = Content(self._messages("inspect.narrow"))
            sheet.border_subtitle = Content(self._messages("inspect.narrow_keys"))
            yield Static(Content.styled(self._messages("inspect.narrow_hint"), "$muted"), markup=False)
            yield self._list

    def on_mount(self) -> None:
        """Begin where the list is."""
        self._list.focus()
        self._list.highlighted = self._views.index(self._view) if self._view in self._views else 0

    def action_cursor(self, by: int) -> None:
        """Move as the list of questions does."""
        (self._list.action_cursor_down if by > 0 else self._list.action_cursor_up)()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the view."""
        event.stop()
        self.dismiss(self._views[event.option_index])

    def _line(self, name: str, failed: int, total: int, current: bool) -> Content:
        counts = f"{failed}/{total}".rjust(_COUNTS_WIDTH)
        return Content.assemble(("● " if current else "  ", "$success"), (counts, "$muted"), "  ", name)
