"""What a model is loaded with: its file, the settings of the engine, and what is to be said beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from sqlagent_tui.errors import ModelError
from sqlagent_tui.models import fitting, gguf
from sqlagent_tui.models.calibration import store
from sqlagent_tui.models.calibration.result import Calibration
from sqlagent_tui.models.memory import memory
from sqlagent_tui.models.settings import EngineSettings, Pins


class Fingerprint(NamedTuple):
    """By which a changed file is noticed."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Fingerprint | None:
        """Return a file's fingerprint; None when there is no such file: what is mapped of a deleted one stays."""
        try:
            status = path.stat()
        except OSError:
            return None
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is decided before loading."""

    file: gguf.ModelFile
    fingerprint: Fingerprint | None
    settings: EngineSettings
    pins: Pins
    """Those of them that the user insisted on."""
    calibration: Calibration | None
    """What was measured here for such models."""
    warning: str = ""

    @property
    def changed_on_disk(self) -> bool:
        """Whether the file isn't any more what was loaded."""
        now = Fingerprint.of(self.file.path)
        return now is not None and now != self.fingerprint


def prepare(path: Path, *, context_size: int, pins: Pins, ignore_memory: bool = False) -> Setup:
    """Look at a model file, and decide. Raises `ModelError` for an unusable file, and when memory is too small."""
    fingerprint = Fingerprint.of(path)
    file = gguf.describe(path)
    gguf.require_usable(file)
    calibration = store.recall(file)
    settings = pins.over(calibration.settings if calibration else EngineSettings())
    message = ""
    if (there := memory()) is not None:
        verdict = fitting.judge(file, context_size, settings, there)
        if verdict.fits != "well" and settings.extra_buffers and not pins.extra_buffers:
            settings = msgspec.structs.replace(
                settings, extra_buffers=False
            )  # a second copy of the weights is a luxury
            verdict = fitting.judge(file, context_size, settings, there)
        if verdict.fits == "not" and not ignore_memory:
            raise ModelError(verdict.message, verdict.remedy)
        message = verdict.message
    return Setup(
        file=file, fingerprint=fingerprint, settings=settings, pins=pins, calibration=calibration, warning=message
    )
