"""`bench run` and `bench report` as a script sees them: processes that are killed, the real student, a real server."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqlagent_tui.bench.run_directory import RunDirectory
from sqlagent_tui.models.library import student_path
from tests.bench.runs import SUITE, kept, timeless
from tests.fix_model_server import KEY, ModelServer

ITEMS = [json.loads(line)["id"] for line in (SUITE / "items.jsonl").read_text("utf-8").splitlines()]


class Shell:
    """Runs commands with a home of their own, on the demo's database."""

    def __init__(self, home: Path, conninfo: str) -> None:
        self.home, self.conninfo = home, conninfo
        kept_variables = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        self.environment = {
            **kept_variables,
            "SQLAGENT_TUI_HOME": str(home),
            "SQLAGENT_API_KEY": KEY,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-c", "from sqlagent_tui.cli import main; main()", "bench", *map(str, arguments)]

    def __call__(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, env=self.environment, timeout=120
        )

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return self(*self.running(*arguments))

    def running(self, *arguments: object) -> list[object]:
        return ["run", SUITE, "--database", self.conninfo, "--model", "student", *arguments]

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*self.running(*arguments)),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment,
        )  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path, demo_conninfo: str) -> Shell:
    return Shell(tmp_path / "home", demo_conninfo)


def wait_for_verdicts(running: subprocess.Popen[str], folder: Path, count: int) -> None:
    path = folder / "verdicts.jsonl"
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_help_has_examples(bench: Shell) -> None:
    for name in ("run", "report", "compare"):
        shown = bench(name, "--help")
        assert shown.returncode == 0
        assert "Example" in shown.stdout


def test_the_same_seed_gives_the_same_run_twice(bench: Shell, tmp_path: Path) -> None:
    verdicts = []
    for name in ("one", "two"):
        wanted = ("--out", tmp_path / name, "-k", 2, "--temperature", 0.9, "--seed", 11, "--limit", 4)
        done = bench.run(*wanted)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{tmp_path / name}\n"
        verdicts.append(timeless(RunDirectory.open(tmp_path / name).verdicts()))
    assert len(verdicts[0]) == 8
    assert verdicts[0] == verdicts[1]
    assert (tmp_path / "one" / "metrics.json").is_file()


def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_happened(bench: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    running = bench.start("--out", folder)
    wait_for_verdicts(running, folder, 2)
    running.kill()
    running.communicate()
    before = (folder / "verdicts.jsonl").read_bytes()
    assert 2 <= before.count(b"\n") < len(ITEMS)
    assert not (folder / "metrics.json").exists()

    resumed = bench.run("--resume", folder)
    assert resumed.returncode == 0, resumed.stderr
    assert (folder / "verdicts.jsonl").read_bytes().startswith(before)
    assert kept(RunDirectory.open(folder)) == [f"{item}#0" for item in ITEMS]
    assert (folder / "metrics.json").is_file()
    assert bench.run("--out", tmp_path / "whole").returncode == 0
    assert _without_cache(folder) == _without_cache(tmp_path / "whole")


def _without_cache(folder: Path) -> list[dict[str, object]]:
    """Verdicts without what a model that was loaded again can't have: what it evaluated before."""
    verdicts = timeless(RunDirectory.open(folder).verdicts())
    for verdict in verdicts:
        for turn in (verdict, verdict.get("second") or {}):
            assert isinstance(turn, dict)
            turn.pop("cached_tokens", None)
    return verdicts


def test_ctrl_c_leaves_a_run_that_can_be_resumed(bench: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    running = bench.start("--out", folder)
    wait_for_verdicts(running, folder, 1)
    running.send_signal(signal.SIGINT)
    out, said = running.communicate(timeout=30)
    assert (running.returncode, out) == (130, "")
    assert f"Go on with the same command and --resume {folder}" in said
    assert said.strip().endswith("Interrupted.")
    assert bench.run("--resume", folder).returncode == 0
    assert kept(RunDirectory.open(folder)) == [f"{item}#0" for item in ITEMS]


def test_another_run_is_not_resumed_and_none_is_overwritten(bench: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert bench.run("--out", folder, "--only", "unanswerable").returncode == 0
    before = (folder / "verdicts.jsonl").read_bytes()
    for arguments, told in (
        (["--out", folder, "--only", "unanswerable"], "holds a run. Go on with it: --resume"),
        (["--resume", folder], "was run with another choice of questions and another database: its verdicts"),
        (["--resume", folder, "--only", "unanswerable", "--seed", 5], "another sampling"),
        (["--resume", folder, "--out", folder], "Both --out and --resume"),
    ):
        refused = bench.run(*arguments)
        assert refused.returncode == 2
        assert told in refused.stderr
        assert "Traceback" not in refused.stderr
    assert (folder / "verdicts.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-k", "3"], "At temperature 0 all 3 samples would be the same. Give --temperature"),
        (["--only", "impossible"], "No question has impossible."),
        (["--only", "easy", "--only", "clarification"], "No question has all of easy, clarification."),
        (["--limit", "0"], "--limit"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(bench: Shell, arguments: list[str], told: str) -> None:
    done = bench.run(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == ""


def test_samples_of_a_model_file_side_by_side(bench: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = bench.run("--out", folder, "-k", 3, "--temperature", 0.5, "--parallel", 3, "--only", "sql-motivo")
    assert done.returncode == 0, done.stderr
    assert sorted(kept(RunDirectory.open(folder))) == ["sql-motivo#0", "sql-motivo#1", "sql-motivo#2"]


@pytest.fixture
def patient_server(tmp_path: Path) -> Iterator[ModelServer]:
    """The student, served to whoever waits."""
    server = ModelServer(student_path(), tmp_path, interrupt=False)
    yield server
    server.kill()


def test_a_model_server_is_asked_several_things_at_a_time(
    bench: Shell, tmp_path: Path, patient_server: ModelServer
) -> None:
    folder = tmp_path / "run"
    wanted = ("--out", folder, "--parallel", 2, "--profile", "student", "--model", patient_server.address)
    done = bench.run(*wanted, "--only", "unanswerable", "--only", "clarification")
    assert done.returncode == 0, done.stderr
    assert sorted(kept(RunDirectory.open(folder))) == sorted(f"{i}#0" for i in ITEMS if not i.startswith("sql"))
    assert KEY not in "".join(p.read_text("utf-8") for p in folder.rglob("*") if p.is_file())


def test_a_report_is_written_where_it_is_wanted(bench: Shell, tmp_path: Path) -> None:
    folder, out = tmp_path / "run", tmp_path / "report"
    assert bench.run("--out", folder, "--limit", 3).returncode == 0
    done = bench("report", folder, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# Benchmark report")
    assert sorted(path.name for path in out.iterdir()) == [
        "accuracy.svg", "decisions-A.svg", "difficulty.svg", "report.json", "report.md",
    ]  # fmt: skip
    assert "![" in (out / "report.md").read_text("utf-8")
    assert json.loads(bench("report", folder, "--json").stdout) == json.loads((out / "report.json").read_text("utf-8"))
    compared = bench("compare", folder, folder)
    assert "McNemar p" in compared.stdout
    missing = bench("report", tmp_path / "none")
    assert (missing.returncode, missing.stdout) == (2, "")
