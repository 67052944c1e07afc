"""Statements of the user's own: one at a time, beside whatever the agent does, cancelled until the server confirms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlagent_tui.ui.widgets.status import SPINS_PER_SECOND

if TYPE_CHECKING:
    from textual.app import App

    from sqlagent_tui.agent.results import QueryResult, StatementError
    from sqlagent_tui.ui.messages import Messages
    from sqlagent_tui.ui.user_worker import UserWorker
    from sqlagent_tui.ui.widgets.workspace import Workspace


class OwnSql:
    """Has SQL written, and runs it. For the screen's thread only."""

    def __init__(
        self,
        app: App[int],
        messages: Messages,
        *,
        worker: UserWorker,
        work: Workspace,
        clock: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        """`changed` is called whenever a statement begins or ends."""
        self._app = app
        self._messages = messages
        self._worker = worker
        self._work = work
        self._pane = work.sql
        self._clock = clock
        self._changed = changed
        self._began = 0.0
        self.running = False
        self.cancelling = False

    def write(self) -> None:
        """Let the user write SQL, on from the answer's where nothing else was begun."""
        if self._work.conversation.answer_sql:
            self._pane.editor.offer(self._work.conversation.answer_sql)
        self._work.write("sql")

    def run(self, sql: str) -> None:
        """Send what the user wrote, unless a statement is under way."""
        if not sql.strip():
            self._app.notify(self._messages("toast.empty_sql"), markup=False)
            return
        self._work.write("sql")
        if not self.running:
            self._send(sql)

    def run_anyway(self) -> None:
        """Send the statement that was too costly to be run for the model."""
        sql = self._work.conversation.costly_sql
        if not sql:
            self._app.notify(self._messages("toast.nothing_costly"), markup=False)
        elif self.running:
            self._app.notify(self._messages("toast.own_running"), markup=False)
        else:
            self._pane.editor.load(sql)
            self.run(self._pane.editor.text)

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

    def _send(self, sql: str) -> None:
        self.running, self.cancelling = True, False
        self._began = self._clock()
        self._worker.execute(sql)
        self.tick()
        self._changed()
