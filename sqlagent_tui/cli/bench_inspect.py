"""`sqlagent-tui bench inspect`: a run's failures on the screen."""

from __future__ import annotations

from pathlib import Path

import click

from sqlagent_tui.config import load_config


@click.command(
    "inspect",
    epilog="""\b
Examples:
  sqlagent-tui bench inspect runs/student
  sqlagent-tui bench inspect runs/mine --suite my-suite/ --database service=vendas

The rows of both sides are fetched once more where the suite's database can be opened; else those
that the run kept are shown. ? shows the keys.""",
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--suite", metavar="FOLDER", help="The suite's folder, where it doesn't come with the program.")
@click.option("--database", metavar="CONNINFO", help="Where the suite's tables are already.")
@click.option("--server", metavar="CONNINFO", help="Make the suite's database on this server, not on one of our own.")
@click.option("--allow-superuser", is_flag=True, help="Connect even as a superuser.")
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), help="Settings file instead of the usual one."
)
@click.option("--debug", is_flag=True, help="On an error, show where it happened.")
def inspect(
    run: Path,
    suite: str | None,
    database: str | None,
    server: str | None,
    allow_superuser: bool,
    config_path: Path | None,
    debug: bool,
) -> int:
    """Look at the questions of a run, one by one.

    RUN is a folder that `bench run` printed, complete or not: what was expected, what the model did, both results
    side by side with their differences.
    """
    from sqlagent_tui.ui.inspect.run import InspectOptions, run_inspect

    loaded = load_config(config_path)
    options = InspectOptions(
        run=run,
        suite=suite,
        database=database,
        server=server,
        allow_superuser=allow_superuser,
        config=loaded.config,
        config_problem=loaded.problem,
    )
    return run_inspect(options)
