"""Where questions are typed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from sqlagent_tui.ui.history import History
from sqlagent_tui.ui.keymap import PROMPT, bindings
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.widgets.writing import Writing


class Prompt(Writing):
    """Several lines of text; Enter sends them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(PROMPT),
        Binding("f7", "app.run_anyway", id="run_anyway", show=False),  # which a text area would take for its own
    ]

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
        super().__init__("prompt", history)
        self._messages = messages
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

    def past_history(self) -> None:
        """Let the app go on upwards."""
        self.post_message(self.PastHistory())
