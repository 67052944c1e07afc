"""The whole screen: status, panes, what the user writes, keys; and which pane shows.

All that fit are shown, or the current one alone in a narrow terminal or when it is maximised. How that looks is the
style sheet's part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.widget import Widget

from sqlagent_tui.ui.history import History
from sqlagent_tui.ui.keymap import shown_key
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.panes import PANES, SINGLE_PANE_BELOW, Input, Pane
from sqlagent_tui.ui.services import Services
from sqlagent_tui.ui.widgets.conversation import Conversation
from sqlagent_tui.ui.widgets.grid import GridPane
from sqlagent_tui.ui.widgets.keybar import Hint, KeyBar
from sqlagent_tui.ui.widgets.prompt import Prompt
from sqlagent_tui.ui.widgets.schema import SchemaPane
from sqlagent_tui.ui.widgets.sql_editor import SqlEditor, SqlPane
from sqlagent_tui.ui.widgets.status import StatusLine
from sqlagent_tui.ui.widgets.tabs import PaneTabs, Tab
from sqlagent_tui.ui.widgets.trace import TracePane


class Workspace(Vertical):
    """Owns the panes, the current one, whether it is maximised, and what is being written."""

    def __init__(
        self,
        messages: Messages,
        services: Services,
        *,
        keymap: Mapping[str, str],
        hints: Callable[[], Sequence[Hint]],
    ) -> None:
        """`keymap` is what the user made of the keys, `hints` tells which of them do something now."""
        super().__init__(id="everything")
        self.status = StatusLine(messages)
        self.tabs = PaneTabs(
            [Tab(pane, shown_key(pane, keymap), messages(f"pane.{pane}")) for pane in PANES], current="conversation"
        )
        run_key = shown_key("run_anyway", keymap)
        self.conversation = Conversation(messages, services.place, run_key=run_key)
        self.schema, self.trace = SchemaPane(messages), TracePane(messages)
        self.grid = GridPane(messages, id="grid", title=messages("pane.grid"), empty=messages("grid.empty"))
        enter_sends = "enter" in keymap.get("send", "enter").split(",")
        self.prompt = Prompt(messages, History(services.history_file), enter_sends=enter_sends)
        self.sql = SqlPane(messages)
        self.keys = KeyBar(hints)
        self.current: Pane = "conversation"
        self.writing: Input = "question"
        self.maximised = False
        self._thinking_open = False
        self._detailed = False

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.status
        yield self.tabs
        with Horizontal(id="panes"):
            yield self.schema
            with Container(id="work"):
                yield self.conversation
                yield self.trace
                yield self.grid
        yield self.prompt
        yield self.sql
        yield self.keys

    @property
    def wide(self) -> bool:
        """Whether several panes fit beside each other."""
        return self.app.size.width >= SINGLE_PANE_BELOW

    @property
    def input(self) -> Prompt | SqlEditor:
        """Where the user writes."""
        return self.sql.editor if self.writing == "sql" else self.prompt

    @property
    def place(self) -> str | None:
        """Which of the places that have keys of their own has the keyboard."""
        focused = self.app.focused
        around = focused.ancestors_with_self if focused is not None else []
        places = {"prompt": self.prompt, "sql": self.sql, "grid": self.grid, "schema": self.schema}
        return next((name for name, widget in places.items() if widget in around), None)

    def go(self, pane: Pane) -> None:
        """Go to a pane; where it has the keyboard already, give it the whole terminal, or take that back.

        The conversation's keyboard is the question's.
        """
        if pane == "conversation":
            self.writing = "question"
        target, focused = self._target(pane), self.app.focused
        again = self.current == pane and focused is not None and target in focused.ancestors_with_self
        self.maximised = not self.maximised if again and self.wide else self.maximised and self.current == pane
        self.current = pane
        self.show()
        target.focus()

    def write(self, what: Input | None = None) -> None:
        """Let the user write `what`, or on what they were writing, beside the pane where its outcome appears."""
        self.writing = what or self.writing
        self.reveal("grid" if self.writing == "sql" else "conversation")
        self.input.focus()

    def reveal(self, pane: Pane) -> None:
        """Show a pane at its usual size and leave the keyboard where it is."""
        self.current, self.maximised = pane, False
        self.show()

    def minimise(self) -> bool:
        """Take a maximised pane's room back; returns whether there was any to take."""
        was, self.maximised = self.maximised, False
        if was:
            self.show()
        return was

    def toggle_thinking(self) -> None:
        """Unfold or fold the model's thinking."""
        self._thinking_open = not self._thinking_open
        self.conversation.open_thinking(self._thinking_open)

    def toggle_details(self) -> None:
        """Show or hide what the tools told the model, and whole statements in the trace."""
        self._detailed = not self._detailed
        self.conversation.detail(self._detailed)
        self.trace.detail(self._detailed)

    def show(self) -> None:
        """Bring the screen up to date."""
        single = not self.wide or self.maximised
        self.set_class(single, "-single")
        self.set_class(self.writing == "sql", "-sql")
        for pane in PANES:
            self.set_class(pane == self.current, f"-show-{pane}")
        self.tabs.show(self.current)
        self.conversation.show_previews(single)

    def _target(self, pane: Pane) -> Widget:
        targets: dict[Pane, Widget] = {
            "conversation": self.prompt, "schema": self.schema.target, "trace": self.trace, "grid": self.grid.target,
        }  # fmt: skip
        return targets[pane]
