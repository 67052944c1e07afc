"""`model pull` as a user meets it: a process that is killed, interrupted and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sqlagent_tui.cli.transfer import TransferProgress, amount
from sqlagent_tui.models.download import Step
from tests.fake_hub import FakeHub

COMMAND = [sys.executable, "-c", "from sqlagent_tui.cli import main; main()", "model"]
TOKEN = "hf_muitosegredo"


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HF_TOKEN": TOKEN, **environment},
    )


def end(process: subprocess.Popen[str], sign: signal.Signals | None = None) -> tuple[int, str, str]:
    if sign is not None:
        process.send_signal(sign)
    with process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def wait_for_bytes(hub: FakeHub, more: int) -> None:
    until, wanted = time.monotonic() + 60, hub.sent + more
    while hub.sent < wanted:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_download_survives_a_kill_and_an_interrupt(hub: FakeHub, tmp_path: Path) -> None:
    hub.pause = 0.02
    size = len(hub.repositories["org/tiny"].files["tiny-Q8_0.gguf"])
    part = tmp_path / "home" / "data" / "models" / ".partial" / "tiny-Q8_0.gguf"
    process = start("pull", "org/tiny")
    wait_for_bytes(hub, 40_000)
    end(process, signal.SIGKILL)
    killed_at = part.stat().st_size
    assert killed_at > 0

    process = start("pull", "org/tiny")
    wait_for_bytes(hub, 40_000)
    code, out, err = end(process, signal.SIGINT)
    interrupted_at = part.stat().st_size
    assert interrupted_at > killed_at
    assert (code, out) == (130, "")
    assert "of tiny-Q8_0 have arrived and are kept. Go on with: sqlagent-tui model pull org/tiny:tiny-Q8_0.gguf" in err
    assert "Traceback" not in err

    hub.pause = 0
    code, out, err = end(start("pull", "org/tiny"))
    assert (code, out) == (0, "tiny-Q8_0\n")
    assert [request.range for request in hub.requests] == ["", f"bytes={killed_at}-", f"bytes={interrupted_at}-"]
    assert hub.requests[-1].sent == size - interrupted_at
    assert "\r" not in err
    assert "Checking what has already arrived" in err
    assert TOKEN not in out + err

    code, out, _ = end(start("list", "--json"))
    assert {entry["name"]: entry["source"] for entry in json.loads(out)}["tiny-Q8_0"] == "org/tiny:tiny-Q8_0.gguf"
    facts = json.loads(end(start("info", "tiny-Q8_0", "--json"))[1])
    assert (facts["licence"], facts["source"]) == ("apache-2.0", "org/tiny:tiny-Q8_0.gguf")
    assert facts["chat_template"]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "told"),
    [
        (["pull", "org/tiny"], {"HF_HUB_OFFLINE": "1"}, 7, "HF_HUB_OFFLINE is set, so nothing is downloaded."),
        (["pull"], {}, 7, "There is no repository Boakpe/Qwen3-4B-Thinking-2507-Text-to-SQL-Agent-FT-GGUF on 127.0.0."),
    ],
)
def test_failures_are_one_line(
    hub: FakeHub, arguments: list[str], environment: dict[str, str], code: int, told: str
) -> None:
    ended, out, err = end(start(*arguments, **environment))
    assert (ended, out) == (code, "")
    assert err.startswith(told)
    assert err.count("\n") == 1


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_speed_and_time_left_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    clock, gigabyte = Clock(), 10**9
    progress = TransferProgress("a.gguf", live=False, clock=clock)
    progress(Step("checking", gigabyte, 4 * gigabyte))
    for second in range(1, 31):
        clock.now = float(second)
        progress(Step("downloading", gigabyte + (second - 1) * 10**8, 4 * gigabyte))
    clock.now = 31.0
    progress(Step("waiting", 39 * 10**8, 4 * gigabyte, "the connection was lost"))
    clock.now = 32.0
    progress(Step("downloading", 4 * gigabyte, 4 * gigabyte))
    assert capfd.readouterr().err.splitlines() == [
        "Checking what has already arrived, 1.00 GB of 4.00 GB",
        "a.gguf 25%, 1.00 GB of 4.00 GB",
        "a.gguf 50%, 2.00 GB of 4.00 GB, 100.0 MB/s, 20 s left",
        "a.gguf 75%, 3.00 GB of 4.00 GB, 100.0 MB/s, 10 s left",
        "a.gguf 98%, 3.90 GB of 4.00 GB: the connection was lost, trying again",
        "a.gguf 100%, 4.00 GB of 4.00 GB",
    ]


def test_a_long_name_gives_way_to_the_figures(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    progress = TransferProgress("Qwen3-4B-Thinking-2507-Text-to-SQL-Agent-FT-Q8_0.gguf", live=True, clock=Clock())
    progress(Step("downloading", 10**9, 4 * 10**9))
    shown = capfd.readouterr().err.removeprefix("\r")
    assert len(shown) == 59
    assert shown.endswith("… 25%, 1.00 GB of 4.00 GB")


def test_on_a_terminal_one_line_is_rewritten(capfd: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = TransferProgress("a.gguf", live=True, clock=clock)
    for tenth in range(5):
        clock.now = tenth / 10
        progress(Step("downloading", tenth * 100, 10**7))
    progress.done()
    shown = capfd.readouterr().err
    assert shown.count("\r") == 3  # click leaves escape sequences out of what is no terminal
    assert shown.endswith("\n")
    assert "400 bytes of 10.00 MB, 0.0 MB/s, 2 h 46 min left" in shown
    assert amount(999) == "999 bytes"
