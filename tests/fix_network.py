"""A server on a TCP port of 127.0.0.1 with TLS and passwords, and a wire to it that tests can cut."""

from __future__ import annotations

import os
import selectors
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

import psycopg
import pytest

from tests.fix_servers import Cluster, not_installed, running_cluster

HOST_NAME = "banco.exemplo"
"""What the server's certificate is for. It resolves nowhere: tests give hostaddr too."""
ROLE, PASSWORD = "com_senha", "abre-te sésamo"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class NetworkServer:
    """PostgreSQL on 127.0.0.1: `ROLE` needs its password there, the superuser nothing."""

    def __init__(self, cluster: Cluster, authority: Path) -> None:
        self.cluster = cluster
        self.authority = authority
        """The certificate of the CA that signed the server's."""
        self.port = cluster.port

    def conninfo(self, more: str = "", *, user: str = "postgres") -> str:
        return f"host=127.0.0.1 port={self.port} dbname=postgres user={user} {more}"


@pytest.fixture(scope="session")
def network_server(programs_15: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetworkServer]:
    if shutil.which("openssl") is None:
        not_installed("OpenSSL", "openssl")
    folder = tmp_path_factory.mktemp("tls")
    make_authority(folder, "ca")
    _openssl(
        folder,
        *f"req -newkey rsa:2048 -nodes -keyout server.key -x509 -days 2 -out server.crt -subj /CN={HOST_NAME}".split(),
        *f"-addext subjectAltName=DNS:{HOST_NAME} -CA ca.crt -CAkey ca.key".split(),
    )
    with running_cluster(programs_15, listen_addresses="127.0.0.1", port=str(free_port())) as cluster:
        owner = cluster.data_dir.stat()
        for name in ("server.key", "server.crt"):
            shutil.copy(folder / name, cluster.data_dir / name)
            (cluster.data_dir / name).chmod(0o600)
            os.chown(cluster.data_dir / name, owner.st_uid, owner.st_gid)
        rules = cluster.data_dir / "pg_hba.conf"
        rules.write_text(f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        with psycopg.connect(cluster.conninfo(), autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'".encode())
            admin.execute("ALTER SYSTEM SET ssl = on")
            admin.execute("SELECT pg_reload_conf()")
        yield NetworkServer(cluster, folder / "ca.crt")


def make_authority(folder: Path, name: str) -> None:
    """Write `name`.crt and `name`.key, a certificate authority of the tests' own."""
    _openssl(
        folder,
        *f"req -newkey rsa:2048 -nodes -keyout {name}.key -x509 -days 2 -out {name}.crt -subj /CN={name}".split(),
    )


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


class Proxy:
    """Passes bytes on between a port of its own and another one, until it is told to `cut` or to fall `silent`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._lock = threading.Lock()
        self._open = True
        self.refusing = False
        self._silent = False
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def cut(self, *, refuse: bool = False) -> None:
        """Drop every connection; with `refuse` each new one too, until `mend`."""
        self.refusing = refuse
        with self._lock:
            for end in self._pairs:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def fall_silent(self) -> None:
        """Pass nothing on any more, though every connection stays and new ones are taken, until `mend`."""
        self._silent = True
        self._wake.send(b"x")

    def mend(self) -> None:
        self.refusing = self._silent = False
        self._wake.send(b"x")

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open = False
        self._wake.send(b"x")
        self._thread.join(5)
        for end in (*self._pairs, self._listener, self._wake, self._woken):
            end.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while self._open:
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        self._woken.recv(1)
                        self._hush(selector)
                    elif self._silent:
                        continue
                    elif key.fileobj is self._listener:
                        self._accept(selector)
                    elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._pairs:
                        self._pass_on(selector, key.fileobj)

    def _hush(self, selector: selectors.BaseSelector) -> None:
        """Listen to nobody but the one who wakes us, or to all again."""
        for end in (self._listener, *self._pairs):
            listening = end in selector.get_map()
            if self._silent and listening:
                selector.unregister(end)
            elif not self._silent and not listening:
                selector.register(end, selectors.EVENT_READ)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        client, _ = self._listener.accept()
        if self.refusing:
            client.close()
            return
        server = socket.create_connection(("127.0.0.1", self._target))
        with self._lock:
            self._pairs |= {client: server, server: client}
        for end in (client, server):
            selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, selector: selectors.BaseSelector, end: socket.socket) -> None:
        other = self._pairs[end]
        try:
            data = end.recv(65536)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        with self._lock:
            for one in (end, other):
                selector.unregister(one)
                del self._pairs[one]
                one.close()


@pytest.fixture
def proxied() -> Iterator[Callable[[int], Proxy]]:
    """Make proxies to ports of 127.0.0.1; closed afterwards."""
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(Proxy(port))
