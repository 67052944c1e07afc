"""`bench inspect` before there is a screen: what can't be opened is one sentence, and nothing is drawn."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def inspect(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from sqlagent_tui.cli import main; main()", "bench", "inspect", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "SQLAGENT_TUI_HOME": str(home)},
        timeout=60,
    )


def test_help_has_examples(tmp_path: Path) -> None:
    shown = inspect(tmp_path, "--help")
    assert shown.returncode == 0
    assert "Examples:" in shown.stdout


def test_what_cannot_be_inspected_is_told_before_there_is_a_screen(tmp_path: Path, inspected_run: Path) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(inspected_run, newer)
    head = json.loads((newer / "run.json").read_text("utf-8"))
    (newer / "run.json").write_text(json.dumps({**head, "version": 2, "program": "9.0", "new": True}), "utf-8")
    for run, told in (
        (tmp_path / "none", "can't be read: No such file or directory. Name the folder of a run."),
        (newer, "is a run of sqlagent-tui 9.0, in format 2 instead of 1. Open it with that version, or run it again."),
    ):
        refused = inspect(tmp_path / "home", run)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.count("\n") == 1
        assert told in refused.stderr
