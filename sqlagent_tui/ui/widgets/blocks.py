"""What a conversation is made of, one widget a thing that happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.content import Content
from textual.widgets import Static

from sqlagent_tui.agent.events import EvidenceGathered, ToolCallFinished, ToolCallStarted
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.sql_text import highlight_sql
from sqlagent_tui.ui.text import safe, safe_line, shorten

BAR: Final = "│ "
RESULT_LINES: Final = 12
PREVIEW_ROWS: Final = 5
PREVIEW_WIDTH: Final = 24


class Block(Static):
    """A piece of the conversation; its text is never markup."""

    def __init__(self, content: Content | str = "", *, classes: str = "") -> None:
        super().__init__(
            content if isinstance(content, Content) else Content(content), markup=False, classes=f"block {classes}"
        )


class Question(Block):
    """What the user asked."""

    def __init__(self, text: str) -> None:
        super().__init__(Content.assemble(("❯ ", "bold $text-primary"), (safe(text), "bold")), classes="question")


class Thinking(Block):
    """The model's thinking: one line with its latest words, or all of it."""

    def __init__(self, messages: Messages, opened: bool) -> None:
        super().__init__(classes="thinking")
        self._messages = messages
        self._opened = opened
        self._text = ""
        self._live = True
        self._draw()

    def add(self, text: str) -> None:
        """Append what the model has just thought."""
        self._text += text
        self._draw()

    def end(self) -> None:
        """The model has moved on."""
        if self._live:
            self._live = False
            self._draw()

    def open(self, opened: bool) -> None:
        """Show all of it, or one line."""
        self._opened = opened
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Fold or unfold this one."""
        event.stop()
        self.open(not self._opened)

    def _draw(self) -> None:
        t = self._messages
        text = safe(self._text).strip()
        words = len(text.split())
        title = t("thinking.live") if self._live else t("thinking.done")
        head = Content.assemble(("▾ " if self._opened else "▸ ", "$text-accent"), (title, "$text-accent"))
        if words:
            head += Content.styled(f" · {t.count('thinking.words', words)}", "$text-muted")
        if self._opened:
            body = [
                Content.assemble((BAR, "$border-blurred"), (line, "italic $text-muted"))
                for line in text.split("\n")
                if text
            ]
            self.update(Content("\n").join([head, *body]))
            return
        tail = " ".join(text.split())
        if tail:
            tail = tail if len(tail) <= 90 else ("…" + tail[-90:] if self._live else tail[:90] + "…")
            head += Content.styled(f"  {tail}", "italic $text-muted")
        self.update(head)


class ToolCall(Block):
    """A tool call where it happened, and how it ended."""

    def __init__(self, messages: Messages, started: ToolCallStarted, detailed: bool) -> None:
        super().__init__(classes="tool")
        self._messages = messages
        self._started = started
        self._detailed = detailed
        self._finished: ToolCallFinished | None = None
        self._recovered = False
        self._draw()

    @property
    def failed(self) -> bool:
        """Whether the tool ended in an error that nothing has made good."""
        return self._finished is not None and not self._finished.ok and not self._recovered

    def finish(self, finished: ToolCallFinished) -> None:
        """Show how it ended."""
        self._finished = finished
        self._draw()

    def recover(self) -> None:
        """Show that the model found its way past this error."""
        self._recovered = True
        self._draw()

    def detail(self, on: bool) -> None:
        """Show, or hide, what the model was shown."""
        self._detailed = on
        self._draw()

    def _draw(self) -> None:
        lines = [self._head()]
        sql = self._started.arguments.get("sql")
        if isinstance(sql, str):
            lines += _barred(highlight_sql(safe(sql)))
        finished = self._finished
        if finished is not None and finished.error is not None:
            style = "$text-muted" if self._recovered else "$text-error"
            lines.append(Content.assemble(("  ", ""), (safe_line(shorten(finished.error.message, 400)), style)))
        elif finished is not None and not finished.ok and not self._detailed:
            lines.append(Content.styled("  " + safe_line(shorten(finished.content, 200)), "$text-error"))
        if finished is not None and self._detailed:
            shown = safe(finished.content).strip().split("\n")
            lines += [Content.styled("  " + line, "$text-muted") for line in shown[:RESULT_LINES]]
            if len(shown) > RESULT_LINES:
                lines.append(
                    Content.styled(
                        f"  … {self._messages.count('tool.more_lines', len(shown) - RESULT_LINES)}", "$text-muted"
                    )
                )
        self.update(Content("\n").join(lines))

    def _head(self) -> Content:
        t, finished = self._messages, self._finished
        label = t.known(f"tool.{self._started.tool}") or safe_line(shorten(self._started.tool, 40))
        names = self._started.arguments.get("table_names")
        if isinstance(names, Sequence) and not isinstance(names, str):
            label += " " + safe_line(shorten(", ".join(map(str, names)), 120))
        if finished is None:
            return Content.assemble(("◌ ", "$text-primary"), label)
        outcome = [t.count("rows", finished.row_count)] if finished.row_count is not None and finished.ok else []
        if finished.error is not None and finished.error.sqlstate:
            outcome.append(finished.error.sqlstate)
        elif finished.error is not None:
            outcome.append(t(f"error.{finished.error.kind}"))
        if finished.elapsed_ms:
            outcome.append(t.duration(finished.elapsed_ms))
        if self._recovered:
            outcome.append(t("trace.recovered"))
        mark, style = (
            ("✓", "$text-success")
            if finished.ok
            else ("↻", "$text-warning")
            if self._recovered
            else ("✗", "$text-error")
        )
        tail = "  " + " · ".join(outcome) if outcome else ""
        return Content.assemble((f"{mark} ", style), label, (tail, "$text-muted" if finished.ok else style))


class Decision(Block):
    """The answer: a message, the SQL, what was checked, and where there is no grid beside it, the first rows."""

    def __init__(self, messages: Messages, kind: str, message: str, sql: str | None) -> None:
        super().__init__(classes=f"decision -{kind}")
        self._messages = messages
        self._message = message
        self._sql = sql
        self._result: QueryResult | None = None
        self._evidence: list[EvidenceGathered] = []
        self._preview = False
        self.border_title = Content(messages(f"decision.{kind}"))
        self._draw()

    def answer(self, result: QueryResult) -> None:
        """Add what the answer's SQL gave."""
        self._result = result
        t = self._messages
        rows = t("rows.more", count=result.row_count) if result.truncated else t.count("rows", result.row_count)
        self.border_subtitle = Content(f"{rows} · {t.duration(result.elapsed_ms)}")
        self._draw()

    def evidence(self, gathered: EvidenceGathered) -> None:
        """Add the outcome of one check."""
        self._evidence.append(gathered)
        self._draw()

    def preview(self, on: bool) -> None:
        """Show, or hide, the first rows."""
        if on != self._preview:
            self._preview = on
            self._draw()

    def _draw(self) -> None:
        parts: list[Content] = []
        if self._message.strip():
            parts.append(Content(safe(self._message.strip())))
        if self._sql:
            parts.append(Content("\n").join(_barred(highlight_sql(safe(self._sql)))))
        if self._preview and self._result is not None and self._result.rows:
            parts.append(preview(self._messages, self._result))
        marks = {"ok": ("✓", "$text-success"), "note": ("·", "$text-muted"), "warning": ("!", "$text-warning")}
        if self._evidence:
            lines = []
            for gathered in self._evidence:
                mark, style = marks[gathered.level]
                lines.append(Content.assemble((f"{mark} ", style), (safe_line(gathered.message), "$text-muted")))
            parts.append(Content("\n").join(lines))
        self.update(Content("\n\n").join(parts))


