"""What is told of a run while it runs."""

import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

from sqlagent_tui.bench.records import Verdict
from sqlagent_tui.cli.bench_progress import Standing

RIGHT = Verdict(ending="unanswerable", item_id="a", expected="unanswerable")
WRONG = Verdict(ending="sql", item_id="b", expected="unanswerable")
EXCLUDED = Verdict(ending="none", item_id="c", expected="sql", gold_error="A gold statement fails.")


def test_the_time_left_is_that_of_this_session() -> None:
    now = 100.0
    standing = Standing(10, [RIGHT, RIGHT, WRONG, EXCLUDED], lambda: now)
    assert standing.line() == "4/10, 2 right (66.7%), 1 excluded"
    now = 130.0
    standing.add(RIGHT)
    standing.add(WRONG)
    assert standing.seconds_left == 60.0
    assert standing.line() == "6/10, 3 right (60.0%), 1 excluded, about 1 min 0 s left"
    assert standing.by_decision["unanswerable"]["sql"] == 2


def test_a_pipe_gets_a_line_a_verdict_and_a_terminal_a_table() -> None:
    script = """
import sys
from sqlagent_tui.bench.records import Verdict
from sqlagent_tui.cli.bench_progress import RunProgress, Standing
with RunProgress(Standing(2, [])) as progress:
    for name in ("a", "b\\x1b[2J[bold]"):
        progress(Verdict(ending="unanswerable", item_id=name, expected="unanswerable", seconds=1.5))
"""
    piped = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert piped.stdout == ""
    assert piped.stderr.splitlines()[0].startswith("a: unanswerable, right, 1.5 s | 1/2, 1 right (100.0%)")
    assert piped.stderr.splitlines()[1].startswith(
        "b⟨ESC⟩[2J[bold]: unanswerable, right, 1.5 s | 2/2, 2 right (100.0%)"
    )

    shown = _on_a_terminal(script)
    assert re.search(r"expected +asked +right +sql +clarification +unanswerable +none +timeout +failed", shown)
    assert re.search(r"unanswerable +2 +2 +0 +0 +2", shown)
    assert "b⟨ESC⟩[2J[bold]: unanswerable" in shown
    assert "2/2, 2 right (100.0%)" in shown


def _on_a_terminal(script: str) -> str:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    with Path("/dev/null").open("rb") as nothing:
        running = subprocess.Popen([sys.executable, "-c", script], stdin=nothing, stdout=nothing, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert running.wait() == 0
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown.decode())
