"""A home of its own for the servers that suites' databases are made on, and the health network's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sqlagent_tui import paths
from sqlagent_tui.bench.databases import open_suite_database
from sqlagent_tui.bench.suite import find_suite
from sqlagent_tui.database.embedded import wait_stopped
from tests.fix_demo import data_dirs


@pytest.fixture(scope="module")
def suite_home() -> Iterator[Path]:
    """SQLAGENT_TUI_HOME, empty at first, as long as a module's tests run."""
    with _home() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.HOME_VARIABLE, str(home))
        yield home


@pytest.fixture(scope="session")
def health_conninfo() -> Iterator[str]:
    """The way into the database of rede_saude_publica, as the role that may only read."""
    with _home() as home, ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # tests of the home's variable go on seeing their own
            patch.setenv(paths.HOME_VARIABLE, str(home))
            opened = stack.enter_context(open_suite_database(find_suite("rede_saude_publica"), lambda *_: None))
        yield opened.conninfo


@contextmanager
def _home() -> Iterator[Path]:
    """An empty home; by its end the servers in it have stopped, or that is a failure."""
    with data_dirs() as make:
        home = make("home")
        home.mkdir(mode=0o755)
        (home / "data").mkdir(mode=0o755)
        yield home
        stopped = [wait_stopped(lock.parent) for lock in home.glob("data/*/keeper.lock")]
        assert all(stopped), "a server outlived its last client"
