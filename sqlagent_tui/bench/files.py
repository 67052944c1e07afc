"""Files of a run, the user's alone: written whole or not at all, or a line at a time onto the disk itself."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sqlagent_tui.errors import UsageError
from sqlagent_tui.paths import private_dir


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` so that a reader, or a crash, finds the old file or the new one. Raises UsageError."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        private_dir(path.parent)
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None


def read_bytes(path: Path) -> bytes:
    """Return a file of a run. Raises UsageError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.", "Name the folder of a run.") from None


class LineLog:
    """A file that lines are appended to by one process at a time; each is on the disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        """Open the file, made when missing, and cut off a last line that a killed process left unfinished.

        Raises UsageError when it can't be written, or another process has it open.
        """
        self._path = path
        try:
            private_dir(path.parent)
            self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise UsageError(f"Another process is writing {path.parent}.", "Wait for it, or choose another.") from None
        os.ftruncate(self._fd, len(whole_lines(read_bytes(path))))

    def append(self, line: bytes) -> None:
        """Write one line, without its line feed. Raises UsageError when the disk is full."""
        data = line + b"\n"
        try:
            while data:
                data = data[os.write(self._fd, data) :]
            os.fsync(self._fd)
        except OSError as error:
            raise _unwritable(self._path, error) from None

    def close(self) -> None:
        """Let others write. Idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def whole_lines(data: bytes) -> bytes:
    """Return `data` up to its last line feed."""
    return data[: data.rfind(b"\n") + 1]


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} can't be written: {error.strerror}.", "Free space, or choose another folder with --out.")
