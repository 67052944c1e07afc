"""A thread behind the screen, which does its jobs in order.

It is a plain daemon thread: a pool would be joined when the app quits, and a cancelled thread worker of Textual would
still run beside its successor, which no inference engine survives.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from sqlagent_tui import crash
from sqlagent_tui.agent.cancel import Cancelled
from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.bridge import Bridge
from sqlagent_tui.ui.notices import JobDone, Part, PartProgress, PasswordWanted, TurnFailed
from sqlagent_tui.ui.services import Report

Job = Callable[[], None]
CLOSE_SECONDS: Final = 0.5


class Worker:
    """A daemon thread with a queue of jobs."""

    def __init__(self, name: str, bridge: Bridge) -> None:
        self.bridge = bridge
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; jobs may be submitted before."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Have `job` run after those that wait."""
        self.bridge.job_submitted()
        self._jobs.put(job)

    def report(self, part: Part) -> Report:
        """Return a reporter that tells the screen where the opening of `part` stands."""

        def tell(message: str, fraction: float | None) -> None:
            self.bridge.put(PartProgress(part, message, fraction))

        return tell

    def ask_password(self, role: str) -> str | None:
        """Have the screen ask for a password, and wait for it; None when the user gives up or the app ends."""
        answer: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.bridge.put(PasswordWanted(role, answer))
        while not self._closing.is_set():
            try:
                return answer.get(timeout=CLOSE_SECONDS)
            except queue.Empty:
                continue
        return None

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Cancelled:
                pass
            except SqlagentError as error:
                self.bridge.put(TurnFailed(error))
            except Exception as error:  # noqa: BLE001 - a bug in a job must not kill the thread that all later jobs need
                bug = f"A bug of the app stopped this: {crash.place(error)}."
                self.bridge.put(TurnFailed(SqlagentError(bug, "Try again; if it happens again, report it.")))
            finally:
                self.bridge.put(JobDone())


def close_quietly(part: object) -> None:
    """Close what can be closed; an end that goes wrong is an end too."""
    close = getattr(part, "close", None)
    if close is not None:
        with suppress(Exception):
            close()
