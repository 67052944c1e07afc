"""The threads behind the inspection: one reads the run's folder, one runs statements on its database."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Final

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import LoopEvent
from sqlagent_tui.agent.protocols import Database
from sqlagent_tui.bench.inspection import Case, conversation, executed_results, kept_results
from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.bridge import Bridge
from sqlagent_tui.ui.inspect.services import InspectServices
from sqlagent_tui.ui.notices import CaseExecuted, CaseRead, DatabaseReady, PartFailed
from sqlagent_tui.ui.worker import Worker

_GOODBYE_SECONDS: Final = 3.0


class CaseReader(Worker):
    """Reads what the run kept of a case; of several that are asked for at once, the last one."""

    def __init__(self, services: InspectServices, bridge: Bridge) -> None:
        super().__init__("sqlagent-inspect-read", bridge)
        self._inspected = services.run
        self._wanted: Case | None = None

    def read(self, case: Case) -> None:
        """Read `case` in the background."""
        self._wanted = case
        self.submit(lambda: self._read(case))

    def _read(self, case: Case) -> None:
        if case is not self._wanted:
            return
        from sqlagent_tui.ui.inspect.sides import Sides

        events: list[LoopEvent] = []
        problem: SqlagentError | None = None
        if not case.verdict.gold_error:  # else it wasn't asked
            try:
                events = conversation(self._inspected, case)
            except SqlagentError as error:
                problem = error
        results = kept_results(self._inspected, case, events)
        self.bridge.put(CaseRead(case, events, Sides.of(results, ordered=case.ordered), problem))


class CaseRunner(Worker):
    """Owns the connection, and runs both statements of one case after the other's."""

    def __init__(self, services: InspectServices, bridge: Bridge) -> None:
        super().__init__("sqlagent-inspect-run", bridge)
        self._services = services
        self._limits = services.run.head.config.limits.answer
        self._database: Database | None = None
        self._opened = ExitStack()
        self._closed = CancelToken()
        self._current = CancelToken()
        self._gone = threading.Event()

    def open(self) -> None:
        """Open the database in the background."""
        self.submit(self._open)

    def execute(self, case: Case) -> None:
        """Run the statements of `case` in the background, in place of what is under way."""
        self.cancel()
        token = self._current = CancelToken()
        self.submit(lambda: self._execute(case, token))

    def cancel(self) -> None:
        """Cancel what runs. Returns at once: reaching the server may take a round trip."""
        threading.Thread(target=self._current.cancel, name="sqlagent-cancel", daemon=True).start()

    def close(self) -> None:
        """Cancel what runs, and let go of the database if that doesn't take long; else it dies with the process."""
        self._closing.set()
        for token in (self._closed, self._current):
            threading.Thread(target=token.cancel, name="sqlagent-cancel", daemon=True).start()
        self.submit(self._let_go)
        if self._thread.is_alive():
            self._gone.wait(_GOODBYE_SECONDS)

    def _open(self) -> None:
        try:
            opening = self._services.open_database(self.report("database"), self.ask_password, self._closed)
            self._database = self._opened.enter_context(opening)
        except SqlagentError as error:
            self.bridge.put(PartFailed("database", error))
        else:
            self.bridge.put(DatabaseReady(self._database.info))

    def _execute(self, case: Case, token: CancelToken) -> None:
        if self._database is None:
            return
        from sqlagent_tui.ui.inspect.sides import Sides

        try:
            token.raise_if_cancelled()
            results = executed_results(case, self._database, self._limits, token)
        except Cancelled:
            self.bridge.put(CaseExecuted(case, None))
        except SqlagentError as error:
            self.bridge.put(CaseExecuted(case, error))
        else:
            self.bridge.put(CaseExecuted(case, Sides.of(results, ordered=case.ordered)))

    def _let_go(self) -> None:
        try:
            self._opened.close()
        finally:
            self._gone.set()
