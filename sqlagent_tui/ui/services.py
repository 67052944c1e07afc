"""What the app is handed: ways to open its parts, so that it knows no driver, no engine and no folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import LoopEvent, TraceEvent
from sqlagent_tui.agent.messages import PromptProgress
from sqlagent_tui.agent.protocols import Database, Model
from sqlagent_tui.assembly import Target
from sqlagent_tui.database.saved import SavedConnections
from sqlagent_tui.ui.limits import LimitsInForce
from sqlagent_tui.ui.look import Look

if TYPE_CHECKING:
    from sqlagent_tui.ui.model_choice import Models

Report = Callable[[str, float | None], None]
"""Told where slow work stands: a sentence in the user's language, and a fraction from 0 to 1 or None."""

AskPassword = Callable[[str], str | None]
"""Asks the user for the password of a role, from a worker thread; None when there is none."""

TraceSink = Callable[[TraceEvent], None]
"""Given every statement's events, from any thread."""


OpenDatabase = Callable[[Report, TraceSink, AskPassword, CancelToken], Database]
"""Makes a connection. Raises only `SqlagentError` and `Cancelled`."""

OpenModel = Callable[[Report, CancelToken], Model]
"""Loads the model. Raises only `SqlagentError` and `Cancelled`."""

Warm = Callable[[Model, Database, CancelToken], Iterator[PromptProgress]]
"""Has the model evaluate ahead what the next prompt begins with. Raises only `SqlagentError` and `Cancelled`."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the app is connected, or would be."""

    target: Target | None = None
    """None: nothing was chosen yet."""
    database: str | None = None
    """Another database of that server."""
    suggestions: tuple[str, ...] = ()
    """Example questions for a first-time user."""

    @property
    def demo(self) -> bool:
        """Whether this is the demo's database."""
        return self.target is not None and self.target.demo and self.database is None


class Ask(Protocol):
    """Runs one turn. `reply` says that `question` answers the clarification that the turn before asked for."""

    def __call__(
        self, question: str, *, reply: bool, model: Model, database: Database, cancel: CancelToken
    ) -> Iterator[LoopEvent]:
        """Yield the turn's events; raises only `SqlagentError`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Services:
    """The app's parts. The openers run in worker threads and may take long."""

    open_database: OpenDatabase
    """The agent's own connection."""
    open_catalogue: OpenDatabase
    """The schema browser's own connection."""
    open_model: OpenModel
    ask: Ask
    warm: Warm = lambda model, database, cancel: iter(())
    allow_superuser: Callable[[], None] = lambda: None
    """The user insists on connecting as a superuser, for this session: the next opening does."""
    limits: LimitsInForce = field(default_factory=LimitsInForce)
    place: Place = field(default_factory=Place)
    """Where the app begins."""
    change_place: Callable[[Place], None] = lambda place: None
    """From the next opening on, connect there."""
    trouble: Callable[[], str | None] = lambda: None
    """What has gone wrong since the start without stopping anything, in one English sentence."""
    connections: SavedConnections = field(default_factory=SavedConnections)
    language: str = "pt-BR"
    theme: str = "dark"
    keymap: dict[str, str] = field(default_factory=dict)
    """Binding id → keys, comma separated."""
    theme_folders: tuple[Path, ...] = ()
    """Folders of the user's own themes."""
    history_file: Path | None = None
    """Where asked questions are kept; None keeps them in memory only."""
    models: Models | None = None
    """The models to change to; None: there is no choice."""
    clock: Callable[[], float] = time.monotonic
    """Seconds, for elapsed times on the screen; tests hold it still."""

    @property
    def look(self) -> Look:
        """Language, colours and keys."""
        return Look(language=self.language, theme=self.theme, theme_folders=self.theme_folders, keymap=self.keymap)
