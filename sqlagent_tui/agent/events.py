"""Everything that happens, as typed, frozen events: the one language of screen, journal, command line and tests.

A turn is `TurnStarted … TurnEnded`. Text deltas may be merged by a consumer; no other event may be dropped.
Trace events come from the database layer (any thread, any origin) and are not part of the loop's stream.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sqlagent_tui.agent.messages import Usage
from sqlagent_tui.agent.protocols import ModelInfo
from sqlagent_tui.agent.results import Origin, QueryResult, StatementError, Verb

DecisionKind = Literal["sql", "clarification", "unanswerable"]
Outcome = Literal["sql", "clarification", "unanswerable", "cancelled", "failed"]
EvidenceLevel = Literal["ok", "note", "warning"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="event"):
    """The base of all events; `tag_field` makes every journal line say what it is."""


class TurnStarted(Event, frozen=True, kw_only=True):
    """A question was accepted."""

    turn_id: str
    question: str
    model: ModelInfo
    database: str


class StepStarted(Event, frozen=True, kw_only=True):
    """One generation begins. `step` counts from 1."""

    step: int
    context_tokens: int
    context_size: int
    shortened_results: int = 0
    """Older tool results that had to be shortened so that the prompt fits."""


class PromptEvaluated(Event, frozen=True, kw_only=True):
    """Prompt evaluation advances: `done` of `total` new tokens."""

    step: int
    done: int
    total: int


class TextDelta(Event, frozen=True, kw_only=True):
    """The model writes: thinking, plain text, or the inside of a tool call."""

    step: int
    kind: Literal["thinking", "text", "tool_call"]
    text: str


class StepFinished(Event, frozen=True, kw_only=True):
    """One generation ended; what it cost."""

    step: int
    usage: Usage
    thinking: str = ""
    text: str = ""


class FormatErrorFound(Event, frozen=True, kw_only=True):
    """What the model wrote is no usable tool call; `message` is what it is told."""

    step: int
    message: str
    raw: str = ""


class ToolCallStarted(Event, frozen=True, kw_only=True):
    """A tool begins. `tool` and `arguments` carry this project's own names."""

    step: int
    call_id: str
    tool: str
    arguments: dict[str, Any]


class ToolCallFinished(Event, frozen=True, kw_only=True):
    """A tool ended; `content` is exactly what the model is shown."""

    step: int
    call_id: str
    tool: str
    ok: bool
    content: str
    error: StatementError | None = None
    row_count: int | None = None
    elapsed_ms: float = 0.0


class DecisionMade(Event, frozen=True, kw_only=True):
    """The model called `final_answer`."""

    decision: DecisionKind
    message: str
    sql: str | None = None


class AnswerReady(Event, frozen=True, kw_only=True):
    """The final SQL ran: its rows are what the user is shown."""

    sql: str
    result: QueryResult


class EvidenceGathered(Event, frozen=True, kw_only=True):
    """One check on the answer, independent of what the model claims."""

    check: str
    level: EvidenceLevel
    message: str
    detail: str = ""
    """What the message is about, in the words of question or statement; empty when the check's name says it all."""


class TurnEnded(Event, frozen=True, kw_only=True):
    """Exactly one per turn, always last."""

    outcome: Outcome
    reason: str = ""
    """Why it was cancelled or failed, as a short key that a screen can translate; empty after a decision."""
    message: str
    usage: Usage
    steps: int
    seconds: float


LoopEvent = (
    TurnStarted
    | StepStarted
    | PromptEvaluated
    | TextDelta
    | StepFinished
    | FormatErrorFound
    | ToolCallStarted
    | ToolCallFinished
    | DecisionMade
    | AnswerReady
    | EvidenceGathered
    | TurnEnded
)


class StatementStarted(Event, frozen=True, kw_only=True):
    """A statement was sent to the server."""

    statement_id: int
    origin: Origin
    verb: Verb
    backend_pid: int
    sql: str


class StatementFinished(Event, frozen=True, kw_only=True):
    """A statement ended; `error` is None when it succeeded."""

    statement_id: int
    origin: Origin
    backend_pid: int
    elapsed_ms: float
    row_count: int = 0
    bytes: int = 0
    truncated: bool = False
    error: StatementError | None = None


class Reconnecting(Event, frozen=True, kw_only=True):
    """A connection was lost and is made again; nothing that was running is repeated."""

    attempt: int
    """From 1."""
    attempts: int
    """How many there will be at most."""
    wait_seconds: float
    """How long this attempt waits before it begins."""
    reason: str
    """Why there is another attempt, in one English sentence."""


class Reconnected(Event, frozen=True, kw_only=True):
    """The connection stands again: a new session, verified as the first one was."""

    attempt: int
    backend_pid: int
    host: str


TraceEvent = StatementStarted | StatementFinished | Reconnecting | Reconnected
