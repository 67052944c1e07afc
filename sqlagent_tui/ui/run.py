"""Starts the app for the command line: puts real parts behind its services."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.assembly import Target, choose_profile, open_model, turn_limits
from sqlagent_tui.config import Config, LimitSettings
from sqlagent_tui.database.saved import SavedConnections
from sqlagent_tui.errors import ExitCode, SqlagentError
from sqlagent_tui.paths import config_dir, data_dir
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.connecting import Connecting, place_of
from sqlagent_tui.ui.limits import LimitsInForce
from sqlagent_tui.ui.messages import Messages, choose_language
from sqlagent_tui.ui.model_choice import LibraryModels
from sqlagent_tui.ui.services import Report, Services
from sqlagent_tui.ui.themes import fitting_theme

if TYPE_CHECKING:
    from sqlagent_tui.agent.cancel import CancelToken
    from sqlagent_tui.agent.events import LoopEvent, TraceEvent
    from sqlagent_tui.agent.profile import Profile
    from sqlagent_tui.agent.protocols import Database, Model
    from sqlagent_tui.sessions.journal import Journal


@dataclass(frozen=True, kw_only=True)
class AppOptions:
    """What the command line decided."""

    target: Target | None = None
    """None: the user chooses on the start screen."""
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
    parts.connecting.open_way()
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
        self._agent: Agent | None = None
        self.connecting = Connecting(
            place_of(options.target),
            config=options.config,
            messages=self._messages,
            allow_superuser=options.allow_superuser,
            record=self._record,
        )
        self._limits = LimitsInForce(options.config.limits, self._limit_agent)
        self._journal: Journal | None = None

    def services(self) -> Services:
        """Return what the app is handed."""
        options = self._options
        return Services(
            open_database=self.connecting.connect,
            open_catalogue=self.connecting.connect,
            open_model=self._open_model,
            models=LibraryModels(
                config=options.config, named=options.model, open_named=self._open_named, profile=self._profile
            ),
            ask=self._ask,
            warm=lambda model, database, cancel: self._agent_for(model, database).warm(cancel),
            allow_superuser=self.connecting.insist,
            place=self.connecting.place,
            change_place=self.connecting.change,
            trouble=lambda: self._journal.failure if self._journal is not None else None,
            connections=SavedConnections(),
            limits=self._limits,
            language=self._messages.language,
            theme=fitting_theme(options.config.theme, os.environ),
            keymap=options.config.keymap,
            history_file=data_dir() / "history.jsonl",
            theme_folders=(config_dir() / "themes",),
        )

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
        self.connecting.close()

    def _record(self, event: TraceEvent) -> None:
        if self._journal is not None:
            self._journal.append(event)

    def _open_named(self, name: str | None, report: Report, cancel: CancelToken) -> Model:
        report(self._messages("part.loading_model"), None)

        def progress(_sentence: str, fraction: float | None) -> None:
            report(self._messages("part.loading_model"), fraction)

        demo = self.connecting.place.demo
        return open_model(name, self._options.config, progress, demo=demo, interactive=True, cancel=cancel)

    def _open_model(self, report: Report, cancel: CancelToken) -> Model:
        return self._open_named(self._options.model, report, cancel)

    def _profile(self, model: Model) -> Profile:
        return choose_profile(self._options.profile, self._options.config, model.info.name)

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
        if agent is not None and agent.model is model and agent.database is database:
            return agent
        profile = self._profile(model)
        if agent is not None and agent.database is database and agent.profile == profile:
            agent.model = model  # which goes on with the conversation
        else:
            agent = self._agent = Agent(model, database, profile, turn_limits(self._limits.settings))
        return agent

    def _limit_agent(self, settings: LimitSettings) -> None:
        if self._agent is not None:
            self._agent.limits = turn_limits(settings)
