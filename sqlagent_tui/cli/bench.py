"""`sqlagent-tui bench`: suites of questions with known answers, and models measured on them."""

from __future__ import annotations

from typing import Final

import click

from sqlagent_tui.cli.lazy import LazyGroup

COMMANDS: Final = {
    "list": "sqlagent_tui.cli.bench_list:list_suites",
    "run": "sqlagent_tui.cli.bench_run:run",
    "report": "sqlagent_tui.cli.bench_report:report",
    "compare": "sqlagent_tui.cli.bench_report:compare",
    "inspect": "sqlagent_tui.cli.bench_inspect:inspect",
    "validate": "sqlagent_tui.cli.bench_validate:validate_suites",
    "import": "sqlagent_tui.cli.bench_import:import_file",
}


@click.group(cls=LazyGroup, targets=COMMANDS)
def bench() -> None:
    """Measure models on suites: a database, questions, and the answers that are right."""
