"""A home of its own for the servers that suites' databases are made on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sqlagent_tui import paths
from sqlagent_tui.database.embedded import wait_stopped
from tests.fix_demo import data_dirs


@pytest.fixture(scope="module")
def suite_home() -> Iterator[Path]:
    """SQLAGENT_TUI_HOME, empty at first, as long as a module's tests run."""
    with data_dirs() as make, pytest.MonkeyPatch.context() as patch:
        home = make("home")
        patch.setenv(paths.HOME_VARIABLE, str(home))
        home.mkdir(mode=0o755)
        (home / "data").mkdir(mode=0o755)
        yield home
        stopped = [wait_stopped(lock.parent) for lock in home.glob("data/*/keeper.lock")]
        assert all(stopped), "a server outlived its last client"
