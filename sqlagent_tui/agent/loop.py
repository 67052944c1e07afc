"""The agent: ask the model, run its tools, show it the results, until it decides.

    messages → model.generate → tool calls → results → messages → …  → final_answer

A plain generator of frozen events. A malformed call, a refused statement and a server error are results that the
model sees; only what ends the turn leaves it.
"""

from __future__ import annotations

import datetime
import time
import uuid
from collections import Counter
from collections.abc import Generator, Iterator

import msgspec

from sqlagent_tui.agent.calls import MalformedCall, read_call
from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.context import Opening, PromptTooLongError, fit
from sqlagent_tui.agent.events import (
    AnswerReady,
    DecisionMade,
    FormatErrorFound,
    LoopEvent,
    Outcome,
    PromptEvaluated,
    StepFinished,
    StepStarted,
    TextDelta,
    ToolCallFinished,
    ToolCallStarted,
    TurnEnded,
    TurnStarted,
)
from sqlagent_tui.agent.evidence import gather
from sqlagent_tui.agent.grammar import tool_grammar
from sqlagent_tui.agent.messages import Generation, Message, Piece, PromptProgress, ToolCall, Usage
from sqlagent_tui.agent.profile import Profile
from sqlagent_tui.agent.prompt_parts import parts_of, too_long
from sqlagent_tui.agent.protocols import Database, GenerationOptions, Model, TurnLimits, Warming
from sqlagent_tui.agent.ranking import TableIndex
from sqlagent_tui.agent.toolbox import Toolbox
from sqlagent_tui.errors import SqlagentError


class TurnFailedError(Exception):
    """A limit was passed; `reason` is a short key, the message a sentence for the user."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Agent:
    """One conversation with one model about one database. Not thread-safe; one turn at a time."""

    def __init__(
        self,
        model: Model,
        database: Database,
        profile: Profile,
        limits: TurnLimits | None = None,
        *,
        today: datetime.date | None = None,
    ) -> None:
        self.model = model
        self.database = database
        self.profile = profile
        self.limits = limits or TurnLimits()
        """May be replaced at any time, from any thread; the next step and the next statement keep to it."""
        self.today = today
        """What the model is told of the date; None: the real day on which a conversation begins."""
        self.awaiting_reply = False
        """The last turn ended in a clarification, so the next question may answer it."""
        self._messages: list[Message] = []
        self._asked: list[str] = []
        """What the user said in this conversation."""
        self._tables: TableIndex | None = None
        self._opening: Opening | None = None
        self._grammar: str | None = None
        """Of the tool calls, for the catalogue as it is known."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation so far, as the model sees it."""
        return tuple(self._messages)

    def forget(self) -> None:
        """Drop the conversation and what is known of the catalogue."""
        self._messages, self._asked, self.awaiting_reply = [], [], False
        self._tables = self._opening = self._grammar = None

    def warm(self, cancel: CancelToken) -> Iterator[PromptProgress]:
        """Have the model evaluate ahead what the next prompt begins with, whatever the user will say.

        Yields progress; nothing where the model can't do that. Raises `ModelError`, `DatabaseError` and `Cancelled`.
        """
        if isinstance(self.model, Warming):
            messages = self._messages if self.awaiting_reply else [self._begin(cancel).system]
            yield from self.model.warm(messages, self.profile.tool_schemas(), cancel)

    def ask(
        self, question: str, cancel: CancelToken, *, new_turn: bool = False, seed: int | None = None
    ) -> Iterator[LoopEvent]:
        """Run one turn. When the last one asked for a clarification, `question` answers it, unless `new_turn`.

        Yields TurnStarted … TurnEnded, exactly one of each, whatever happens; raises nothing of its own.
        """
        started = time.monotonic()
        yield TurnStarted(
            turn_id=uuid.uuid4().hex, question=question, model=self.model.info, database=self.database.info.database
        )
        turn = _Turn(self, cancel, started, seed)
        outcome: Outcome = "failed"
        reason, message = "", ""
        try:
            self._open(question, cancel, new_turn)
            yield from turn.run()
            outcome, message = turn.outcome, turn.message
        except Cancelled as stopped:
            outcome, reason, message = "cancelled", stopped.reason, str(stopped)
        except TurnFailedError as failure:
            reason, message = failure.reason, str(failure)
        except SqlagentError as error:
            reason, message = type(error).__name__.removesuffix("Error").lower(), str(error)
        self.awaiting_reply = outcome == "clarification"
        yield TurnEnded(
            outcome=outcome,
            reason=reason,
            message=message,
            usage=turn.usage,
            steps=turn.steps,
            seconds=time.monotonic() - started,
        )

    def options(self, seed: int | None) -> GenerationOptions:
        """Return what the profile asks of a generation, its grammar included."""
        options = self.profile.options(seed)
        if not self.profile.constrain_calls:
            return options
        if self._grammar is None:
            tables = self._tables.tables if self._tables else ()
            names = (name for table in tables for name in dict.fromkeys((table.name, table.reference)))
            self._grammar = tool_grammar(self.profile, names)
        return msgspec.structs.replace(options, grammar=self._grammar)

    def _open(self, question: str, cancel: CancelToken, new_turn: bool) -> None:
        cancel.raise_if_cancelled()
        if not question.strip():
            raise TurnFailedError("empty", "The question is empty. Type what you want to know.")
        text = question.strip()
        if self.awaiting_reply and not new_turn:
            self._asked.append(text)
            self._messages.append(Message(role="user", content=text))
        else:
            opening, today = self._begin(cancel), self.today or datetime.date.today()
            self._asked, self._messages = [text], [opening.system, opening.question(text, today)]

    def _begin(self, cancel: CancelToken) -> Opening:
        """How a conversation begins; made once for a model."""
        if self._tables is None:
            self._tables = TableIndex(self.database.tables(cancel) if self.profile.layout.list_tables else ())
            self._grammar = None
        if self._opening is None or self._opening.model is not self.model:
            self._opening = Opening(self.profile, self.database.info.database, self._tables, self.model)
        return self._opening


