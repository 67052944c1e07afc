"""What the shell's commands make of the evaluated prompts on disk."""

from pathlib import Path

import pytest

from tests.cli.test_commands import home, run  # noqa: F401 - a fixture

BRIEF = "name = 'brief'\nmax_tokens = 20\nthinking_budget = 5\nconstrain_calls = false\n"
"""For a model that says nothing sensible: it may say little."""


@pytest.fixture
def question(heavy_gguf: Path, tmp_path: Path, demo_conninfo: str) -> tuple[str, ...]:
    profile = tmp_path / "brief.toml"
    profile.write_text(BRIEF)
    return ("ask", "Quantos?", demo_conninfo, "--model", str(heavy_gguf), "--profile", str(profile))


def test_what_a_question_evaluated_is_there_for_the_next_one(home: Path, question: tuple[str, ...]) -> None:  # noqa: F811
    first = run(home, *question)
    assert "unusable tool calls" in first.stderr
    (file,) = (home / "cache" / "prefixes").iterdir()
    used = file.stat().st_mtime_ns
    second = run(home, *question)
    assert (second.returncode, second.stderr) == (first.returncode, first.stderr)
    (again,) = (home / "cache" / "prefixes").iterdir()
    assert again == file
    assert again.stat().st_mtime_ns > used  # loaded: that is how the least recently used is known
    assert (home / "cache" / "model.log").read_text() == ""


def test_the_cache_is_told_and_cleared(home: Path, question: tuple[str, ...]) -> None:  # noqa: F811
    run(home, *question)
    conninfo, model = question[2], question[4]
    told = run(home, "doctor", conninfo, "--model", model).stdout
    assert "evaluated prompts on disk: 1 (" in told
    assert "of at most 2.15 GB" in told
    cleared = run(home, "model", "clear-cache")
    assert cleared.returncode == 0
    assert cleared.stderr.startswith("Evaluated prompts removed: 1 (")
    assert list((home / "cache" / "prefixes").iterdir()) == []


def test_no_cache_is_told_as_that(home: Path, question: tuple[str, ...]) -> None:  # noqa: F811
    config = home / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[model]\nprefix_cache_mb = 0\n")
    run(home, *question)
    assert not (home / "cache" / "prefixes").exists()
    assert "No evaluated prompts are kept" in run(home, "doctor", question[2], "--model", question[4]).stdout
