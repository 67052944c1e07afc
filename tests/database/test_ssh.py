"""Ways through a real SSH host to a real server."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import Reconnecting
from sqlagent_tui.database import reconnection
from sqlagent_tui.database.connection_errors import UnreachableError
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.database.ssh import Tunnel
from sqlagent_tui.errors import DatabaseError, UsageError
from tests.fix_guard import Client
from tests.fix_network import HOST_NAME, PASSWORD, ROLE, NetworkServer, free_port, make_authority
from tests.fix_ssh import SSH_HOST, SshHost

Through = Callable[[str], Tunnel]


@pytest.fixture
def through(ssh_host: SshHost) -> Iterator[Through]:
    """Make ways through the SSH host; closed afterwards."""
    with ExitStack() as stack:

        def make(conninfo: str) -> Tunnel:
            tunnel = Tunnel(SSH_HOST, conninfo)
            stack.callback(tunnel.close)
            return tunnel

        yield make


@pytest.fixture
def connected(connect: Callable[..., Client], network_server: NetworkServer, through: Through) -> Client:
    return connect(through(network_server.conninfo()))


def failure(tunnel: Tunnel) -> DatabaseError:
    with pytest.raises(DatabaseError) as caught:
        PostgresDatabase.connect(tunnel, allow_superuser=True)
    assert "\n" not in str(caught.value)
    return caught.value


def ssh_processes(folder: Path) -> list[int]:
    """The processes that carry the name of our end's folder, ssh and its keeper."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str(folder).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def folder_of(conninfo: str) -> Path:
    return Path(str(libpq.conninfo_to_dict(conninfo)["host"]).split(",")[0]).parent


