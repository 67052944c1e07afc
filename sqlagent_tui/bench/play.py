"""One turn of a measured conversation: the real agent asked once, bounded in time, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import (
    AnswerReady,
    DecisionMade,
    EvidenceGathered,
    FormatErrorFound,
    LoopEvent,
    Outcome,
    ToolCallFinished,
    TurnEnded,
)
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.messages import Usage
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.bench.records import StatementFailure

_OWN_LIMITS = frozenset({"", "empty", "context", "steps", "tokens", "seconds", "format", "repeats"})
"""Why the loop itself ends a turn; any other reason is the model's process, its server, or the database."""


class PlayedTurn(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a question."""

    outcome: Outcome
    timed_out: bool = False
    broken: bool = False
    """Not the model's doing: its process, its server or the database failed. `message` says how."""
    reason: str = ""
    """As in `TurnEnded`."""
    message: str = ""
    """The decision's, or why there was none."""
    sql: str | None = None
    result: QueryResult | None = None
    """All rows of `sql`, as far as the answer's limits reach."""
    statement_failure: StatementFailure | None = None
    """Why the last statement that was meant as the answer gave no rows, where no other one came after it."""
    format_errors: int = 0
    warned: bool = False
    """The evidence on the answer holds a warning."""
    steps: int = 0
    usage: Usage = Usage()
    seconds: float = 0.0


def play_turn(
    agent: Agent,
    text: str,
    *,
    seed: int,
    seconds: float,
    stop: CancelToken,
    record: Callable[[LoopEvent], None] = lambda event: None,
) -> PlayedTurn:
    """Ask `text`: a question, or the reply to the clarification that the agent awaits.

    After `seconds` the turn is cancelled, its statement on the server too. Every event goes to `record`. Raises
    Cancelled when `stop` was set before there was a decision.
    """
    cancel = CancelToken()
    timer = threading.Timer(seconds, cancel.cancel)
    timer.daemon = True
    decision = answer = ended = failed = None
    format_errors, warned = 0, False
    with stop.on_cancel(cancel.cancel):
        timer.start()
        try:
            for event in agent.ask(text, cancel, seed=seed):
                record(event)
                if isinstance(event, FormatErrorFound):
                    format_errors += 1
                elif isinstance(event, ToolCallFinished) and event.tool == "final_answer":
                    failed = event.error
                elif isinstance(event, DecisionMade):
                    decision = event
                elif isinstance(event, AnswerReady):
                    answer = event
                elif isinstance(event, EvidenceGathered):
                    warned |= event.level == "warning"
                elif isinstance(event, TurnEnded):
                    ended = event
        finally:
            timer.cancel()
    assert ended is not None
    if ended.outcome == "cancelled" and stop.cancelled:
        raise Cancelled
    return PlayedTurn(
        outcome=ended.outcome,
        timed_out=ended.outcome == "cancelled" or ended.reason == "seconds",
        broken=ended.outcome == "failed" and ended.reason not in _OWN_LIMITS,
        reason=ended.reason,
        message=decision.message if decision and ended.outcome == decision.decision else ended.message,
        sql=answer.sql if answer else None,
        result=answer.result if answer else None,
        statement_failure=_failure(failed),
        format_errors=format_errors,
        warned=warned,
        steps=ended.steps,
        usage=ended.usage,
        seconds=ended.seconds,
    )


def _failure(error: StatementError | None) -> StatementFailure | None:
    if error is None:
        return None
    match error.kind:
        case "timeout" | "refused" | "costly":
            return error.kind
        case _:
            return "error"
