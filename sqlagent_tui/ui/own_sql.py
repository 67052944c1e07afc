"""Statements of the user's own: one at a time, beside whatever the agent does, cancelled until the server confirms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlagent_tui.ui.widgets.status import SPINS_PER_SECOND

if TYPE_CHECKING:
    from sqlagent_tui.agent.results import QueryResult, StatementError
    from sqlagent_tui.ui.user_worker import UserWorker
    from sqlagent_tui.ui.widgets.sql_editor import SqlPane


class OwnSql:
    """Runs what the editor holds. For the screen's thread only."""

    def __init__(
        self, *, worker: UserWorker, pane: SqlPane, clock: Callable[[], float], changed: Callable[[], None]
    ) -> None:
        """`changed` is called whenever a statement begins or ends."""
        self._worker = worker
        self._pane = pane
        self._clock = clock
        self._changed = changed
        self._began = 0.0
        self.running = False
        self.cancelling = False

    def run(self, sql: str) -> None:
        """Send `sql`, unless one is under way."""
        if self.running:
            return
        self.running, self.cancelling = True, False
        self._began = self._clock()
        self._worker.execute(sql)
        self.tick()
        self._changed()

    def cancel(self) -> None:
        """Cancel what runs; it counts as running until the server has said that it stopped."""
        if self.running and not self.cancelling:
            self.cancelling = True
            self._worker.cancel()
            self.tick()

    def finished(self, outcome: QueryResult | StatementError | None) -> None:
        """Show how it ended; None: cancelled."""
        self.running = self.cancelling = False
        self._pane.state("ready")
        self._pane.show(outcome)
        self._changed()

    def tick(self) -> None:
        """Show how long it has been running."""
        if self.running:
            now = self._clock()
            self._pane.state(
                "cancelling" if self.cancelling else "running", now - self._began, int(now * SPINS_PER_SECOND)
            )
