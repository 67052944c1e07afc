"""The README's promises that a program can check."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_ci_runs_the_readme_s_own_test_command() -> None:
    command = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/python -m pytest"
    assert f"\n{command}\n" in README
    assert f"\n{command}\n" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_pictures_and_links_exist() -> None:
    for target in ("docs/answer.svg", "docs/safety.md"):
        assert target in README
        assert (ROOT / target).is_file()
