"""The watchdog: looks after our statements from a second connection, so that they harm nobody.

While a statement runs for longer than a second it asks, about once a second, whether our backend keeps other sessions
waiting; if so the statement is stopped. One that goes on after it was asked to stop, or after its time limit, has its
backend terminated, for which being the same role is enough. So has one that may have been left behind by a connection
that was lost.

Statements run without it too when no second connection can be had, which the trace says once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import msgspec

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.database.second_connection import Place, SecondConnection
from sqlagent_tui.database.trace import Trace
from sqlagent_tui.database.transaction import Transaction, started_sql

NAME = "sqlagent-tui watchdog"
"""The application_name of its connection."""
_CLOSE_SECONDS = 2.0

# A wait_event_type that this role may not see is NULL: that session may wait for a lock.
_BLOCKED = """SELECT (SELECT string_agg(w.pid::text, ', ' ORDER BY w.pid) FROM pg_stat_activity w
  WHERE coalesce(w.wait_event_type, 'Lock') = 'Lock' AND a.pid = ANY (pg_blocking_pids(w.pid))) AS waiting
FROM pg_stat_activity a WHERE {ours}"""
_TERMINATE = "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE {ours}"


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How soon the watchdog does what, in seconds."""

    look: float = 1.0
    """How long a statement runs unwatched, and the pause between two looks, which take the lock manager's locks."""
    grace: float = 3.0
    """How long a statement may go on after it was asked to stop, or after its time limit."""
    bury: float = 300.0
    """How long it tries to reach a server on which a lost connection may have left something running."""
    idle: float = 60.0
    """The second connection is closed when nothing was watched for so long."""


class Watched(Protocol):
    """The session that a statement runs in."""

    @property
    def transaction(self) -> Transaction | None:
        """The statement's transaction, while it is open."""
        ...


class Watch:
    """One statement that is looked after."""

    def __init__(self, session: Watched, limits: Limits, trace: Trace, place: Place) -> None:
        self.session = session
        self.trace = trace
        self.place = place
        self.stop = CancelToken()
        """What the statement has to heed; its owner sets it too, when the user cancels."""
        self.verdict: StatementError | None = None
        """Why the watchdog stopped it; None when it didn't."""
        self.terminating = self.terminated = False
        """The server was asked to end its backend, because it ignored everything else; and has done so."""
        self.left_behind: Transaction | None = None
        """What may still run on the server, since `lost_at`."""
        self.lost_at = 0.0
        self.due = self.started = time.monotonic()
        self.seconds = limits.statement_timeout_ms / 1000
        """Its time limit; 0: none."""
        self.stopping_since: float | None = None
        self.looks = 0


class Watchdog:
    """Looks after the statements of all connections to one database. Thread-safe; has a thread while there is work."""

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._changed = threading.Condition()
        self._watches: list[Watch] = []
        self._thread: threading.Thread | None = None
        self._idle = False
        self._closing = CancelToken()
        self._second = SecondConnection(self._closing)

    @contextmanager
    def watching(self, watch: Watch) -> Iterator[None]:
        """Look after a statement for as long as the block runs it."""
        watch.due = watch.started + self._pace.look
        self._add(watch)
        try:
            yield
        finally:
            self._remove(watch)

    def bury(self, watch: Watch, transaction: Transaction) -> None:
        """Terminate in the background what a lost connection may have left running."""
        watch.left_behind = transaction
        watch.due = watch.lost_at = time.monotonic()
        self._add(watch)

    def close(self) -> None:
        """Close the second connection; nothing is watched any more. Idempotent."""
        self._closing.cancel()
        with self._changed:
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(_CLOSE_SECONDS)

    def _add(self, watch: Watch) -> None:
        with self._changed:
            if self._closing.cancelled:
                return
            self._watches.append(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sqlagent-watchdog", daemon=True)
                self._thread.start()
            elif self._idle or watch.left_behind:  # any other can't be due before those that are waited for
                self._changed.notify()

    def _remove(self, watch: Watch) -> None:
        with self._changed, suppress(ValueError):
            self._watches.remove(watch)

    def _run(self) -> None:
        try:
            with suppress(Cancelled):
                while watch := self._next():
                    self._look(watch)
                    watch.due = time.monotonic() + self._pace.look
        finally:
            with self._changed:
                if self._thread is threading.current_thread():
                    self._stand_down()

    def _next(self) -> Watch | None:
        """Wait until a statement is due; None ends the thread, whose connection is closed then."""
        with self._changed:
            while not self._closing.cancelled:
                if not self._watches:
                    self._idle = True
                    self._changed.wait(self._pace.idle)
                    self._idle = False
                    if not self._watches:
                        break
                    continue
                watch = min(self._watches, key=lambda candidate: candidate.due)
                seconds = watch.due - time.monotonic()
                if seconds <= 0:
                    return watch
                self._changed.wait(seconds)
            self._stand_down()
        return None

    def _stand_down(self) -> None:
        self._second.close()
        self._thread = None

    def _look(self, watch: Watch) -> None:
        watch.looks += 1
        if watch.left_behind is not None:
            given_up = time.monotonic() > watch.lost_at + self._pace.bury
            if given_up or self._terminate(watch, watch.left_behind) is not None:
                self._remove(watch)
            return
        transaction = watch.session.transaction
        if transaction is None:
            return
        now = time.monotonic()
        if watch.stop.cancelled:
            watch.stopping_since = watch.stopping_since or now
            if now - watch.stopping_since >= self._pace.grace:
                self._end(watch, transaction)
        elif watch.seconds and now > watch.started + watch.seconds + self._pace.grace:
            watch.stopping_since = now
            message = f"The statement took longer than {watch.seconds:g} s and was stopped."
            self._stop(watch, StatementError(kind="timeout", message=message))
        elif waiting := self._waiting(watch, transaction):
            who = "1 other session" if waiting.count(",") == 0 else f"{waiting.count(',') + 1} other sessions"
            self._stop(
                watch, StatementError(kind="stopped", message=f"Stopped: it kept {who} waiting (pid {waiting}).")
            )

    def _stop(self, watch: Watch, verdict: StatementError) -> None:
        watch.verdict = verdict
        watch.stop.cancel()

    def _waiting(self, watch: Watch, transaction: Transaction) -> str:
        """Return the pids of the sessions that wait for this transaction."""
        sql = _BLOCKED.format(ours=_is(transaction))
        answer = self._second.ask(watch.place, sql, watch.trace, quiet=watch.looks > 1)
        if answer:
            self._second.satisfied()
            return answer[0]
        if answer is not None and self._runs(watch, transaction):
            self._second.complain(watch.trace, sql, "The watchdog's connection doesn't see our own session")
        return ""

    def _end(self, watch: Watch, transaction: Transaction) -> None:
        watch.terminating = True  # before it is: the statement's own thread may be the first to hear of it
        watch.terminated = bool(self._terminate(watch, transaction))

    def _terminate(self, watch: Watch, transaction: Transaction) -> list[str] | None:
        return self._second.ask(watch.place, _TERMINATE.format(ours=_is(transaction)), watch.trace)

    def _runs(self, watch: Watch, transaction: Transaction) -> bool:
        return watch in self._watches and watch.session.transaction == transaction


def _is(transaction: Transaction) -> str:
    """Return a condition that is true for the row of this transaction's backend, and never for a later one's."""
    return f"a.pid = {transaction.pid:d} AND {started_sql('a.xact_start')} = '{int(transaction.started)}'"
