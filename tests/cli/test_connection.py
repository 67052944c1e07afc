"""Saved connections and SSH from the command line, on real servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.cli.test_commands import run
from tests.cli.test_secrets import Watched
from tests.fix_guard import Guard
from tests.fix_network import PASSWORD, ROLE, NetworkServer
from tests.fix_ssh import SSH_HOST, SshHost

KEYRING = '''
"""A keyring for the tests: a file."""

import json, os, pathlib
from keyring.backend import KeyringBackend

FILE = pathlib.Path(os.environ["KEYRING_FILE"])


class FileKeyring(KeyringBackend):
    priority = 1

    def _all(self):
        return json.loads(FILE.read_text()) if FILE.exists() else {}

    def get_password(self, service, username):
        return self._all().get(f"{service}/{username}")

    def set_password(self, service, username, password):
        FILE.write_text(json.dumps({**self._all(), f"{service}/{username}": password}))

    def delete_password(self, service, username):
        kept = self._all()
        del kept[f"{service}/{username}"]
        FILE.write_text(json.dumps(kept))
'''


def test_a_saved_connection_from_add_to_remove(tmp_path: Path, guard: Guard) -> None:
    home = tmp_path / "home"
    added = run(home, "connection", "add", "producao", guard.reader)
    assert (added.returncode, added.stdout) == (0, "producao\n")
    counted = run(home, "sql", "SELECT count(*) FROM conta", "producao", "--format", "csv")
    assert counted.stdout.splitlines() == ["count", "200"]
    (entry,) = json.loads(run(home, "connection", "list", "--json").stdout)
    assert (entry["name"], entry["conninfo"], entry["ssh"]) == ("producao", guard.reader, None)
    assert entry["last_used"] is not None
    assert run(home, "connection", "remove", "producao").returncode == 0
    assert run(home, "connection", "list").stdout == ""


def test_what_can_t_be_saved(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for arguments in (["sql", "host=x"], ["x", "host=x password=s3cr3t"], ["x y", "host=x"]):
        done = run(home, "connection", "add", *arguments)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert "s3cr3t" not in done.stderr
    file = home / "config" / "connections.toml"
    file.write_text("[x")
    broken = run(home, "connection", "list")
    assert broken.returncode == 2
    assert "not valid" in broken.stderr
    assert file.read_text() == "[x"


def test_a_server_behind_an_ssh_host(tmp_path: Path, network_server: NetworkServer, ssh_host: SshHost) -> None:
    home = tmp_path / "home"
    with psycopg.connect(network_server.conninfo(), autocommit=True) as admin:
        admin.execute("CREATE ROLE so_leitor LOGIN")
        try:
            conninfo = network_server.conninfo(user="so_leitor")
            done = run(home, "sql", "SELECT current_user AS quem", conninfo, "--ssh", SSH_HOST, "--format", "csv")
            assert (done.returncode, done.stdout) == (0, "quem\nso_leitor\n"), done.stderr
            run(home, "connection", "add", "longe", conninfo, "--ssh", SSH_HOST)
            assert run(home, "sql", "SELECT 1 AS um", "longe", "--format", "csv").stdout == "um\n1\n"
            seen = json.loads(run(home, "doctor", "--json", "longe").stdout)
            assert any(f"via {SSH_HOST}" in finding["message"] for finding in seen)
        finally:
            admin.execute("DROP ROLE so_leitor")
    ssh_host.configure(IdentityFile=ssh_host.folder / "other_key")
    refused = run(home, "sql", "SELECT 1", "longe")
    assert refused.returncode == 6
    assert f"The SSH host {SSH_HOST} refused the login" in refused.stderr
    ssh_host.configure()


def test_ssh_asks_for_a_passphrase_at_the_terminal(
    tmp_path: Path, network_server: NetworkServer, ssh_host: SshHost
) -> None:
    locked = tmp_path / "locked"
    shutil.copy(ssh_host.folder / "key", locked)
    command = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "frase secreta", "-f", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    ssh_host.configure(IdentityFile=locked)
    arguments = ("sql", "SELECT 6 * 7", network_server.conninfo(), "--ssh", SSH_HOST, "--allow-superuser")
    watched = Watched(tmp_path / "home", *arguments, PATH=os.environ["PATH"])
    watched.read_until(b"passphrase for key")
    watched.type(b"frase secreta\n")
    assert watched.end() == 0
    assert b"42" in watched.output
    assert b"frase secreta" not in watched.output
    ssh_host.configure()


def test_the_app_opens_when_ssh_has_connected(tmp_path: Path, network_server: NetworkServer, ssh_host: SshHost) -> None:
    arguments = (network_server.conninfo(user=ROLE), "--ssh", SSH_HOST)
    app = Watched(tmp_path / "home", *arguments, PATH=os.environ["PATH"])
    app.read_until(ROLE.encode())  # the screen asks for the password
    app.type(f"{PASSWORD}\r".encode())
    app.read_until(f"postgres as {ROLE}".encode())
    app.type(b"\x11")
    assert app.end() == 0
    ssh_host.configure(IdentityFile=ssh_host.folder / "other_key")
    refused = Watched(tmp_path / "home", *arguments, PATH=os.environ["PATH"])
    assert refused.end() == 6
    assert b"refused the login" in refused.output
    assert b"\x1b[?1049h" not in refused.output, "there was no screen yet"
    ssh_host.configure()


def test_a_password_is_kept_in_the_keyring_on_request(tmp_path: Path, network_server: NetworkServer) -> None:
    (tmp_path / "file_keyring.py").write_text(KEYRING)
    kept = tmp_path / "keyring.json"
    environment = {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHON_KEYRING_BACKEND": "file_keyring.FileKeyring",
        "KEYRING_FILE": str(kept),
    }
    home = tmp_path / "home"
    conninfo = network_server.conninfo(user=ROLE)
    adding = Watched(home, "connection", "add", "cofre", conninfo, "--keyring", **environment)
    adding.read_until(b"Password of the connection cofre:")
    adding.type(f"{PASSWORD}\n".encode())
    assert adding.end() == 0
    assert PASSWORD.encode() not in adding.output
    assert json.loads(kept.read_text()) == {"sqlagent-tui/cofre": PASSWORD}
    assert PASSWORD not in (home / "app" / "config" / "connections.toml").read_text()
    app_home = home / "app"
    asked = run(app_home, "sql", "SELECT current_user", "cofre", "--format", "csv", env=environment)
    assert asked.stdout.splitlines() == ["current_user", ROLE], asked.stderr
    kept.write_text(json.dumps({"sqlagent-tui/cofre": "vencida"}))
    stale = Watched(home, "sql", "SELECT current_user", "cofre", **environment)
    stale.read_until(f"Password of {ROLE}:".encode())
    stale.type(f"{PASSWORD}\n".encode())
    assert stale.end() == 0
    headless = run(
        app_home, "sql", "SELECT 1", "cofre", env={"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    )
    assert headless.returncode == 6
    assert "asks for a password" in headless.stderr
    assert run(app_home, "connection", "remove", "cofre", env=environment).returncode == 0
    assert json.loads(kept.read_text()) == {}


def test_without_a_keyring_nothing_breaks(tmp_path: Path, guard: Guard) -> None:
    none = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    refused = run(tmp_path / "home", "connection", "add", "x", guard.reader, "--keyring", env=none)
    assert refused.returncode == 2
    assert "No keyring works on this machine" in refused.stderr
    assert run(tmp_path / "home", "connection", "list").stdout == ""
    imported = "import sys; from sqlagent_tui.cli import main\ntry: main()\nfinally: print('keyring' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", imported, "sql", "SELECT 1", guard.reader], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("False\n")
