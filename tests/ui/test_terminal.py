"""The app in a real terminal: what is written to it, and what is left of it afterwards."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

START = """
from sqlagent_tui.assembly import Target
from sqlagent_tui.ui import heartbeat, run
{before}
raise SystemExit(run.run_app(run.AppOptions(target=Target(conninfo="host=127.0.0.1 port=1 connect_timeout=2"))))
"""
CRASH = """
def spin(self):
    hidden = "hunter" + "2"
    raise RuntimeError("postgresql://ana:" + hidden + "@db/x, row (" + hidden + ")")
heartbeat.Heartbeat.spin = spin
"""
LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"


class Terminal:
    """A program on a pseudo-terminal of its own."""

    def __init__(self, code: str, home: Path, **environ: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = {key: value for key, value in os.environ.items() if not key.startswith("TEXTUAL") and key != "NO_COLOR"}
        env |= {"TERM": "xterm-256color", "SQLAGENT_TUI_HOME": str(home), "LANG": "en_US.UTF-8", **environ}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=slave, stdout=slave, stderr=slave, env=env, close_fds=True
        )
        os.close(slave)
        self.output = b""

    def read_until(self, text: bytes, seconds: float = 20) -> None:
        """Read until `text` was written."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < deadline, self.output[-2_000:]
            self._read(0.1)

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def wait(self, seconds: float = 10) -> int:
        """Read until the program ends; return its exit code."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.output[-2_000:]
            self._read(0.05)
        self._read(0.2)
        os.close(self.master)
        return self.process.returncode

    def _read(self, seconds: float) -> None:
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            try:
                self.output += os.read(self.master, 65536)
            except OSError:  # the other end is closed
                time.sleep(seconds)


def test_ctrl_q_quits_at_once_and_gives_the_terminal_back(tmp_path: Path) -> None:
    terminal = Terminal(START.format(before=""), tmp_path)
    terminal.read_until(b"Question")
    terminal.press(b"\x11")
    assert terminal.wait() == 0
    assert LEAVE_ALTERNATE_SCREEN in terminal.output
    assert b"Traceback" not in terminal.output


def test_a_bug_is_told_without_secrets_and_gives_the_terminal_back(tmp_path: Path) -> None:
    terminal = Terminal(START.format(before=CRASH), tmp_path)
    assert terminal.wait(20) == 1
    left = terminal.output.partition(LEAVE_ALTERNATE_SCREEN)[2]
    assert b"RuntimeError" in left
    assert b"bug of its own" in left
    assert b"hunter2" not in terminal.output


def test_sixteen_colours_need_no_more(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text('theme = "sixteen"\n')
    before = "from sqlagent_tui.config import load_config"
    code = START.format(before=before).replace(
        'connect_timeout=2"))', 'connect_timeout=2"), config=load_config().config)'
    )
    terminal = Terminal(code, tmp_path, TERM="xterm")
    terminal.read_until(b"Question")
    terminal.press(b"\x11")
    assert terminal.wait() == 0
    assert b"\x1b[38;2;" not in terminal.output
    assert b";38;2;" not in terminal.output
