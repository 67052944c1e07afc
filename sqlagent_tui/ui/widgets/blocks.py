"""What a conversation is made of, one widget a thing that happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from sqlagent_tui.agent.events import EvidenceGathered, ToolCallFinished, ToolCallStarted
from sqlagent_tui.agent.results import PlanEstimate, QueryResult
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.sql_text import laid_out
from sqlagent_tui.ui.text import safe, safe_line, shorten
from sqlagent_tui.ui.told import told
from sqlagent_tui.ui.widgets.sql import SqlText

RESULT_LINES: Final = 12
QUESTION_SHOWN: Final = 1_000
DONE_LINES: Final = 4
"""Lines of a statement that has served its purpose; the trace and the answer show it whole."""
PREVIEW_ROWS: Final = 5
PREVIEW_WIDTH: Final = 24
_MARKS: Final = {"ok": ("✓", "$success"), "note": ("·", "$muted"), "warning": ("!", "$warning")}


class Block(Static):
    """A piece of the conversation; its text is never markup."""

    def __init__(self, content: Content | str = "", *, classes: str = "") -> None:
        super().__init__(
            content if isinstance(content, Content) else Content(content), markup=False, classes=f"block {classes}"
        )


class Question(Block):
    """What the user asked; of a very long question, its beginning."""

    def __init__(self, messages: Messages, text: str) -> None:
        content = Content.assemble(("❯ ", "bold $primary"), (safe(shorten(text, QUESTION_SHOWN)), "bold"))
        if len(text) > QUESTION_SHOWN:
            more = messages.count("question.more", len(text) - QUESTION_SHOWN)
            content += Content.styled(f" {more}", "$muted")
        super().__init__(content, classes="question")


class ToolCall(Vertical):
    """A tool call where it happened, and how it ended."""

    def __init__(self, messages: Messages, started: ToolCallStarted, detailed: bool, run_key: str) -> None:
        super().__init__(classes="block tool")
        self._run_key = run_key
        self._messages = messages
        self._started = started
        self._detailed = detailed
        self._finished: ToolCallFinished | None = None
        self._recovered = self._stopped = False
        self._head = Static(markup=False)
        sql = started.arguments.get("sql")
        self.sql = sql if isinstance(sql, str) else ""
        self._sql = SqlText(sql) if isinstance(sql, str) else None
        self._outcome = Static(markup=False, classes="outcome")
        self._draw()

    def compose(self) -> ComposeResult:
        """Head, statement, outcome."""
        yield self._head
        if self._sql is not None:
            yield self._sql
        yield self._outcome

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

    def stop(self) -> None:
        """Show that the turn ended before this did."""
        if self._finished is None:
            self._stopped = True
            self._draw()

    def detail(self, on: bool) -> None:
        """Show, or hide, what the model was shown."""
        self._detailed = on
        self._draw()

    def _draw(self) -> None:
        self._head.update(self._head_line())
        if self._sql is not None:
            done = self._finished is not None and (self._finished.ok or self._recovered)
            self._sql.shorten(DONE_LINES if done and not self._detailed else None)
        outcome = self._outcome_lines()
        self._outcome.display = bool(outcome)
        self._outcome.update(Content("\n").join(outcome))

    def _outcome_lines(self) -> list[Content]:
        finished = self._finished
        if finished is None:
            return []
        lines = []
        if finished.error is not None and finished.error.estimate is not None:
            lines += self._costs(finished.error.estimate)
        elif not finished.ok:
            said = told(self._messages, finished.error.message) if finished.error is not None else finished.content
            lines.append(Content.styled(safe_line(shorten(said, 400)), "$muted" if self._recovered else "$error"))
        if self._detailed:
            shown = safe(finished.content).strip().split("\n")
            lines += [Content.styled(line, "$muted") for line in shown[:RESULT_LINES]]
            if len(shown) > RESULT_LINES:
                more = self._messages.count("tool.more_lines", len(shown) - RESULT_LINES)
                lines.append(Content.styled(f"… {more}", "$muted"))
        return lines

    def _costs(self, estimate: PlanEstimate) -> list[Content]:
        t = self._messages
        lines = [
            Content.styled(t("costly.estimate", cost=t.large(estimate.cost), rows=t.large(estimate.rows)), "$warning")
        ]
        if self._run_key:
            lines.append(Content.styled(t("costly.run", keys=self._run_key), "bold $primary"))
        return lines

    def _head_line(self) -> Content:
        t, finished = self._messages, self._finished
        label = t.known(f"tool.{self._started.tool}") or safe_line(shorten(self._started.tool, 40))
        names = self._started.arguments.get("table_names")
        if isinstance(names, Sequence) and not isinstance(names, str):
            label += " " + safe_line(shorten(", ".join(map(str, names)), 120))
        if finished is None:
            if self._stopped:
                return Content.assemble(("■ ", "$warning"), label, (f"  {t('error.cancelled')}", "$muted"))
            return Content.assemble(("◌ ", "$primary"), label)
        counted = "tool.tables" if self._started.tool == "get_table_schema" else "rows"
        outcome = [t.count(counted, finished.row_count)] if finished.row_count is not None and finished.ok else []
        if finished.error is not None and finished.error.sqlstate:
            outcome.append(finished.error.sqlstate)
        elif finished.error is not None:
            outcome.append(t(f"error.{finished.error.kind}"))
        if finished.elapsed_ms:
            outcome.append(t.duration(finished.elapsed_ms))
        if self._recovered:
            outcome.append(t("trace.recovered"))
        mark, style = ("✓", "$success") if finished.ok else ("↻", "$warning") if self._recovered else ("✗", "$error")
        tail = "  " + safe_line(" · ".join(outcome)) if outcome else ""
        return Content.assemble((f"{mark} ", style), label, (tail, "$muted" if finished.ok else style))


class Decision(Vertical):
    """The answer: a message, the SQL, where there is no grid beside it the first rows, and what was checked."""

    def __init__(self, messages: Messages, kind: str, message: str, sql: str | None) -> None:
        super().__init__(classes=f"block decision -{kind}")
        self._messages = messages
        self._message = message.strip()
        self._sql = sql
        self._result: QueryResult | None = None
        self._checks: list[Content] = []
        self._preview_wanted = False
        self._rows = Static(markup=False, classes="part preview")
        self._evidence = Static(markup=False, classes="part")
        self.border_title = Content(messages(f"decision.{kind}"))
        self._draw()

    def compose(self) -> ComposeResult:
        """Message, statement, rows, checks."""
        if self._message:
            yield Static(Content(safe(self._message)), markup=False, classes="part -first")
        if self._sql:
            yield SqlText(laid_out(self._sql)).set_class(not self._message, "-first")
        yield self._rows
        yield self._evidence

    def answer(self, result: QueryResult) -> None:
        """Add what the answer's SQL gave."""
        self._result = result
        t = self._messages
        rows = t("rows.more", count=result.row_count) if result.truncated else t.count("rows", result.row_count)
        self.border_subtitle = Content(f"{rows} · {t.duration(result.elapsed_ms)}")
        self._draw()

    def evidence(self, gathered: EvidenceGathered) -> None:
        """Add the outcome of one check."""
        self._checks.append(evidence_line(self._messages, gathered, self._result))
        self._draw()

    def preview(self, on: bool) -> None:
        """Show, or hide, the first rows."""
        self._preview_wanted = on
        self._draw()

    def _draw(self) -> None:
        result = self._result
        self._rows.display = self._preview_wanted and result is not None and bool(result.rows)
        if result is not None and self._rows.display:
            self._rows.update(preview(self._messages, result))
        self._evidence.display = bool(self._checks)
        self._evidence.update(Content("\n").join(self._checks))


