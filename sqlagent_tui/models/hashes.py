"""SHA-256 of model files, remembered by path, size and time of change: hashing gigabytes takes seconds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from sqlagent_tui import paths
from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.errors import ModelError

_CHUNK = 4 << 20
_LIMIT = 200


class _Known(msgspec.Struct):
    size: int
    mtime_ns: int
    sha256: str


def file_sha256(
    path: Path, on_progress: Callable[[float], None] | None = None, cancel: CancelToken | None = None
) -> str:
    """Return a file's SHA-256, from memory when it hasn't changed. Raises `ModelError`, and `Cancelled`."""
    if remembered := known(path):
        return remembered
    digest = hashlib.sha256()
    try:
        before = path.stat()
        done = 0
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                if cancel:
                    cancel.raise_if_cancelled()
                digest.update(chunk)
                done += len(chunk)
                if on_progress:
                    on_progress(min(done / max(before.st_size, 1), 1.0))
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise ModelError(f"{path.name} can't be read: {reason}.", "Check the file and its permissions.") from error
    remember(path, before, digest.hexdigest())
    return digest.hexdigest()


def known(path: Path) -> str:
    """Return the remembered hash of an unchanged file; empty when there is none."""
    try:
        now = path.stat()
    except OSError:
        return ""
    entry = _load().get(str(path.resolve()))
    return entry.sha256 if entry and (entry.size, entry.mtime_ns) == (now.st_size, now.st_mtime_ns) else ""


def remember(path: Path, before: os.stat_result, sha256: str) -> None:
    """Remember a hash, if the file is still as it was `before` hashing. Failing to is harmless."""
    try:
        now = path.stat()
        if not sha256 or (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            return
        entries = _load()
        entries.pop(str(path.resolve()), None)
        entries[str(path.resolve())] = _Known(now.st_size, now.st_mtime_ns, sha256)
        kept = dict(list(entries.items())[-_LIMIT:])
        place = _place()
        scratch = place.with_name(f"{place.name}.{os.getpid()}")
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(kept))
        scratch.replace(place)
    except OSError:
        return


def _load() -> dict[str, _Known]:
    try:
        return msgspec.json.decode(_place().read_bytes(), type=dict[str, _Known])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}  # it is a cache: a damaged one is made again


def _place() -> Path:
    return paths.cache_dir() / "model-hashes.json"
