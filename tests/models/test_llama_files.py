"""What can happen to a model's file and to its settings while it is loaded; the child process is real."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.messages import Generation, Message, Piece
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models import host
from sqlagent_tui.models import setup as preparation
from sqlagent_tui.models.calibration import search, store
from sqlagent_tui.models.calibration.result import Calibration
from sqlagent_tui.models.gguf import describe
from sqlagent_tui.models.llama import LlamaModel
from sqlagent_tui.models.memory import Memory
from sqlagent_tui.models.settings import EngineSettings, Pins
from tests.fix_models import make_gguf

SHORT = GenerationOptions(sampling=Sampling(temperature=1, seed=5), max_tokens=30, thinking_budget=10)
ENDLESS = GenerationOptions(sampling=Sampling(temperature=1, seed=5), max_tokens=4000, thinking_budget=0)
MESSAGES = [Message(role="user", content="Quantos imóveis?")]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path, tiny_gguf: Path) -> Path:
    return Path(shutil.copy(tiny_gguf, tmp_path / "model.gguf"))


@pytest.fixture
def model(file: Path) -> Iterator[LlamaModel]:
    with LlamaModel.open(file, pins=Pins(threads=1)) as model:
        yield model


def ask(model: LlamaModel) -> str:
    last = list(model.generate(MESSAGES, [], SHORT, CancelToken()))[-1]
    assert isinstance(last, Generation)
    return last.text


def until(fact: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_llama_must_know_before_it_starts(model: LlamaModel) -> None:
    environment = Path(f"/proc/{model.pid}/environ").read_bytes().split(b"\0")
    assert b"OMP_WAIT_POLICY=passive" in environment
    assert b"GGML_NO_BACKTRACE=1" in environment


@pytest.mark.parametrize("way", ["in place", "by another"])
def test_a_file_that_changed_is_told_and_loaded_anew(model: LlamaModel, file: Path, tmp_path: Path, way: str) -> None:
    before, first = ask(model), model.info
    other = make_gguf(tmp_path / "other.gguf", seed=99)
    if way == "in place":
        with file.open("r+b") as out:
            out.write(other.read_bytes())
    else:
        other.rename(file)
    with pytest.raises(ModelError, match=r"model\.gguf was changed on disk while it was in use\.") as caught:
        model.count_tokens(MESSAGES, [])
    assert caught.value.remedy == "It is started again with the next question."
    assert ask(model) != before
    assert model.info.sha256 not in ("", first.sha256)


def test_a_file_that_became_nonsense_is_told_each_time(model: LlamaModel, file: Path) -> None:
    ask(model)
    file.write_bytes(b"nonsense" * 100)
    for sentence in ("was changed on disk", "is not a GGUF file", "is not a GGUF file"):
        with pytest.raises(ModelError, match=sentence):
            ask(model)


def test_a_deleted_file_is_still_there_for_who_has_it(model: LlamaModel, file: Path) -> None:
    before, pid = ask(model), model.pid
    file.unlink()
    assert ask(model) == before
    assert model.pid == pid


def test_a_file_cut_off_while_the_model_writes_is_told_as_what_it_is(model: LlamaModel, file: Path) -> None:
    whole = file.read_bytes()
    stream = model.generate(MESSAGES, [], ENDLESS, CancelToken())
    next(piece for piece in stream if isinstance(piece, Piece))
    os.truncate(file, 4096)
    with pytest.raises(ModelError, match=r"model\.gguf was changed on disk while it was in use\."):
        list(stream)
    file.write_bytes(whole)
    assert ask(model)


def test_a_disk_that_fails_is_told(model: LlamaModel) -> None:
    stream = model.generate(MESSAGES, [], ENDLESS, CancelToken())
    next(piece for piece in stream if isinstance(piece, Piece))
    assert model.pid
    os.kill(model.pid, signal.SIGBUS)
    with pytest.raises(ModelError, match="could not be read while it was in use"):
        list(stream)


def test_too_little_memory_is_told_before_a_process_is_started(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "memory", lambda: Memory(150_000_000, 100_000_000))
    monkeypatch.setattr(host, "WorkerProcess", None)
    with pytest.raises(ModelError, match="but this machine has 150 MB, of which 100 MB are free"):
        LlamaModel.open(file)


def test_a_tight_fit_is_a_warning(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "memory", lambda: Memory(150_000_000, 100_000_000))
    with LlamaModel.open(file, ignore_memory=True) as model:
        assert "needs" in model.info.warning
        assert ask(model)


CALIBRATION = Calibration(
    settings=EngineSettings(extra_buffers=True, n_ubatch=32),
    choices=(),
    read_seconds=0.01,
    write_seconds=0.1,
    saved=0.2,
    seconds=9.5,
)


def test_settings_under_which_the_process_crashed_are_given_up(file: Path) -> None:
    store.remember(describe(file), CALIBRATION)
    with LlamaModel.open(file) as model:
        assert model.setup
        assert model.setup.settings == CALIBRATION.settings
        stream = model.generate(MESSAGES, [], ENDLESS, CancelToken())
        next(piece for piece in stream if isinstance(piece, Piece))
        assert model.pid
        os.kill(model.pid, signal.SIGILL)
        with pytest.raises(ModelError, match="SIGILL"):
            list(stream)
        assert ask(model)
        assert model.setup.settings == replace(CALIBRATION.settings, extra_buffers=False)


def test_a_kill_from_outside_says_nothing_about_the_settings(file: Path) -> None:
    store.remember(describe(file), CALIBRATION)
    with LlamaModel.open(file) as model:
        stream = model.generate(MESSAGES, [], ENDLESS, CancelToken())
        next(piece for piece in stream if isinstance(piece, Piece))
        assert model.pid
        os.kill(model.pid, signal.SIGKILL)
        with pytest.raises(ModelError, match="SIGKILL"):
            list(stream)
    assert store.recall(describe(file)) == CALIBRATION


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calibrations begin soon, pay for every model, and mind no neighbours."""
    monkeypatch.setattr(host, "CALIBRATE_AFTER", 0.05)
    monkeypatch.setattr(host, "worth_while", lambda file: True)
    monkeypatch.setattr(search, "QUIET_SHARE", 0)


