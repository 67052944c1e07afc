"""`python -m sqlagent_tui.distill generate`: the corpus."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import click


@click.command("generate")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for train.jsonl and eval.jsonl.",
)
@click.option("--count", default=80_000, show_default=True, help="Training trajectories.")
@click.option("--evaluation", default=600, show_default=True, help="Questions in each held-out split.")
@click.option("--seed", default=1, show_default=True)
@click.option("--processes", default=os.cpu_count() or 1, show_default="all cores")
@click.option("--conninfo", help="A database that already holds the demo; default: the embedded one.")
def generate_command(out: Path, count: int, evaluation: int, seed: int, processes: int, conninfo: str | None) -> None:
    """Play the expert's trajectories on the demo database and write them down."""
    from sqlagent_tui.assembly import OpenTarget, Target
    from sqlagent_tui.distill.dataset import generate

    with ExitStack() as stack:
        if conninfo is None:
            conninfo = stack.enter_context(OpenTarget(Target(demo=True), lambda _sentence, _fraction: None)).conninfo
        files = generate(
            conninfo, out, count=count, evaluation=evaluation, seed=seed, processes=processes, progress=_show
        )
    for split, lines in files.counts.items():
        click.echo(f"{split}\t{lines}")


def _show(done: int, total: int) -> None:
    click.echo(f"{done} of {total} trajectories", err=True)
