from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from sqlagent_tui.database.embedded import EmbeddedServer
from sqlagent_tui.demo.loader import ROWS_DIGEST

COMMAND = (sys.executable, "-m", "sqlagent_tui.demo")


def test_check_prints_the_fingerprint(demo_server: EmbeddedServer) -> None:
    command = [*COMMAND, "--data-dir", str(demo_server.data_dir), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[-1] == ["digest", "82052", ROWS_DIGEST]
    assert {line[0] for line in lines} >= {"imovel_rural", "embargo"}
    assert done.stderr == ""


def test_it_runs_until_interrupted(demo_server: EmbeddedServer) -> None:
    command = [*COMMAND, "--data-dir", str(demo_server.data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        conninfo = process.stdout.readline().strip()
        with psycopg.connect(conninfo) as connection:
            assert connection.execute("SELECT current_user, count(*) FROM estado").fetchone() == ("leitor", 27)
        process.send_signal(signal.SIGINT)
        _, narration = process.communicate(timeout=30)
    assert (process.returncode, narration) == (0, "")


def test_a_data_dir_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [*COMMAND, "--data-dir", str(tmp_path / "file" / "below")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 6
    assert "could not be started" in done.stderr
    assert "Traceback" not in done.stderr
