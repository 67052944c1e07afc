"""A way to a server through an SSH host: OpenSSH's own client as a child process, so ~/.ssh/config holds in full.

Our end is a Unix socket in a folder that only this user may enter. libpq does no TLS over such a socket: where sslmode
asks for TLS (`require` or stricter), our end is a port of 127.0.0.1 instead, and the server's certificate is checked
against its real name.

An existing master connection (ControlMaster) is not used: it would keep our forwarding after we have gone.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.database import conninfo as conninfos
from sqlagent_tui.database import ssh_errors, ssh_keeper
from sqlagent_tui.database.connection_errors import UnreachableError, describe_where
from sqlagent_tui.database.conninfo import Endpoint
from sqlagent_tui.errors import DatabaseError, UsageError

SECONDS_TO_CONNECT = 30.0
SECONDS_TO_TYPE = 180.0
"""How long ssh may take where it can ask its user for something."""
_POLL_SECONDS = 0.02
_PATIENCE_SECONDS = 1.5
"""How long after a failure ssh's end, or its word on it, may be noticed here."""
_FRESH_SECONDS = 15.0
_LINES_KEPT = 20
_OPTIONS = (
    *("-N", "-T", "-a", "-x"),
    *("-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3"),
    *("-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "RemoteCommand=none"),
)
_ENCRYPTED = ("require", "verify-ca", "verify-full")
_HOST = re.compile(r"[\w][\w.@:%+-]{0,254}")
_TARGET = re.compile(r"[\w./:-]{1,200}")


class Tunnel:
    """A `Way` through the SSH host `host`; ssh runs from the first `open` until `close`, and is started again if it
    ends. Shared by all connections to one target."""

    def __init__(self, host: str, conninfo: str, *, interactive: bool = False) -> None:
        """Start nothing yet. Raises UsageError and DatabaseError.

        `interactive`: ssh may ask for a password, a passphrase or a host key on the terminal of this process.
        """
        if not _HOST.fullmatch(host):
            raise UsageError("That is no name of an SSH host.", "Give a Host of ~/.ssh/config, a name or user@name.")
        self.host = host
        self.interactive = interactive
        self._conninfo = conninfo
        settings = conninfos.settings(conninfo)
        # With no host given libpq would look for a socket here; what is meant is the SSH host itself.
        self._servers = [
            Endpoint(server.host or ("" if server.hostaddr else "localhost"), server.hostaddr, server.port)
            for server in conninfos.endpoints(settings)
        ]
        self._encrypted = settings.get("sslmode") in _ENCRYPTED
        for server in self._servers:
            if not _TARGET.fullmatch(_target(server)) or not server.port.isdecimal():
                raise DatabaseError(*conninfos.UNREADABLE)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._lines: deque[tuple[float, str]] = deque(maxlen=_LINES_KEPT)
        self._ends: list[Endpoint] = []
        self._closed = False

    def open(self, cancel: CancelToken) -> str:
        """Start ssh where it doesn't run; return the conninfo that leads through it.

        Raises DatabaseError (`UnreachableError` when trying again may help) and Cancelled.
        """
        while not self._lock.acquire(timeout=_POLL_SECONDS):
            cancel.raise_if_cancelled()
        try:
            if self._closed:
                raise DatabaseError("The connection was closed.")
            if self._process is None or self._process.poll() is not None:
                self._stop()
                try:
                    self._start(cancel)
                except BaseException:
                    self._stop()
                    raise
            return self._local_conninfo()
        finally:
            self._lock.release()

    def place(self, host: str, port: str) -> str:
        """Return the server's real place, and through whom it is reached."""
        for end, server in zip(self._ends, self._servers, strict=False):
            if end.port == port and end.host == host:
                return f"{_named(server)} via {self.host}"
        return self.host

    def trouble(self) -> str | None:
        """Return why the way is broken, in one sentence with ssh's own words; None while it isn't, as far as is known.

        Waits a moment for those words.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            process = self._process
            if process is not None and process.poll() is not None:
                return ssh_errors.ended(self.host, self._said()).message
            recent = [line for said, line in list(self._lines) if time.monotonic() - said < _FRESH_SECONDS]
            targets = describe_where({name: ",".join(getattr(server, name) for server in self._servers)
                                      for name in ("host", "hostaddr", "port")})  # fmt: skip
            if (sentence := ssh_errors.refused_channel(self.host, targets, recent)) or time.monotonic() > deadline:
                return sentence
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """End ssh. Idempotent."""
        self._closed = True  # an `open` under way gives up
        with self._lock:
            self._stop()

    def _start(self, cancel: CancelToken) -> None:
        program = shutil.which("ssh")
        if program is None:
            raise DatabaseError("The program ssh is not installed.", "Install OpenSSH's client.")
        folder = _private_folder()
        ready = self._choose_ends(folder)
        forwards = [part for number, server in enumerate(self._servers)
                    for part in ("-L", f"{_listening(self._ends[number])}:{_forwarded(server)}")]  # fmt: skip
        if self._encrypted:
            forwards += ["-L", f"{ready}:{_forwarded(self._servers[0])}"]  # appears when the ports are listened on
        batch = [] if self.interactive else ["-o", "BatchMode=yes"]
        command = [program, *_OPTIONS, *batch, *forwards, "--", self.host]
        self._lines.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", ssh_keeper.__file__, str(folder), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")},  # secrets among them
            start_new_session=not self.interactive,
        )
        assert self._process.stderr is not None
        self._reader = threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True)
        self._reader.start()
        self._wait_until(ready, cancel)

    def _choose_ends(self, folder: Path) -> Path:
        """Decide where our end is for each server; return the socket whose appearance says that all are there."""
        if self._encrypted:
            self._ends = [Endpoint(server.host or server.hostaddr, "127.0.0.1", str(_free_port()))
                          for server in self._servers]  # fmt: skip
            return folder / "ready"
        self._ends = [Endpoint(str(folder / str(number)), "", server.port)
                      for number, server in enumerate(self._servers)]  # fmt: skip
        for end in self._ends:
            Path(end.host).mkdir(mode=0o700)
        return Path(_listening(self._ends[-1]))

    def _wait_until(self, ready: Path, cancel: CancelToken) -> None:
        deadline = time.monotonic() + (SECONDS_TO_TYPE if self.interactive else SECONDS_TO_CONNECT)
        process = self._process
        assert process is not None
        while not ready.exists():
            cancel.raise_if_cancelled()
            if self._closed:
                raise DatabaseError("The connection was closed.")
            if process.poll() is None and time.monotonic() > deadline:
                message = f"The SSH host {self.host} did not answer in time."
                raise UnreachableError(message, f"Check that ssh {self.host} works.")
            self._check(process)
            time.sleep(_POLL_SECONDS)
        time.sleep(_POLL_SECONDS)  # a forwarding that failed ends ssh only after the others were made
        self._check(process)

    def _check(self, process: subprocess.Popen[str]) -> None:
        if process.poll() is not None:
            if self._reader is not None:
                self._reader.join(_PATIENCE_SECONDS)
            raise ssh_errors.ended(self.host, self._said())

    def _listen(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                if line.strip():
                    self._lines.append((time.monotonic(), line))

    def _said(self) -> list[str]:
        return [line for _, line in list(self._lines)]

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()  # what its keeper waits for
        try:
            process.wait(2 * ssh_keeper.SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join()

    def _local_conninfo(self) -> str:
        ends = self._ends
        options = {
            "host": ",".join(end.host for end in ends),
            "hostaddr": ",".join(end.hostaddr for end in ends) if self._encrypted else "",
            "port": ",".join(end.port for end in ends),
        }
        if (password := self._stored_password()) is not None:
            options["password"] = password
        return conninfos.with_options(self._conninfo, **options)

    def _stored_password(self) -> str | None:
        """Look a passfile's password up under the servers' real names, which libpq won't see any more."""
        found = {
            conninfos.stored_password(
                conninfos.with_options(self._conninfo, host=server.host, hostaddr=server.hostaddr, port=server.port)
            )
            for server in self._servers
        }
        return found.pop() if len(found) == 1 else None  # no server is told another one's


def _private_folder() -> Path:
    """Return a new folder of mode 0700 whose name is short enough for the path of a socket."""
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):
        if parent and len(parent) < 60 and os.access(parent, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="sqlagent-", dir=parent))
    raise DatabaseError("There is no folder for the sockets of ssh.", "Set TMPDIR to a folder with a short name.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listening(end: Endpoint) -> str:
    return f"{end.hostaddr}:{end.port}" if end.hostaddr else f"{end.host}/.s.PGSQL.{end.port}"


def _target(server: Endpoint) -> str:
    return server.hostaddr or server.host


def _forwarded(server: Endpoint) -> str:
    target = _target(server)
    if target.startswith("/"):
        return f"{target}/.s.PGSQL.{server.port}"
    return f"[{target}]:{server.port}" if ":" in target else f"{target}:{server.port}"


def _named(server: Endpoint) -> str:
    return f"{server.host or server.hostaddr}:{server.port}"
