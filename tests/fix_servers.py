"""Servers that tests start for themselves: PostgreSQL 18 from the wheel and Debian's, with settings of production, and
PgBouncer before them.

Everything lies in one temporary folder and listens on Unix sockets only. A program that isn't installed is a failure
under CI=true, elsewhere a skip that names its package.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import psycopg
import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.database import installation

PoolMode = Literal["session", "transaction", "statement"]
Bouncing = Callable[[str, PoolMode], str]
"""Given a way to a database and a pool mode, the same way through PgBouncer."""

SUPERUSER = "postgres"
_PORT = 5432
_FOLDERS = "sqlagent-servers-"
_SECONDS_TO_START = 60.0
_SECONDS_TO_STOP = 20.0

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    # What a production server may have, so that attacks on it have something to hit.
    "wal_level": "logical",
    "max_replication_slots": "4",
    "max_wal_senders": "4",
    "max_prepared_transactions": "4",
    "track_functions": "all",
    # Nothing but the tests may write.
    "autovacuum": "off",
    "checkpoint_timeout": "1d",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}

_DEBIAN = Path("/usr/lib/postgresql")
_BOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def debian_programs() -> Path | None:
    """The folder of `initdb` and `postgres` of the newest PostgreSQL that Debian's packages have installed."""
    found = [path.parent for path in _DEBIAN.glob("*/bin/postgres") if path.parent.parent.name.isdigit()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def pytest_report_header() -> list[str]:
    programs = debian_programs()
    server = f"Debian's PostgreSQL {programs.parent.name}" if programs else "no PostgreSQL of Debian's (postgresql)"
    return [f"servers: {server}, {'PgBouncer' if _BOUNCER else 'no PgBouncer (pgbouncer)'}"]


def not_installed(what: str, package: str) -> None:
    """Fail under CI=true, else skip, with the name of the package to install."""
    text = f"{what} is not installed: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


class Cluster:
    """One PostgreSQL server of its own; use `running_cluster`, or one of the fixtures below for a shared one."""

    def __init__(self, programs: Path, folder: Path, settings: Mapping[str, str]) -> None:
        self.data_dir = folder / "data"
        self.socket_dir = folder
        self.log = folder / "server.log"
        self._programs = programs
        self._settings = {**_SETTINGS, "unix_socket_directories": str(folder), "port": str(_PORT), **settings}
        self.port = int(self._settings["port"])
        self._process: subprocess.Popen[bytes] | None = None

    def conninfo(self, dbname: str = "postgres", user: str = SUPERUSER) -> str:
        return libpq.make_conninfo(host=str(self.socket_dir), port=self.port, dbname=dbname, user=user)

    @property
    def pid(self) -> int:
        """The postmaster's."""
        assert self._process is not None
        return self._process.pid

    def initialise(self) -> None:
        command = [
            str(self._programs / "initdb"),
            *(f"--pgdata={self.data_dir}", f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8", "--locale=C"),
            "--no-sync",
        ]
        done = subprocess.run([*_as_server(), *command], capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr

    def follow(self, primary: Cluster) -> None:
        """Become a hot standby of `primary`, instead of `initialise`."""
        source = primary.conninfo()
        command = [
            str(self._programs / "pg_basebackup"),
            *(f"--pgdata={self.data_dir}", f"--dbname={source}", "--write-recovery-conf", "--checkpoint=fast"),
            "--no-sync",
        ]
        done = subprocess.run([*_as_server(), *command], capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.data_dir), *settings]
        self._process = _spawn(command, self.log)
        target = self.conninfo().encode()
        _wait_for(self._process, self.log, lambda: psycopg.pq.PGconn.ping(target) == psycopg.pq.Ping.OK)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: open connections are cut. SIGQUIT: as in a crash, whose recovery the next `start` has to do."""
        process, self._process = self._process, None
        if process is not None:
            _stop(process, how)


def _spawn(command: list[str], log: Path, orphaned: str = "INT") -> subprocess.Popen[bytes]:
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    with log.open("ab") as out:
        return subprocess.Popen(
            [*_as_server(orphaned), *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            env=environment,
        )


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def _wait_for(process: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            _stop(process, signal.SIGKILL)
            raise AssertionError(f"did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


def _as_server(orphaned: str = "INT") -> list[str]:
    """What comes before a command: not as root, and, on Linux, sent this signal when the test run is killed."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0:
        return [setpriv, f"--pdeathsig={orphaned}"] if setpriv else []
    assert setpriv, "setpriv (package util-linux) is needed to start a server from root"
    account = _account()
    who = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return [setpriv, *who, f"--pdeathsig={orphaned}"]


def _account() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _remove_stale() -> None:
    """Take away what a run that was killed has left; its servers were told to end with it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*-*"):
        pid = folder.name.removeprefix(_FOLDERS).partition("-")[0]
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            pass  # alive, and somebody else's


@contextmanager
def server_folder() -> Iterator[Path]:
    """A short-named folder (a socket's path must be short) that belongs to the account of the servers."""
    _remove_stale()
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDERS}{os.getpid()}-"))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(folder, _account().pw_uid, _account().pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running_cluster(programs: Path, **settings: str) -> Iterator[Cluster]:
    """A fresh cluster with these settings on top of ours, for tests that stop, break or reconfigure it."""
    with server_folder() as folder:
        cluster = Cluster(programs, folder, settings)
        cluster.initialise()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def running_standby(primary: Cluster, programs: Path) -> Iterator[Cluster]:
    """A hot standby of `primary`, which must be of the same major version as `programs`."""
    with server_folder() as folder:
        cluster = Cluster(programs, folder, {})
        cluster.follow(primary)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="session")
def programs_18(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of the wheel's PostgreSQL 18."""
    return installation.resolve(tmp_path_factory.mktemp("programs")).programs


@pytest.fixture(scope="session")
def programs_15() -> Path:
    """The programs of Debian's PostgreSQL (15 in bookworm)."""
    programs = debian_programs()
    if programs is None:
        not_installed("Debian's PostgreSQL server", "postgresql postgresql-postgis")
        raise AssertionError  # not_installed never returns
    return programs


@pytest.fixture(scope="session")
def server_18(programs_18: Path) -> Iterator[Cluster]:
    with running_cluster(programs_18) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def server_15(programs_15: Path) -> Iterator[Cluster]:
    with running_cluster(programs_15) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def bouncing() -> Iterator[Bouncing]:
    """Ways through PgBouncer, one process a server and pool mode, started when first asked for."""
    socket_dirs: dict[tuple[str, str], str] = {}
    with ExitStack() as stack:

        def through(conninfo: str, pool_mode: PoolMode) -> str:
            if not _BOUNCER:
                not_installed("PgBouncer", "pgbouncer")
            target = libpq.conninfo_to_dict(conninfo)
            key = (str(target["host"]), pool_mode)
            if key not in socket_dirs:
                socket_dirs[key] = stack.enter_context(running_bouncer(str(target["host"]), target["port"], pool_mode))
            return libpq.make_conninfo(conninfo, host=socket_dirs[key], port=_PORT)

        yield through


@contextmanager
def running_bouncer(host: str, port: object, pool_mode: PoolMode, more: str = "") -> Iterator[str]:
    """The folder of its socket; `more` are lines for its settings."""
    with server_folder() as folder:
        # Roles are looked up on the server: tests make their own.
        (folder / "users.txt").write_text(f'"{SUPERUSER}" ""\n')
        (folder / "pgbouncer.ini").write_text(
            f"""[databases]
* = host={host} port={port} auth_user={SUPERUSER}
[pgbouncer]
unix_socket_dir = {folder}
unix_socket_mode = 0777
listen_addr =
listen_port = {_PORT}
auth_type = trust
auth_file = {folder}/users.txt
auth_query = SELECT rolname, '' FROM pg_catalog.pg_roles WHERE rolname = $1
pool_mode = {pool_mode}
default_pool_size = 4
server_lifetime = 86400
pidfile =
{more}
"""
        )
        process = _spawn([str(_BOUNCER), str(folder / "pgbouncer.ini")], folder / "pgbouncer.log", orphaned="TERM")
        try:
            _wait_for(process, folder / "pgbouncer.log", (folder / f".s.PGSQL.{_PORT}").exists)
            yield str(folder)
        finally:
            _stop(process, signal.SIGTERM)
