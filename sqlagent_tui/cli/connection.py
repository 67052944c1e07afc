"""`sqlagent-tui connection`: the user's saved connections."""

from __future__ import annotations

import click
import msgspec

from sqlagent_tui.cli import COMMANDS
from sqlagent_tui.cli.output import to_json
from sqlagent_tui.cli.password import ask_hidden, has_terminal
from sqlagent_tui.database.saved import SavedConnection, SavedConnections
from sqlagent_tui.errors import ExitCode, UsageError
from sqlagent_tui.ui.text import safe


@click.group(
    epilog="""\b
Examples:
  sqlagent-tui connection add producao "host=db1 dbname=cadastro user=leitor" --ssh bastiao
  sqlagent-tui producao
  sqlagent-tui sql "SELECT count(*) FROM pedido" producao"""
)
def connection() -> None:
    """Save, list and remove connections: names that stand for a CONNINFO in every command."""


@connection.command("add")
@click.argument("name")
@click.argument("conninfo", default="")
@click.option("--ssh", metavar="HOST", help="Reach the server through this SSH host.")
@click.option("--keyring", is_flag=True, help="Ask for the password now and keep it in the system's keyring.")
@click.option("--replace", is_flag=True, help="Change a connection that is saved already.")
def add(name: str, conninfo: str, ssh: str | None, keyring: bool, replace: bool) -> int:
    """Save CONNINFO, any libpq string or URI without a password, as NAME."""
    if name in COMMANDS:
        raise UsageError(f"“{name}” is a command.", "Choose another name.")
    saved = SavedConnection(name=name, conninfo=conninfo, ssh=ssh, keyring=keyring)
    password = _ask_for_keyring(name) if keyring else ""
    SavedConnections().add(saved, replace=replace)
    if keyring:
        from sqlagent_tui import keyring_store

        keyring_store.keep(name, password)
    click.echo(name)
    return ExitCode.OK


@connection.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_connections(as_json: bool) -> int:
    """List the saved connections."""
    store = SavedConnections()
    entries, last_used = store.all(), store.last_used()
    if as_json:
        objects = [msgspec.to_builtins(entry) | {"last_used": last_used.get(entry.name)} for entry in entries]
        click.echo(to_json(objects))
        return ExitCode.OK
    for entry in entries:
        ssh = f"  (ssh {entry.ssh})" if entry.ssh else ""
        click.echo(safe(f"{entry.name}  {entry.conninfo}{ssh}"))
    if not entries:
        click.echo("No connection is saved. Save one: sqlagent-tui connection add NAME CONNINFO", err=True)
    return ExitCode.OK


@connection.command("remove")
@click.argument("name")
def remove(name: str) -> int:
    """Forget NAME, and its password if that is in the keyring."""
    removed = SavedConnections().remove(name)
    if removed.keyring:
        from sqlagent_tui import keyring_store

        keyring_store.forget(name)
    return ExitCode.OK


def _ask_for_keyring(name: str) -> str:
    from sqlagent_tui import keyring_store

    keyring_store.require()
    if not has_terminal():
        raise UsageError("There is no terminal to ask for the password on.", "Run the command in a terminal.")
    password = ask_hidden(f"Password of the connection {name}: ")
    if not password:
        raise UsageError("No password was typed.", "Save the connection again, or without --keyring.")
    return password
