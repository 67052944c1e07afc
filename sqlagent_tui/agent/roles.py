"""What a connection's role may do beyond reading, as the start-up check found it."""

from __future__ import annotations

from typing import Literal

import msgspec

RoleLevel = Literal["ok", "note", "warning", "danger"]
"""`danger`: acts where no read-only transaction holds it back. `warning`: a right to write, which only our read-only
transactions hold back. `note`: worth knowing. `ok`: what every role has unless it was taken away."""

_SEVERITY: tuple[RoleLevel, ...] = ("ok", "note", "warning", "danger")


class RoleFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One right that a role for reading doesn't need."""

    key: str
    """Which right, the same in every language: `superuser`, `writable_tables`, …"""
    level: RoleLevel
    message: str
    """One English sentence. It may quote names of the database, which are hostile text."""
    names: tuple[str, ...] = ()
    """A few of the objects that it is about, as they must stand in SQL."""
    count: int = 0
    """How many such objects were found; more than `names` holds when those are only the first."""
    remedy: str = ""
    """What takes the right away: an English sentence; may be empty."""


class RoleReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the check found, the worst first. Its badge is `ok` for a role that may only read."""

    role: str = ""
    """The role that logged in (`session_user`); whatever SET ROLE says, a session can go back to it."""
    superuser: bool = False
    """It is a superuser, or may become one by SET ROLE."""
    findings: tuple[RoleFinding, ...] = ()

    @property
    def badge(self) -> RoleLevel:
        """The worst level of the findings."""
        return max((finding.level for finding in self.findings), key=_SEVERITY.index, default="ok")
