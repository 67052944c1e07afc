"""Where a model file came from: a small JSON file beside it, so that it can be told, checked and got again."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

SUFFIX = ".json"


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was known about a file when it was taken into the library. Texts are foreign: untrusted."""

    repository: str = ""
    """`organisation/name` on the hub; empty when the file was added from this machine."""
    file: str = ""
    """Its path in the repository, or on this machine."""
    commit: str = ""
    sha256: str = ""
    size: int = 0
    """Bytes."""
    licence: str = ""

    @property
    def place(self) -> str:
        """One phrase: `organisation/name:file`, a path, or nothing."""
        return f"{self.repository}:{self.file}" if self.repository else self.file


def read_origin(model: Path) -> Origin:
    """Return where the file at `model` came from; an empty `Origin` when that isn't known."""
    try:
        return msgspec.json.decode(_beside(model).read_bytes(), type=Origin)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Origin()


def write_origin(model: Path, origin: Origin) -> None:
    """Note where `model` came from, readable by the user alone. Raises OSError."""
    place = _beside(model)
    scratch = place.with_name(f"{place.name}.{os.getpid()}")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(origin))
    scratch.replace(place)


def forget_origin(model: Path) -> None:
    """Delete the note. Raises OSError."""
    _beside(model).unlink(missing_ok=True)


def _beside(model: Path) -> Path:
    return model.with_name(model.name + SUFFIX)
