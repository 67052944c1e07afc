"""Going to a database: the first one, another one, or the same one again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

    from sqlagent_tui.ui.agent_worker import AgentWorker
    from sqlagent_tui.ui.asking import Asking
    from sqlagent_tui.ui.messages import Messages
    from sqlagent_tui.ui.own_sql import OwnSql
    from sqlagent_tui.ui.presenter import Presenter
    from sqlagent_tui.ui.services import Place
    from sqlagent_tui.ui.sheets import Sheets
    from sqlagent_tui.ui.user_worker import UserWorker


class Moving:
    """Has both workers connect to where the app is. For the screen's thread only."""

    def __init__(
        self,
        app: App[int],
        messages: Messages,
        *,
        agent: AgentWorker,
        user: UserWorker,
        presenter: Presenter,
        asking: Asking,
        own: OwnSql,
        sheets: Sheets,
        change: Callable[[Place], None],
    ) -> None:
        """`change` tells those who open connections."""
        self._app = app
        self._messages = messages
        self._agent = agent
        self._user = user
        self._presenter = presenter
        self._asking = asking
        self._own = own
        self._sheets = sheets
        self._change = change

    def start(self) -> None:
        """Connect, or let the user choose where to when nobody has said it."""
        self._agent.start()
        self._user.start()
        if self._sheets.place.target is None:
            self._presenter.nowhere()
            self._sheets.open("connections")
        else:
            self._agent.prepare()
            self._user.load()

    def again(self) -> None:
        """Try to connect once more."""
        self._presenter.open("database")
        self._agent.prepare()

    def give_up(self) -> None:
        """Stop connecting, and loading a model, when no turn waits for them; the next question tries again."""
        if self._presenter.opening and not self._presenter.cancelling:
            self._presenter.cancel()
            self._agent.cancel_opening()

    def go(self, place: Place) -> None:
        """Go to another database, with everything that belongs to one, unless something is running."""
        if self._presenter.busy or self._own.running:
            self._app.notify(self._messages("connections.busy"), severity="warning", markup=False)
            return
        self._change(place)
        self._sheets.place = place
        self._sheets.connected(None)
        self._presenter.leave(place)
        self._asking.start_afresh()
        self._agent.reconnect()
        self._user.reconnect()
        self._user.load()
