"""Every statement sent to the server, as it runs, whoever asked for it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sqlagent_tui.agent.events import StatementFinished, StatementStarted
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe, safe_line
from sqlagent_tui.ui.told import told
from sqlagent_tui.ui.widgets.sql import SqlText

MAX_ENTRIES = 300
"""Older statements leave the screen; the journal keeps them."""

SHOWN_LINES = 6
_ORIGIN_STYLES = {"agent": "$accent", "answer": "$success", "user": "$primary"}
_QUIET = frozenset({"schema", "setup", "watchdog"})
_BULLET = {"running": "◌", "ok": "✓", "error": "✗", "recovered": "↻"}


class TraceEntry(Vertical):
    """One statement. A quiet one (browser, set-up, watchdog) takes one line of SQL until details are asked for."""

    def __init__(self, messages: Messages, started: StatementStarted, detailed: bool) -> None:
        super().__init__(classes="trace-entry")
        self._messages = messages
        self.started = started
        self.finished: StatementFinished | None = None
        self.recovered = False
        self.detailed = detailed
        self._head = Static(markup=False, classes="trace-head")
        self._sql = SqlText(started.sql, lines=SHOWN_LINES)
        self._error = Static(markup=False, classes="trace-error")
        self._draw()

    def compose(self) -> ComposeResult:
        """Head, statement, error."""
        yield self._head
        yield self._sql
        yield self._error

    def finish(self, finished: StatementFinished) -> None:
        """Show how the statement ended."""
        self.finished = finished
        self._draw()

    def recover(self) -> None:
        """Show that the model found its way past this error."""
        self.recovered = True
        self._draw()

    def detail(self, on: bool) -> None:
        """Show the whole statement, or a short form."""
        self.detailed = on
        self._draw()

    @property
    def failed(self) -> bool:
        """Whether the statement ended in an error."""
        return self.finished is not None and self.finished.error is not None

    def _draw(self) -> None:
        self._head.update(self._head_line())
        if self.detailed:
            self._sql.shorten(None)
        else:
            self._sql.shorten(1 if self.started.origin in _QUIET else SHOWN_LINES)
        error = self.finished.error if self.finished else None
        self._error.display = error is not None
        if error is not None:
            text = Content.styled(safe(told(self._messages, error.message)), "$muted" if self.recovered else "$error")
            if error.hint and self.detailed:
                text += Content.styled("\n" + self._messages("trace.hint", hint=error.hint), "$muted")
            self._error.update(text)

    def _head_line(self) -> Content:
        t, finished = self._messages, self.finished
        if finished is None:
            state, style, text = "running", "$primary", t("trace.running")
        elif finished.error is None:
            state, style = "ok", "$success"
            text = (
                t("rows.more", count=finished.row_count) if finished.truncated else t.count("rows", finished.row_count)
            )
            text += f" · {t.duration(finished.elapsed_ms)}"
        else:
            state, style = ("recovered", "$warning") if self.recovered else ("error", "$error")
            code = finished.error.sqlstate or t(f"error.{finished.error.kind}")
            text = f"{code} · {t.duration(finished.elapsed_ms)}"
            if self.recovered:
                text += f" · {t('trace.recovered')}"
        origin = self.started.origin
        return Content.assemble(
            (_BULLET[state], style),
            " ",
            (t(f"origin.{origin}"), _ORIGIN_STYLES.get(origin, "$muted")),
            ("  " + safe_line(text), "$muted" if state in ("ok", "running") else style),
        )


class TracePane(VerticalScroll, can_focus=True):
    """The list of statements, newest last; it follows the newest until the user scrolls up."""

    def __init__(self, messages: Messages) -> None:
        super().__init__(id="trace", classes="pane")
        self._messages = messages
        self._column = Vertical(classes="column")
        self._entries: dict[int, TraceEntry] = {}
        self._turn: list[TraceEntry] = []
        self._detailed = False
        self.border_title = Content(messages("pane.trace"))
        self._empty = Static(Content(messages("trace.empty")), classes="empty", markup=False)

    def compose(self) -> ComposeResult:
        """Begin with a sentence on what will be here."""
        with self._column:
            yield self._empty

    def on_mount(self) -> None:
        """Follow the newest entry."""
        self.anchor()

    @property
    def count(self) -> int:
        """Statements shown."""
        return len(self._entries)

    def begin_turn(self) -> None:
        """Forget which errors a coming success may make good."""
        self._turn.clear()

    def handle(self, event: StatementStarted | StatementFinished) -> None:
        """Show a statement's beginning or end."""
        if isinstance(event, StatementStarted):
            self._start(event)
            return
        entry = self._entries.get(event.statement_id)
        if entry is None:
            return
        entry.finish(event)
        if event.origin not in ("agent", "answer"):
            return
        if event.error is None:
            for earlier in self._turn:
                if earlier.failed and not earlier.recovered:
                    earlier.recover()
        self._turn.append(entry)

    def detail(self, on: bool) -> None:
        """Show every statement whole, or in short."""
        self._detailed = on
        for entry in self._entries.values():
            entry.detail(on)

    def _start(self, event: StatementStarted) -> None:
        if not self._entries:
            self._empty.display = False
        entry = TraceEntry(self._messages, event, self._detailed)
        self._entries[event.statement_id] = entry
        self._column.mount(entry)
        while len(self._entries) > MAX_ENTRIES:
            oldest = next(iter(self._entries))
            self._entries.pop(oldest).remove()
        self.border_subtitle = Content(self._messages.count("trace.count", len(self._entries)))
