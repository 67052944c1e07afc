"""Our end of the scrap processes: start them, ask them, survive their death."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.models.process import child_environment
from sqlagent_tui.models.settings import EngineSettings

PATIENCE: Final = 30.0
"""Seconds after which a trial is taken to hang."""
NICENESS: Final = 10
"""Of trials in the background: whoever works at the machine goes first."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What to try."""

    path: str
    settings: EngineSettings
    prompt: int
    """Tokens to read."""
    written: int
    """Tokens to write after them, one by one."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    load_seconds: float = 0.0
    read_seconds: float = 0.0
    """For a token of the prompt, on average."""
    write_seconds: float = 0.0
    """For the quickest of the tokens written."""
    cores: float = 1.0
    """How many cores' time the reading got: less than its threads when others had it."""
    gpu: bool = False
    """Whether layers went to a GPU."""
    logits: list[float | None] = []
    """After the prompt; None for what is no number."""
    failure: str = ""
    """Why there is nothing to measure; empty when all went well."""


class TrialFailed(Exception):  # noqa: N818 - a finding, not an error
    """The settings don't work here; the argument says how that showed."""


class Trials:
    """Tries settings on one model file; one scrap process for each way to load it."""

    def __init__(self, path: Path, cancel: CancelToken, *, background: bool = False) -> None:
        self._path = path
        self._background = background
        self._cancel = cancel
        self._processes: dict[bool, subprocess.Popen[bytes]] = {}

    def __call__(self, settings: EngineSettings, prompt: int, written: int) -> Measured:
        """Try `settings`. Raises `TrialFailed`, and `Cancelled` as soon as the token is set."""
        self._cancel.raise_if_cancelled()
        process = self._process(settings)
        trial = Trial(path=str(self._path), settings=settings, prompt=prompt, written=written)
        with self._cancel.on_cancel(process.kill):
            line = _exchange(process, msgspec.json.encode(trial) + b"\n")
        self._cancel.raise_if_cancelled()
        if not line.endswith(b"\n"):
            self._processes.pop(settings.extra_buffers)
            raise TrialFailed(_end(process))
        measured = msgspec.json.decode(line, type=Measured)
        if measured.failure:
            raise TrialFailed(measured.failure)
        return measured

    def _process(self, settings: EngineSettings) -> subprocess.Popen[bytes]:
        process = self._processes.get(settings.extra_buffers)
        if process is None:
            nice = ["nice", "-n", str(NICENESS)] if self._background and shutil.which("nice") else []
            process = self._processes[settings.extra_buffers] = subprocess.Popen(
                [*nice, sys.executable, "-P", "-m", "sqlagent_tui.models.calibration.trial"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=child_environment(),
            )
        return process

    def close(self) -> None:
        """End all processes."""
        while self._processes:
            _end(self._processes.popitem()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _exchange(process: subprocess.Popen[bytes], line: bytes) -> bytes:
    """Send a line and return the answer; what there is of it when the process ends or takes too long."""
    assert process.stdin
    assert process.stdout
    answer = b""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(line)
        process.stdin.flush()
    readable = select.poll()
    readable.register(process.stdout, select.POLLIN)
    deadline = time.monotonic() + PATIENCE
    while not answer.endswith(b"\n") and readable.poll(max(0.0, deadline - time.monotonic()) * 1000):
        chunk = os.read(process.stdout.fileno(), 1 << 16)
        if not chunk:
            break
        answer += chunk
    return answer


def _end(process: subprocess.Popen[bytes]) -> str:
    """End a process; return how it ended, if it had already."""
    assert process.stdin
    assert process.stdout
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.5)
    code = process.poll()
    process.kill()
    process.wait()
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    process.stdout.close()
    if code is None:
        return f"no answer within {PATIENCE:.0f} seconds"
    with contextlib.suppress(ValueError):
        return f"a crash ({signal.Signals(-code).name})"
    return f"exit code {code}"
