"""The embedded server with the demo database: a reader's way in, and the superuser's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sqlagent_tui.database.embedded import EmbeddedServer, wait_stopped
from sqlagent_tui.demo.loader import demo_admin_conninfo as admin_conninfo_of
from sqlagent_tui.demo.loader import demo_conninfo as conninfo_of
from sqlagent_tui.demo.loader import ensure_demo


@pytest.fixture(scope="session")
def demo_server(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """The demo cluster, kept in pytest's cache from run to run."""
    cache: pytest.Cache | None = getattr(pytestconfig, "cache", None)  # absent under -p no:cacheprovider
    data_dir = cache.mkdir("demo-cluster") if cache is not None else tmp_path_factory.mktemp("demo-cluster")
    with EmbeddedServer.start(data_dir) as server:
        ensure_demo(server)
        yield server


@pytest.fixture(scope="session")
def demo_conninfo(demo_server: EmbeddedServer) -> str:
    """As the role `leitor`, who may only read."""
    return conninfo_of(demo_server)


@pytest.fixture(scope="session")
def demo_admin_conninfo(demo_server: EmbeddedServer) -> str:
    """As the superuser. Whoever changes something puts it back."""
    return admin_conninfo_of(demo_server)


@pytest.fixture
def make_data_dir() -> Iterator[Callable[[str], Path]]:
    """Fresh data directories for clusters of a test's own."""
    with data_dirs() as make:
        yield make


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data directory that the tests of a module share, each leaving its cluster in good health."""
    with data_dirs() as make:
        yield make("data")


@contextmanager
def data_dirs() -> Iterator[Callable[[str], Path]]:
    """Removed when their servers have stopped; a server that goes on without clients is a failure.

    They lie where any account may pass, so that a cluster stays inside even when root runs the tests.
    """
    root = Path(tempfile.mkdtemp(prefix="sqlagent-test-"))
    root.chmod(0o755)
    made: list[Path] = []

    def make(name: str) -> Path:
        made.append(root / name)
        return made[-1]

    yield make
    stopped = [wait_stopped(data_dir) for data_dir in made if data_dir.exists()]
    shutil.rmtree(root)
    assert all(stopped), "a server outlived its last client"
