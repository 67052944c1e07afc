"""Several generations at once: each says what it wants evaluated, and one computation does it for all.

Reading a model's weights is what a token costs, so four sequences in one computation cost little more than one. Prompts
are evaluated one at a time, so that the second of several samples finds the first one's prompt and shares it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.batch import Chunk
from sqlagent_tui.models.engine import N_SEQUENCES, Aborted, ContextFull, Engine


class Want(NamedTuple):
    """What a task waits for."""

    chunk: Chunk
    prompt: bool = False
    """It is a part of a prompt, so another task's prompt has to wait."""
    on_part: Callable[[float], None] | None = None
    """Told fractions of the computation."""


Steps = Generator[Want, int, None]
"""A task: it yields what it wants evaluated and is sent the row of the first output."""


@dataclass
class Task:
    """A piece of work on one sequence."""

    sequence: int
    steps: Steps
    fail: Callable[[Aborted | ModelError], None]
    """Told when it ended otherwise than by itself."""
    aborted: Callable[[], bool]
    want: Want = field(init=False)


class Scheduler:
    """Runs tasks side by side. Not thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: deque[Task] = deque()
        self._running: list[Task] = []

    def __len__(self) -> int:
        """Tasks under way."""
        return len(self._waiting) + len(self._running)

    def add(self, task: Task) -> None:
        """Let a task take part from the next step on."""
        self._waiting.append(task)

    def aborted(self) -> bool:
        """Whether any task was told to stop, so that the computation under way should."""
        return any(task.aborted() for task in self._running)

    def step(self) -> None:
        """Do one computation for all tasks. Never raises what a task can be told."""
        self._drop_aborted()
        self._start()
        if not self._running:
            return
        wants = [task.want for task in self._running]
        on_part = next((want.on_part for want in wants if want.on_part), None)
        try:
            rows = self._engine.evaluate([want.chunk for want in wants], on_part)
        except Aborted:
            return
        except ContextFull:
            self._make_room()
            return
        except ModelError as error:
            for task in [*self._running]:
                self._end(task, error)
            return
        for task, row in zip([*self._running], rows, strict=True):
            self._resume(task, row)

    def _start(self) -> None:
        while self._waiting and not any(task.want.prompt for task in self._running):
            task = self._waiting.popleft()
            self._running.append(task)
            self._resume(task, None)

    def _resume(self, task: Task, row: int | None) -> None:
        try:
            task.want = next(task.steps) if row is None else task.steps.send(row)
        except StopIteration:
            self._running.remove(task)
        except (Aborted, ModelError) as error:
            self._end(task, error)

    def _drop_aborted(self) -> None:
        for task in [task for task in (*self._waiting, *self._running) if task.aborted()]:
            self._end(task, Aborted())

    def _end(self, task: Task, error: Aborted | ModelError) -> None:
        (self._running if task in self._running else self._waiting).remove(task)
        task.steps.close()
        task.fail(error)

    def _make_room(self) -> None:
        """Forget what no task works on; if that is nothing, the newest task has to go."""
        busy = {task.sequence for task in self._running}
        idle = [sequence for sequence in range(N_SEQUENCES) if sequence not in busy and self._engine.held[sequence]]
        for sequence in idle:
            self._engine.keep(sequence, 0)
        if not idle:
            size = self._engine.context_size
            remedy = "Choose a larger context, or fewer samples at once."
            self._end(self._running[-1], ModelError(f"The model's context of {size} tokens is full.", remedy))
