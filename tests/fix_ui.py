"""The app over a real server, with a model that follows a script."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import LoopEvent
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.agent.protocols import Database, Model
from sqlagent_tui.assembly import Target
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.database.watchdog import Watchdog
from sqlagent_tui.models.scripted import ScriptedModel
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.run import AppOptions, Parts
from sqlagent_tui.ui.services import AskPassword, Place, Report, Services, TraceSink


def call(tool: str, **arguments: Any) -> str:
    written = json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)
    return f"Penso um pouco.\n</think>\n<tool_call>\n{written}\n</tool_call>"


def answer(sql: str) -> str:
    return call("final_answer", decision="sql", sql=sql, message="Aqui está.")


class Harness:
    """Services over a real server, with a model that follows a script."""

    def __init__(
        self,
        conninfo: str,
        script: list[str],
        pace: Callable[[str], None] | None = None,
        watchdog: Watchdog | None = None,
        model: ScriptedModel | None = None,
    ) -> None:
        self.conninfo = conninfo
        self.watchdog = watchdog
        self.model = model or ScriptedModel(script, pace=pace)
        self.databases: list[PostgresDatabase] = []
        self.agent: Agent | None = None

    def app(self) -> SqlAgentApp:
        return SqlAgentApp(
            Services(
                open_database=self.connect,
                open_catalogue=self.connect,
                open_model=lambda report, cancel: self.model,
                ask=self.ask,
                warm=lambda model, database, cancel: self._agent(model, database).warm(cancel),
                place=Place(target=Target(conninfo=self.conninfo)),
                language="en",
            )
        )

    def connect(self, report: Report, trace: TraceSink, ask_password: AskPassword, cancel: CancelToken) -> Database:
        database = PostgresDatabase.connect(
            self.conninfo, trace=trace, password=ask_password, cancel=cancel, watchdog=self.watchdog
        )
        self.databases.append(database)
        return database

    def ask(
        self, question: str, *, reply: bool, model: Model, database: Database, cancel: CancelToken
    ) -> Iterator[LoopEvent]:
        yield from self._agent(model, database).ask(question, cancel, new_turn=not reply)

    def _agent(self, model: Model, database: Database) -> Agent:
        if self.agent is None or self.agent.database is not database:
            self.agent = Agent(model, database, default_profile())
        return self.agent


@pytest.fixture
def harness(demo_conninfo: str) -> Iterator[Callable[..., Harness]]:
    made: list[Harness] = []

    def make(script: list[str], **more: Any) -> Harness:
        made.append(Harness(demo_conninfo, script, **more))
        return made[-1]

    yield make
    for one in made:
        for database in one.databases:
            database.close()


class Real:
    """The app as the command line starts it, but for the model, which follows a script."""

    def __init__(self, target: Target | None, script: list[str], **options: Any) -> None:
        self.parts = Parts(AppOptions(target=target, **options))
        self.model = ScriptedModel(script)
        self.app = SqlAgentApp(
            dataclasses.replace(self.parts.services(), open_model=lambda report, cancel: self.model, language="en")
        )

    def close(self) -> None:
        self.app.agent.close()
        self.app.user.close()
        self.parts.close()


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Real]]:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path / "home"))
    made: list[Real] = []

    def make(conninfo: str | None, script: list[str] | None = None, **options: Any) -> Real:
        target = None if conninfo is None else Target(conninfo=conninfo)
        made.append(Real(target, script or [], **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
