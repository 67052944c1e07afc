"""The append-only record of a session: one JSON line an event, written as it happens.

Each line goes to the file in one write, so a killed process loses at most the line being written, and a reader may
skip an unfinished last line. Result rows beyond `ROWS_KEPT` stay out: they can be had again, and a journal is no dump.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from sqlagent_tui.agent.events import AnswerReady, Event, LoopEvent, TraceEvent
from sqlagent_tui.errors import SqlagentError

ROWS_KEPT = 200
VERSION = 1


class JournalError(SqlagentError):
    """A journal that can't be written or read."""


class Journal:
    """Appends events to `directory/<session id>.jsonl`, private to the user. Thread-safe.

    Raises JournalError when the file can't be made. A later write that fails stops the journal, and `failure` says
    why: losing the record must not lose the user's turn.
    """

    def __init__(self, directory: Path, session_id: str | None = None) -> None:
        self.session_id = session_id or f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
        self.path = directory / f"{self.session_id}.jsonl"
        self.failure: str | None = None
        self._lock = threading.Lock()
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalError(
                f"The session can't be recorded in {directory}: {error.strerror}.", "Free space or fix its rights."
            ) from None
        self._write({"event": "SessionStarted", "version": VERSION})

    def append(self, event: LoopEvent | TraceEvent) -> None:
        """Write one event. Never raises."""
        if isinstance(event, AnswerReady) and len(event.result.rows) > ROWS_KEPT:
            kept = msgspec.structs.replace(event.result, rows=event.result.rows[:ROWS_KEPT], truncated=True)
            event = msgspec.structs.replace(event, result=kept)
        self._write(msgspec.to_builtins(event))

    def close(self) -> None:
        """Close the file; further events are dropped."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _write(self, record: dict[str, Any]) -> None:
        line = msgspec.json.encode({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **record}) + b"\n"
        with self._lock:
            if self._fd < 0 or self.failure:
                return
            try:
                written = os.write(self._fd, line)
            except OSError as error:
                self.failure = f"The session is no longer recorded: {error.strerror}."
            else:
                if written != len(line):
                    self.failure = "The session is no longer recorded: the disk is full."


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a journal, leaving out an unfinished last line.

    Raises JournalError when the file can't be read or a line other than the last is damaged.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise JournalError(f"The session {path} can't be read: {error.strerror}.") from None
    *whole, _unfinished = lines
    for number, line in enumerate(whole, 1):
        try:
            yield msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            raise JournalError(f"Line {number} of the session {path} is damaged.") from None


def read_events(path: Path) -> Iterator[Event]:
    """Yield a journal's events as they were appended; the session's own head line is left out."""
    for record in read_journal(path):
        if record.get("event") != "SessionStarted":
            yield msgspec.convert({k: v for k, v in record.items() if k != "time"}, LoopEvent | TraceEvent)
