"""The only way from the worker threads to the screen: a queue that the app drains a few dozen times a second.

A message per token would cost the processor that the model needs; adjacent text deltas are merged while they wait.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from sqlagent_tui.agent.events import PromptEvaluated, TextDelta
from sqlagent_tui.ui.notices import JobDone, PartProgress, ReadingAhead, UiEvent

DRAINS_PER_SECOND: Final = 20


class Bridge:
    """A thread-safe queue of events. `put` from any thread; `drain` from the screen's thread only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[UiEvent] = deque()
        self._jobs = 0
        self._deltas = 0

    @property
    def deltas(self) -> int:
        """Text deltas put so far, merged or not: about one a token, which makes the live speed honest."""
        return self._deltas

    @property
    def idle(self) -> bool:
        """No job is waiting or running, and every event was drained."""
        with self._lock:
            return self._jobs == 0 and not self._waiting

    def job_submitted(self) -> None:
        """Count a job; the worker that does it ends it by putting `JobDone`."""
        with self._lock:
            self._jobs += 1

    def put(self, event: UiEvent) -> None:
        """Queue `event`. Only text deltas are merged and only progress is replaced; nothing else is dropped."""
        with self._lock:
            last = self._waiting[-1] if self._waiting else None
            match event, last:
                case TextDelta(), TextDelta() if event.step == last.step and event.kind == last.kind:
                    self._waiting[-1] = TextDelta(step=event.step, kind=event.kind, text=last.text + event.text)
                case PromptEvaluated(), PromptEvaluated() if event.step == last.step:
                    self._waiting[-1] = event
                case PartProgress(), PartProgress() if event.part == last.part:
                    self._waiting[-1] = event
                case ReadingAhead(), ReadingAhead():
                    self._waiting[-1] = event
                case _:
                    self._waiting.append(event)
            if isinstance(event, TextDelta):
                self._deltas += 1

    def drain(self) -> list[UiEvent]:
        """Return what is waiting, in order."""
        if not self._waiting:
            return []
        with self._lock:
            events = list(self._waiting)
            self._waiting.clear()
            self._jobs -= sum(isinstance(event, JobDone) for event in events)
        return events
