"""Starts the inspection for the command line: puts a real database behind its services."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlagent_tui.bench.inspection import InspectedRun, open_run
from sqlagent_tui.bench.suite import find_suite
from sqlagent_tui.config import Config
from sqlagent_tui.errors import ExitCode
from sqlagent_tui.paths import config_dir
from sqlagent_tui.ui.inspect.app import InspectApp
from sqlagent_tui.ui.inspect.services import InspectServices
from sqlagent_tui.ui.look import Look
from sqlagent_tui.ui.messages import choose_language
from sqlagent_tui.ui.services import AskPassword, Report
from sqlagent_tui.ui.themes import fitting_theme

if TYPE_CHECKING:
    from sqlagent_tui.agent.cancel import CancelToken
    from sqlagent_tui.agent.protocols import Database
    from sqlagent_tui.assembly import OpenTarget


@dataclass(frozen=True, kw_only=True)
class InspectOptions:
    """What the command line decided."""

    run: Path
    suite: str | None = None
    """A suite's folder; None: the shipped one of the run's name."""
    database: str | None = None
    server: str | None = None
    allow_superuser: bool = False
    config: Config = field(default_factory=Config)
    config_problem: str | None = None


def run_inspect(options: InspectOptions) -> int:
    """Inspect a run until the user quits; returns the exit code. Raises UsageError when there is no such run."""
    run = open_run(options.run)
    app = InspectApp(services(options, run), notes=[note for note in (options.config_problem,) if note])
    if "SSH_CONNECTION" in os.environ:
        app.animation_level = "none"
    try:
        code = app.run()
    finally:
        app.close()
    if app.return_code:
        return ExitCode.FAILURE
    return code if code is not None else ExitCode.OK


def services(options: InspectOptions, run: InspectedRun) -> InspectServices:
    """Return what the inspection is handed."""
    config = options.config

    @contextmanager
    def connected(report: Report, ask: AskPassword, cancel: CancelToken) -> Iterator[Database]:
        with _target(options, run, report, ask) as target:
            connection = target.connect(config, None, ask, allow_superuser=options.allow_superuser, cancel=cancel)
            with closing(connection):
                yield connection

    language = choose_language(None if config.language == "auto" else config.language)
    look = Look(
        language=language,
        theme=fitting_theme(config.theme, os.environ),
        theme_folders=(config_dir() / "themes",),
        keymap=config.keymap,
    )
    return InspectServices(run=run, open_database=connected, look=look)


@contextmanager
def _target(options: InspectOptions, run: InspectedRun, report: Report, ask: AskPassword) -> Iterator[OpenTarget]:
    """The database that was named, else the suite's own."""
    from sqlagent_tui.assembly import OpenTarget, Target
    from sqlagent_tui.bench.databases import open_suite_database

    if options.database is not None and options.server is None:
        with OpenTarget(Target.chosen(options.database, demo=False), report) as opened:
            yield opened
        return
    suite = find_suite(options.suite or run.head.config.suite.name)
    with open_suite_database(
        suite,
        report,
        database=options.database,
        server=options.server,
        password=ask,
        allow_superuser=options.allow_superuser,
    ) as opened:
        yield opened
