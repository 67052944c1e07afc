"""One calibration from beginning to end: cut an excerpt, search, remember."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.calibration import excerpt, store
from sqlagent_tui.models.calibration.contest import TURN_READ, TURN_WRITTEN
from sqlagent_tui.models.calibration.result import Calibration
from sqlagent_tui.models.calibration.search import MachineBusy, Search
from sqlagent_tui.models.calibration.trials import TrialFailed, Trials
from sqlagent_tui.models.gguf import ModelFile
from sqlagent_tui.models.settings import usable_cores

BUDGET: Final = 10.0
"""Seconds of trials in the background."""
INSISTED_BUDGET: Final = 60.0
"""Seconds, when a user asked for it and waits."""
_SAVED_AT_MOST = 0.5
_TURNS = 100
_WORTH = 0.05
"""A calibration may cost this share of what it may save: half of the time of a hundred turns."""
_BYTES_A_SECOND = 10e9
_OPERATIONS_A_SECOND = 1e11
"""Of a modest processor: for writing, which reads all weights for each token, and for reading prompts."""


def worth_while(file: ModelFile) -> bool:
    """Whether a calibration can pay: with a small model a turn takes no time whatever the settings.

    It is counted, not measured: weights read for each written token, two operations a weight for each token read.
    """
    turn = TURN_WRITTEN * file.size / _BYTES_A_SECOND + TURN_READ * 2 * file.parameters / _OPERATIONS_A_SECOND
    return _WORTH * _SAVED_AT_MOST * _TURNS * turn >= BUDGET


def calibrate(file: ModelFile, cancel: CancelToken, *, insist: bool = False) -> Calibration:
    """Find the fastest settings for a model, and remember them. Takes ten seconds or so, and half a gigabyte of disk.

    `insist`: take more time, and don't mind a busy machine. Raises `ModelError`, and `Cancelled`.
    """
    try:
        with _alone(), _excerpt_place() as place:
            taken = excerpt.cut(file.path, place)
            with Trials(place, cancel, background=not insist) as trials:
                budget = INSISTED_BUDGET if insist else BUDGET
                found = Search(
                    trials, cores=usable_cores(), budget=budget, largest=taken.largest, quiet=not insist
                ).run()
            calibration = replace(
                found,
                read_seconds=found.read_seconds * taken.of_layers / taken.layers,
                write_seconds=found.write_seconds / taken.share,
            )
            store.remember(file, calibration)
            return calibration
    except TrialFailed as failure:
        raise ModelError(
            f"{file.path.name} can't be calibrated: {failure}.", "It runs with the default settings."
        ) from failure
    except MachineBusy as busy:
        raise ModelError("The machine is too busy to measure anything.", "Try again later.") from busy
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise ModelError(
            f"{file.path.name} can't be calibrated: {reason}.",
            f"Half a gigabyte must be free in {store.folder()}.",
        ) from error


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One calibration at a time on this machine: two would measure each other. Raises `ModelError`."""
    fd = os.open(store.folder() / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ModelError("Another calibration is under way.", "Wait for its end.") from error
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def _excerpt_place() -> Iterator[Path]:
    """A private file to write the excerpt to, deleted afterwards. Only for who is alone: what others left goes too."""
    for left in store.folder().glob("excerpt-*.gguf"):
        left.unlink(missing_ok=True)
    place = store.folder() / f"excerpt-{os.getpid()}.gguf"
    os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        yield place
    finally:
        place.unlink(missing_ok=True)
