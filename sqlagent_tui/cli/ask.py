"""`sqlagent-tui ask`: one turn without a screen."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import (
    AnswerReady,
    DecisionMade,
    EvidenceGathered,
    FormatErrorFound,
    LoopEvent,
    ToolCallFinished,
    ToolCallStarted,
    TurnEnded,
)
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.messages import Usage
from sqlagent_tui.agent.protocols import ModelInfo
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.assembly import OpenTarget, Target, choose_profile, open_model, turn_limits
from sqlagent_tui.cli import common_options, connection_options
from sqlagent_tui.cli.interrupt import cancel_on_interrupt
from sqlagent_tui.cli.narration import Narration, tell_reconnecting
from sqlagent_tui.cli.output import render, result_object, to_json
from sqlagent_tui.cli.password import ask_password, has_terminal
from sqlagent_tui.cli.settings import settings
from sqlagent_tui.errors import ExitCode, SqlagentError
from sqlagent_tui.paths import data_dir
from sqlagent_tui.sessions.journal import Journal
from sqlagent_tui.ui.text import safe, safe_line

_EXIT = {
    "sql": ExitCode.OK,
    "clarification": ExitCode.CLARIFICATION,
    "unanswerable": ExitCode.UNANSWERABLE,
    "cancelled": ExitCode.INTERRUPTED,
}
_FAILED = {"database": ExitCode.DATABASE, "empty": ExitCode.USAGE}


@click.command(
    epilog="""\b
