"""`sqlagent-tui sql`: one statement through the same guarded path as the agent's."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.assembly import OpenTarget, Target
from sqlagent_tui.cli import common_options, connection_options
from sqlagent_tui.cli.interrupt import cancel_on_interrupt
from sqlagent_tui.cli.narration import Narration, tell_reconnecting
from sqlagent_tui.cli.output import Format, error_object, exit_code_of, render, to_json
from sqlagent_tui.cli.password import ask_password, has_terminal
from sqlagent_tui.cli.settings import settings
from sqlagent_tui.errors import ExitCode, UsageError
from sqlagent_tui.ui.text import safe


@click.command(
    epilog="""\b
Examples:
  sqlagent-tui sql --demo "SELECT sigla, nome FROM estado ORDER BY 1"
  sqlagent-tui sql - "service=cadastro" --format csv < query.sql > result.csv"""
)
@click.argument("statement", metavar="SQL")
@click.argument("conninfo", required=False)
@click.option("--demo", is_flag=True, help="Use the embedded demo database.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--max-rows", type=click.IntRange(min=1), help="Rows to fetch at most.")
@connection_options
@common_options
def sql(
    statement: str,
    conninfo: str | None,
    demo: bool,
    form: Format,
    max_rows: int | None,
    ssh: str | None,
    allow_superuser: bool,
    model_name: str | None,
    profile: str | None,
    config_path: Path | None,
    debug: bool,
) -> int:
    """Run one SQL statement, read-only and bounded; `-` reads it from standard input."""
    config = settings(config_path)
    text = sys.stdin.read() if statement == "-" else statement
    if not text.strip():
        raise UsageError("The statement is empty.", "Give one SQL statement, or - and the statement on standard input.")
    limits = config.limits.answer()
    if max_rows is not None:
        limits = msgspec.structs.replace(limits, max_rows=max_rows)
    narration, token = Narration(), CancelToken()
    chosen = Target.chosen(conninfo, demo, ssh)
    with (
        OpenTarget(chosen, narration, interactive=has_terminal()) as target,
        cancel_on_interrupt(token),
    ):
        trace = tell_reconnecting(narration)
        database = target.connect(config, trace, ask_password, allow_superuser=allow_superuser, cancel=token)
        narration.done()
        try:
            result = database.execute(text, origin="user", cancel=token, limits=limits)
        except Cancelled as stopped:
            result = StatementError(kind="cancelled", message=str(stopped))
        finally:
            database.close()
    if isinstance(result, StatementError):
        _tell(result, form)
        return exit_code_of(result)
    click.echo(render(result, form), nl=False)
    if result.truncated:
        click.echo(f"Only the first {result.row_count} rows; --max-rows fetches more.", err=True)
    return ExitCode.OK


def _tell(error: StatementError, form: Format) -> None:
    if form == "json":
        click.echo(to_json(error_object(error)))
        return
    state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    click.echo(safe(f"{error.message}{state}"), err=True)
    if error.hint:
        click.echo(safe(f"Hint: {error.hint}"), err=True)
