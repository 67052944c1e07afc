"""The embedded PostgreSQL: started from a wheel, shared by the instances of the app, stopped with the last of them.

The lock files of a data directory, each an flock that the kernel drops when its holder dies:

- `clients.lock`: shared, held by every client for as long as it uses the server
- `start.lock`: exclusive, held while a client looks for, initialises or starts the server
- `keeper.lock`: exclusive, held by the keeper (see `keeper`) for as long as it watches a server

So nothing counts processes, and a client that is killed counts for nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sqlagent_tui import paths
from sqlagent_tui.database import installation, keeper
from sqlagent_tui.database.installation import Layout
from sqlagent_tui.database.programs import Programs
from sqlagent_tui.database.progress import Progress, ProgressReporter, silent
from sqlagent_tui.errors import DatabaseError

SUPERUSER: Final = "postgres"
PORT: Final = 5432
"""Only a part of the socket's name: the server listens on no network address."""

ATTEMPTS_TO_START: Final = 3
SECONDS_TO_START: Final = 60.0
SECONDS_TO_WAIT_FOR_OTHERS: Final = 180.0
POLL_SECONDS: Final = 0.01

SETTINGS: Final = {
    "listen_addresses": "",
    # What lies here is loaded once and read; a vacuum in the background would only make the estimates wrong.
    "autovacuum": "off",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "shared_buffers": "64MB",
    "max_connections": "50",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # One small database on a laptop: no replicas, few processes, and a bulk load that skips the log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_parallel_workers_per_gather": "0",
    # Why it did not start, and nothing of what was asked of it.
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}
SETTINGS_SINCE: Final = {18: {"io_method": "sync"}}
"""Those that older servers would refuse to start with, by major version."""

BUILTIN_LOCALES_SINCE: Final = 17


class EmbeddedServer:
    """A client's hold on the server of one data directory. Use `start`; then `close`, or a `with` block.

    The server stops shortly after the last hold is closed or its process has ended, however it ended.
    """

    def __init__(self, data_dir: Path, programs: Programs | None, layout: Layout, clients: int) -> None:
        self._data_dir = data_dir
        self._programs = programs
        self._layout = layout
        self._clients: int | None = clients

    @classmethod
    def start(
        cls,
        data_dir: Path | None = None,
        progress: ProgressReporter = silent,
        programs: Programs | None = None,
    ) -> EmbeddedServer:
        """Join the server of `data_dir` (default: `paths.demo_cluster_dir()`), starting and initialising it as needed.

        `programs` are those of the wheel unless others are given; a data directory belongs to one major version. Raises
        DatabaseError when the wheel is missing or the server can't be started.
        """
        data_dir = (data_dir or paths.demo_cluster_dir()).expanduser().absolute()
        try:
            paths.private_dir(data_dir)
            clients = _lock(data_dir / "clients.lock", fcntl.LOCK_SH, progress)
            try:
                layout = _ensure_running(data_dir, programs, progress)
            except BaseException:
                os.close(clients)
                raise
        except OSError as error:
            raise DatabaseError(
                f"The embedded PostgreSQL could not be started: {error.strerror or error}.",
                f"Check the rights and the free space of {data_dir}.",
            ) from error
        return cls(data_dir, programs, layout, clients)

    @property
    def data_dir(self) -> Path:
        """The directory that the server was started with."""
        return self._data_dir

    @property
    def cluster_dir(self) -> Path:
        """PostgreSQL's own files; below `data_dir`, or below /var/lib when root's home is closed to the server."""
        return self._layout.cluster

    def conninfo(self, dbname: str, user: str) -> str:
        """A libpq connection string; there is no password."""
        return _conninfo(self._layout, dbname, user)

    def ensure_running(self, progress: ProgressReporter = silent) -> None:
        """Bring the server back if it has died. Raises DatabaseError when that fails or the hold is closed."""
        if self._clients is None:
            raise DatabaseError("The embedded PostgreSQL has been closed.")
        self._layout = _ensure_running(self._data_dir, self._programs, progress)

    def close(self) -> None:
        """Let go, at once. Safe to call twice."""
        if self._clients is not None:
            os.close(self._clients)
            self._clients = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def wait_stopped(data_dir: Path, seconds: float = 30.0) -> bool:
    """Wait until no server is kept for `data_dir`; False when one still is after `seconds`."""
    deadline = time.monotonic() + seconds
    while (lock := _try_lock(data_dir / "keeper.lock")) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    os.close(lock)
    return True


def _ensure_running(data_dir: Path, programs: Programs | None, progress: ProgressReporter) -> Layout:
    with _held(data_dir / "start.lock", progress):
        layout = installation.resolve(data_dir, programs)
        version_file = layout.cluster / "PG_VERSION"
        if not version_file.exists():
            progress(Progress("initialise"))
            _initialise(layout)
        elif (version := version_file.read_text(encoding="ascii").strip()) != str(layout.major):
            raise DatabaseError(
                f"The cluster in {layout.cluster} is of PostgreSQL {version}, not {layout.major}.",
                "Remove that folder: the data is then loaded anew.",
            )
        progress(Progress("start"))
        _start(data_dir, layout)
        return layout