Examples:
  sqlagent-tui ask --demo "Quantos imóveis rurais existem em cada estado?"
  sqlagent-tui ask --json "Quantos pedidos em 2024?" "service=vendas" --model qwen.gguf | jq .rows"""
)
@click.argument("question")
@click.argument("conninfo", required=False)
@click.option("--demo", is_flag=True, help="Use the embedded demo database and its student model.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--seed", type=int, help="Seed of the sampling.")
@click.option("--reply", multiple=True, help="Answers a clarification, if one is asked for. May be repeated.")
@connection_options
@common_options
def ask(
    question: str,
    conninfo: str | None,
    demo: bool,
    as_json: bool,
    seed: int | None,
    reply: tuple[str, ...],
    ssh: str | None,
    allow_superuser: bool,
    model_name: str | None,
    profile: str | None,
    config_path: Path | None,
    debug: bool,
) -> int:
    """Ask one question; print the decision, and the rows of an SQL answer."""
    config = settings(config_path)
    narration, token = Narration(), CancelToken()
    chosen = Target.chosen(conninfo, demo, ssh)
    with (
        OpenTarget(chosen, narration, interactive=has_terminal()) as target,
        cancel_on_interrupt(token),
    ):
        journal = Journal(data_dir() / "sessions")
        trace = tell_reconnecting(narration, journal.append)
        database = target.connect(config, trace, ask_password, allow_superuser=allow_superuser, cancel=token)
        try:
            model = open_model(model_name, config, narration, demo=demo, cancel=token)
            if model.info.warning:
                click.echo(safe(model.info.warning), err=True)
            try:
                spoken = choose_profile(profile, config, model.info.name)
                agent = Agent(model, database, spoken, turn_limits(config.limits))
                _read_ahead(agent, token, narration)
                record = TurnRecord(question, model.info, journal.session_id)
                for text in (question, *reply):
                    record.clear()
                    for event in agent.ask(text, token, seed=config.model.seed if seed is None else seed):
                        journal.append(event)
                        record.add(event)
                        _narrate(event, narration)
                    if not agent.awaiting_reply:
                        break
            finally:
                model.close()
        finally:
            narration.done()
            database.close()
            journal.close()
    if journal.failure:
        click.echo(journal.failure, err=True)
    click.echo(to_json(record.as_object()) + "\n" if as_json else record.as_text(), nl=False)
    if record.ended is not None and record.ended.outcome == "failed":
        click.echo(safe(record.ended.message), err=True)
    return record.exit_code


def _read_ahead(agent: Agent, cancel: CancelToken, narration: Narration) -> None:
    """Evaluate what the prompt begins with apart from the question, so that it is stored for the next one."""
    with suppress(SqlagentError, Cancelled):  # the turn meets the same, and tells
        for progress in agent.warm(cancel):
            narration("Reading instructions and tables", progress.done / max(progress.total, 1))


def _narrate(event: LoopEvent, narration: Narration) -> None:
    if isinstance(event, ToolCallStarted):
        narration(safe_line(f"{event.tool} {event.arguments.get('sql', '')}")[:100], None)


class TurnRecord:
    """What `--json` promises, gathered from the events of one turn."""

    def __init__(self, question: str, model: ModelInfo, session: str) -> None:
        self._question, self._model, self._session = question, model, session
        self.clear()

    def clear(self) -> None:
        """Start over: the user's reply continues the turn, and only the last decision is the answer."""
        self.decision: DecisionMade | None = None
        self.answer: AnswerReady | None = None
        self.ended: TurnEnded | None = None
        self.evidence: list[EvidenceGathered] = []
        self.steps: list[dict[str, Any]] = []

    def add(self, event: LoopEvent) -> None:
        """Take one event in."""
        if isinstance(event, ToolCallStarted):
            self.steps.append({"tool": event.tool, "arguments": event.arguments})
        elif isinstance(event, ToolCallFinished):
            error = event.error and {"sqlstate": event.error.sqlstate, "message": event.error.message}
            self.steps[-1] |= {
                "ok": event.ok,
                "error": error,
                "row_count": event.row_count,
                "elapsed_ms": round(event.elapsed_ms, 3),
            }
        elif isinstance(event, FormatErrorFound):
            error = {"sqlstate": None, "message": event.message}
            self.steps.append(
                {"tool": None, "arguments": {}, "ok": False, "error": error, "row_count": None, "elapsed_ms": 0.0}
            )
        elif isinstance(event, DecisionMade):
            self.decision = event
        elif isinstance(event, AnswerReady):
            self.answer = event
        elif isinstance(event, EvidenceGathered):
            self.evidence.append(event)
        elif isinstance(event, TurnEnded):
            self.ended = event

    @property
    def exit_code(self) -> ExitCode:
        """What a script is told."""
        if self.ended is None:
            return ExitCode.FAILURE
        if self.ended.outcome == "failed":
            return _FAILED.get(self.ended.reason, ExitCode.MODEL)
        return _EXIT[self.ended.outcome]

    def as_object(self) -> dict[str, Any]:
        """Return the object of the command line's contract."""
        result = self.answer.result if self.answer else QueryResult(columns=(), rows=())
        usage = self.ended.usage if self.ended else Usage()
        message = self.decision.message if self.decision else self.ended.message if self.ended else ""
        return {
            "question": self._question,
            "decision": self.decision.decision if self.decision else None,
            "sql": self.answer.sql if self.answer else None,
            "message": message,
            **result_object(result),
            "evidence": [{"check": e.check, "level": e.level, "message": e.message} for e in self.evidence],
            "steps": self.steps,
            "usage": {
                "prompt_tokens": usage.prompt_tokens,
                "cached_tokens": usage.cached_tokens,
                "generated_tokens": usage.generated_tokens,
                "tokens_per_second": round(usage.tokens_per_second, 2),
                "seconds": round(self.ended.seconds if self.ended else 0.0, 3),
            },
            "model": {"name": self._model.name, "sha256": self._model.sha256},
            "session": self._session,
        }

    def as_text(self) -> str:
        """Return what a person reads."""
        if self.decision is None:
            return ""
        if self.decision.decision != "sql":
            return f"{self.decision.decision}: {safe(self.decision.message)}\n"
        assert self.answer is not None
        warnings = "".join(f"! {e.message}\n" for e in self.evidence if e.level == "warning")
        message = f"{safe(self.decision.message)}\n" if self.decision.message else ""
        return f"{message}{safe(self.answer.sql)}\n\n{render(self.answer.result, 'table')}{warnings}"
