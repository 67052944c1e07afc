"""Brings what the workers reported to the screen, many times a second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from sqlagent_tui.ui.bridge import DRAINS_PER_SECOND

if TYPE_CHECKING:
    from textual.app import App

    from sqlagent_tui.ui.bridge import Bridge
    from sqlagent_tui.ui.notices import UiEvent


class Delivery:
    """A timer that drains the bridge. For the screen's thread only."""

    def __init__(self, app: App[int], bridge: Bridge, handle: Callable[[Iterable[UiEvent]], Awaitable[None]]) -> None:
        """`handle` shows events, in order; it isn't called again before it is done."""
        self._app = app
        self._bridge = bridge
        self._handle = handle
        self._delivering = False

    def start(self) -> None:
        """Deliver from now on."""
        self._app.set_interval(1 / DRAINS_PER_SECOND, self._deliver)

    @property
    def at_rest(self) -> bool:
        """No job runs or waits, and everything that was reported is on the screen."""
        return self._bridge.idle and not self._delivering

    async def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            await self._handle(self._bridge.drain())
        finally:
            self._delivering = False
