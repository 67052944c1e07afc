"""What the inspection is handed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Database
from sqlagent_tui.bench.inspection import InspectedRun
from sqlagent_tui.ui.look import Look
from sqlagent_tui.ui.services import AskPassword, Report

OpenDatabase = Callable[[Report, AskPassword, CancelToken], AbstractContextManager[Database]]
"""Opens the database that the run asked, for as long as it is entered. Raises only `SqlagentError` and `Cancelled`."""


@dataclass(frozen=True, kw_only=True)
class InspectServices:
    """A run, and a way to its database."""

    run: InspectedRun
    open_database: OpenDatabase
    """Called in a worker thread; may take long."""
    look: Look = field(default_factory=Look)
    clock: Callable[[], float] = time.monotonic
    """Seconds; tests hold it still."""
