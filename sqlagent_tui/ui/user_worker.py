"""The thread behind the schema browser: it owns the second connection."""

from __future__ import annotations

import threading

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Database
from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.bridge import Bridge
from sqlagent_tui.ui.notices import CatalogueReady, DescribeFailed, PartFailed, TablesDescribed
from sqlagent_tui.ui.services import Services
from sqlagent_tui.ui.worker import Worker


class UserWorker(Worker):
    """Owns the user's connection, apart from the agent's."""

    def __init__(self, services: Services, bridge: Bridge) -> None:
        super().__init__("sqlagent-catalogue", bridge)
        self._services = services
        self._database: Database | None = None
        self._cancel = CancelToken()

    def load(self) -> None:
        """Read the names of all relations in the background."""
        self.submit(self._load)

    def describe(self, names: tuple[str, ...]) -> None:
        """Read the details of `names` in the background."""
        self.submit(lambda: self._describe(names))

    def close(self) -> None:
        """Cancel what runs; the connection dies with the process."""
        self._closing.set()
        threading.Thread(target=self._cancel.cancel, name="sqlagent-cancel", daemon=True).start()

    def _open(self) -> Database:
        if self._database is None:
            self._database = self._services.open_catalogue(self.report("catalogue"), self.bridge.put, self.ask_password)
        return self._database

    def _load(self) -> None:
        try:
            tables = self._open().tables(self._cancel)
        except SqlagentError as error:
            self._database = None
            self.bridge.put(PartFailed("catalogue", error))
        else:
            self.bridge.put(CatalogueReady(tables))

    def _describe(self, names: tuple[str, ...]) -> None:
        try:
            tables = self._open().describe(names, self._cancel)
        except SqlagentError as error:
            self._database = None
            self.bridge.put(DescribeFailed(names, error))
        else:
            self.bridge.put(TablesDescribed(names, tables))