class Notice(Block):
    """Something that needs to be told: what happened, and what to do about it."""

    def __init__(self, title: str, message: str, remedy: str = "", *, level: str = "error") -> None:
        body = Content(safe(message))
        if remedy:
            body = Content.assemble(body, "\n", (safe(remedy), "$text-muted"))
        super().__init__(body, classes=f"notice -{level}")
        self.border_title = Content(title)


class Line(Block):
    """One quiet line."""

    def __init__(self, text: str, style: str = "$text-muted", *, mark: str = "") -> None:
        super().__init__(Content.assemble((mark, style), (safe(text), style)), classes="line")


def preview(messages: Messages, result: QueryResult) -> Content:
    """Return the first rows of `result` as a small aligned table."""
    from rich.cells import cell_len, set_cell_size

    from sqlagent_tui.ui.grid_data import NULL, is_numeric

    rows = result.rows[:PREVIEW_ROWS]
    names = [safe_line(shorten(column.name, PREVIEW_WIDTH)) for column in result.columns]
    cells = [[NULL if value is None else safe_line(shorten(value, PREVIEW_WIDTH)) for value in row] for row in rows]
    widths = [min(max(map(cell_len, column)), PREVIEW_WIDTH) for column in zip(names, *cells, strict=True)]
    numeric = [is_numeric(column.type) for column in result.columns]

    def fit(text: str, index: int) -> str:
        space = " " * max(widths[index] - cell_len(text), 0)
        return set_cell_size(space + text if numeric[index] else text + space, widths[index])

    lines = [Content.styled("  ".join(fit(name, index) for index, name in enumerate(names)), "bold $text-secondary")]
    for row, line in zip(rows, cells, strict=True):
        styled = [
            Content.styled(fit(text, index), "italic $text-muted" if row[index] is None else "")
            for index, text in enumerate(line)
        ]
        lines.append(Content("  ").join(styled))
    if result.row_count > len(rows):
        lines.append(Content.styled(messages("decision.more_rows", count=result.row_count - len(rows)), "$text-muted"))
    return Content("\n").join([line.truncate(400) for line in lines])


def _barred(content: Content) -> list[Content]:
    return [Content.assemble((BAR, "$border-blurred"), line) for line in content.split("\n", allow_blank=True)]
