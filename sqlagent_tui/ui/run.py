"""Starts the app for the command line: puts real parts behind its services."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.assembly import OpenTarget, Target, choose_profile, open_model, turn_limits
from sqlagent_tui.config import Config, LimitSettings
from sqlagent_tui.errors import ExitCode, SqlagentError
from sqlagent_tui.paths import config_dir, data_dir
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.limits import LimitsInForce
from sqlagent_tui.ui.messages import Messages, choose_language
from sqlagent_tui.ui.services import AskPassword, Report, Services, TraceSink
from sqlagent_tui.ui.themes import fitting_theme

if TYPE_CHECKING:
    from sqlagent_tui.agent.cancel import CancelToken
    from sqlagent_tui.agent.events import LoopEvent, TraceEvent
    from sqlagent_tui.agent.protocols import Database, Model
    from sqlagent_tui.database.progress import Progress
    from sqlagent_tui.sessions.journal import Journal


@dataclass(frozen=True, kw_only=True)
class AppOptions:
    """What the command line decided."""

    target: Target
    model: str | None = None
    """A file, or a name of the library; None: the configured one, or the demo's."""
    profile: str | None = None
    allow_superuser: bool = False
    """The user insists on connecting as a superuser, for this session."""
    config: Config = field(default_factory=Config)
    config_problem: str | None = None


def run_app(options: AppOptions) -> int:
    """Run the app until the user quits; returns the exit code."""
    parts = Parts(options)
    parts.open_way()
    notes = [note for note in (options.config_problem, parts.record()) if note]
    app = SqlAgentApp(parts.services(), notes=notes)
    if "SSH_CONNECTION" in os.environ:
        app.animation_level = "none"  # every frame of a smooth scroll is a round of bytes
    try:
        code = app.run()
    finally:
        app.agent.close()
        app.user.close()
        parts.close()
    if app.return_code:
        return ExitCode.FAILURE
    return code if code is not None else ExitCode.OK


class Parts:
    """The real database, model, agent and journal of one run of the app."""

    def __init__(self, options: AppOptions) -> None:
        self._options = options
        self._messages = Messages.load(
            choose_language(None if options.config.language == "auto" else options.config.language)
        )
        self._opening = threading.Lock()
        self._asking = threading.Lock()
        self._typed: str | None = None
        self._reports: list[Report] = []
        self._target: OpenTarget | None = None
        self._agent: Agent | None = None
        self._allow_superuser = options.allow_superuser
        self._limits = LimitsInForce(options.config.limits, self._limit_agent)
        self._journal: Journal | None = None

    def services(self) -> Services:
        """Return what the app is handed."""
        options = self._options
        return Services(
            open_database=self._open_database,
            open_catalogue=self._open_database,
            open_model=self._open_model,
            ask=self._ask,
            allow_superuser=self._insist,
            limits=self._limits,
            suggestions=self._suggestions(),
            demo=options.target.demo,
            language=self._messages.language,
            theme=fitting_theme(options.config.theme, os.environ),
            keymap=options.config.keymap,
            history_file=data_dir() / "history.jsonl",
            theme_folders=(config_dir() / "themes",),
        )

    def open_way(self) -> None:
        """Have ssh connect before there is a screen, while it can still ask its user for something.

        Raises SqlagentError.
        """
        if self._options.target.ssh is not None:
            self._target = OpenTarget(self._options.target, self._tell_all, self._stage, interactive=True)

    def record(self) -> str | None:
        """Begin the session's journal; return a sentence when it can't be written."""
        from sqlagent_tui.sessions.journal import Journal

        try:
            self._journal = Journal(data_dir() / "sessions")
        except SqlagentError as error:
            return str(error)
        return None

    def close(self) -> None:
        """Let go of the embedded server and end the journal."""
        if self._journal is not None:
            self._journal.close()
        if self._target is not None:
            self._target.close()

    def _open_database(
        self, report: Report, trace: TraceSink, ask_password: AskPassword, cancel: CancelToken
    ) -> Database:
        target = self._open_target(report)
        report(self._messages("part.connecting"), None)

        def record(event: TraceEvent) -> None:
            trace(event)
            if self._journal is not None:
                self._journal.append(event)

        try:
            return target.connect(
                self._options.config,
                record,
                lambda role: self._password(role, ask_password),
                allow_superuser=self._allow_superuser,
                cancel=cancel,
            )
        except SqlagentError:
            self._typed = None
            raise

    def _password(self, role: str, ask: AskPassword) -> str | None:
        with self._asking:  # two connections, one question
            if self._typed is None:
                self._typed = ask(role)
            return self._typed

    def _open_target(self, report: Report) -> OpenTarget:
        self._reports.append(report)
        with self._opening:  # both connections need the demo's server, and only one may start it
            if self._target is None:
                self._target = OpenTarget(self._options.target, self._tell_all, self._stage)
            return self._target

    def _tell_all(self, sentence: str, fraction: float | None) -> None:
        for report in self._reports:
            report(sentence, fraction)

    def _stage(self, progress: Progress) -> str:
        return self._messages(f"stage.{progress.stage}")

    def _open_model(self, report: Report) -> Model:
        report(self._messages("part.loading_model"), None)

        def progress(_sentence: str, fraction: float | None) -> None:
            report(self._messages("part.loading_model"), fraction)

        return open_model(self._options.model, self._options.config, progress, demo=self._options.target.demo)

    def _ask(
        self, question: str, *, reply: bool, model: Model, database: Database, cancel: CancelToken
    ) -> Iterator[LoopEvent]:
        agent, journal = self._agent_for(model, database), self._journal
        for event in agent.ask(question, cancel, new_turn=not reply):
            if journal is not None:
                journal.append(event)
            yield event

    def _agent_for(self, model: Model, database: Database) -> Agent:
        agent = self._agent
        if agent is None or agent.model is not model or agent.database is not database:
            config = self._options.config
            profile = choose_profile(self._options.profile, config, model.info.name)
            agent = self._agent = Agent(model, database, profile, turn_limits(self._limits.settings))
        return agent

    def _insist(self) -> None:
        self._allow_superuser = True

    def _limit_agent(self, settings: LimitSettings) -> None:
        if self._agent is not None:
            self._agent.limits = turn_limits(settings)

    def _suggestions(self) -> tuple[str, ...]:
        if not self._options.target.demo:
            return ()
        from sqlagent_tui.demo.suggestions import suggestions

        return tuple(suggestion.question for suggestion in suggestions())
