"""Calibrations, remembered for a machine and a make of model: a small private file each."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from sqlagent_tui import paths
from sqlagent_tui.models.calibration.machine import Machine, this_machine
from sqlagent_tui.models.calibration.result import FORMAT, Calibration, Choice
from sqlagent_tui.models.gguf import ModelFile

_LIMIT = 50
"""Files; the oldest go first."""


class _Remembered(msgspec.Struct, frozen=True, kw_only=True):
    machine: Machine
    make: Make
    calibration: Calibration


class Make(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's speed depends on: its shapes and types. Fine-tunes of one model are of the same make."""

    architecture: str
    quantization: str
    parameters: int
    layers: int
    vocabulary: int
    size: int
    """Mebibytes."""

    @classmethod
    def of(cls, file: ModelFile) -> Make:
        """Return the make of a model file."""
        return cls(
            architecture=file.architecture,
            quantization=file.quantization,
            parameters=file.parameters,
            layers=file.layers,
            vocabulary=file.vocabulary,
            size=file.size >> 20,
        )


def folder() -> Path:
    """Where calibrations lie, and where they are made."""
    return paths.private_dir(paths.cache_dir() / "calibration")


def recall(file: ModelFile) -> Calibration | None:
    """Return what was found here for models of this make; None when there is nothing that can be read."""
    machine, make = this_machine(), Make.of(file)
    try:
        remembered = msgspec.json.decode(_place(machine, make).read_bytes(), type=_Remembered)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None  # it is a cache: a damaged one is made again
    fits = (remembered.machine, remembered.make, remembered.calibration.format) == (machine, make, FORMAT)
    return remembered.calibration if fits else None


def remember(file: ModelFile, calibration: Calibration) -> None:
    """Remember a calibration. Raises OSError."""
    machine, make = this_machine(), Make.of(file)
    place = _place(machine, make)
    scratch = place.with_name(f"{place.name}.{os.getpid()}")
    entry = _Remembered(machine=machine, make=make, calibration=calibration)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(msgspec.json.encode(entry))
    scratch.replace(place)
    by_age = sorted(folder().glob("*.json"), key=lambda path: path.stat().st_mtime)
    for old in by_age[:-_LIMIT]:
        old.unlink(missing_ok=True)


def distrust(file: ModelFile, setting: str, why: str) -> None:
    """Note that a setting's remembered value did harm after all; the default is used from now on. Never raises."""
    calibration = recall(file)
    if calibration is None:
        return
    default = getattr(type(calibration.settings)(), setting)
    choices = [choice for choice in calibration.choices if choice.setting != setting]
    changed = msgspec.structs.replace(
        calibration,
        settings=msgspec.structs.replace(calibration.settings, **{setting: default}),
        choices=(*choices, Choice(setting=setting, value=default, why=why)),
    )
    with contextlib.suppress(OSError):
        remember(file, changed)


def _place(machine: Machine, make: Make) -> Path:
    key = hashlib.sha256(msgspec.json.encode([machine, make])).hexdigest()
    return folder() / f"{key[:32]}.json"
