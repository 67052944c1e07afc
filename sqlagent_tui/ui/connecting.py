"""Which database the app works on: the target of the command line, then whatever the user changes to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from sqlagent_tui.assembly import OpenTarget, Target
from sqlagent_tui.config import Config
from sqlagent_tui.errors import DatabaseError, SqlagentError
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.services import AskPassword, Place, Report, TraceSink

if TYPE_CHECKING:
    from sqlagent_tui.agent.cancel import CancelToken
    from sqlagent_tui.agent.events import TraceEvent
    from sqlagent_tui.agent.protocols import Database
    from sqlagent_tui.database.progress import Progress


class Connecting:
    """Opens connections to the present target, which may change. Any thread may call."""

    def __init__(
        self,
        place: Place,
        *,
        config: Config,
        messages: Messages,
        allow_superuser: bool,
        record: Callable[[TraceEvent], None],
    ) -> None:
        self.place = place
        self._config = config
        self._messages = messages
        self._allow_superuser = allow_superuser
        self._record = record
        self._opening = threading.Lock()
        self._asking = threading.Lock()
        self._typed: str | None = None
        self._reports: list[Report] = []
        self._open: OpenTarget | None = None
        self._left: list[OpenTarget] = []

    def open_way(self) -> None:
        """Have ssh connect before there is a screen, while it can still ask its user for something.

        Raises SqlagentError.
        """
        if self.place.target is not None and self.place.target.ssh is not None:
            self._open = OpenTarget(self.place.target, self._tell_all, self._stage, interactive=True)

    def change(self, place: Place) -> None:
        """Connect to `place` from now on. What a user insisted on elsewhere doesn't hold there."""
        with self._opening:
            if place.target != self.place.target and self._open is not None:
                self._left.append(self._open)  # its connections are still open; their owners close them
                self._open = None
            if place != self.place:
                self._allow_superuser, self._typed = False, None
            self.place = place

    def insist(self) -> None:
        """Connect as a superuser too, for this session."""
        self._allow_superuser = True

    def connect(self, report: Report, trace: TraceSink, ask: AskPassword, cancel: CancelToken) -> Database:
        """Make one connection. Raises SqlagentError and Cancelled."""
        target = self._open_target(report)
        report(self._messages("part.connecting"), None)

        def record(event: TraceEvent) -> None:
            trace(event)
            self._record(event)

        try:
            database = target.connect(
                self._config,
                record,
                lambda role: self._password(role, ask),
                allow_superuser=self._allow_superuser,
                database=self.place.database,
                cancel=cancel,
            )
        except SqlagentError:
            self._typed = None
            raise
        self._leave()
        return database

    def close(self) -> None:
        """Let go of whatever was started to get there."""
        self._leave()
        if self._open is not None:
            self._open.close()

    def _leave(self) -> None:
        with self._opening:
            left, self._left = self._left, []
        for target in left:
            target.close()

    def _password(self, role: str, ask: AskPassword) -> str | None:
        with self._asking:  # two connections, one question
            if self._typed is None:
                self._typed = ask(role)
            return self._typed

    def _open_target(self, report: Report) -> OpenTarget:
        self._reports.append(report)
        with self._opening:  # both connections need the demo's server, and only one may start it
            if self.place.target is None:
                raise DatabaseError(self._messages("connections.none"), self._messages("connections.choose"))
            if self._open is None:
                self._open = OpenTarget(self.place.target, self._tell_all, self._stage)
            return self._open

    def _tell_all(self, sentence: str, fraction: float | None) -> None:
        for report in self._reports:
            report(sentence, fraction)

    def _stage(self, progress: Progress) -> str:
        return self._messages(f"stage.{progress.stage}")


def suggestions_for(target: Target | None) -> tuple[str, ...]:
    """Return example questions; only the demo's database is known well enough for any."""
    if target is None or not target.demo:
        return ()
    from sqlagent_tui.demo.suggestions import suggestions

    return tuple(suggestion.question for suggestion in suggestions())


def place_of(target: Target | None, database: str | None = None) -> Place:
    """Return `target`, or another database of its server, with what a first-time user may ask there."""
    return Place(target=target, database=database, suggestions=suggestions_for(target) if database is None else ())


def elsewhere(place: Place, database: str) -> Place:
    """Return another database of the same server."""
    return msgspec.structs.replace(place, database=database, suggestions=())
