"""What is told of a bug: where it happened, and nothing that was in memory.

An exception's text may hold anything: a connection string, a row, what the user typed. So neither it nor any local
variable is ever shown, wherever the exception ends up.
"""

from __future__ import annotations

import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import Final

FRAMES: Final = 8


def account(error: BaseException, frames: int = FRAMES) -> str:
    """Return the type of `error` and the last places that it went through, one a line."""
    return _account(type(error), error.__traceback__, frames)


def place(error: BaseException) -> str:
    """Return the type of `error` and where it was raised, on one line."""
    return ", ".join(line.strip() for line in account(error, 1).splitlines())


def hide_texts() -> None:
    """Have exceptions that nobody catches, in any thread, told by `account` instead of with their texts."""
    sys.excepthook = lambda kind, _error, trace: _tell(kind, trace)
    threading.excepthook = lambda told: _tell(told.exc_type, told.exc_traceback)
    sys.unraisablehook = lambda told: _tell(told.exc_type, told.exc_traceback)


def _tell(kind: type[BaseException], trace: TracebackType | None) -> None:
    if not issubclass(kind, SystemExit) and sys.stderr is not None:
        print(_account(kind, trace, FRAMES), file=sys.stderr)  # noqa: T201 - nobody is left who would show it


def _account(kind: type[BaseException], trace: TracebackType | None, frames: int) -> str:
    places = traceback.extract_tb(trace)[-frames:]
    lines = [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in places]
    return "\n".join([kind.__name__, *lines])
