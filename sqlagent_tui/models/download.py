"""Downloads a model so that no byte is fetched twice: what has arrived stays when the program ends, however it ends."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Final, Literal

import msgspec

from sqlagent_tui import paths
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.hub import HubFile, Interruption, open_stream
from sqlagent_tui.models.origins import Origin, forget_origin, read_origin, write_origin

ATTEMPTS: Final = 5
"""How often in a row the connection may fail without a single new byte."""
_LONGEST_PAUSE: Final = 8.0
_CHUNK = 4 << 20


class Step(msgspec.Struct, frozen=True):
    """Where a download stands: `done` of `total` bytes; `note` says why it waits, if it does."""

    kind: Literal["checking", "downloading", "waiting"]
    done: int
    total: int
    note: str = ""


Listener = Callable[[Step], None]


class Partial:
    """A model's file while it is incomplete: the bytes so far, and beside them what they are the beginning of."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    @property
    def origin(self) -> Origin:
        """What the file is the beginning of."""
        return read_origin(self.path)

    def discard(self) -> None:
        """Delete it. Raises OSError."""
        self.path.unlink(missing_ok=True)
        forget_origin(self.path)


def download(file: HubFile, partial: Partial, listen: Listener, *, pause: Callable[[float], None] = time.sleep) -> Path:
    """Complete `partial` to the whole, verified file and return its path.

    It goes on where an earlier download of the same content stopped; other content is discarded. Raises ModelError;
    whatever is raised, and however the process ends, the bytes stay, except those that are proven wrong.
    """
    try:
        paths.private_dir(partial.path.parent)
        with _only_one(partial) as writer:
            _Download(file, partial, writer, listen, pause).run()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelError(
                f"The disk is full after {partial.size / 1e9:,.2f} GB.", "Free some, then go on."
            ) from error
        reason = error.strerror or "unknown error"
        raise ModelError(f"{partial.path.name} can't be written: {reason}.", "Check the data folder.") from error
    return partial.path


class _Download:
    def __init__(
        self, file: HubFile, partial: Partial, writer: FileIO, listen: Listener, pause: Callable[[float], None]
    ) -> None:
        self._file = file
        self._partial = partial
        self._writer = writer
        self._listen = listen
        self._pause = pause
        self._digest = hashlib.sha256()
        self._done = 0

    def run(self) -> None:
        file, writer = self._file, self._writer
        if self._partial.origin.sha256 != file.sha256 or self._partial.size > file.size:
            writer.truncate(0)
        write_origin(self._partial.path, _origin(file))
        self._require_room(file.size - self._partial.size)
        self._read_what_is_there()
        failures = 0
        while self._done < file.size:
            before = self._done
            try:
                self._fetch()
                if self._done < file.size:
                    raise Interruption("the connection was closed early")
            except Interruption as error:
                failures = 1 if self._done > before else failures + 1
                if failures == ATTEMPTS:
                    raise ModelError(
                        f"The download stopped: {error}, {ATTEMPTS} times in a row.", "Check the network."
                    ) from error
                self._tell("waiting", str(error))
                self._pause(min(2.0 ** (failures - 1), _LONGEST_PAUSE))
        if self._digest.hexdigest() != file.sha256 or self._done != file.size:
            self._partial.discard()
            raise ModelError(
                "What arrived doesn't have the SHA-256 that the hub gives, so it was deleted.",
                "Try again; if it happens again, download it another way and compare.",
            )
        os.fsync(writer.fileno())

    def _require_room(self, needed: int) -> None:
        free = shutil.disk_usage(self._partial.path.parent).free
        if needed > free:
            raise ModelError(
                f"{needed / 1e9:,.2f} GB are needed, and {free / 1e9:,.2f} GB are free on the disk of the data folder.",
                "Free some, or choose a smaller quantisation.",
            )

    def _read_what_is_there(self) -> None:
        with self._partial.path.open("rb", buffering=0) as reader:
            while chunk := reader.read(_CHUNK):
                self._digest.update(chunk)
                self._done += len(chunk)
                self._tell("checking")
        self._writer.seek(self._done)

    def _fetch(self) -> None:
        with open_stream(self._file, self._done) as (begins, chunks):
            if begins != self._done:
                self._writer.seek(0)
                self._writer.truncate()
                self._digest, self._done = hashlib.sha256(), 0
            for chunk in chunks:
                _write_all(self._writer, chunk)
                self._digest.update(chunk)
                self._done += len(chunk)
                if self._done > self._file.size:
                    return  # more than there should be: the hash won't fit
                self._tell("downloading")

    def _tell(self, kind: Literal["checking", "downloading", "waiting"], note: str = "") -> None:
        self._listen(Step(kind, self._done, self._file.size, note))


def _write_all(writer: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[writer.write(rest) :]


@contextmanager
def _only_one(partial: Partial) -> Iterator[FileIO]:
    """Open the file for writing, private to the user, unless another process is at it."""
    # Unbuffered: what was received is out of our hands at once, so that even a kill loses nothing.
    descriptor = os.open(partial.path, os.O_RDWR | os.O_CREAT, 0o600)
    with FileIO(descriptor, "r+b") as writer:
        try:
            fcntl.flock(writer, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ModelError("This file is being downloaded by another process.", "Wait for that one.") from error
        yield writer


def _origin(file: HubFile) -> Origin:
    return Origin(
        repository=file.repository,
        file=file.name,
        commit=file.commit,
        sha256=file.sha256,
        size=file.size,
        licence=file.licence,
    )
