"""The sheets that lie over the workspace, and what becomes of what is decided in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

    from sqlagent_tui.agent.protocols import DatabaseInfo
    from sqlagent_tui.config import LimitSettings
    from sqlagent_tui.ui.messages import Messages
    from sqlagent_tui.ui.notices import PasswordWanted
    from sqlagent_tui.ui.services import Place, Services


class Sheets:
    """Opens sheets by name, one at a time."""

    def __init__(
        self,
        app: App[int],
        messages: Messages,
        services: Services,
        keymap: Mapping[str, str],
        *,
        change: Callable[[Place], None],
        list_databases: Callable[[], None],
    ) -> None:
        """`change` goes to another place; `list_databases` has `databases_listed` called."""
        self._app = app
        self._messages = messages
        self._services = services
        self._keymap = keymap
        self.place = services.place
        self._change, self._list_databases = change, list_databases
        self._database: DatabaseInfo | None = None

    @property
    def any_open(self) -> bool:
        """Whether a sheet has the keyboard."""
        return len(self._app.screen_stack) > 1

    def open(self, name: str) -> None:
        """Open the sheet called `name`, unless one is open."""
        sheets = {
            "help": self._help, "limits": self._limits, "role": self._role, "connections": self._connections,
        }  # fmt: skip
        if not self.any_open and name in sheets:
            sheets[name]()

    def ask_password(self, wanted: PasswordWanted) -> None:
        """Have the password typed that a worker waits for."""
        from sqlagent_tui.ui.screens.password import PasswordScreen

        self._app.push_screen(PasswordScreen(self._messages, wanted.role), wanted.answer.put)

    def _help(self) -> None:
        from sqlagent_tui.ui.keymap import WORKSPACE_TABLES
        from sqlagent_tui.ui.screens.help import HelpScreen

        sections = ("panes", "safety", *(("demo",) if self.place.demo else ()))
        self._app.push_screen(
            HelpScreen(self._messages, self._keymap, intro="help.intro", tables=WORKSPACE_TABLES, sections=sections)
        )

    def connected(self, database: DatabaseInfo | None) -> None:
        """Remember where the agent is connected to; None: nowhere."""
        self._database = database

    def ask_superuser(self, insist: Callable[[], None]) -> None:
        """Ask whether to connect as a superuser all the same; `insist` is called when the user does."""
        from sqlagent_tui.ui.screens.question import QuestionScreen

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._services.allow_superuser()
                insist()

        t = self._messages
        told = (t("superuser.text"), t("superuser.better"))
        question = QuestionScreen(t("superuser.title"), told, t("superuser.refuse"), t("superuser.agree"))
        self._app.push_screen(question, answered)

    def databases_listed(self, names: Sequence[str]) -> None:
        """Offer the server's databases, where connections are offered."""
        from sqlagent_tui.ui.screens.connections import ConnectionsScreen

        present = self._database.database if self._database is not None else None
        for screen in self._app.screen_stack:
            if isinstance(screen, ConnectionsScreen):
                screen.add_databases([name for name in names if name != present])

    def _connections(self) -> None:
        from sqlagent_tui.ui.connecting import elsewhere, place_of
        from sqlagent_tui.ui.screens.connections import Choice, ConnectionsScreen

        def chosen(choice: Choice | None) -> None:
            if choice is not None:
                self._change(elsewhere(self.place, choice) if isinstance(choice, str) else place_of(choice))

        self._app.push_screen(ConnectionsScreen(self._messages, self._services.connections), chosen)
        if self._database is not None:
            self._list_databases()

    def _role(self) -> None:
        from sqlagent_tui.ui.screens.role import RoleScreen

        if self._database is None:
            self._app.notify(self._messages("status.no_database"), markup=False)
        else:
            self._app.push_screen(RoleScreen(self._messages, self._database))

    def _limits(self) -> None:
        from sqlagent_tui.ui.screens.limits import LimitsScreen

        limits = self._services.limits

        def change(settings: LimitSettings | None) -> None:
            if settings is not None and settings != limits.settings:
                limits.change(settings)
                self._app.notify(self._messages("toast.limits_changed"), markup=False)

        self._app.push_screen(LimitsScreen(self._messages, limits.settings), change)
