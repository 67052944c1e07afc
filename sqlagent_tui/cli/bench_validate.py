"""`sqlagent-tui bench validate`: whether suites can be measured by."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.assembly import OpenTarget
from sqlagent_tui.bench.databases import open_suite_database
from sqlagent_tui.bench.suite import Suite, find_suite
from sqlagent_tui.bench.validation import Fault, Validation, validate
from sqlagent_tui.cli.interrupt import cancel_on_interrupt
from sqlagent_tui.cli.narration import Narration
from sqlagent_tui.cli.output import to_json
from sqlagent_tui.cli.password import ask_password
from sqlagent_tui.cli.settings import settings
from sqlagent_tui.config import Config
from sqlagent_tui.errors import ExitCode
from sqlagent_tui.ui.text import safe_line


@click.command(
    "validate",
    epilog="""\b
Examples:
  sqlagent-tui bench validate cadastro_ambiental
  sqlagent-tui bench validate my-suite/ --database service=vendas --json

Exit codes: 0 nothing but notes, 1 a fault.""",
)
@click.argument("suites", metavar="SUITE...", nargs=-1, required=True)
@click.option("--database", metavar="CONNINFO", help="A database in which everything is there already.")
@click.option("--server", metavar="CONNINFO", help="A server to make the suite's database on.")
@click.option(
    "--allow-superuser", is_flag=True, help="Connect even as a superuser, whom no read-only transaction holds back."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, an object a suite.")
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), help="Settings file instead of the usual one."
)
@click.option("--debug", is_flag=True, help="On an error, show where it happened.")
def validate_suites(
    suites: Sequence[str],
    database: str | None,
    server: str | None,
    allow_superuser: bool,
    as_json: bool,
    config_path: Path | None,
    debug: bool,
) -> int:
    """Run every gold statement of suites twice, and report what makes them unfit to measure by."""
    config, narration, token = settings(config_path), Narration(), CancelToken()
    found = [find_suite(name) for name in suites]
    results = []
    with cancel_on_interrupt(token):
        for suite in found:
            opened = open_suite_database(
                suite,
                narration,
                database=database,
                server=server,
                password=ask_password,
                allow_superuser=allow_superuser,
            )
            with opened as target:
                results.append(_validate(suite, target, config, narration, token, allow_superuser=allow_superuser))
            narration.done()
            if not as_json:
                click.echo("\n".join(map(safe_line, _described(results[-1]))))
    if as_json:
        click.echo(to_json([_object(result) for result in results]))
    return ExitCode.OK if all(result.sound for result in results) else ExitCode.FAILURE


def _validate(
    suite: Suite,
    target: OpenTarget,
    config: Config,
    narration: Narration,
    token: CancelToken,
    *,
    allow_superuser: bool,
) -> Validation:
    def tell(done: int, total: int) -> None:
        narration(f"Validating {suite.name}", done / total)

    connected = target.connect(config, None, ask_password, allow_superuser=allow_superuser, cancel=token)
    with closing(connected) as database:
        return validate(suite, database, config.limits.answer(), token, tell)


def _object(result: Validation) -> dict[str, Any]:
    return {**msgspec.structs.asdict(result), "sound": result.sound}


def _described(result: Validation) -> list[str]:
    faults = [fault for fault in result.faults if not fault.note]
    notes = [fault for fault in result.faults if fault.note]
    counts = ", ".join(
        _count(number, noun)
        for number, noun in (
            (result.questions, "question"),
            (result.statements, "gold statement"),
            (len(faults), "fault"),
            (len(notes), "note"),
        )
    )
    return [f"{result.suite}: {counts}", *map(_line, faults), *map(_line, notes)]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _line(fault: Fault) -> str:
    where = f"{fault.item_id}: " if fault.item_id else ""
    return f"  {'·' if fault.note else '✗'} {fault.kind}  {where}{fault.message}"
