"""The command line. `main` is what the `sqlagent-tui` script runs.

stdout is data, stderr is narration. An error is one plain sentence with a remedy and an `errors.ExitCode`;
a traceback is shown only with `--debug`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from sqlagent_tui import __version__, crash
from sqlagent_tui.agent.cancel import Cancelled
from sqlagent_tui.cli.lazy import LazyGroup
from sqlagent_tui.errors import ExitCode, SqlagentError

_DEBUG_FRAMES = 100
COMMANDS: Final = {
    "tui": "sqlagent_tui.cli.tui:tui",
    "ask": "sqlagent_tui.cli.ask:ask",
    "sql": "sqlagent_tui.cli.sql:sql",
    "model": "sqlagent_tui.cli.model:model",
    "bench": "sqlagent_tui.cli.bench:bench",
    "connection": "sqlagent_tui.cli.connection:connection",
    "doctor": "sqlagent_tui.cli.doctor:doctor",
}


class App(LazyGroup):
    """Whatever is no command opens the app: `sqlagent-tui [CONNINFO]`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `tui` in front when the first word is neither a command nor one of the group's own options."""
        if not args or (args[0] not in COMMANDS and args[0] not in ("--help", "-h", "--version")):
            args = ["tui", *args]
        return super().parse_args(ctx, args)


@click.command(
    cls=App,
    targets=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  sqlagent-tui --demo                                       a database, a model, no network
  sqlagent-tui "host=db1 dbname=cadastro" --model m.gguf    your own server and model
  sqlagent-tui ask --demo "Quantos embargos em 2023?"       one question, no screen

Exit codes: 0 SQL answer or success, 3 clarification, 4 unanswerable, 5 refused,
6 database, 7 model, 2 usage, 130 interrupted.""",
)
@click.version_option(__version__, prog_name="sqlagent-tui")
def group() -> None:
    """Ask PostgreSQL in Portuguese or English, in the terminal, with a small local model.

    Without a command the app opens: sqlagent-tui [CONNINFO], see `sqlagent-tui tui --help`.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    crash.hide_texts()
    try:
        code = group.main(arguments, prog_name="sqlagent-tui", standalone_mode=False)
    except (click.exceptions.Abort, Cancelled):
        click.echo("Interrupted.", err=True)
        sys.exit(ExitCode.INTERRUPTED)
    except click.UsageError as error:
        click.echo(f"{_usage(error)} See sqlagent-tui --help.", err=True)
        sys.exit(ExitCode.USAGE)
    except click.ClickException as error:
        click.echo(error.format_message(), err=True)
        sys.exit(ExitCode.USAGE)
    except SqlagentError as error:
        if debug:
            click.echo(crash.account(error, _DEBUG_FRAMES), err=True)
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(ExitCode.OK)
    except Exception as error:  # noqa: BLE001 - the last line of defence: one sentence, never a traceback
        if debug:
            click.echo(crash.account(error, _DEBUG_FRAMES), err=True)
        click.echo(f"Unexpected {type(error).__name__}. Run again with --debug and report it.", err=True)
        sys.exit(ExitCode.FAILURE)
    sys.exit(code if isinstance(code, int) else ExitCode.OK)


def _usage(error: click.UsageError) -> str:
    """What click says, unless it would repeat words of an unquoted conninfo, which may be a password."""
    text = error.format_message()
    if "unexpected extra argument" in text:
        return "There are more words than the command takes: put a CONNINFO or an SQL statement in quotes."
    return text


def common_options(function: Any) -> Any:
    """Add the options that every command has."""
    for option in reversed(
        [
            click.option(
                "--model",
                "model_name",
                metavar="PATH|NAME|URL",
                help="A GGUF file, a name `model list` shows, or a server: http(s)://host:port/v1[#name].",
            ),
            click.option("--profile", metavar="PATH|NAME", help="How the model is spoken to; default: what fits it."),
            click.option(
                "--config",
                "config_path",
                type=click.Path(path_type=Path),
                help="Settings file instead of the usual one.",
            ),
            click.option("--debug", is_flag=True, help="On an error, show where it happened."),
        ]
    ):
        function = option(function)
    return function


def connection_options(function: Any) -> Any:
    """Add the options of every command that connects to a server."""
    for option in reversed(
        [
            click.option("--ssh", metavar="HOST", help="Reach the server through this SSH host; ~/.ssh/config holds."),
            click.option(
                "--allow-superuser",
                is_flag=True,
                help="Connect even as a superuser, whom no read-only transaction holds back.",
            ),
        ]
    ):
        function = option(function)
    return function
