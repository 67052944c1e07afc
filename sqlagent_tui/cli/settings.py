"""The settings file, for a command: a problem with it is narrated, not fatal."""

from __future__ import annotations

from pathlib import Path

import click

from sqlagent_tui.config import Config, load_config


def settings(path: Path | None) -> Config:
    """Return the settings; tell on stderr when the file could not be used."""
    loaded = load_config(path)
    if loaded.problem:
        click.echo(loaded.problem, err=True)
    return loaded.config
