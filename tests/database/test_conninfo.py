"""Connections as libpq has them, each kind against a real server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.database import conninfo as conninfos
from sqlagent_tui.database.connection import open_connection
from sqlagent_tui.database.connection_errors import UnreachableError
from sqlagent_tui.database.conninfo import Endpoint
from sqlagent_tui.errors import DatabaseError
from tests.fix_guard import NAME, READER, Client, Guard
from tests.fix_network import HOST_NAME, PASSWORD, ROLE, NetworkServer, free_port, make_authority
from tests.fix_servers import Cluster, running_standby

Connect = Callable[..., Client]


def failure(conninfo: str) -> DatabaseError:
    with pytest.raises(DatabaseError) as caught:
        open_connection(conninfo)
    return caught.value


def setting(client: Client, name: str) -> str | None:
    return client.rows(f"SHOW {name}").rows[0][0]


@pytest.fixture
def service(guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    given = libpq.conninfo_to_dict(guard.reader)
    file = tmp_path / "pg_service.conf"
    lines = [f"{key}={given[key]}" for key in ("host", "port", "dbname", "user")]
    file.write_text("\n".join(["[guarda]", *lines, "options=-c work_mem=3456kB", "connect_timeout=7"]))
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    return "guarda"


def test_a_service_keeps_its_options_and_ours_are_added(service: str, connect: Connect) -> None:
    client = connect(f"service={service}")
    assert (client.database.info.database, client.database.info.user) == (NAME, READER)
    assert setting(client, "work_mem") == "3456kB"
    assert setting(client, "default_transaction_read_only") == "on"


def test_a_service_of_the_environment(service: str, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSERVICE", service)
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=1MB")
    client = connect("application_name=relatorio")
    assert setting(client, "work_mem") == "3456kB", "libpq's order: the service before the environment"
    assert setting(client, "application_name") == "relatorio"
    assert conninfos.settings("")["connect_timeout"] == "7"


def test_a_service_that_is_not_defined(service: str) -> None:
    error = failure("service=outra")
    assert error.message == "The service named in the connection string is not defined."


def test_libpq_s_own_reading_sends_nothing() -> None:
    read = conninfos.settings("postgresql://maria:s3cr3t@a:1,b:2,c/banco?sslmode=require&application_name=x")
    assert "password" not in read
    assert "s3cr3t" not in repr(read)
    assert (read["user"], read["dbname"], read["sslmode"]) == ("maria", "banco", "require")
    assert conninfos.endpoints(read) == [Endpoint("a", "", "1"), Endpoint("b", "", "2"), Endpoint("c", "", "5432")]
    assert conninfos.endpoints(conninfos.settings("host=a,b port=7 hostaddr=10.0.0.1,10.0.0.2")) == [
        Endpoint("a", "10.0.0.1", "7"),
        Endpoint("b", "10.0.0.2", "7"),
    ]
    assert conninfos.secrets("user=x password=y sslpassword=z") == ["password", "sslpassword"]
    assert conninfos.secrets("postgresql://x:y@h/d") == ["password"]
    assert conninfos.secrets("service=x user=y") == []


def test_a_passfile(
    network_server: NetworkServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:{network_server.port}:*:{ROLE}:{PASSWORD}\n")
    passfile.chmod(0o600)
    conninfo = network_server.conninfo(user=ROLE)
    assert connect(f"{conninfo} passfile='{passfile}'").database.info.user == ROLE
    assert "password" in failure(conninfo).message
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    assert connect(conninfo).database.info.user == ROLE
    assert conninfos.stored_password(conninfo) == PASSWORD
    monkeypatch.delenv("PGPASSFILE")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert connect(conninfo).database.info.user == ROLE
    wrong = failure(f"{conninfo} password=outra")
    assert wrong.message == f"The server refused the password of the role “{ROLE}”."
    assert not isinstance(wrong, UnreachableError), "a wrong password is not tried again and again"


def test_tls_is_verified(network_server: NetworkServer, connect: Connect, tmp_path: Path) -> None:
    def to(host: str, mode: str, authority: Path) -> str:
        way = f"host={host} hostaddr=127.0.0.1 port={network_server.port} dbname=postgres user=postgres"
        return f"{way} sslmode={mode} sslrootcert='{authority}'"

    make_authority(tmp_path, "outra")
    client = connect(to(HOST_NAME, "verify-full", network_server.authority))
    encrypted = client.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    assert encrypted.rows == (("t",),)
    wrong = failure(to(HOST_NAME, "verify-full", tmp_path / "outra.crt"))
    assert "is not signed by a CA that you trust" in wrong.message
    assert "sslrootcert" in wrong.remedy
    assert "for another host" in failure(to("intruso.exemplo", "verify-full", network_server.authority)).message
    assert connect(to("intruso.exemplo", "verify-ca", network_server.authority)).database.info.read_only
    assert "no root certificate" in failure(to(HOST_NAME, "verify-full", tmp_path / "nenhuma.crt")).message


def test_tls_is_not_given_up_where_it_is_asked_for() -> None:
    def say_no(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            client.recv(8)
            client.sendall(b"N")
            client.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=say_no, args=(listener,))
        thread.start()
        error = failure(f"host=127.0.0.1 port={listener.getsockname()[1]} user=postgres sslmode=require")
        thread.join(5)
    assert "does not speak TLS" in error.message


def test_the_second_host_answers_when_the_first_is_dead(network_server: NetworkServer, connect: Connect) -> None:
    dead, live = free_port(), network_server.port
    client = connect(f"host=127.0.0.1,127.0.0.1 port={dead},{live} user=postgres dbname=postgres")
    assert client.database.info.host == f"127.0.0.1:{live}"
    gone = failure(f"host=127.0.0.1,127.0.0.1 port={dead},{dead} user=postgres")
    assert gone.message == f"No PostgreSQL server answers at 127.0.0.1:{dead} or 127.0.0.1:{dead}."
    assert isinstance(gone, UnreachableError)


def test_a_silent_first_host_costs_its_timeout_and_no_more(network_server: NetworkServer, connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = f"{silent.getsockname()[1]},{network_server.port}"
        started = time.monotonic()
        client = connect(f"host=127.0.0.1,127.0.0.1 port={ports} user=postgres dbname=postgres connect_timeout=1")
        assert 0.9 < time.monotonic() - started < 5
        assert client.database.info.host.endswith(str(network_server.port))


@pytest.mark.parametrize("lists", ["host=a,b port=1,2,3", "host=a,b hostaddr=127.0.0.1", "port=1,2"])
def test_as_many_ports_and_addresses_as_servers(lists: str) -> None:
    assert failure(f"{lists} user=x").message == "The connection string can't be read."


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names that only the program's own look-up knows: libpq's would find nothing."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: object, *arguments: int, **more: int) -> list[object]:
        if host not in known:
            return list(real(host, port, *arguments, **more))
        if not known[host]:
            time.sleep(3)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def test_names_are_looked_up_outside_libpq(
    network_server: NetworkServer, connect: Connect, names: dict[str, list[str]]
) -> None:
    names[HOST_NAME] = ["127.0.0.9", "127.0.0.1"]  # on the first one nobody listens
    way = f"host={HOST_NAME} port={network_server.port} dbname=postgres user=postgres"
    client = connect(f"{way} sslmode=verify-full sslrootcert='{network_server.authority}'")
    assert client.database.info.host == f"{HOST_NAME}:{network_server.port}"
    assert connect(f"{way} target_session_attrs=prefer-standby").database.info.read_only
    assert "can't be resolved" in failure("host=nenhum.invalid user=x").message
    two = f"host=nenhum.invalid,{HOST_NAME} port={network_server.port} dbname=postgres user=postgres"
    assert connect(two).database.info.host == f"{HOST_NAME}:{network_server.port}"


def test_a_resolver_that_does_not_answer_stops_nobody(names: dict[str, list[str]]) -> None:
    names["lento.exemplo"] = []
    token = CancelToken()
    threading.Timer(0.1, token.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        open_connection("host=lento.exemplo user=x", cancel=token)
    assert time.monotonic() - started < 1
    error = failure("host=lento.exemplo user=x connect_timeout=1")
    assert isinstance(error, UnreachableError)
    assert time.monotonic() - started < 2.5


def test_a_refused_role_is_not_tried_on_the_next_host(network_server: NetworkServer, guard: Guard) -> None:
    given = libpq.conninfo_to_dict(guard.superuser)
    conninfo = f"host=127.0.0.1,{given['host']} port={network_server.port},{given['port']}"
    error = failure(f"{conninfo} user={ROLE} password=errada dbname=postgres")
    assert "refused the password" in error.message


def test_waiting_for_a_silent_server_can_be_cancelled() -> None:
    token = CancelToken()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Timer(0.1, token.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            open_connection(f"host=127.0.0.1 port={silent.getsockname()[1]} user=x", cancel=token)
        assert time.monotonic() - started < 1


@pytest.fixture(scope="module")
def standby(network_server: NetworkServer, programs_15: Path) -> Iterator[Cluster]:
    """A hot standby of the network server."""
    with running_standby(network_server.cluster, programs_15) as cluster:
        yield cluster


@pytest.mark.parametrize(
    ("wanted", "which"),
    [("any", 0), ("read-write", 0), ("primary", 0), ("read-only", 1), ("standby", 1), ("prefer-standby", 1)],
)
def test_target_session_attrs(
    network_server: NetworkServer, standby: Cluster, connect: Connect, wanted: str, which: int
) -> None:
    hosts = (network_server.cluster.socket_dir, standby.socket_dir)
    ports = (network_server.cluster.port, standby.port)
    conninfo = f"host={hosts[0]},{hosts[1]} port={ports[0]},{ports[1]} user=postgres dbname=postgres"
    client = connect(f"{conninfo} target_session_attrs={wanted} options='-c work_mem=4567kB'")
    assert client.database.info.host == str(hosts[which])
    assert client.rows("SELECT pg_is_in_recovery()").rows == (("t" if which else "f",),)
    assert setting(client, "work_mem") == "4567kB"
    assert client.database.info.read_only


def test_no_server_is_what_target_session_attrs_asks_for(network_server: NetworkServer, connect: Connect) -> None:
    error = failure(network_server.conninfo("target_session_attrs=standby"))
    assert error.message == (
        f"No server at 127.0.0.1:{network_server.port} is what target_session_attrs=standby asks for."
    )
    assert connect(network_server.conninfo("target_session_attrs=prefer-standby")).database.info.read_only
    read_only = failure(network_server.conninfo("target_session_attrs=read-only"))
    assert "target_session_attrs=read-only" in read_only.message, "our own read-only default must not satisfy it"
