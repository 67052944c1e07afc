import fcntl
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.messages import Generation, Message
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.calibration import calibrate as module
from sqlagent_tui.models.calibration import store
from sqlagent_tui.models.calibration.calibrate import calibrate, worth_while
from sqlagent_tui.models.calibration.result import FAILED
from sqlagent_tui.models.calibration.search import MachineBusy
from sqlagent_tui.models.gguf import describe
from sqlagent_tui.models.library import student_path
from sqlagent_tui.models.llama import LlamaModel
from tests.fix_models import make_gguf


def left() -> list[str]:
    return sorted(path.name for path in store.folder().iterdir() if path.suffix != ".json")


def test_a_calibration_from_beginning_to_end(slow_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INSISTED_BUDGET", 3.0)
    file = describe(slow_gguf)
    found = calibrate(file, CancelToken(), insist=True)
    assert store.recall(file) == found
    assert {choice.setting for choice in found.choices} == {
        "extra_buffers", "threads", "threads_batch", "flash_attention", "n_ubatch",
    }  # fmt: skip
    assert all(choice.why for choice in found.choices)
    assert found.read_seconds > 0
    assert found.write_seconds > 0
    assert left() == ["lock"]


def test_a_self_test_that_fails_leaves_a_model_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With AMX and a library built by an older gcc, extra buffers crash here for real; elsewhere they may be chosen."""
    monkeypatch.setattr(module, "INSISTED_BUDGET", 3.0)
    path = make_gguf(tmp_path / "quantized.gguf", width=256, ffn=512, quantized=True)
    found = calibrate(describe(path), CancelToken(), insist=True)
    (extra,) = [choice for choice in found.choices if choice.setting == "extra_buffers"]
    assert not (FAILED in extra.why and found.settings.extra_buffers)
    with LlamaModel.open(path) as model:
        assert model.setup
        assert model.setup.settings == found.settings
        options = GenerationOptions(sampling=Sampling(temperature=1, seed=5), max_tokens=8)
        last = list(model.generate([Message(role="user", content="oi")], [], options, CancelToken()))[-1]
        assert isinstance(last, Generation)


def test_only_what_can_pay_is_measured(slow_gguf: Path) -> None:
    assert not worth_while(describe(student_path()))
    assert not worth_while(describe(slow_gguf))
    four_billion = replace(describe(slow_gguf), size=4_280_000_000, parameters=4_020_000_000)
    assert worth_while(four_billion)
    assert worth_while(replace(four_billion, size=400_000_000, parameters=600_000_000))


def test_two_calibrations_do_not_measure_each_other(slow_gguf: Path) -> None:
    fd = os.open(store.folder() / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    with pytest.raises(ModelError, match="Another calibration is under way"):
        calibrate(describe(slow_gguf), CancelToken())
    os.close(fd)


def test_a_cancel_leaves_nothing(slow_gguf: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        calibrate(describe(slow_gguf), cancel)
    assert left() == ["lock"]
    assert store.recall(describe(slow_gguf)) is None


def test_damaged_weights_are_told_and_nothing_is_remembered(tmp_path: Path) -> None:
    file = describe(make_gguf(tmp_path / "damaged.gguf", damaged=True))
    with pytest.raises(ModelError, match="can't be calibrated: it computes wrong numbers"):
        calibrate(file, CancelToken())
    assert store.recall(file) is None


def test_a_busy_machine_is_told(slow_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlagent_tui.models.calibration.search.QUIET_SHARE", 1e9)
    with pytest.raises(ModelError, match="too busy") as caught:
        calibrate(describe(slow_gguf), CancelToken())
    assert isinstance(caught.value.__cause__, MachineBusy)


def test_a_disk_without_room_is_told(slow_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __enter__(self) -> Path:
            return Path("/dev/full")

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(module, "_excerpt_place", Full)
    with pytest.raises(ModelError, match="No space left on device"):
        calibrate(describe(slow_gguf), CancelToken())


def test_what_a_killed_calibration_left_is_swept(slow_gguf: Path) -> None:
    (store.folder() / "excerpt-1.gguf").touch()
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        calibrate(describe(slow_gguf), cancel)
    assert left() == ["lock"]
