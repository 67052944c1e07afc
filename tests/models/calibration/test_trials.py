import os
import signal
import threading
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.models.calibration import trials as module
from sqlagent_tui.models.calibration.contest import TOLERANCE, error_of
from sqlagent_tui.models.calibration.trials import NICENESS, TrialFailed, Trials
from sqlagent_tui.models.settings import EngineSettings
from tests.fix_models import make_gguf

ONE = EngineSettings(threads=1, threads_batch=1)


def test_a_trial_tells_times_and_numbers(tiny_gguf: Path) -> None:
    with Trials(tiny_gguf, CancelToken()) as trials:
        measured = trials(ONE, 70, 3)
        assert measured.read_seconds > 0
        assert measured.write_seconds > 0
        assert len(measured.logits) > 256
        assert not measured.gpu
        again = trials(EngineSettings(threads=2, threads_batch=2, n_ubatch=32, flash_attention=True), 70, 3)
        assert len(trials._processes) == 1
        assert again.logits != []
        trials(EngineSettings(extra_buffers=True), 70, 3)  # of 16-bit weights there is nothing to lay out anew
        assert len(trials._processes) == 2


def test_ways_to_load_get_processes_of_their_own_that_end_with_us(tiny_gguf: Path) -> None:
    with Trials(tiny_gguf, CancelToken(), background=True) as trials:
        trials(ONE, 8, 1)
        (process,) = trials._processes.values()
        environment = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        assert b"OMP_WAIT_POLICY=passive" in environment
        assert b"GGML_NO_BACKTRACE=1" in environment
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
    assert process.poll() is not None


def test_a_death_is_a_finding_and_the_next_trial_goes_on(tiny_gguf: Path) -> None:
    with Trials(tiny_gguf, CancelToken()) as trials:
        trials(ONE, 8, 1)
        (process,) = trials._processes.values()
        process.send_signal(signal.SIGILL)
        process.wait()
        with pytest.raises(TrialFailed, match=r"a crash \(SIGILL\)"):
            trials(ONE, 8, 1)
        assert trials(ONE, 8, 1).read_seconds > 0


def test_extra_buffers_are_tried_where_a_crash_costs_nothing(tmp_path: Path) -> None:
    model = make_gguf(tmp_path / "quantized.gguf", width=256, ffn=512, quantized=True)
    with Trials(model, CancelToken()) as trials:
        usual = trials(ONE, 64, 2)
        how = ""
        try:
            extra = trials(replace(ONE, extra_buffers=True), 64, 2)
        except TrialFailed as failure:
            how = str(failure)  # AMX, built by an older gcc
        assert how in ("a crash (SIGILL)", "a crash (SIGSEGV)") or error_of(extra.logits, usual.logits) < TOLERANCE / 10
        assert error_of(trials(ONE, 64, 2).logits, usual.logits) == 0


def test_a_trial_that_hangs_is_ended(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Trials(tiny_gguf, CancelToken()) as trials:
        trials(ONE, 8, 1)
        (process,) = trials._processes.values()
        process.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(module, "PATIENCE", 0.3)
        with pytest.raises(TrialFailed, match="no answer within"):
            trials(ONE, 8, 1)
        assert process.poll() is not None


def test_a_file_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    odd = make_gguf(tmp_path / "odd.gguf", architecture="qwen9")
    with Trials(odd, CancelToken()) as trials, pytest.raises(TrialFailed, match="can't load"):
        trials(ONE, 8, 1)


def test_a_cancel_ends_a_trial_at_once(slow_gguf: Path) -> None:
    cancel = CancelToken()
    with Trials(slow_gguf, cancel) as trials:
        trials(ONE, 8, 1)
        (process,) = trials._processes.values()
        cancelled_at = []

        def interrupt() -> None:
            cancelled_at.append(time.monotonic())
            cancel.cancel()

        threading.Timer(0.1, interrupt).start()
        with pytest.raises(Cancelled):
            trials(ONE, 4000, 50)
        assert time.monotonic() - cancelled_at[0] < 1
    assert process.poll() == -signal.SIGKILL
