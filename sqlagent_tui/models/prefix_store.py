"""Evaluated prompt prefixes on disk, so that a restart answers without evaluating them again.

A file holds what llama.cpp writes for one sequence, and a seal: length and SHA-256 of that, of the tokens, and of
everything else that an evaluation depends on. It is written beside its place and renamed, so that a reader finds it
whole or not at all; nothing is synced, for a file that a power cut tore fails its seal. Which prefix a file holds
stands in its name:

    KEY-COUNT-TOKENS.kv     KEY and TOKENS are digests, COUNT is how many tokens

Other programs of ours use the same folder at the same time: any file may vanish at any moment.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import struct
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from sqlagent_tui import paths

FOLDER: Final = "prefixes"
DISK_SHARE: Final = 0.1
"""Of what the disk has free, at most, however large the bound."""
_MAGIC: Final = b"sqlagkv1"
_SEAL: Final = struct.Struct("<8sQ32s")
_CHUNK: Final = 1 << 20
_NAME: Final = re.compile(r"([0-9a-f]{32})-([0-9]{1,9})-([0-9a-f]{32})\.kv")
_SCRATCH_SECONDS: Final = 600.0
"""A scratch file that has not changed for so long was left by a process that died."""

Check = Callable[[], None]
"""Asked every few milliseconds; raises to stop."""


class Kept(NamedTuple):
    """What the folder holds, of whatever model."""

    files: int
    size: int
    """Bytes."""


def prefix_folder() -> Path:
    """Where prefixes are kept; not created here."""
    return paths.cache_dir() / FOLDER


def context_key(facts: Mapping[str, Any]) -> str:
    """Return the digest of everything, besides the tokens, that an evaluation depends on."""
    return hashlib.blake2b(msgspec.json.encode(facts, order="sorted"), digest_size=16).hexdigest()


class PrefixStore:
    """The prefixes of one model in one kind of context, in a folder that others share.

    `key` comes from `context_key`; `limit` bounds the bytes of all files, whoever wrote them; `log` is told, once
    each, what goes wrong. No trouble with the disk is ever raised: a prefix that isn't stored is evaluated again.
    """

    def __init__(self, folder: Path, *, key: str, limit: int, log: Callable[[str], None]) -> None:
        self._folder = folder
        self._key = key
        self._limit = limit
        self._log = log
        self._told: set[str] = set()

    def find(self, tokens: Sequence[int]) -> int:
        """Return how many tokens the longest stored prefix has that `tokens` begin with; 0 when there is none."""
        counts: dict[int, set[str]] = {}
        for name in self._names():
            if (match := _NAME.fullmatch(name)) and match[1] == self._key and int(match[2]) <= len(tokens):
                counts.setdefault(int(match[2]), set()).add(match[3])
        for count in sorted(counts, reverse=True):
            if _digest(tokens[:count]) in counts[count]:
                return count
        return 0

    def load(self, tokens: Sequence[int], read: Callable[[Path], bool], check: Check) -> bool:
        """Have `read` load the prefix that is exactly `tokens`, once its seal was found whole; return whether it did.

        A file that is damaged, or that `read` can't use, is removed.
        """
        path = self._path(tokens)
        try:
            whole = self._is_whole(path, tokens, check)
            if whole and read(path):
                os.utime(path)  # the least recently used goes first
                return True
            self._tell(f"{path.name} {'can not be loaded' if whole else 'is damaged'}: it is made again.")
            path.unlink(missing_ok=True)
        except FileNotFoundError:
            pass  # somebody else made room
        except OSError as error:
            self._tell(f"Prefixes can't be read: {error.strerror or 'unknown error'}.")
            with suppress(OSError):
                path.unlink()  # it may be this one's blocks that the disk has lost
        return False

    def save(self, tokens: Sequence[int], size: int, write: Callable[[Path], int], check: Check) -> bool:
        """Have `write` store the prefix `tokens`, about `size` bytes; return whether it is there now.

        `write` returns the number of bytes that it wrote, 0 when it could not.
        """
        path = self._path(tokens)
        scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            paths.private_dir(self._folder)
            if not self._make_room(size + _SEAL.size):
                self._tell(f"A prefix of {size:,} bytes is larger than the cache may be: it isn't stored.")
                return False
            os.close(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            written = write(scratch)
            with scratch.open("r+b", buffering=0) as file:
                if not written or file.seek(0, os.SEEK_END) != written:
                    raise OSError(0, "not everything was written, the disk may be full")
                file.seek(0)
                seal = _SEAL.pack(_MAGIC, written, self._hash(file, written, tokens, check))
                if file.write(seal) != len(seal):
                    raise OSError(0, "the disk is full")
            scratch.replace(path)
        except OSError as error:
            self._tell(f"A prefix can't be stored: {error.strerror or 'unknown error'}.")
            return False
        finally:
            with suppress(OSError):
                scratch.unlink()
        return True

    def _path(self, tokens: Sequence[int]) -> Path:
        return self._folder / f"{self._key}-{len(tokens)}-{_digest(tokens)}.kv"

    def _names(self) -> list[str]:
        try:
            return os.listdir(self._folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            self._tell(f"Prefixes can't be listed: {error.strerror or 'unknown error'}.")
            return []

    def _is_whole(self, path: Path, tokens: Sequence[int], check: Check) -> bool:
        """Whether a file is what was written for these tokens. Raises `OSError`."""
        with path.open("rb", buffering=0) as file:
            length = file.seek(0, os.SEEK_END) - _SEAL.size
            if length <= 0:
                return False
            file.seek(length)
            magic, told, digest = _SEAL.unpack(file.read(_SEAL.size))
            if magic != _MAGIC or told != length:
                return False
            file.seek(0)
            return bool(self._hash(file, length, tokens, check) == digest)

    def _hash(self, file: Any, length: int, tokens: Sequence[int], check: Check) -> bytes:
        """The digest of a file's first `length` bytes, as the evaluation of `tokens`. Raises `OSError`."""
        digest = hashlib.sha256(f"{self._key}{_digest(tokens)}".encode())
        buffer = memoryview(bytearray(_CHUNK))
        left = length
        while left:
            check()
            count = file.readinto(buffer[: min(left, _CHUNK)])
            if not count:
                raise OSError(0, "a file ends early")
            digest.update(buffer[:count])
            left -= count
        return digest.digest()

    def _make_room(self, size: int) -> bool:
        """Remove what was least recently used until `size` bytes more are allowed. False: they never are."""
        sweep(self._folder)
        files = sorted(_files(self._folder), key=lambda each: each.used)
        total = sum(each.size for each in files)
        allowed = min(self._limit, int(DISK_SHARE * (shutil.disk_usage(self._folder).free + total)))
        if size > allowed:
            return False
        for each in files:
            if total + size <= allowed:
                break
            each.path.unlink(missing_ok=True)
            total -= each.size
        return True

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._log(sentence + "\n")


