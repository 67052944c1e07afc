"""The thread that runs turns: it owns the model and the agent's connection."""

from __future__ import annotations

import threading
from contextlib import suppress

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import AnswerReady, TurnEnded
from sqlagent_tui.agent.messages import Usage
from sqlagent_tui.agent.protocols import Database, Model
from sqlagent_tui.errors import DatabaseError, ModelError, SqlagentError
from sqlagent_tui.ui.bridge import Bridge
from sqlagent_tui.ui.notices import (
    DatabaseReady,
    GridReady,
    ModelKept,
    ModelReady,
    ModelSwitched,
    PartFailed,
    ReadAhead,
    ReadingAhead,
    TurnFailed,
)
from sqlagent_tui.ui.services import Services
from sqlagent_tui.ui.worker import CLOSE_SECONDS, Job, Worker, close_quietly


class AgentWorker(Worker):
    """Owns the model and the agent's connection; runs one turn at a time."""

    def __init__(self, services: Services, bridge: Bridge) -> None:
        super().__init__("sqlagent-agent", bridge)
        self._services = services
        self._model: Model | None = None
        self._database: Database | None = None
        self._cancel = CancelToken()
        self._opening = CancelToken()
        """Of what is opened from now on."""
        self._awaited = CancelToken()
        """Of what was being opened when the last question came: its turn waits for that."""
        self._warming = CancelToken()

    def prepare(self) -> None:
        """Open the model and the connection in the background."""
        opening = self._opening
        self._then_warm(lambda: self._prepare(opening))

    def reconnect(self) -> None:
        """Leave the present database and connect to where the app is now."""
        opening = self._opening = CancelToken()
        self._then_warm(self._leave, lambda: self._prepare(opening))

    def ask(self, question: str, *, reply: bool) -> None:
        """Run a turn in the background."""
        token = self._cancel = CancelToken()
        self._awaited, self._opening = self._opening, CancelToken()
        self._then_warm(lambda: self._ask(question, reply, token))

    def cancel(self) -> None:
        """Cancel the turn under way and whatever it waits for. Returns at once: a round trip may follow.

        A change of the model that was asked for during the turn comes all the same.
        """
        _cancel_soon(self._awaited, self._cancel)

    def cancel_opening(self) -> None:
        """Cancel the loading, connecting or changing of the model that is under way without a turn. Returns at once."""
        opening, self._opening = self._opening, CancelToken()
        _cancel_soon(opening)

    @property
    def model(self) -> Model | None:
        """The model that answers; None before it is loaded."""
        return self._model

    def switch_model(self, address: str) -> None:
        """Change to another model after the turn under way; the present one answers until the other is loaded."""
        opening = self._opening
        self._then_warm(lambda: self._switch(address, opening))

    def close(self) -> None:
        """Cancel, and close what closes quickly; whatever hangs dies with the process."""
        self._closing.set()
        closing = threading.Thread(target=self._close, name="sqlagent-close", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)

    def _then_warm(self, *jobs: Job) -> None:
        """Do `jobs` now, whatever is being read ahead, and read ahead again after them."""
        self._warming.cancel()
        token = self._warming = CancelToken()
        for job in (*jobs, lambda: self._warm(token)):
            self.submit(job)

    def _warm(self, cancel: CancelToken) -> None:
        """Have the model read ahead what the next prompt begins with. What goes wrong, the next question tells."""
        model, database = self._model, self._database
        if model is None or database is None or cancel.cancelled:
            return
        begun = complete = False
        try:
            for progress in self._services.warm(model, database, cancel):
                begun = True
                self.bridge.put(ReadingAhead(progress.done / max(progress.total, 1)))
            complete = True
        except (SqlagentError, Cancelled):
            pass
        finally:
            if begun:
                self.bridge.put(ReadAhead(complete))

    def _close(self) -> None:
        for token in (self._warming, self._opening, self._awaited, self._cancel):
            token.cancel()
        close_quietly(self._model)
        close_quietly(self._database)

    def _leave(self) -> None:
        database, self._database = self._database, None
        close_quietly(database)

    def _prepare(self, cancel: CancelToken) -> None:
        def connect() -> None:
            with suppress(SqlagentError, Cancelled):
                self._open_database(cancel)

        # Side by side: the one waits for a server, the other for a disk.
        connecting = threading.Thread(target=connect, name="sqlagent-connect", daemon=True)
        connecting.start()
        with suppress(SqlagentError, Cancelled):
            self._open_model(cancel)
        connecting.join()

    def _open_database(self, cancel: CancelToken) -> Database:
        if self._database is None:
            try:
                self._database = self._services.open_database(
                    self.report("database"), self.bridge.put, self.ask_password, cancel
                )
            except Cancelled:
                self.bridge.put(
                    PartFailed("database", DatabaseError("Connecting was cancelled.", "The next question connects."))
                )
                raise
            except SqlagentError as error:
                self.bridge.put(PartFailed("database", error))
                raise
            self.bridge.put(DatabaseReady(self._database.info))
        return self._database

    def _open_model(self, cancel: CancelToken) -> Model:
        if self._model is None:
            try:
                self._model = self._services.open_model(self.report("model"), cancel)
            except Cancelled:
                self.bridge.put(PartFailed("model", _not_loaded()))
                raise
            except SqlagentError as error:
                self.bridge.put(PartFailed("model", error))
                raise
            self.bridge.put(ModelReady(self._model.info))
        return self._model

    def _switch(self, address: str, cancel: CancelToken) -> None:
        models, old = self._services.models, self._model
        if models is None:
            return
        try:
            new = models.open(address, self.report("model"), cancel)
        except (SqlagentError, Cancelled) as stop:
            error = stop if isinstance(stop, SqlagentError) else None
            self.bridge.put(ModelKept(error) if old is not None else PartFailed("model", error or _not_loaded()))
            return
        self._model = new
        self.bridge.put(ModelSwitched(new.info, old is not None and models.goes_on(old, new)))
        close_quietly(old)

    def _ask(self, question: str, reply: bool, cancel: CancelToken) -> None:
        try:
            if cancel.cancelled:
                self._cancelled()
                return
            database, model = self._open_database(cancel), self._open_model(cancel)
            for event in self._services.ask(question, reply=reply, model=model, database=database, cancel=cancel):
                self.bridge.put(event)
                if isinstance(event, AnswerReady):
                    self._put_grid(event)
        except Cancelled:
            self._cancelled()
        except DatabaseError as error:
            self._database = None
            self.bridge.put(TurnFailed(error))
        except ModelError as error:
            self.bridge.put(TurnFailed(error))

    def _cancelled(self) -> None:
        self.bridge.put(TurnEnded(outcome="cancelled", message="", usage=Usage(), steps=0, seconds=0.0))

    def _put_grid(self, event: AnswerReady) -> None:
        from sqlagent_tui.ui.grid_data import GridData

        self.bridge.put(GridReady(event.result, GridData.build(event.result)))


def _not_loaded() -> ModelError:
    return ModelError("Loading the model was cancelled.", "The next question loads it.")


def _cancel_soon(*tokens: CancelToken) -> None:
    def cancel() -> None:
        for token in tokens:
            token.cancel()

    threading.Thread(target=cancel, name="sqlagent-cancel", daemon=True).start()
