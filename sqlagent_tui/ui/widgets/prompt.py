"""Where questions are typed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from sqlagent_tui.ui.history import History
from sqlagent_tui.ui.keymap import PROMPT, bindings
from sqlagent_tui.ui.messages import Messages


class Prompt(TextArea):
    """Several lines of text; Enter sends them, Up and Down at its edges walk through what was asked before."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(PROMPT))

    class Sent(Message):
        """The user sent `text`, stripped and not empty."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Empty(Message):
        """The user sent nothing."""

    class PastHistory(Message):
        """Up was pressed where there is nothing older."""

    def __init__(self, messages: Messages, history: History, *, enter_sends: bool = True) -> None:
        super().__init__(
            id="prompt", soft_wrap=True, show_line_numbers=False, compact=True, highlight_cursor_line=False
        )
        self._messages = messages
        self.asked = history
        self._enter_sends = enter_sends
        self.mode("question")

    def mode(self, name: str, **values: object) -> None:
        """Say what the next text is: `question`, `reply`, while a turn runs `busy`, or `queue` with a `count`."""
        self.set_class(name == "reply", "-reply")
        self.border_title = Content(self._messages(f"prompt.{name}", **values))
        self.placeholder = Content(self._messages(f"prompt.{'busy' if name == 'queue' else name}_placeholder"))

    def on_key(self, event: events.Key) -> None:
        """Send on Enter, before the text area makes a new line of it.

        A binding with priority would overtake keys that were typed before it and are still on their way.
        """
        if event.key == "enter" and self._enter_sends:
            event.stop()
            event.prevent_default()
            self.action_send()

    def action_send(self) -> None:
        """Send the text and clear it."""
        text = self.text.strip()
        if not text:
            self.post_message(self.Empty())
            return
        self.asked.add(text)
        self.text = ""
        self.post_message(self.Sent(text))

    def action_newline(self) -> None:
        """Begin a new line."""
        self.insert("\n")

    def action_history_previous(self) -> None:
        """Move up; on the first line, to the question before."""
        if self.cursor_location[0] > 0 or self.wrapped_document.location_to_offset(self.cursor_location).y > 0:
            self.action_cursor_up()
            return
        entry = self.asked.previous(self.text)
        if entry is not None:
            self._recall(entry)
        elif not self.text:
            self.post_message(self.PastHistory())

    def action_history_next(self) -> None:
        """Move down; on the last line, to the question after."""
        offset = self.wrapped_document.location_to_offset(self.cursor_location)
        if offset.y < self.wrapped_document.height - 1:
            self.action_cursor_down()
            return
        entry = self.asked.next()
        if entry is not None:
            self._recall(entry)

    def _recall(self, entry: str) -> None:
        self.text = entry
        self.move_cursor(self.document.end)
