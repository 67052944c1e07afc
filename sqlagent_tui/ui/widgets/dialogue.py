"""Questions, what the model did about each, and what came of it: as it happens, or from a record."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from sqlagent_tui.agent.events import (
    AnswerReady,
    DecisionMade,
    EvidenceGathered,
    FormatErrorFound,
    LoopEvent,
    StepFinished,
    StepStarted,
    TextDelta,
    ToolCallFinished,
    ToolCallStarted,
    TurnEnded,
    TurnStarted,
)
from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe, shorten
from sqlagent_tui.ui.told import told
from sqlagent_tui.ui.widgets.blocks import Block, Decision, Line, Notice, Question, ToolCall
from sqlagent_tui.ui.widgets.thinking import Thinking

MAX_BLOCKS = 1_500
"""Older blocks leave the screen; the journal keeps what they said."""


TEXT_SHOWN = 1_500
TEXT_LINES = 10
"""Of text that is no decision; a model that has lost its way can write pages of it."""


class Dialogue(VerticalScroll, can_focus=True):
    """A column of blocks, made of the loop's events."""

    def __init__(self, messages: Messages, *, id: str, title: str, run_key: str = "") -> None:
        """`run_key` is the key, as people write it, that runs what was too costly to be run for the model, if any."""
        super().__init__(id=id, classes="pane")
        self._messages = messages
        self.border_title = Content(title)
        self._column = Vertical(classes="column")
        self._thinking: Thinking | None = None
        self._text: Block | None = None
        self._written = ""
        self._tools: dict[str, ToolCall] = {}
        self._decision: Decision | None = None
        self.answer_sql = ""
        """The SQL of the latest answer."""
        self.costly_sql = ""
        """The latest statement that wasn't run for its cost."""
        self._answering: ToolCallStarted | None = None
        self._run_key = run_key
        self._thinking_open = False
        self._detailed = False
        self._previews = False

    def compose(self) -> ComposeResult:
        """The column."""
        yield self._column

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.anchor()
        self.scroll_end(animate=False)

    def page(self, pages: int) -> None:
        """Scroll by a page, upwards where `pages` is negative."""
        if pages < 0:
            self.scroll_page_up(animate=False)
        else:
            self.scroll_page_down(animate=False)

    async def clear(self) -> None:
        """Begin anew, at the top."""
        self._close_stream()
        self._tools.clear()
        self._decision = None
        await self._column.remove_children()
        self.scroll_home(animate=False)

    def ask(self, question: str) -> None:
        """Show a question."""
        self._tools.clear()
        self._decision = None
        self._close_stream()
        self.add(Question(self._messages, question))

    def add(self, block: Widget) -> None:
        """Append a block."""
        self._column.mount(block)
        blocks = self._column.query(".block")
        if len(blocks) > MAX_BLOCKS:
            blocks.first().remove()

    def fail(self, error: SqlagentError, title: str) -> None:
        """Show an error as a card."""
        self._close_stream()
        self.add(Notice(title, error.message, error.remedy))

    def open_thinking(self, opened: bool) -> None:
        """Unfold, or fold, all thinking, present and coming."""
        self._thinking_open = opened
        for block in self.query(Thinking):
            block.open(opened)

    def detail(self, on: bool) -> None:
        """Show, or hide, what the tools told the model."""
        self._detailed = on
        for block in self.query(ToolCall):
            block.detail(on)

    def show_previews(self, on: bool) -> None:
        """Show the first rows in the answer, where the grid is not beside it."""
        if on != self._previews:
            self._previews = on
            for block in self.query(Decision):
                block.preview(on)

    def handle(self, event: LoopEvent) -> None:
        """Show one event of the loop."""
        match event:
            case TextDelta(kind="thinking"):
                self._think(event.text)
            case TextDelta(kind="text"):
                self._write(event.text)
            case TextDelta() | StepStarted() | StepFinished():
                self._close_stream()
            case ToolCallStarted():
                self._close_stream()
                self._start_tool(event)
            case ToolCallFinished():
                self._finish_tool(event)
            case FormatErrorFound():
                self._close_stream()
                self.add(Line(event.message, "$warning", mark="! "))
            case DecisionMade():
                self._decide(event)
            case AnswerReady() if self._decision is not None:
                self._decision.answer(event.result)
            case EvidenceGathered() if self._decision is not None:
                self._decision.evidence(event)
            case TurnEnded():
                self._end(event)
            case TurnStarted() | _:
                pass

    def _think(self, text: str) -> None:
        if self._thinking is None:
            if not text.strip():
                return
            self._close_stream()
            self._thinking = Thinking(self._messages, self._thinking_open)
            self.add(self._thinking)
        self._thinking.add(text)

    def _write(self, text: str) -> None:
        if self._text is None:
            if not text.strip():
                return
            self._close_stream()
            self._text = Block(classes="text")
            self.add(self._text)
        self._written += text
        lines = safe(shorten(self._written.strip(), TEXT_SHOWN)).split("\n")
        self._text.update(Content("\n".join([*lines[:TEXT_LINES], *(["…"] if len(lines) > TEXT_LINES else [])])))

    def _close_stream(self) -> None:
        if self._thinking is not None:
            self._thinking.end()
        self._thinking = self._text = None
        self._written = ""

    def _start_tool(self, event: ToolCallStarted) -> None:
        if event.tool == "final_answer":
            self._answering = event
            return
        self._show_tool(event)

    def _show_tool(self, event: ToolCallStarted) -> ToolCall:
        block = self._tools[event.call_id] = ToolCall(self._messages, event, self._detailed, self._run_key)
        self.add(block)
        return block

    def _finish_tool(self, event: ToolCallFinished) -> None:
        block = self._tools.get(event.call_id)
        if event.error is not None and event.error.kind == "costly":
            if block is None and self._answering is not None:
                block = self._show_tool(self._answering)
            self.costly_sql = block.sql if block is not None else ""
        if block is not None:
            block.finish(event)
        elif not event.ok:
            message = event.error.message if event.error else event.content
            self.add(Line(message, "$warning", mark="! "))
        if event.ok and event.tool == "execute_sql":
            self._recover()

    def _decide(self, event: DecisionMade) -> None:
        self._close_stream()
        if event.decision == "sql":
            self._recover()
            self.answer_sql = event.sql or ""
        self._decision = Decision(self._messages, event.decision, event.message, event.sql)
        self._decision.preview(self._previews)
        self.add(self._decision)

    def _recover(self) -> None:
        for block in self._tools.values():
            if block.failed:
                block.recover()

    def _end(self, event: TurnEnded) -> None:
        t = self._messages
        self._close_stream()
        for block in self._tools.values():
            block.stop()
        parts = [t.duration(event.seconds * 1000)]
        if event.steps:
            parts.append(t.count("turn.steps", event.steps))
        if event.usage.generated_tokens:
            parts.append(t.count("turn.tokens", event.usage.generated_tokens))
        if event.usage.tokens_per_second:
            parts.append(t("status.speed", speed=t.number(event.usage.tokens_per_second)))
        cost = " · ".join(parts)
        if event.outcome == "cancelled":
            how = t.known(f"turn.reason.{event.reason}") or t("turn.cancelled")
            self.add(Line(f"{how} · {cost}" if event.steps else how, "$warning", mark="■ "))
        elif event.outcome == "failed":
            self.add(
                Notice(
                    t("turn.failed"),
                    t.known(f"turn.reason.{event.reason}") or told(t, event.message) or t("turn.failed_unknown"),
                )
            )
        else:
            self.add(Line(cost))
