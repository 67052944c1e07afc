"""How a model file is brought into memory; what is read is counted by the kernel."""

import hashlib
import os
from pathlib import Path

import pytest

from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.engine import Aborted
from sqlagent_tui.models.worker import in_memory, read_through

SIZE = 40 << 20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(os.urandom(1 << 20) * (SIZE >> 20))
    return path


def evict(path: Path) -> None:
    """Have the kernel forget a file's pages, where it can."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def bytes_read() -> int:
    """By this process, from whatever place."""
    facts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(facts["rchar"])


def test_a_cold_file_is_read_once_with_progress_and_a_warm_one_is_not(file: Path) -> None:
    evict(file)
    cold = not in_memory(file)  # some file systems keep everything in memory
    told: list[float] = []
    before = bytes_read()
    assert read_through(file, False, told.append, lambda: False) == ""
    assert (bytes_read() - before >= SIZE) == cold
    if cold:
        assert told == sorted(told)
        assert len(told) >= SIZE // (4 << 20)
        assert told[-1] == 1
    if in_memory(file):
        before = bytes_read()
        read_through(file, False, told.append, lambda: False)
        assert bytes_read() - before < 1 << 20


def test_for_its_hash_it_is_always_read(file: Path) -> None:
    told: list[float] = []
    wanted = hashlib.sha256(file.read_bytes()).hexdigest()
    assert read_through(file, True, told.append, lambda: False) == wanted
    assert told[-1] == 1


def test_an_abort_stops_within_a_piece(file: Path) -> None:
    told: list[float] = []
    with pytest.raises(Aborted):
        read_through(file, True, told.append, lambda: len(told) >= 2)
    assert len(told) == 2


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.gguf can't be read: No such file"):
        read_through(tmp_path / "gone.gguf", True, lambda fraction: None, lambda: False)