class Notice(Block):
    """Something that needs to be told: what happened, and what to do about it."""

    def __init__(self, title: str, message: str, remedy: str = "", *, level: str = "error") -> None:
        body = Content(safe(message))
        if remedy:
            body = Content.assemble(body, "\n", (safe(remedy), "$muted"))
        super().__init__(body, classes=f"notice -{level}")
        self.border_title = Content(title)


class Line(Block):
    """One quiet line."""

    def __init__(self, text: str, style: str = "$muted", *, mark: str = "") -> None:
        super().__init__(Content.assemble((mark, style), (safe(text), style)), classes="line")


def evidence_line(messages: Messages, gathered: EvidenceGathered, result: QueryResult | None) -> Content:
    """Return the outcome of a check of `result`: in our own words where we know it, else in its own."""
    mark, style = _MARKS[gathered.level]
    key, message = f"evidence.{gathered.check}", gathered.message
    if messages.known(key) is not None and result is not None:
        detail = shorten(gathered.detail, 60)
        message = messages(key, rows=result.row_count, values=result.shortened_values, detail=detail)
    return Content.assemble((f"{mark} ", style), (safe_line(message), "$muted"))


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

    lines = [Content.styled("  ".join(fit(name, index) for index, name in enumerate(names)), "bold $secondary")]
    for row, line in zip(rows, cells, strict=True):
        styled = [
            Content.styled(fit(text, index), "italic $muted" if row[index] is None else "")
            for index, text in enumerate(line)
        ]
        lines.append(Content("  ").join(styled))
    if result.row_count > len(rows):
        lines.append(Content.styled(messages("decision.more_rows", count=result.row_count - len(rows)), "$muted"))
    return Content("\n").join([line.truncate(400) for line in lines])
