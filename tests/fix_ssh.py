"""An SSH host on a port of 127.0.0.1, with keys of its own, and an `ssh` that reads a configuration of the tests'."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fix_network import free_port
from tests.fix_servers import not_installed

SSH_HOST = "bastiao"
_PRIVILEGE_SEPARATION = Path("/run/sshd")
"""Where sshd wants an empty folder; Debian's service makes it."""


class SshHost:
    """What stands in the client's configuration, for tests to change."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.configure()

    def configure(self, **options: object) -> None:
        """Write the configuration of `SSH_HOST` anew, with these options instead of those that work."""
        settings = {
            "HostName": "127.0.0.1",
            "Port": self.port,
            "User": getpass.getuser(),
            "IdentityFile": self.folder / "key",
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": self.folder / "known_hosts",
            "GlobalKnownHostsFile": "/dev/null",
            **options,
        }
        lines = [f"Host {SSH_HOST}", *(f"  {name} {value}" for name, value in settings.items())]
        (self.folder / "config").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None or shutil.which("ssh") is None:
        not_installed("OpenSSH", "openssh-client openssh-server")
        raise AssertionError
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host_key", "key", "other_key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True, capture_output=True)
    port = free_port()
    shutil.copy(folder / "key.pub", folder / "authorized_keys")
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    (folder / "sshd_config").write_text(
        f"""Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PidFile none
"""
    )
    if getpass.getuser() == "root" and not _PRIVILEGE_SEPARATION.exists():
        _PRIVILEGE_SEPARATION.mkdir(mode=0o755)
    with (folder / "sshd.log").open("wb") as log:
        server = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "sshd_config")], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 10
        while not _answers(port):
            assert server.poll() is None, (folder / "sshd.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield folder, port
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@pytest.fixture
def ssh_host(ssh_server: tuple[Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SshHost:
    """The SSH host as `SSH_HOST` in the user's configuration.

    OpenSSH looks for that in the home of the password file, whatever HOME says: so `ssh` itself is told where.
    """
    folder, port = ssh_server
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "ssh"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/config "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return SshHost(folder, port)
