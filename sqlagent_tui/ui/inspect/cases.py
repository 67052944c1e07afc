"""The list of questions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from sqlagent_tui.bench.inspection import Case
from sqlagent_tui.ui.inspect import words
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe_line, shorten

SHOWN = 300
"""Characters of a question."""


class CasesPane(Vertical):
    """Two lines a question: how it stands with its words, and what kind it is."""

    class Pointed(Message):
        """Another case is under the cursor; None: there is none."""

        def __init__(self, case: Case | None) -> None:
            self.case = case
            super().__init__()

    class Opened(Message):
        """The case under the cursor is to be looked at."""

    class Searched(Message):
        """Only cases with these words are to be shown."""

        def __init__(self, text: str, *, done: bool) -> None:
            self.text, self.done = text, done
            super().__init__()

    def __init__(self, messages: Messages) -> None:
        super().__init__(id="cases", classes="pane")
        self._messages = messages
        self._cases: Sequence[Case] = ()
        self._width = 0
        self.field = Input(id="inspect-search", compact=True, placeholder=messages("inspect.search"))
        self.list = OptionList(id="inspect-list", markup=False)

    def compose(self) -> ComposeResult:
        """The field, while one searches, and the list."""
        yield self.field
        yield self.list

    def on_mount(self) -> None:
        """Begin without the field."""
        self._show_field(False)

    @property
    def cases(self) -> Sequence[Case]:
        """What is listed."""
        return self._cases

    @property
    def current(self) -> Case | None:
        """The case under the cursor."""
        at = self.list.highlighted
        return self._cases[at] if at is not None and at < len(self._cases) else None

    def show(self, cases: Sequence[Case], *, title: str, total: int) -> None:
        """List `cases`, keeping the cursor on its case where that is still there."""
        before = self.current
        self._cases = cases
        self.border_title = Content(f"{self._messages('inspect.pane.cases')} · {title}")
        self.border_subtitle = Content(self._messages("inspect.of", count=len(cases), total=total))
        self._fill()
        self.list.highlighted = (cases.index(before) if before in cases else 0) if cases else None
        if not cases:
            self.post_message(self.Pointed(None))

    def point(self, at: int) -> None:
        """Move the cursor."""
        self.list.highlighted = at

    def search(self) -> None:
        """Let the user write what to look for."""
        self._show_field(True)
        self.field.focus()

    def stop_searching(self, *, clear: bool) -> None:
        """Go back to the list; `clear` forgets the words."""
        if clear:
            self.field.value = ""
        self._show_field(bool(self.field.value))
        self.list.focus()

    def _show_field(self, on: bool) -> None:
        self.field.display = on
        self.field.disabled = not on

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while one writes."""
        event.stop()
        self.post_message(self.Searched(event.value, done=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to what was found."""
        event.stop()
        self.post_message(self.Searched(event.value, done=True))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell which case it is."""
        event.stop()
        self.post_message(self.Pointed(self.current))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter, or a click."""
        event.stop()
        self.post_message(self.Opened())

    def on_resize(self) -> None:
        """Write as much of each question as fits now."""
        if self._width != self.list.scrollable_content_region.width:
            self._fill()

    def _fill(self) -> None:
        at, self._width = self.list.highlighted, self.list.scrollable_content_region.width
        self.list.clear_options()
        self.list.add_options([Option(self._lines(case)) for case in self._cases])
        self.list.highlighted = at

    def _lines(self, case: Case) -> Content:
        width = max(self._width - 3, 10)  # beside the mark
        mark, style = words.MARKS[case.standing]
        question = Content(safe_line(shorten(case.item.question, SHOWN))).truncate(width, ellipsis=True)
        course = safe_line(f"{words.course(self._messages, case)} · {case.name}")
        kind = Content.styled(course, "$muted").truncate(width, ellipsis=True)
        return Content.assemble((f"{mark} ", style), question, "\n  ", kind)
