"""`bench list`, `validate` and `import` as a script sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = 'name = "estados"\ntitle = "Estados"\n[database]\nkind = "external"\n'
GOOD = '{"id": "q1", "question": "Quantos estados?", "decision": "sql", "gold": ["SELECT count(*) FROM estado"]}\n'
DAMAGED = '{"id": "q2", "question": "E municípios?", "decision": "sql", "gold": ["SELECT count(*) FROM municipios"]}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "suite.toml").write_text(SUITE)
    (tmp_path / "items.jsonl").write_text(GOOD)
    return tmp_path


def bench(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return subprocess.run(
        [sys.executable, "-c", "from sqlagent_tui.cli import main; main()", "bench", *arguments],
        capture_output=True,
        text=True,
        env={**kept, "SQLAGENT_TUI_HOME": str(home / "home")},
        timeout=120,
    )


def test_every_command_has_examples(tmp_path: Path) -> None:
    listed = bench(tmp_path, "--help").stdout
    for name in ("list", "validate", "import"):
        assert f"  {name} " in listed
        assert "Examples:" in bench(tmp_path, name, "--help").stdout


def test_the_shipped_suites_are_listed_with_their_composition(tmp_path: Path) -> None:
    shown = bench(tmp_path, "list")
    assert shown.returncode == 0
    assert "cadastro_ambiental" in shown.stdout
    listed = {suite["name"]: suite for suite in json.loads(bench(tmp_path, "list", "--json").stdout)}
    suite = listed["cadastro_ambiental"]
    assert suite["composition"]["sql"] == 90
    assert suite["questions"] == sum(suite["composition"].get(k, 0) for k in ("sql", "clarification", "unanswerable"))


def test_a_sound_suite_exits_with_0_and_a_damaged_one_with_1(folder: Path, demo_conninfo: str) -> None:
    sound = bench(folder, "validate", str(folder), "--database", demo_conninfo)
    assert (sound.returncode, sound.stdout) == (0, "estados: 1 question, 1 gold statement, 0 faults, 0 notes\n")
    (folder / "items.jsonl").write_text(GOOD + DAMAGED)
    damaged = bench(folder, "validate", str(folder), "--database", demo_conninfo)
    assert damaged.returncode == 1
    assert "1 fault, 0 notes" in damaged.stdout
    assert '✗ error  q2: The gold statement fails: relation "municipios" does not exist' in damaged.stdout
    (result,) = json.loads(bench(folder, "validate", str(folder), "--database", demo_conninfo, "--json").stdout)
    assert (result["suite"], result["questions"], result["sound"]) == ("estados", 2, False)
    assert [(fault["kind"], fault["item_id"], fault["note"]) for fault in result["faults"]] == [("error", "q2", False)]


def test_what_a_suite_says_stays_on_its_line_and_obeys_nobody(folder: Path, demo_conninfo: str) -> None:
    hostile = {"id": "q\x1b[31m\n✗ forged", "question": "?", "decision": "sql", "gold": ['SELECT "a\nb\x1b]0;x\x07"']}
    (folder / "items.jsonl").write_text(json.dumps(hostile) + "\n")
    shown = bench(folder, "validate", str(folder), "--database", demo_conninfo)
    assert shown.returncode == 1
    assert len(shown.stdout.splitlines()) == 2
    assert "\x1b" not in shown.stdout


def test_what_cannot_be_validated_is_told(folder: Path) -> None:
    missing = bench(folder, "validate", "nenhuma")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "There is no suite nenhuma." in missing.stderr
    unnamed = bench(folder, "validate", str(folder))
    assert unnamed.returncode == 2
    assert "--database CONNINFO" in unnamed.stderr
    assert bench(folder, "validate").returncode == 2


def test_a_suite_without_its_extension_is_not_run_and_no_success(folder: Path) -> None:
    (folder / "suite.toml").write_text(SUITE.replace('"external"', '"scripts"\nextensions = ["postgis_da_lua"]'))
    shown = bench(folder, "validate", str(folder))
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "The suite estados can't be run: no PostgreSQL on this machine has postgis_da_lua." in shown.stderr


def test_an_imported_set_can_be_validated(tmp_path: Path, demo_conninfo: str) -> None:
    records = [
        {"db_id": "demo", "question": "How many states?", "query": "SELECT count(*) FROM estado"},
        {"db_id": "demo", "question": "Which ones?", "query": "SELECT `nome` FROM estado"},
    ]
    (tmp_path / "dev.json").write_text(json.dumps(records))
    made = bench(tmp_path, "import", str(tmp_path / "dev.json"), "--name", "spider", "--out", str(tmp_path / "out"))
    assert (made.returncode, made.stdout) == (0, f"{tmp_path / 'out' / 'spider_demo'}\n")
    checked = bench(tmp_path, "validate", made.stdout.strip(), "--database", demo_conninfo)
    assert checked.returncode == 1
    assert "error  demo-0002: The gold statement fails" in checked.stdout
    again = bench(tmp_path, "import", str(tmp_path / "dev.json"), "--name", "spider", "--out", str(tmp_path / "out"))
    assert again.returncode == 2
    assert "there already" in again.stderr