class _Turn:
    """The state of one turn while it runs."""

    def __init__(self, agent: Agent, cancel: CancelToken, started: float, seed: int | None) -> None:
        self.agent = agent
        self.cancel = cancel
        self.started = started
        self.seed = seed
        self.tool_schemas = agent.profile.tool_schemas()
        self.toolbox = Toolbox(agent.database, agent.profile, lambda: agent.limits, cancel)
        self.usage = Usage()
        self.steps = 0
        self.format_errors = 0
        self.failed_calls: Counter[tuple[str, str]] = Counter()
        self.calls = 0
        self.outcome: Outcome = "failed"
        self.message = ""

    @property
    def messages(self) -> list[Message]:
        return self.agent._messages

    def run(self) -> Iterator[LoopEvent]:
        """Step until `final_answer` was accepted."""
        options = self.agent.options(self.seed)
        while self.outcome == "failed":
            self._check_limits()
            self.steps += 1
            generation = yield from self._generate(options)
            yield from self._act(generation)

    def _check_limits(self) -> None:
        limits = self.agent.limits
        if self.steps >= limits.max_steps:
            raise TurnFailedError("steps", f"No answer after {limits.max_steps} steps. Ask more narrowly.")
        if self.usage.generated_tokens >= limits.max_tokens:
            raise TurnFailedError("tokens", f"No answer after {limits.max_tokens} tokens. Ask more narrowly.")
        if time.monotonic() - self.started >= limits.max_seconds:
            raise TurnFailedError("seconds", f"No answer after {limits.max_seconds:.0f} seconds. Ask more narrowly.")
        if self.format_errors > limits.max_format_errors:
            raise TurnFailedError("format", "The model kept writing unusable tool calls. Ask again in other words.")

    def _generate(self, options: GenerationOptions) -> Generator[LoopEvent, None, Generation]:
        """Generate once; return what was written."""
        model, step = self.agent.model, self.steps
        try:
            fitted = fit(self.messages, model, self.tool_schemas, self.agent.profile)
        except PromptTooLongError as error:
            said, bare = "\n".join(self.agent._asked), self.agent._begin(self.cancel).instructions
            parts = parts_of(self.messages, model, self.tool_schemas, instructions=bare, question=said)
            raise TurnFailedError("context", too_long(error, parts)) from None
        self.agent._messages = list(fitted.messages)
        yield StepStarted(
            step=step,
            context_tokens=fitted.tokens,
            context_size=model.info.context_size,
            shortened_results=fitted.shortened,
        )
        generation: Generation | None = None
        for delta in model.generate(fitted.messages, self.tool_schemas, options, self.cancel):
            if isinstance(delta, Piece):
                yield TextDelta(step=step, kind=delta.kind, text=delta.text)
            elif isinstance(delta, PromptProgress):
                yield PromptEvaluated(step=step, done=delta.done, total=delta.total)
            else:
                generation = delta
        if generation is None or generation.stop == "cancelled":
            raise Cancelled
        self.usage += generation.usage
        yield StepFinished(step=step, usage=generation.usage, thinking=generation.thinking, text=generation.text)
        return generation

    def _act(self, generation: Generation) -> Iterator[LoopEvent]:
        """Record what the model wrote, then run its calls in order, up to a decision."""
        read = [read_call(raw, self.agent.profile, self._next_id()) for raw in generation.raw_calls]
        calls = tuple(call for call in read if isinstance(call, ToolCall))
        broken = [call for call in read if isinstance(call, MalformedCall)]
        written = "\n".join([generation.text, *(malformed.raw for malformed in broken)]).strip()
        self.messages.append(Message(role="assistant", content=written, thinking=generation.thinking, tool_calls=calls))
        if not read:
            yield from self._report(self._no_call(generation), generation.text)
        for malformed in broken:
            yield from self._report(malformed.message, malformed.raw)
        for call in calls:
            yield from self._run(call)
            if self.outcome != "failed":
                return

    def _next_id(self) -> str:
        self.calls += 1
        return f"call_{self.calls}"

    def _no_call(self, generation: Generation) -> str:
        names = ", ".join(tool.name for tool in self.agent.profile.tools.values())
        if generation.stop == "length":
            return f"The answer was cut off before a tool call. Be brief and call one of {names}."
        return f"No tool was called. Call one of {names}."

    def _report(self, message: str, raw: str) -> Iterator[LoopEvent]:
        self.format_errors += 1
        yield FormatErrorFound(step=self.steps, message=message, raw=raw)
        self.messages.append(Message(role="tool", content=f"ERROR: {message}"))

    def _count_failure(self, call: ToolCall) -> None:
        """End the turn of a model that does what has failed over and over."""
        key = (call.tool, str(call.arguments))
        self.failed_calls[key] += 1
        if self.failed_calls[key] > self.agent.limits.max_repeats:
            raise TurnFailedError("repeats", "The model kept repeating a call that fails. Ask again in other words.")

    def _run(self, call: ToolCall) -> Iterator[LoopEvent]:
        self.cancel.raise_if_cancelled()
        yield ToolCallStarted(step=self.steps, call_id=call.id, tool=call.tool, arguments=call.arguments)
        done = self.toolbox.run(call)
        yield ToolCallFinished(
            step=self.steps,
            call_id=call.id,
            tool=call.tool,
            ok=done.ok,
            content=done.content,
            error=done.error,
            row_count=done.row_count,
            elapsed_ms=done.elapsed_ms,
        )
        if not done.ok:
            self._count_failure(call)
        if done.decision is None:
            name = self.agent.profile.tools[call.tool].name
            self.messages.append(Message(role="tool", content=done.content, tool_call_id=call.id, tool_name=name))
            return
        self.outcome, self.message = done.decision, call.arguments.get("message", "")
        yield DecisionMade(decision=done.decision, message=self.message, sql=done.sql)
        if done.sql is not None and done.answer is not None:
            yield AnswerReady(sql=done.sql, result=done.answer)
            said, tried = "\n".join(self.agent._asked), self.toolbox.has_tried(done.sql)
            yield from gather(said, self.messages, done.sql, done.answer, tried=tried)
