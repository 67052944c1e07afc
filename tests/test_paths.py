from __future__ import annotations

from pathlib import Path

import pytest

from sqlagent_tui import paths


@pytest.mark.parametrize("folder", ["config", "data", "cache"])
def test_one_root_for_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path / "home"))
    made: Path = getattr(paths, f"{folder}_dir")()
    assert made == tmp_path / "home" / folder
    assert made.stat().st_mode & 0o777 == 0o700
    assert made.parent.stat().st_mode & 0o777 == 0o700


def test_the_usual_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paths.HOME_VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for made in (paths.config_dir(), paths.data_dir(), paths.cache_dir()):
        assert made.is_relative_to(tmp_path)
        assert made.name == paths.APP_NAME
        assert made.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    paths.private_dir(tmp_path / "new")
    assert tmp_path.stat().st_mode & 0o777 == 0o755
