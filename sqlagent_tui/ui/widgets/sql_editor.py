"""Where SQL of one's own is written: an editor in colour, and a line below it on how the last run went."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.color import Color
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from sqlagent_tui.ui.history import History
from sqlagent_tui.ui.keymap import RECALL, SQL, bindings
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.sql_text import coloured, laid_out
from sqlagent_tui.ui.text import safe, safe_line, shorten
from sqlagent_tui.ui.told import told
from sqlagent_tui.ui.widgets.status import SPINNER
from sqlagent_tui.ui.widgets.writing import Writing

if TYPE_CHECKING:
    from rich.text import Text

    from sqlagent_tui.agent.results import QueryResult, StatementError

State = Literal["ready", "running", "cancelling"]
MESSAGE_SHOWN: Final = 600
_WORD: Final = re.compile(r'(?:"[^"\n]*"|\w+)(?:\.(?:"[^"\n]*"|\w+))*|\S')
"""A name with what qualifies it, or a sign."""


class SqlEditor(Writing):
    """The text area. Enter after a closing semicolon runs the statement, as in psql; elsewhere it breaks the line."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings((*SQL, *RECALL)))

    class Run(Message):
        """The statement is to be run, exactly as it stands."""

        def __init__(self, sql: str) -> None:
            self.sql = sql
            super().__init__()

    def __init__(self, history: History) -> None:
        super().__init__("sql-text", history, soft_wrap=True)
        self._starts: Sequence[int] = (0,)
        self._mark: tuple[int, int] | None = None
        self._offered = ""

    def on_key(self, event: events.Key) -> None:
        """Run on Enter at the end of a finished statement."""
        if event.key == "enter" and self.cursor_at_end_of_text and self.text.rstrip().endswith(";"):
            event.stop()
            event.prevent_default()
            self.action_run()

    def action_run(self) -> None:
        """Have the statement run."""
        self.mark(None)
        if self.text.strip():
            self.asked.add(self.text)
        self.post_message(self.Run(self.text))

    def offer(self, sql: str) -> None:
        """Put `sql` in, unless the user has written something."""
        if not self.text.strip() or self.text == self._offered:
            self.load(sql)

    def load(self, sql: str) -> None:
        """Put `sql` in; what was there can be had back with Up.

        What a terminal would obey is written out, so that the user sees what will be run.
        """
        if self.text.strip():
            self.asked.add(self.text)
        self._offered = safe(laid_out(sql))
        self.text = self._offered
        self.move_cursor(self.document.end)

    def mark(self, position: int | None) -> tuple[int, int] | None:
        """Mark the word at a 1-based character position and go there; returns its line and column, from 1."""
        text = self.text
        found = _WORD.match(text, position - 1) if position is not None and 0 < position <= len(text) else None
        self._mark = found.span() if found else None
        self.notify_style_update()
        if found is None:
            return None
        row = text.count("\n", 0, found.start())
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1)
        self.move_cursor((row, column))
        return row + 1, column + 1

    def get_line(self, line_index: int) -> Text:
        """Return a line in colour, with the place of an error in it."""
        line = super().get_line(line_index)
        if line_index + 1 >= len(self._starts):
            return line
        begin, end = self._starts[line_index], self._starts[line_index + 1]
        variables = self.app.theme_variables
        for start, stop, colour in coloured(self.text):
            if start < end and stop > begin:
                style = Style(color=Color.parse(variables[colour]).rich_color)
                line.stylize(style, max(start - begin, 0), stop - begin)
        if self._mark is not None and begin <= self._mark[0] < end:
            wrong = Style(color=Color.parse(variables["error"]).rich_color, bold=True, underline=True)
            line.stylize(wrong, self._mark[0] - begin, self._mark[1] - begin)
        return line

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Find the lines again; a mark on changed text would lie."""
        self._mark = None
        starts = [0]
        for line in self.text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        self._starts = starts
        self.notify_style_update()


class SqlPane(Vertical):
    """The editor and the outcome of what it ran."""

    def __init__(self, messages: Messages) -> None:
        super().__init__(id="sql")
        self._messages = messages
        self.editor = SqlEditor(History())
        self._outcome = Static(markup=False, id="sql-outcome")
        self.border_title = Content(messages("sql.title"))
        self.border_subtitle = Content(messages("sql.keys"))

    def compose(self) -> ComposeResult:
        """Editor above outcome."""
        self.editor.placeholder = Content(self._messages("sql.placeholder"))
        yield self.editor
        self._outcome.display = False
        yield self._outcome

    def state(self, state: State, seconds: float = 0.0, frame: int = 0) -> None:
        """Tell whether the statement runs, is being cancelled, or nothing runs."""
        t = self._messages
        self.set_class(state == "cancelling", "-cancelling")
        if state == "ready":
            self.border_subtitle = Content(t("sql.keys"))
            return
        spinner, elapsed = SPINNER[frame % len(SPINNER)], t.duration(seconds * 1000)
        self.border_subtitle = Content(f"{spinner} {t(f'sql.{state}')} · {elapsed}")
        self._outcome.display = False

    def show(self, outcome: QueryResult | StatementError | None) -> None:
        """Tell how a run ended; None means that it was cancelled, as the server confirmed."""
        from sqlagent_tui.agent.results import QueryResult

        t = self._messages
        if outcome is None:
            line = Content.styled(f"■ {t('turn.cancelled')}", "$warning")
        elif isinstance(outcome, QueryResult):
            rows = t("rows.more", count=outcome.row_count) if outcome.truncated else t.count("rows", outcome.row_count)
            line = Content.styled(f"✓ {rows} · {t.duration(outcome.elapsed_ms)}", "$success")
        else:
            line = self._failure(outcome)
        self._outcome.display = True
        self._outcome.update(line)

    def _failure(self, error: StatementError) -> Content:
        t = self._messages
        place = self.editor.mark(error.position)
        parts = [error.sqlstate or t(f"error.{error.kind}")]
        if place is not None:
            parts.append(t("sql.place", line=place[0], column=place[1]))
        message = safe_line(shorten(told(t, error.message), MESSAGE_SHOWN))
        line = Content.assemble((f"✗ {safe_line(' · '.join(parts))}  ", "bold $error"), (message, "$error"))
        if error.hint:
            line += Content.styled("\n" + t("trace.hint", hint=shorten(error.hint, MESSAGE_SHOWN)), "$muted")
        return line
