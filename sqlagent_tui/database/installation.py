"""Where a private server's programs and files may lie, and as whom it runs.

PostgreSQL refuses to run as root. Started by root it therefore runs as `nobody`, who must be able to reach both the
programs and the cluster. A virtual environment or a home under /root is closed to it, and opening other people's
folders is not ours to do: what can't be reached is put under /var/lib/sqlagent-tui instead.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlagent_tui.database.programs import INSTALL_FOLDER, PACKAGE, WHEEL, Programs, bundled
from sqlagent_tui.errors import DatabaseError

SYSTEM_DIR: Final = Path("/var/lib/sqlagent-tui")
SOCKET_NAME: Final = ".s.PGSQL.5432"
MAX_SOCKET_PATH: Final = 103
"""Bytes, macOS's limit; Linux has 107."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that owns the cluster and runs the server."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything that follows from a data directory."""

    programs: Path
    """The folder of `initdb` and `postgres`."""
    major: int
    """Their version of PostgreSQL."""
    cluster: Path
    """PGDATA."""
    socket_dir: Path
    account: Account | None
    """None: the server runs as the caller."""


def resolve(data_dir: Path, programs: Programs | None = None) -> Layout:
    """Decide the layout for `data_dir` (which must exist); makes the folders that the server needs.

    Raises DatabaseError when the programs (default: the wheel's) are missing or closed to the server's account, or a
    folder can't be made.
    """
    programs = programs or bundled()
    account = _server_account()
    try:
        if account is None:
            cluster = data_dir / "pgdata"
            return Layout(programs.folder, programs.major, cluster, _socket_dir(cluster, os.geteuid(), None), None)
        folder = _reachable_folder(programs)
        if reachable(data_dir.parent):
            # Ours to open: the cluster below it stays 0700.
            home = data_dir
            home.chmod(0o711)
        else:
            home = SYSTEM_DIR / "clusters" / _digest(data_dir)
            home.mkdir(mode=0o711, parents=True, exist_ok=True)
            (home / "owner").write_text(f"{data_dir}\n", encoding="utf-8")
        cluster = home / "pgdata"
        return Layout(folder, programs.major, cluster, _socket_dir(cluster, account.uid, account), account)
    except OSError as error:
        raise DatabaseError(
            f"The embedded PostgreSQL's folders could not be made: {error.strerror or error}.",
            "Check the rights and the free space of the data directory.",
        ) from error


def own_folder(path: Path, account: Account | None) -> None:
    """Make `path` (0700), owned by the account that runs the server; an existing one is left as it is."""
    if path.exists():
        return
    path.mkdir(mode=0o700, parents=True)
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _server_account() -> Account | None:
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise DatabaseError(
            "PostgreSQL does not run as root, and this system has no account 'nobody' to run it.",
            "Start the program as an ordinary user.",
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def reachable(path: Path) -> bool:
    """Whether an account that owns nothing here may pass through all of `path` (and execute it, for a file)."""
    path = path.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))


def _reachable_folder(programs: Programs) -> Path:
    if reachable(programs.folder / "postgres"):
        return programs.folder
    if programs.bundled:
        return _copy_programs(programs.folder)
    raise DatabaseError(
        f"PostgreSQL does not run as root, and {programs.folder} is closed to other accounts.",
        "Start the program as an ordinary user.",
    )


def _copy_programs(programs: Path) -> Path:
    """Copy the wheel's programs to a place that everyone may read, once a version. 30 MB, a tenth of a second."""
    target = SYSTEM_DIR / f"postgresql-{importlib.metadata.version(WHEEL)}"
    copied = target / PACKAGE / INSTALL_FOLDER / "bin"
    if copied.exists():
        return copied
    SYSTEM_DIR.mkdir(mode=0o755, parents=True, exist_ok=True)
    SYSTEM_DIR.chmod(0o755)
    install = programs.parent
    package = install.parent
    with tempfile.TemporaryDirectory(dir=SYSTEM_DIR, prefix=".new-") as scratch:
        fresh = Path(scratch) / "tree"
        for part in ("bin", "lib", "share"):
            shutil.copytree(install / part, fresh / PACKAGE / INSTALL_FOLDER / part)
        libraries = package.parent / f"{PACKAGE}.libs"
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        for folder, _, names in os.walk(fresh):
            Path(folder).chmod(0o755)
            for name in names:
                file = Path(folder) / name
                file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            fresh.rename(target)
        except OSError:
            if not copied.exists():  # else another instance was faster
                raise
    return copied


def _socket_dir(cluster: Path, uid: int, account: Account | None) -> Path:
    """The cluster itself, or a short folder named after it where its path is too long or holds a list separator."""
    path = os.fsencode(cluster / SOCKET_NAME)
    if len(path) <= MAX_SOCKET_PATH and not set(path) & set(b",\"'\\"):
        return cluster
    short = Path("/tmp") / f"sqlagent-tui-{uid}-{_digest(cluster)}"
    own_folder(short, account)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
        raise DatabaseError(
            f"The folder {short} for the server's socket belongs to someone else.",
            "Remove it, or use a shorter data directory.",
        )
    return short


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