class _File(NamedTuple):
    path: Path
    size: int
    used: float


def kept(folder: Path) -> Kept:
    """Return how much a folder of prefixes holds. Raises `OSError`."""
    files = _files(folder)
    return Kept(len(files), sum(each.size for each in files))


def clear(folder: Path) -> Kept:
    """Remove every prefix, also those that another program has open; return what there was. Raises `OSError`."""
    before = kept(folder)
    for each in _files(folder):
        each.path.unlink(missing_ok=True)
    sweep(folder, 0.0)
    return before


def sweep(folder: Path, age: float = _SCRATCH_SECONDS) -> None:
    """Remove scratch files that have not changed for `age` seconds. Raises `OSError`."""
    for scratch in folder.glob(".*.part"):
        with suppress(FileNotFoundError):
            if time.time() - scratch.stat().st_mtime >= age:
                scratch.unlink()


def _files(folder: Path) -> list[_File]:
    """The prefixes of a folder, without whatever else lies there."""
    found = []
    for path in folder.glob("*.kv"):
        if _NAME.fullmatch(path.name):
            with suppress(FileNotFoundError):
                facts = path.lstat()
                if stat.S_ISREG(facts.st_mode):
                    found.append(_File(path, facts.st_size, facts.st_mtime))
    return found


def _digest(tokens: Sequence[int]) -> str:
    return hashlib.blake2b(array("i", tokens).tobytes(), digest_size=16).hexdigest()
