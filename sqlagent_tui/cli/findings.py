"""What `doctor` finds."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["ok", "note", "warning", "danger", "failed"]


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    check: str
    level: Level
    message: str
    remedy: str = ""
    key: str = ""
    """Which right, for findings about the role."""
    names: tuple[str, ...] = ()
    """The first of the objects that it is about."""
    count: int = 0
    """How many such objects there are."""
