"""How slow start-up work tells where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["wait", "prepare", "initialise", "start", "generate", "load", "index", "ready"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One report. `done` and `total` count the stage's own unit (rows while loading); `total` 0 means unknown."""

    stage: Stage
    done: int = 0
    total: int = 0
    detail: str = ""
    """What is being worked on, such as a table's name; may be empty."""


ProgressReporter = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """The reporter for callers that show nothing."""
