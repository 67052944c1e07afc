"""Where to connect: a saved connection, another database of the same server, the demo, or a new CONNINFO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from sqlagent_tui.assembly import Target
from sqlagent_tui.database.conninfo import secrets
from sqlagent_tui.database.saved import SavedConnection, SavedConnections, is_name
from sqlagent_tui.errors import SqlagentError, UsageError
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.screens.question import QuestionScreen
from sqlagent_tui.ui.text import safe, safe_line, shorten
from sqlagent_tui.ui.told import error_told

Choice = Target | str
"""A target, or the name of another database of the present server."""
MAX_DATABASES = 200


class ConnectionsScreen(ModalScreen[Choice]):
    """Dismissed with what was chosen, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("delete", "remove", show=False),
    ]

    def __init__(self, messages: Messages, store: SavedConnections) -> None:
        super().__init__()
        self._messages = messages
        self._store = store
        self._saved: tuple[SavedConnection, ...] = ()
        self._databases: tuple[str, ...] = ()
        self._choices: list[Choice] = []
        self._list = OptionList(id="connections", markup=False)
        self._foot = Static(markup=False, id="connections-foot")

    def compose(self) -> ComposeResult:
        """The list, two fields, and a line on what is wrong."""
        t = self._messages
        with Vertical(classes="sheet -connections") as sheet:
            sheet.border_title = Content(t("connections.title"))
            sheet.border_subtitle = Content(t("connections.keys"))
            yield self._list
            yield Static(Content.styled(t("connections.new"), "$muted"), markup=False, classes="heading")
            yield Input(placeholder=t("connections.conninfo"), id="conninfo", compact=True)
            yield Input(placeholder=t("connections.name"), id="name", compact=True)
            yield self._foot

    def on_mount(self) -> None:
        """Read what is saved."""
        self._fill()
        self._list.focus()

    def add_databases(self, names: Sequence[str]) -> None:
        """Offer the other databases of the server."""
        self._databases = tuple(names[:MAX_DATABASES])
        self._fill()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take what was chosen."""
        event.stop()
        choice = self._choices[event.option_index]
        try:
            if isinstance(choice, Target) and choice.name:
                choice = Target.saved(self._store.get(choice.name))  # which looks for a password in it
            self.dismiss(choice)
        except SqlagentError as problem:
            self._tell(problem)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Connect, and save before when a name was given."""
        event.stop()
        conninfo = self.query_one("#conninfo", Input).value.strip()
        name = self.query_one("#name", Input).value.strip()
        try:
            if not conninfo:
                raise UsageError(self._messages("connections.empty"))
            if not is_name(conninfo) and secrets(conninfo):
                raise UsageError(self._messages("connections.secret"))
            if name:
                self._store.add(SavedConnection(name=name, conninfo=conninfo))
            self.dismiss(Target.chosen(name or conninfo, demo=False))
        except SqlagentError as problem:
            self._tell(problem)

    def action_remove(self) -> None:
        """Forget the saved connection under the cursor, when the user means it."""
        index = self._list.highlighted
        choice = self._choices[index] if index is not None and self._list.has_focus else None
        if not (isinstance(choice, Target) and choice.name):
            return
        t, name = self._messages, choice.name

        def answered(agreed: bool | None) -> None:
            if agreed:
                try:
                    self._store.remove(name)
                except SqlagentError as problem:
                    self._tell(problem)
                self._fill()

        title = safe_line(t("connections.remove", name=name))
        self.app.push_screen(QuestionScreen(title, (), t("connections.keep"), t("connections.remove_it")), answered)

    def _fill(self) -> None:
        t = self._messages
        try:
            self._saved = self._store.all()
        except SqlagentError as problem:
            self._tell(problem)
        entries: list[tuple[Choice, Content]] = []
        for saved in self._saved:
            beside = saved.conninfo + (f" · ssh {saved.ssh}" if saved.ssh else "")
            entries.append((Target.saved(saved), _line(saved.name, beside)))
        entries += [(name, _line(name, t("connections.database"))) for name in self._databases]
        entries.append((Target(demo=True), _line(t("connections.demo"), t("connections.demo_tip"))))
        self._choices = [choice for choice, _ in entries]
        before = self._list.highlighted or 0
        self._list.clear_options()
        self._list.add_options([Option(line) for _, line in entries])
        self._list.highlighted = min(before, len(entries) - 1)

    def _tell(self, problem: SqlagentError) -> None:
        self._foot.update(Content.styled(safe(shorten(str(error_told(self._messages, problem)), 300)), "$error"))


def _line(name: str, beside: str) -> Content:
    return Content.assemble((safe_line(name), "bold"), "  ", (safe_line(shorten(beside, 120)), "$muted"))