def gone(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_server_behind_an_ssh_host(
    network_server: NetworkServer, through: Through, connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    tunnel = through(network_server.conninfo())
    client = connect(tunnel)
    assert client.database.info.host == f"127.0.0.1:{network_server.port} via {SSH_HOST}"
    assert client.database.info.pooler is None
    assert client.rows("SHOW transaction_read_only").rows == (("on",),)
    folder = folder_of(tunnel.open(CancelToken()))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    processes = ssh_processes(folder)
    assert len(processes) == 2
    for pid in processes:
        assert PASSWORD.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
        assert PASSWORD.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    tunnel.close()
    assert gone(lambda: not ssh_processes(folder) and not folder.exists())
    with pytest.raises(DatabaseError, match="closed"):
        tunnel.open(CancelToken())


def test_a_statement_behind_an_ssh_host_is_cancelled(connected: Client) -> None:
    token = CancelToken()
    threading.Timer(0.2, token.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        connected.database.execute("SELECT pg_sleep(20)", origin="agent", cancel=token)
    assert time.monotonic() - started < 3
    assert connected.rows("SELECT 1").rows == (("1",),)


def test_tls_is_verified_through_the_ssh_host(
    network_server: NetworkServer, through: Through, connect: Callable[..., Client], tmp_path: Path
) -> None:
    server = f"host={HOST_NAME} hostaddr=127.0.0.1 port={network_server.port} user=postgres dbname=postgres"
    make_authority(tmp_path, "outra")
    client = connect(through(f"{server} sslmode=verify-full sslrootcert='{network_server.authority}'"))
    assert client.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").rows == (("t",),)
    assert client.database.info.host == f"{HOST_NAME}:{network_server.port} via {SSH_HOST}"
    wrong = failure(through(f"{server} sslmode=verify-full sslrootcert='{tmp_path / 'outra.crt'}'"))
    assert "is not signed by a CA that you trust" in wrong.message


def test_a_passfile_knows_the_server_by_its_real_name(
    network_server: NetworkServer,
    through: Through,
    connect: Callable[..., Client],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:{network_server.port}:postgres:{ROLE}:{PASSWORD}\n")
    passfile.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    assert connect(through(network_server.conninfo(user=ROLE))).database.info.user == ROLE
    assert connect(through(network_server.conninfo("sslmode=require", user=ROLE))).database.info.user == ROLE
    monkeypatch.delenv("PGPASSFILE")
    assert "asks for a password" in failure(through(network_server.conninfo(user=ROLE))).message


def test_a_socket_on_the_ssh_host(
    network_server: NetworkServer, through: Through, connect: Callable[..., Client]
) -> None:
    cluster = network_server.cluster
    client = connect(through(cluster.conninfo()))
    assert client.database.info.host == f"{cluster.socket_dir}:{cluster.port} via {SSH_HOST}"


def test_several_servers_behind_an_ssh_host(
    network_server: NetworkServer, through: Through, connect: Callable[..., Client]
) -> None:
    conninfo = f"host=127.0.0.1,localhost port={free_port()},{network_server.port} user=postgres dbname=postgres"
    assert connect(through(conninfo)).database.info.host == f"localhost:{network_server.port} via {SSH_HOST}"


def test_no_host_means_the_ssh_host_itself(
    network_server: NetworkServer, through: Through, connect: Callable[..., Client]
) -> None:
    client = connect(through(f"port={network_server.port} user=postgres dbname=postgres"))
    assert client.database.info.host == f"localhost:{network_server.port} via {SSH_HOST}"


def test_a_dead_ssh_is_told_and_started_again(
    network_server: NetworkServer, through: Through, connect: Callable[..., Client]
) -> None:
    tunnel = through(network_server.conninfo())
    client = connect(tunnel)
    folder = folder_of(tunnel.open(CancelToken()))
    _keeper, ssh = sorted(ssh_processes(folder))
    threading.Timer(0.2, lambda: os.kill(ssh, signal.SIGTERM)).start()
    error = client.fails("SELECT pg_sleep(20)")
    assert error.kind == "connection"
    assert error.message.startswith(f"The SSH connection to {SSH_HOST} ended")
    assert error.message.endswith("The query was NOT retried.")
    assert client.rows("SHOW transaction_read_only").rows == (("on",),)
    assert [event.attempt for event in client.events if isinstance(event, Reconnecting)] == [1]
    assert not ssh_processes(folder)
    assert len(ssh_processes(folder_of(tunnel.open(CancelToken())))) == 2


def test_an_ssh_host_that_is_gone_is_tried_as_often_as_a_server(
    network_server: NetworkServer,
    through: Through,
    ssh_host: SshHost,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnection, "PAUSES", (0.0, 0.05))
    tunnel = through(network_server.conninfo())
    client = connect(tunnel)
    ssh_host.configure(Port=free_port())
    for pid in ssh_processes(folder_of(tunnel.open(CancelToken()))):
        os.kill(pid, signal.SIGTERM)
    error = client.fails("SELECT 1")
    if "NOT retried" in error.message:  # it died after the look at the connection
        error = client.fails("SELECT 1")
    assert f"The SSH host {SSH_HOST} does not answer" in error.message
    assert "Connection refused" in error.message, "in ssh's own words"
    assert len([event for event in client.events if isinstance(event, Reconnecting)]) == 2
    ssh_host.configure()
    assert client.rows("SELECT 1").rows == (("1",),)


def test_what_ssh_says_is_told(network_server: NetworkServer, through: Through, ssh_host: SshHost) -> None:
    tunnel = through(network_server.conninfo())
    ssh_host.configure(HostName="nenhum.invalid")
    assert "can't be resolved" in failure(tunnel).message
    ssh_host.configure(Port=free_port())
    refused = failure(tunnel)
    assert isinstance(refused, UnreachableError)
    assert "does not answer" in refused.message
    ssh_host.configure(IdentityFile=ssh_host.folder / "other_key")
    login = failure(tunnel)
    assert login.message.startswith(f"The SSH host {SSH_HOST} refused the login (")
    assert "Permission denied (publickey)" in login.message
    assert not isinstance(login, UnreachableError), "trying again and again may lock the account"
    ssh_host.configure(UserKnownHostsFile="/dev/null")
    assert "is unknown" in failure(tunnel).message
    ssh_host.configure(NoSuchOption="x")
    assert "configuration of ssh" in failure(tunnel).message
    ssh_host.configure()


def test_a_server_that_the_ssh_host_can_t_reach(through: Through) -> None:
    port = free_port()
    error = failure(through(f"host=127.0.0.1 port={port} user=x"))
    assert error.message.startswith(f"From the SSH host {SSH_HOST} no server answers at 127.0.0.1:{port}")
    assert "Connection refused" in error.message


def test_a_silent_ssh_host_can_be_cancelled(network_server: NetworkServer, through: Through, ssh_host: SshHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ssh_host.configure(Port=silent.getsockname()[1])
        token = CancelToken()
        threading.Timer(0.2, token.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            through(network_server.conninfo()).open(token)
        assert time.monotonic() - started < 3
    ssh_host.configure()


@pytest.mark.parametrize("host", ["", "-oProxyCommand=touch /tmp/x", "a b", "x\n", "a;b", "$(id)"])
def test_a_name_that_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(UsageError):
        Tunnel(host, "host=x")


def test_without_ssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    tunnel = Tunnel(SSH_HOST, "host=x")
    with pytest.raises(DatabaseError, match="not installed"):
        tunnel.open(CancelToken())


@pytest.mark.parametrize("victim", ["app", "keeper"])
def test_ssh_dies_with_the_app_and_with_its_keeper(
    network_server: NetworkServer, ssh_host: SshHost, victim: str
) -> None:
    code = (
        "import sys\nfrom sqlagent_tui.agent.cancel import CancelToken\nfrom sqlagent_tui.database.ssh import Tunnel\n"
        f"print(Tunnel({SSH_HOST!r}, sys.argv[1]).open(CancelToken()), flush=True)\nsys.stdin.read()"
    )
    app = subprocess.Popen(
        [sys.executable, "-c", code, network_server.conninfo()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with app:
        assert app.stdout is not None
        conninfo = app.stdout.readline()
        folder = folder_of(conninfo)
        keeper = min(ssh_processes(folder))
        with psycopg.connect(conninfo):
            os.kill(app.pid if victim == "app" else keeper, signal.SIGKILL)
            assert gone(lambda: not ssh_processes(folder))
        app.kill()
    if victim == "app":
        assert gone(lambda: not folder.exists())
