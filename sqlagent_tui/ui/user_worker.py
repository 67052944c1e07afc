"""The thread behind the schema browser and the user's own SQL: it owns the second connection."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.protocols import Database
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.bridge import Bridge
from sqlagent_tui.ui.notices import (
    CatalogueReady,
    DatabasesListed,
    DescribeFailed,
    GridReady,
    ObjectsRead,
    OwnFinished,
    PartFailed,
    TablesDescribed,
)
from sqlagent_tui.ui.services import Services
from sqlagent_tui.ui.worker import Worker, close_quietly


class UserWorker(Worker):
    """Owns the user's connection, apart from the agent's."""

    def __init__(self, services: Services, bridge: Bridge) -> None:
        super().__init__("sqlagent-catalogue", bridge)
        self._services = services
        self._database: Database | None = None
        self._closed = CancelToken()
        self._own = CancelToken()

    def load(self) -> None:
        """Read the names of all relations in the background."""
        self.submit(self._load)

    def reconnect(self) -> None:
        """Leave the present database; the next job connects to where the app is now."""
        self.submit(self._leave)

    def list_databases(self) -> None:
        """Read the names of the server's databases in the background."""
        self.submit(self._list_databases)

    def describe(self, names: tuple[str, ...]) -> None:
        """Read the details of `names` in the background."""
        self.submit(lambda: self._describe(names))

    def execute(self, sql: str) -> None:
        """Run a statement of the user's own in the background."""
        token = self._own = CancelToken()
        self.submit(lambda: self._execute(sql, token))

    def cancel(self) -> None:
        """Cancel the user's statement. Returns at once: reaching the server may take a round trip."""
        self._cancel_in_background(self._own)

    def close(self) -> None:
        """Cancel what runs; the connection dies with the process."""
        self._closing.set()
        self._cancel_in_background(self._closed)
        self._cancel_in_background(self._own)

    def _cancel_in_background(self, token: CancelToken) -> None:
        threading.Thread(target=token.cancel, name="sqlagent-cancel", daemon=True).start()

    def _open(self, cancel: CancelToken) -> Database:
        if self._database is None:
            self._database = self._services.open_catalogue(
                self.report("catalogue"), self.bridge.put, self.ask_password, cancel
            )
        return self._database

    def _leave(self) -> None:
        database, self._database = self._database, None
        close_quietly(database)

    def _list_databases(self) -> None:
        listing = getattr(self._database, "databases", None)  # nobody waits for a connection to be made for this
        names: Sequence[str] = ()
        if listing is not None:
            with suppress(SqlagentError):
                names = listing(self._closed)
        self.bridge.put(DatabasesListed(tuple(names)))

    def _load(self) -> None:
        try:
            database = self._open(self._closed)
            self.bridge.put(CatalogueReady(database.tables(self._closed)))
            self.bridge.put(ObjectsRead(database.objects(self._closed)))
        except SqlagentError as error:
            self._database = None
            self.bridge.put(PartFailed("catalogue", error))

    def _describe(self, names: tuple[str, ...]) -> None:
        try:
            tables = self._open(self._closed).describe(names, self._closed)
        except SqlagentError as error:
            self._database = None
            self.bridge.put(DescribeFailed(names, error))
        else:
            self.bridge.put(TablesDescribed(names, tables))

    def _execute(self, sql: str, token: CancelToken) -> None:
        outcome: QueryResult | StatementError | None = None
        try:
            token.raise_if_cancelled()
            limits = self._services.limits.settings.answer()
            outcome = self._open(token).execute(sql, origin="user", cancel=token, limits=limits)
        except Cancelled as stopped:
            if stopped.reason != "cancelled":
                outcome = StatementError(kind="cancelled", message=str(stopped))
        except SqlagentError as error:
            self._database = None
            outcome = StatementError(kind="connection", message=str(error))
        if isinstance(outcome, QueryResult):
            from sqlagent_tui.ui.grid_data import GridData

            self.bridge.put(GridReady(outcome, GridData.build(outcome), own=True))
        self.bridge.put(OwnFinished(outcome))
