from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own: what is remembered here is nobody else's."""
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
