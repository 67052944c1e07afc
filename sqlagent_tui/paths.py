"""Where things lie on disk. Every folder that we make is the user's alone (0700)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs

APP_NAME: Final = "sqlagent-tui"
HOME_VARIABLE: Final = "SQLAGENT_TUI_HOME"
"""When set, config, data and cache lie under this one folder (for tests and for trying things out)."""


def config_dir() -> Path:
    """`config.toml`, profiles, themes. Created when missing."""
    return private_dir(_root("config") or platformdirs.user_config_path(APP_NAME, appauthor=False))


def data_dir() -> Path:
    """Models, sessions, accepted answers, the demo cluster. Created when missing."""
    return private_dir(_root("data") or platformdirs.user_data_path(APP_NAME, appauthor=False))


def cache_dir() -> Path:
    """Whatever can be made again. Created when missing."""
    return private_dir(_root("cache") or platformdirs.user_cache_path(APP_NAME, appauthor=False))


def demo_cluster_dir() -> Path:
    """The embedded PostgreSQL's home; not created here."""
    return data_dir() / "demo-cluster"


def suites_cluster_dir(major: int) -> Path:
    """The home of a PostgreSQL of the system's, of that major version, for suites; not created here."""
    return data_dir() / f"suites-postgresql-{major}"


def private_dir(path: Path) -> Path:
    """Make `path` and its missing parents, each 0700; a folder that is already there keeps its mode."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def _root(kind: str) -> Path | None:
    home = os.environ.get(HOME_VARIABLE)
    return Path(home).expanduser().absolute() / kind if home else None
