"""`sqlagent-tui [CONNINFO]`: the app."""

from __future__ import annotations

from pathlib import Path

import click

from sqlagent_tui.assembly import Target, names_a_database
from sqlagent_tui.cli import common_options, connection_options
from sqlagent_tui.config import load_config


@click.command(
    epilog="""\b
Examples:
  sqlagent-tui --demo
  sqlagent-tui "host=/var/run/postgresql dbname=cadastro user=leitor" --model qwen3-4b-q8_0.gguf
  sqlagent-tui "host=db1 dbname=cadastro user=leitor sslmode=verify-full" --ssh bastiao
  PGSERVICE=cadastro sqlagent-tui --model qwen3-4b-q8_0.gguf"""
)
@click.argument("conninfo", required=False)
@click.option("--demo", is_flag=True, help="An embedded PostgreSQL, a demo database and a model that knows it.")
@connection_options
@common_options
def tui(
    conninfo: str | None,
    demo: bool,
    ssh: str | None,
    allow_superuser: bool,
    model_name: str | None,
    profile: str | None,
    config_path: Path | None,
    debug: bool,
) -> int:
    """Open the terminal app.

    CONNINFO is any libpq string or URI, or the name of a saved connection; without one the PG* environment is used,
    and where that says nothing either, the start screen offers the saved connections and the demo.
    """
    target = Target.chosen(conninfo, demo, ssh) if names_a_database(conninfo, demo, ssh) else None
    loaded = load_config(config_path)
    from sqlagent_tui.ui.run import AppOptions, run_app

    options = AppOptions(
        target=target,
        model=model_name,
        profile=profile,
        allow_superuser=allow_superuser,
        config=loaded.config,
        config_problem=loaded.problem,
    )
    return run_app(options)
