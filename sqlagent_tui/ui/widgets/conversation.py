"""The conversation with the agent, as it happens."""

from __future__ import annotations

from textual.app import ComposeResult

from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.services import Place
from sqlagent_tui.ui.text import shorten
from sqlagent_tui.ui.widgets.blocks import Line
from sqlagent_tui.ui.widgets.dialogue import Dialogue
from sqlagent_tui.ui.widgets.welcome import Welcome


class Conversation(Dialogue):
    """A dialogue that begins with a welcome and follows its end until the user scrolls up."""

    def __init__(self, messages: Messages, place: Place, *, run_key: str) -> None:
        """`run_key`: as for a dialogue."""
        super().__init__(messages, id="conversation", title=messages("pane.conversation"), run_key=run_key)
        self.welcome = Welcome(messages, place)

    def compose(self) -> ComposeResult:
        """Begin with the welcome."""
        with self._column:
            yield self.welcome

    def ask(self, question: str) -> None:
        """Show a question; the welcome has done its work."""
        self.welcome.display = False
        super().ask(question)
        self.follow()

    def fail(self, error: SqlagentError, title: str) -> None:
        """Show an error as a card, where it is seen."""
        super().fail(error, title)
        self.follow()

    def leave(self, place: Place) -> None:
        """Tell that the app goes to another database; what was said about the last one stays."""
        self.answer_sql = self.costly_sql = ""
        self.welcome.offer(place)
        if not self.welcome.display:
            name = place.database or (place.target.name or place.target.conninfo if place.target else "") or "demo"
            self.add(Line(self._messages("connections.changed", name=shorten(name, 200)), "$primary", mark="→ "))
            self.follow()
