"""The folder of evaluated prefixes: what is found again, what is thrown away, and what never gets in the way."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlagent_tui.models import prefix_store
from sqlagent_tui.models.prefix_store import PrefixStore, clear, context_key, kept

KEY = context_key({"model": "a"})
TOKENS = list(range(100))
STATE = os.urandom(3_000_000)


class Disk:
    """A store and what it said; `loaded` is what the last reading saw."""

    def __init__(self, folder: Path, *, key: str = KEY, limit: int = 1 << 30) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.store = PrefixStore(folder, key=key, limit=limit, log=self.said.append)
        self.loaded = b""

    def save(self, tokens: list[int] = TOKENS, state: bytes = STATE) -> bool:
        return self.store.save(tokens, len(state), lambda path: path.write_bytes(state), lambda: None)

    def load(self, tokens: list[int] = TOKENS) -> bool:
        def read(path: Path) -> bool:
            self.loaded = path.read_bytes()
            return True

        return self.store.load(tokens, read, lambda: None)

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    @property
    def file(self) -> Path:
        (path,) = self.files
        return path


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "prefixes")


def test_what_was_saved_is_loaded_and_belongs_to_its_user_alone(disk: Disk) -> None:
    assert disk.store.find(TOKENS) == 0
    assert disk.save()
    assert disk.load()
    assert disk.loaded.startswith(STATE)
    assert stat.S_IMODE(disk.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(disk.folder.stat().st_mode) == 0o700
    assert disk.said == []


def test_the_longest_prefix_is_found(disk: Disk) -> None:
    for count in (10, 40, 70):
        disk.save(TOKENS[:count])
    disk.save([7] * 90)
    assert disk.store.find(TOKENS[:60]) == 40
    assert disk.store.find(TOKENS[:40]) == 40
    assert disk.store.find([*TOKENS[:9], 0]) == 0
    assert disk.store.find([]) == 0


def test_another_context_has_other_prefixes(disk: Disk) -> None:
    disk.save()
    other = Disk(disk.folder, key=context_key({"model": "b"}))
    assert other.store.find(TOKENS) == 0
    assert not other.load()
    assert context_key({"a": 1, "b": 2}) == context_key({"b": 2, "a": 1}) != context_key({"a": 1, "b": 3})


@pytest.mark.parametrize("place", [0, 1_500_000, 2_999_999, -1, -20, -47])
def test_a_flipped_bit_is_found_wherever_it_is(disk: Disk, place: int) -> None:
    disk.save()
    content = bytearray(disk.file.read_bytes())
    content[place] ^= 4
    disk.file.write_bytes(content)
    assert not disk.load()
    assert disk.loaded == b""  # llama.cpp never saw it
    assert disk.files == []
    assert "damaged" in "".join(disk.said)
    assert disk.save()
    assert disk.load()


@pytest.mark.parametrize("size", [0, 1, 47, 48, 1_000_000, 3_000_047])
def test_a_truncated_file_is_ignored_and_replaced(disk: Disk, size: int) -> None:
    disk.save()
    os.truncate(disk.file, size)
    assert not disk.load()
    assert disk.files == []
    assert disk.save()
    assert disk.load()


def test_a_file_under_another_ones_name_is_not_taken_for_it(disk: Disk) -> None:
    disk.save(TOKENS)
    right = disk.file
    disk.save(TOKENS[:50])
    (other,) = [path for path in disk.files if path != right]
    shutil.copy(other, right)
    assert not disk.load(TOKENS)
    foreign = Disk(disk.folder, key=context_key({"model": "b"}))
    name = right.name.replace(KEY, context_key({"model": "b"}))
    shutil.copy(other, disk.folder / name)
    assert not foreign.load(TOKENS)


def test_a_file_that_llama_cpp_refuses_is_removed(disk: Disk) -> None:
    disk.save()
    assert not disk.store.load(TOKENS, lambda path: False, lambda: None)
    assert disk.files == []


def test_what_else_lies_in_the_folder_is_left_alone(disk: Disk) -> None:
    disk.folder.mkdir(parents=True)
    (disk.folder / "README").write_text("mine")
    (disk.folder / "notes.kv").write_text("mine too")
    (disk.folder / f"{KEY}-100-{'0' * 32}.kv").mkdir()
    assert disk.store.find(TOKENS) == 0
    assert disk.save()
    assert disk.load()
    clear(disk.folder)
    assert [path.name for path in disk.files if path.is_file()] == ["README", "notes.kv"]


def test_a_folder_in_a_files_place_is_trouble_told_once(disk: Disk) -> None:
    disk.save()
    path = disk.file
    path.unlink()
    path.mkdir()
    assert not disk.load()
    assert not disk.load()
    assert not disk.save()
    assert len(disk.said) == 2


def test_the_least_recently_used_goes_first(disk: Disk) -> None:
    bounded = Disk(disk.folder, limit=10_000_000)
    for count in (10, 20, 30):
        bounded.save(TOKENS[:count])
        os.utime(bounded.store._path(TOKENS[:count]), (count, count))
    assert bounded.load(TOKENS[:10])  # used again
    assert bounded.save(TOKENS[:40])
    counts = sorted(int(path.name.split("-")[1]) for path in bounded.files)
    assert counts == [10, 30, 40]
    assert kept(bounded.folder).size < 10_000_000


def test_others_prefixes_count_too(disk: Disk) -> None:
    Disk(disk.folder, key=context_key({"model": "b"})).save()
    small = Disk(disk.folder, limit=4_000_000)
    assert small.save()
    assert kept(disk.folder).files == 1
    assert small.load()


def test_what_is_larger_than_the_cache_is_not_stored(disk: Disk) -> None:
    disk.save()
    small = Disk(disk.folder, limit=1_000_000)
    assert not small.save(TOKENS[:50])
    assert kept(disk.folder).files == 1  # nothing was thrown away for it
    assert "larger than the cache" in small.said[0]


def test_it_takes_a_tenth_of_what_the_disk_has_free(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=20_000_000))
    assert not disk.save()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=31_000_000))
    assert disk.save()


def _failing(error: OSError) -> Callable[[Path], int]:
    def write(path: Path) -> int:
        path.write_bytes(STATE[:1000])
        raise error

    return write


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path: 0, id="nothing"),
        pytest.param(lambda path: path.write_bytes(STATE[:1000]) + 1, id="less than told"),
        pytest.param(_failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))), id="full"),
    ],
)
def test_what_can_not_be_written_leaves_nothing_behind(disk: Disk, write: Callable[[Path], int]) -> None:
    for _attempt in range(2):
        assert not disk.store.save(TOKENS, len(STATE), write, lambda: None)
        assert disk.files == []
    assert len(disk.said) == 1
    assert "can't be stored" in disk.said[0]


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    script = (
        "import resource, sys, pathlib\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))\n"
        "from sqlagent_tui.models.prefix_store import PrefixStore\n"
        "store = PrefixStore(pathlib.Path(sys.argv[1]), key='0' * 32, limit=1 << 30, log=sys.stdout.write)\n"
        "state = bytes(100_000)\n"
        "print(store.save([1, 2], len(state), lambda path: path.write_bytes(state), lambda: None))\n"
    )

    def save(limit: int) -> str:
        return subprocess.check_output([sys.executable, "-c", script, str(tmp_path), str(limit)], text=True)

    assert save(50_000) == "A prefix can't be stored: File too large.\nFalse\n"
    assert save(100_020) == "A prefix can't be stored: the disk is full.\nFalse\n"  # full in the middle of the seal
    assert list(tmp_path.iterdir()) == []
    assert save(100_048) == "True\n"


def test_a_folder_that_can_not_be_made_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    disk = Disk(tmp_path / "file" / "prefixes")
    assert not disk.save()
    assert not disk.load()
    assert disk.store.find(TOKENS) == 0
    assert len(disk.said) == len(set(disk.said)) > 0


def test_being_stopped_leaves_nothing_half_written(disk: Disk) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        disk.store.save(TOKENS, len(STATE), lambda path: path.write_bytes(STATE), stop)
    assert disk.files == []
    disk.save()
    with pytest.raises(KeyboardInterrupt):
        disk.store.load(TOKENS, lambda path: True, stop)
    assert disk.load()  # it was not the file's fault


def test_what_a_dead_process_left_is_swept_up_and_a_living_ones_is_not(disk: Disk) -> None:
    disk.folder.mkdir(parents=True)
    for name, age in (("old", prefix_store._SCRATCH_SECONDS + 5), ("new", 5)):
        path = disk.folder / f".{name}.kv.1.part"
        path.write_text("x")
        os.utime(path, (time.time() - age,) * 2)
    disk.save()
    assert [path.name for path in disk.files if path.name.startswith(".")] == [".new.kv.1.part"]


def test_a_file_that_vanishes_while_it_is_looked_for(disk: Disk) -> None:
    disk.save()
    assert disk.store.find(TOKENS) == len(TOKENS)
    disk.file.unlink()
    assert not disk.load()
    assert disk.said == []


def test_two_processes_share_the_folder(tmp_path: Path) -> None:
    """Both save, load and evict as fast as they can: nobody ever reads a file that isn't whole."""
    script = (
        "import pathlib, random, sys, time\n"
        "from sqlagent_tui.models.prefix_store import PrefixStore\n"
        "said = []\n"
        "store = PrefixStore(pathlib.Path(sys.argv[1]), key='0' * 32, limit=700_000, log=said.append)\n"
        "random.seed(sys.argv[2])\n"
        "loads = 0\n"
        "end = time.monotonic() + 2\n"
        "while time.monotonic() < end:\n"
        "    count = random.randrange(1, 12)\n"
        "    tokens, state = [count] * count, bytes([count]) * 100_000\n"
        "    def read(path):\n"
        "        try:\n"
        "            data = path.read_bytes()\n"
        "        except FileNotFoundError:\n"
        "            return False\n"
        "        assert data[:100_000] == state\n"
        "        return True\n"
        "    loads += store.load(tokens, read, lambda: None)\n"
        "    store.save(tokens, len(state), lambda path: path.write_bytes(state), lambda: None)\n"
        "bad = [line for line in said if 'damaged' in line]\n"
        "print(loads > 10, bad)\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), str(seed)], stdout=subprocess.PIPE, text=True)
        for seed in (1, 2)
    ]
    assert [process.communicate()[0] for process in both] == ["True []\n"] * 2
    assert 0 < kept(tmp_path).size <= 800_000
    assert not list(tmp_path.glob(".*"))


def test_clearing_tells_what_there_was(disk: Disk) -> None:
    disk.save()
    disk.save(TOKENS[:10])
    assert clear(disk.folder).files == 2
    assert disk.files == []
    assert kept(disk.folder) == (0, 0)
    assert kept(disk.folder / "missing") == (0, 0)
