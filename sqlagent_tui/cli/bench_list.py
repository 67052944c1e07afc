"""`sqlagent-tui bench list`: the suites that come with the program, or any others, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import click

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.bench.composition import composition
from sqlagent_tui.bench.suite import Difficulty, Suite, find_suite, shipped_suites
from sqlagent_tui.cli.output import to_json
from sqlagent_tui.errors import ExitCode
from sqlagent_tui.ui.text import safe_line

_DATABASES = {"demo": "the demo database", "scripts": "a database of its own", "external": "a database of yours"}


@click.command(
    "list",
    epilog="""\b
Examples:
  sqlagent-tui bench list
  sqlagent-tui bench list my-suite/ --json""",
)
@click.argument("suites", metavar="[SUITE]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option("--debug", is_flag=True, help="On an error, show where it happened.")
def list_suites(suites: Sequence[str], as_json: bool, debug: bool) -> int:
    """List the shipped suites, or those named, with their composition."""
    found = [find_suite(name) for name in suites or shipped_suites()]
    if as_json:
        click.echo(to_json([_object(suite) for suite in found]))
        return ExitCode.OK
    for suite in found:
        click.echo("\n".join(map(safe_line, _described(suite))))
    return ExitCode.OK


def _object(suite: Suite) -> dict[str, Any]:
    return {
        "name": suite.name,
        "title": suite.title,
        "language": suite.language,
        "licence": suite.licence,
        "database": suite.database.kind,
        "extensions": suite.database.extensions,
        "questions": len(suite.items),
        "composition": composition(suite.items),
        "sha256": suite.digest,
    }


def _described(suite: Suite) -> list[str]:
    counts = composition(suite.items)
    decisions = ", ".join(f"{counts[kind]} {kind}" for kind in get_args(DecisionKind) if counts[kind])
    levels = ", ".join(f"{counts[kind]} {kind}" for kind in get_args(Difficulty) if counts[kind])
    needs = f" with {', '.join(suite.database.extensions)}" if suite.database.extensions else ""
    return [
        f"{suite.name}  {suite.title} ({suite.language})",
        f"  {len(suite.items)} questions on {_DATABASES[suite.database.kind]}{needs}: {decisions}",
        *([f"  SQL: {levels}"] if levels else []),
    ]
