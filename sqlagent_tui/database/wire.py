"""Round trips over one connection: never blocked for good, cancellable, interruptible.

The thread that runs a statement also sends its cancel request, while it waits for the answer. So a cancel can't reach a
later statement of ours, and Ctrl-C always gets through, which it would not inside a blocking libpq call.
"""

from __future__ import annotations

import array
import fcntl
import selectors
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg import pq

from sqlagent_tui.agent.cancel import CancelToken

POLL_SECONDS = 0.02
CANCEL_TIMEOUT_SECONDS = 5.0
_REPEAT_CANCEL_SECONDS = 0.25
"""A request that arrives between two statements is ignored by the server, so it is repeated until an answer comes."""
PATIENCE_SECONDS = 10.0
"""How long an answer may take after a cancel request, or after the statement should have timed out on the server."""
UNHEARD_SECONDS = 1.0
"""How long a transaction that isn't wanted any more may take to begin: a pooler may have no connection to give."""

LARGEST_ANSWER = 64 * 1024 * 1024
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)
_COPY = (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH)


class ConnectionLost(Exception):  # noqa: N818 - internal; becomes a StatementError
    """The connection can't be used any more. `sqlstate` and `text` are the server's last words, when it had any."""

    def __init__(self, text: str = "", sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.sqlstate = sqlstate


class Wire:
    """The low level of one connection. Not thread-safe: its owner serialises."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.largest_answer = LARGEST_ANSWER
        """Bytes that one result, or one row of those that come singly, may take; the connection is given up beyond."""
        self.pgconn = connection.pgconn
        self._closing = False
        self.heard = True
        """The server has answered since the transaction was asked for. Before that nothing can run that harms."""
        self.cancel_astray = False
        """A cancel request was sent and its arrival not confirmed: it may hit whatever this connection does next."""

    def close(self) -> None:
        """Stop whatever is in flight, from any thread; nothing more is sent."""
        self._closing = True

    def hear(self) -> None:
        """Take in what the server said while nothing was asked: a farewell shows in the connection's status."""
        if self.pgconn.status != pq.ConnStatus.OK:
            return
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self.pgconn.socket, selectors.EVENT_READ)
                while self.pgconn.status == pq.ConnStatus.OK and selector.select(0):
                    self.pgconn.consume_input()
                    self.pgconn.is_busy()  # takes apart what was read
        except psycopg.Error:
            return  # the status tells

    def run(self, send: Callable[[], None], cancel: CancelToken, *, patience: float) -> list[pq.abc.PGresult]:
        """Send one message and return its results.

        A set token sends a cancel request and the results still come (usually an error 57014): the caller looks at the
        token. `patience` is in seconds; raises `ConnectionLost`.
        """
        self._check_open()
        try:
            send()
            with _Waiter(self, cancel, patience) as waiter:
                return list(waiter.results())
        except psycopg.Error as problem:
            raise ConnectionLost(str(problem).strip()) from None

    def batch(
        self, sends: Sequence[Callable[[], None]], cancel: CancelToken, *, patience: float, single_rows: bool = False
    ) -> Iterator[tuple[int, pq.abc.PGresult]]:
        """Send several messages of the extended protocol at once and yield (which, its result); read it to the end.

        As `run`, otherwise. It costs one round trip. After an error the server skips the messages that follow, so
        nothing comes of them.
        With `single_rows` the last message yields each row by itself, and then a result without rows.
        """
        self._check_open()
        failed = False
        try:
            self.pgconn.enter_pipeline_mode()
            for send in sends:
                send()
            self.pgconn.pipeline_sync()
            with _Waiter(self, cancel, patience) as waiter:
                for number in range(len(sends)):
                    if self.pgconn.status != pq.ConnStatus.OK:
                        break
                    if single_rows and number == len(sends) - 1 and not failed:
                        self.pgconn.set_single_row_mode()
                    for result in waiter.results():
                        if not failed:
                            yield number, result
                        failed = failed or result.status in _FAILED
                waiter.synchronise()
            if self.pgconn.status == pq.ConnStatus.OK:
                self.pgconn.exit_pipeline_mode()
        except psycopg.Error as problem:
            raise ConnectionLost(str(problem).strip()) from None

    def request_cancel(self, timeout: float | None = None) -> None:
        """Ask the server to stop what this connection is doing; failing is no error, the caller asks again."""
        try:
            self._connection.cancel_safe(timeout=timeout or CANCEL_TIMEOUT_SECONDS)
        except (psycopg.Error, OSError):
            self.cancel_astray = True

    def _check_open(self) -> None:
        if self._closing:
            raise ConnectionLost("the connection was closed here")

    @property
    def closing(self) -> bool:
        """Whether the statement in flight is not wanted any more, nor any other."""
        return self._closing


class _Waiter:
    """Reads the results of one message."""

    def __init__(self, wire: Wire, cancel: CancelToken, patience: float) -> None:
        self._wire = wire
        self._pgconn = wire.pgconn
        self._cancel = cancel
        self._deadline = time.monotonic() + patience
        self._last_request = 0.0
        self._asked_to_stop = False
        self._unheard_since = 0.0
        self._received = 0
        """Bytes since the last result, about: libpq holds them all until it is complete."""
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> _Waiter:
        self._selector.register(self._pgconn.socket, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def results(self) -> Iterator[pq.abc.PGresult]:
        """Yield the results of the next message of those that were sent."""
        self._flush()
        while (result := self._next()) is not None:
            if result.status in _COPY:
                raise ConnectionLost("the server wanted to copy data")
            yield result

    def synchronise(self) -> None:
        """Wait for the end of a batch, or of the connection."""
        while self._pgconn.status == pq.ConnStatus.OK:
            result = self._next()
            if result is not None and result.status == pq.ExecStatus.PIPELINE_SYNC:
                return

    def _flush(self) -> None:
        while self._pgconn.flush():
            self._selector.modify(self._pgconn.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
            for _, events in self._wait():
                if events & selectors.EVENT_READ:
                    self._pgconn.consume_input()
        self._selector.modify(self._pgconn.socket, selectors.EVENT_READ)

    def _next(self) -> pq.abc.PGresult | None:
        while self._pgconn.is_busy():
            if not self._wait():
                continue
            self._received += _bytes_waiting(self._pgconn.socket)
            if self._received > self._wire.largest_answer:
                raise ConnectionLost(f"an answer of more than {self._wire.largest_answer >> 20} MiB came")
            try:
                self._pgconn.consume_input()
            except psycopg.OperationalError:
                break  # the server's last words may have been read; they come as a result
        self._received = 0
        return self._pgconn.get_result()

    def _wait(self) -> list[tuple[selectors.SelectorKey, int]]:
        if self._cancel.cancelled or self._wire.closing or time.monotonic() > self._deadline:
            self._stop()
        return self._selector.select(POLL_SECONDS)

    def _stop(self) -> None:
        now = time.monotonic()
        if not self._wire.heard:
            self._unheard_since = self._unheard_since or now
            if now > self._unheard_since + UNHEARD_SECONDS:
                raise ConnectionLost("the server didn't answer, so nothing was begun")
            return
        if not self._asked_to_stop:
            self._asked_to_stop = True
            self._deadline = now + PATIENCE_SECONDS
        elif now > self._deadline:
            raise ConnectionLost("the server doesn't answer, not even to a cancel request")
        if now - self._last_request >= _REPEAT_CANCEL_SECONDS:
            self._wire.request_cancel()
            self._last_request = time.monotonic()


def _bytes_waiting(descriptor: int) -> int:
    waiting = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, waiting)
    return waiting[0]
