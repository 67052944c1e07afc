"""What is done many times a second: bring to the screen what the workers reported, and let it move."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sqlagent_tui.ui.delivery import Delivery
from sqlagent_tui.ui.told import told
from sqlagent_tui.ui.widgets.status import BUSY, SPINS_PER_SECOND

if TYPE_CHECKING:
    from textual.app import App

    from sqlagent_tui.ui.bridge import Bridge
    from sqlagent_tui.ui.messages import Messages
    from sqlagent_tui.ui.own_sql import OwnSql
    from sqlagent_tui.ui.presenter import Presenter
    from sqlagent_tui.ui.widgets.status import StatusLine

TROUBLE_SECONDS: Final = 20.0
"""How long it is told that something went wrong without stopping anything."""


class Heartbeat:
    """Delivery, and a timer for what moves. For the screen's thread only."""

    def __init__(
        self,
        app: App[int],
        messages: Messages,
        *,
        bridge: Bridge,
        presenter: Presenter,
        own: OwnSql,
        status: StatusLine,
        clock: Callable[[], float],
        trouble: Callable[[], str | None],
    ) -> None:
        """`trouble` tells what has gone wrong without stopping anything; that is passed on once."""
        self._app = app
        self._messages = messages
        self._delivery = Delivery(app, bridge, presenter.handle_all)
        self._own = own
        self._status = status
        self._clock = clock
        self._trouble = trouble
        self._troubled = False

    def start(self) -> None:
        """Beat from now on."""
        self._delivery.start()
        self._app.set_interval(1 / SPINS_PER_SECOND, self.spin)

    @property
    def at_rest(self) -> bool:
        """No job runs or waits, and everything that was reported is on the screen."""
        return self._delivery.at_rest

    def spin(self) -> None:
        """Bring up to date what changes by itself."""
        trouble = self._trouble()
        if trouble and not self._troubled:
            self._troubled = True
            sentence = told(self._messages, trouble)
            self._app.notify(sentence, severity="warning", timeout=TROUBLE_SECONDS, markup=False)
        self._own.tick()
        if self._status.status.activity in BUSY:
            self._status.change(frame=int(self._clock() * SPINS_PER_SECOND))
