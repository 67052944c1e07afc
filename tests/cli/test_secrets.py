"""A canary for a password: however it is given, nothing that the program writes or starts shows it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.fix_network import PASSWORD, ROLE, NetworkServer

STUDENT = Path(__file__).parents[2] / "sqlagent_tui" / "demo" / "student.gguf"
PIECES = [piece.encode(encoding) for piece in PASSWORD.split() for encoding in ("utf-8", "latin-1", "unicode_escape")]
MAIN = "from sqlagent_tui.cli import main; main()"


class Watched:
    """The command line on a terminal of its own, with everything that it writes and starts kept for a look."""

    def __init__(self, home: Path, *arguments: str, code: str = MAIN, **environ: str) -> None:
        self.home = home
        home.mkdir(exist_ok=True)
        self.output = b""
        self.command_lines: set[bytes] = set()
        self.environments: set[bytes] = set()
        """Of the processes that ours started."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "TEXTUAL"))}
        home_of_all = {"HOME": str(home), "TMPDIR": str(home), "SQLAGENT_TUI_HOME": str(home / "app")}
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=slave, stdout=slave, stderr=slave, close_fds=True, start_new_session=True,
            env={**kept, **home_of_all, "TERM": "xterm-256color", "LANG": "en_US.UTF-8", "PYTHONUTF8": "1", **environ},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)

    def read_until(self, text: bytes, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < deadline, self.output[-2_000:]
            assert self.process.poll() is None, self.output[-2_000:]
            self._look()

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def end(self, seconds: float = 30) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                raise AssertionError(self.output[-2_000:])
            self._look()
        while self._look():
            pass
        os.close(self._master)
        return self.process.returncode

    def _look(self) -> bool:
        """Take in what was written and what runs; return whether something was written."""
        started = {self.process.pid}
        for entry in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
            try:
                parent = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
                if entry not in started and parent not in started:
                    continue
                self.command_lines.add(Path(f"/proc/{entry}/cmdline").read_bytes())
                if entry not in started:
                    started.add(entry)
                    self.environments.add(Path(f"/proc/{entry}/environ").read_bytes())
            except OSError:  # it has ended meanwhile
                continue
        if not select.select([self._master], [], [], 0.02)[0]:
            return False
        try:
            written = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.output += written
        return bool(written)

    def leaks(self) -> list[str]:
        """Return where a piece of the password was seen."""
        seen = {"the terminal": self.output, "a command line": b"\n".join(self.command_lines)}
        seen["a child's environment"] = b"\n".join(self.environments)
        for path in self.home.rglob("*"):
            if path.is_file():
                seen[str(path)] = path.read_bytes()
                assert path.stat().st_mode & 0o077 == 0 or path.parent == self.home, path
        assert len(self.command_lines) >= 1
        return [where for where, text in seen.items() if any(piece in text for piece in PIECES)]


def test_from_the_environment_with_a_model(network_server: NetworkServer, tmp_path: Path) -> None:
    conninfo = network_server.conninfo(user=ROLE)
    question = "Quantos estados existem?"
    run = Watched(tmp_path / "h", "ask", question, conninfo, "--model", str(STUDENT), PGPASSWORD=PASSWORD)
    run.read_until(b"get_table_schema")
    run.type(b"\x03")  # on a database that it doesn't know the student would go on for long
    assert run.end() == 130, run.output
    assert any(b"models.worker" in line for line in run.command_lines), "the model's process was not seen"
    assert run.environments
    assert list((run.home / "app").rglob("*.jsonl"))
    assert run.leaks() == []


def test_from_a_passfile_with_the_doctor(network_server: NetworkServer, tmp_path: Path) -> None:
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:*:*:{ROLE}:{PASSWORD}\n")
    passfile.chmod(0o600)
    conninfo = network_server.conninfo(f"passfile={passfile}", user=ROLE)
    run = Watched(tmp_path / "h", "doctor", "--debug", conninfo, "--model", str(STUDENT))
    assert run.end() == 0, run.output
    assert f"{ROLE} may only read".encode() in run.output
    assert run.leaks() == []


def test_typed_at_a_command(network_server: NetworkServer, tmp_path: Path) -> None:
    run = Watched(tmp_path / "h", "sql", "SELECT 40 + 2 AS n", network_server.conninfo(user=ROLE), "--format", "csv")
    run.read_until(f"Password of {ROLE}: ".encode())
    run.type(PASSWORD.encode() + b"\n")
    assert run.end() == 0, run.output
    assert b"42" in run.output
    assert run.leaks() == []


def test_typed_wrong(network_server: NetworkServer, tmp_path: Path) -> None:
    run = Watched(tmp_path / "h", "sql", "SELECT 1", network_server.conninfo(user=ROLE), "--debug")
    run.read_until(b"Password of")
    run.type(PASSWORD.encode() + b"x\n")
    assert run.end() == 6, run.output
    assert b"refused the password" in run.output
    assert run.leaks() == []


@pytest.mark.parametrize("way", ["quit", "crash"])
def test_typed_in_the_app(way: str, network_server: NetworkServer, tmp_path: Path) -> None:
    code = MAIN
    if way == "crash":
        code = f"""
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.widgets.prompt import Prompt
def sent(self, event):
    typed = [it._typed for it in __import__('gc').get_objects() if type(it).__name__ == 'Connecting']
    assert typed[0], "the app holds the password"
    raise RuntimeError(f"postgresql://ana:{{typed[0]}}@db/x, row {{typed}}")
SqlAgentApp.on_prompt_sent = sent
{MAIN}"""
    run = Watched(tmp_path / "h", network_server.conninfo(user=ROLE), "--model", str(STUDENT), code=code)
    run.read_until(b"password")
    time.sleep(0.3)  # the field takes keys when it has been drawn
    run.type(PASSWORD.encode() + b"\r")
    run.read_until("só leitura".encode() if b"Pergunta" in run.output else b"read-only")
    if way == "crash":
        run.type(b"hi\r")
        assert run.end() == 1
        assert b"RuntimeError" in run.output
        assert b"in sent" in run.output
    else:
        run.type(b"\x11")
        assert run.end() == 0
    assert run.leaks() == []
