"""What a calibration found, in the form in which it is remembered."""

from __future__ import annotations

from typing import Final

import msgspec

from sqlagent_tui.models.settings import EngineSettings

FORMAT: Final = 1
"""Of the remembered file; another one is as good as none."""

FAILED: Final = "failed its self-test"
"""What is said of a value that crashes, or computes wrong numbers."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The value that one setting got, and why."""

    setting: str
    """A field of `EngineSettings`."""
    value: bool | int | None
    why: str
    """What was measured of the other values, or why nothing was: a clause."""
    saved: float = 0.0
    """Share of the time that the value saves compared with the one before; 0 where that stayed."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that were the fastest, and what was measured. Times are those of the whole model."""

    settings: EngineSettings
    choices: tuple[Choice, ...]
    read_seconds: float
    """For a token of a prompt, with these settings."""
    write_seconds: float
    """For a written token, with these settings."""
    saved: float
    """Share of a typical turn's time that they save compared with the defaults."""
    seconds: float
    """How long the calibration took."""
    format: int = FORMAT


def told(value: bool | int | None) -> str:
    """A setting's value as a user knows it."""
    if isinstance(value, bool) or value is None:
        return "on" if value else "off"
    return str(value)