@pytest.mark.usefixtures("eager")
def test_what_is_fastest_is_found_when_nobody_waits_and_used_the_next_time(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqlagent_tui.models.calibration.calibrate.BUDGET", 2.0)
    with LlamaModel.open(file, calibrate_when_idle=True) as model:
        pid = model.pid
        until(lambda: store.recall(describe(file)))
        assert ask(model)
        assert model.pid == pid
    found = store.recall(describe(file))
    assert found
    with LlamaModel.open(file) as model:
        assert model.setup
        assert model.setup.calibration == found
        assert model.setup.settings == found.settings


@pytest.mark.usefixtures("eager")
def test_a_question_ends_a_calibration_at_once(slow_gguf: Path) -> None:
    with LlamaModel.open(slow_gguf, calibrate_when_idle=True) as model:
        until(lambda: list(store.folder().glob("excerpt-*.gguf")))
        with model._host._busy():
            until(lambda: not list(store.folder().glob("excerpt-*.gguf")), seconds=2)
            assert store.recall(describe(slow_gguf)) is None


@pytest.mark.usefixtures("eager")
def test_without_being_asked_nothing_is_measured(file: Path) -> None:
    with LlamaModel.open(file) as model:
        ask(model)
        time.sleep(0.3)
    assert not list(store.folder().iterdir())


def test_a_machine_that_is_busy_is_tried_again(
    eager: None, file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "QUIET_SHARE", 1e9)
    log = home / "model.log"
    with LlamaModel.open(file, calibrate_when_idle=True, log=log):
        until(lambda: log.exists() and log.read_text().count("too busy to measure") >= 2)
        monkeypatch.setattr(search, "QUIET_SHARE", 0)
        until(lambda: store.recall(describe(file)))