def _initialise(layout: Layout) -> None:
    """initdb, in a folder aside that is renamed when complete: a killed initdb leaves nothing half done."""
    import shutil

    fresh = layout.cluster.with_name("pgdata.new")
    shutil.rmtree(fresh, ignore_errors=True)
    installation.own_folder(fresh, layout.account)
    command = [
        str(layout.programs / "initdb"),
        f"--pgdata={fresh}",
        f"--username={SUPERUSER}",
        # The socket lies in a folder of mode 0700: whoever gets that far is the user.
        "--auth-local=trust",
        "--auth-host=reject",
        "--encoding=UTF8",
        # The same order of text on every machine, whatever its C library.
        *(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if layout.major >= BUILTIN_LOCALES_SINCE else []),
        "--locale=C",
        "--no-instructions",
        "--no-sync",
    ]
    account = layout.account
    done = subprocess.run(
        command,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        cwd="/",
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise DatabaseError(
            f"The embedded PostgreSQL could not be initialised: {_last_line(done.stderr)}",
            "Check the free space and the rights of the data directory.",
        )
    fresh.rename(layout.cluster)


def _start(data_dir: Path, layout: Layout) -> None:
    """Return when the server answers, with a keeper watching it."""
    attempts = 0
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        if (keeper_lock := _try_lock(data_dir / "keeper.lock")) is not None:
            # Nobody keeps a server here. If we have started a keeper before, it is gone again, and its server with it;
            # a second attempt helps when the processes of a killed server needed a moment to end.
            try:
                if attempts == ATTEMPTS_TO_START:
                    raise DatabaseError(
                        f"The embedded PostgreSQL did not start: {_log_tail(data_dir)}",
                        f"Its full log is {data_dir / 'server.log'}.",
                    )
                time.sleep(0.5 * attempts)
                _launch_keeper(data_dir, layout, keeper_lock)
                attempts += 1
            finally:
                os.close(keeper_lock)
        if _answers(layout):
            return
        if time.monotonic() > deadline:
            raise DatabaseError(
                f"The embedded PostgreSQL does not answer: {_log_tail(data_dir)}",
                f"Its full log is {data_dir / 'server.log'}.",
            )
        time.sleep(POLL_SECONDS)


def _launch_keeper(data_dir: Path, layout: Layout, keeper_lock: int) -> None:
    account = layout.account
    settings = {**SETTINGS, "unix_socket_directories": str(layout.socket_dir)}
    for since, more in SETTINGS_SINCE.items():
        settings |= more if layout.major >= since else {}
    argv = [str(layout.programs / "postgres"), "-D", str(layout.cluster)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    task = {
        "clients": str(data_dir / "clients.lock"),
        "log": str(data_dir / "server.log"),
        "argv": argv,
        "uid": account.uid if account else None,
        "gid": account.gid if account else None,
        "adopt": _running_postmaster(layout),
    }
    # The keeper inherits the descriptor and with it the lock, without a moment in which nobody holds it.
    subprocess.run(
        [sys.executable, "-I", "-S", str(Path(keeper.__file__)), json.dumps(task)],
        pass_fds=(keeper_lock,),
        start_new_session=True,
        cwd="/",
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def _running_postmaster(layout: Layout) -> int | None:
    """The process id of a server that lost its keeper; else stale lock files are removed.

    After a crash or a reboot the number in those files may belong to any other process, at which PostgreSQL would
    refuse to start.
    """
    pid_file = layout.cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii", errors="replace").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        pid = 0
    if pid > 0 and _is_postmaster_of(pid, layout.cluster):
        return pid
    socket = layout.socket_dir / installation.SOCKET_NAME
    for stale in (pid_file, socket, socket.with_name(f"{socket.name}.lock")):
        stale.unlink(missing_ok=True)
    return None


def _is_postmaster_of(pid: int, cluster: Path) -> bool:
    try:
        # A postmaster's working directory is its cluster.
        return Path(os.readlink(f"/proc/{pid}/cwd")) == cluster.resolve()
    except OSError:
        if Path("/proc/self").exists():
            return False
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in shown.stdout and str(cluster) in shown.stdout


def _conninfo(layout: Layout, dbname: str, user: str) -> str:
    from psycopg.conninfo import make_conninfo

    return make_conninfo(host=str(layout.socket_dir), port=PORT, dbname=dbname, user=user)


def _answers(layout: Layout) -> bool:
    from psycopg import pq

    return pq.PGconn.ping(_conninfo(layout, SUPERUSER, SUPERUSER).encode()) == pq.Ping.OK


def _environment() -> dict[str, str]:
    """Nothing of the user's PG* or locale settings may reach the server."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **kept}


def _log_tail(data_dir: Path) -> str:
    try:
        return _last_line((data_dir / "server.log").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return "there is no log."


def _last_line(text: str) -> str:
    """The last telling line of a program's output, as one sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.endswith("the database system is starting up")]  # answers to our pings
    fatal = [line.split("FATAL:", 1)[1].strip() for line in lines if "FATAL:" in line]
    telling = (fatal or [line for line in lines if "error" in line.lower()])[-1:] or lines or ["no reason was given"]
    return "".join(char for char in telling[0] if char.isprintable()).rstrip(".") + "."


@contextlib.contextmanager
def _held(path: Path, progress: ProgressReporter) -> Iterator[None]:
    lock = _lock(path, fcntl.LOCK_EX, progress)
    try:
        yield
    finally:
        os.close(lock)


def _lock(path: Path, kind: int, progress: ProgressReporter) -> int:
    """Take an flock, reporting `wait` while another instance starts or a keeper stops; the descriptor holds it."""
    deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_OTHERS
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    told = False
    try:
        while not _flock(lock, kind):
            if time.monotonic() > deadline:
                raise DatabaseError(
                    "Another instance has been starting the embedded PostgreSQL for minutes.",
                    "Close the other instances and try again.",
                )
            if not told:
                progress(Progress("wait"))
                told = True
            time.sleep(POLL_SECONDS)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _try_lock(path: Path) -> int | None:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if _flock(lock, fcntl.LOCK_EX):
        return lock
    os.close(lock)
    return None


def _flock(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
