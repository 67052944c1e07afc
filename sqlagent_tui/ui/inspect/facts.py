"""What was asked, what was expected, and what the model decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from sqlagent_tui.agent.events import AnswerReady, EvidenceGathered, LoopEvent, TurnStarted
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.inspection import Case
from sqlagent_tui.bench.records import Answer
from sqlagent_tui.ui.inspect import words
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.sql_text import laid_out
from sqlagent_tui.ui.text import safe, safe_line
from sqlagent_tui.ui.told import told
from sqlagent_tui.ui.widgets.blocks import Block, Question, evidence_line
from sqlagent_tui.ui.widgets.sql import SqlText


class FactsPane(VerticalScroll, can_focus=True):
    """One case in words and statements."""

    def __init__(self, messages: Messages) -> None:
        super().__init__(id="facts", classes="pane")
        self._messages = messages
        self._column = Vertical(classes="column")
        self.border_title = Content(messages("inspect.pane.facts"))

    def compose(self) -> ComposeResult:
        """The column."""
        yield self._column

    async def show(self, case: Case | None, events: Iterable[LoopEvent] = ()) -> None:
        """Show `case`, with what `events` say was checked; None: nothing is left to show."""
        await self._column.remove_children()
        if case is None:
            await self._column.mount(Block(Content.styled(self._messages("inspect.nothing"), "$muted")))
            return
        self.border_title = Content(safe(words.kinds(self._messages, case)))
        await self._column.mount_all(self._parts(case, _checks(self._messages, events)))
        self.scroll_home(animate=False)

    def _parts(self, case: Case, checks: list[list[Content]]) -> Iterator[Widget]:
        t, item, verdict = self._messages, case.item, case.verdict
        mark, style = words.MARKS[case.standing]
        yield Question(t, item.question)
        yield Block(Content.assemble((f"{mark} ", style), (safe(words.standing(t, case)), style)), classes="verdict")
        yield self._heading("inspect.expected", t(f"inspect.ending.{item.decision}"), ordered=item.order_matters)
        if item.reason:
            yield Block(safe(item.reason))
        yield from self._golds(item.gold)
        if not verdict.gold_error:
            yield from self._answer("inspect.decided", verdict, checks[0] if checks else [])
        if not item.reply:
            return
        yield self._heading("inspect.reply", ordered=item.reply_order_matters)
        yield Block(Content.styled(f"❯ {safe(item.reply)}", "bold"))
        yield from self._golds(item.reply_gold)
        if verdict.second is not None:
            yield from self._answer("inspect.decided_then", verdict.second, checks[1] if len(checks) > 1 else [])
        else:
            yield Block(Content.styled(t("inspect.no_second_turn"), "$muted"))

    def _golds(self, golds: tuple[str, ...]) -> Iterator[Widget]:
        for number, sql in enumerate(golds):
            if number:
                yield Block(Content.styled(self._messages("inspect.or"), "$muted"))
            yield SqlText(laid_out(sql))

    def _answer(self, key: str, answer: Answer, checks: list[Content]) -> Iterator[Widget]:
        t = self._messages
        yield self._heading(key, t(f"inspect.ending.{answer.ending}"))
        if answer.message.strip():
            yield Block(safe(told(t, answer.message.strip())))
        if answer.sql:
            yield SqlText(laid_out(answer.sql))
        if answer.statement_failure:
            failure = t(f"inspect.statement_failure.{answer.statement_failure}")
            yield Block(Content.styled(failure, "$error"))
        if checks:
            yield Block(Content("\n").join(checks))
        yield Block(Content.styled(words.cost(t, answer), "$muted"))

    def _heading(self, key: str, value: str = "", *, ordered: bool = False) -> Widget:
        t = self._messages
        content = Content.styled(t(key), "bold $primary")
        for part in (value, t("inspect.ordered") if ordered else ""):
            if part:
                content += Content.styled(f" · {safe_line(part)}", "$muted")
        return Block(content, classes="heading")


def _checks(messages: Messages, events: Iterable[LoopEvent]) -> list[list[Content]]:
    """What was checked of each turn's answer, a line a check."""
    turns: list[list[Content]] = []
    result: QueryResult | None = None
    for event in events:
        if isinstance(event, TurnStarted):
            turns.append([])
        elif isinstance(event, AnswerReady):
            result = event.result
        elif isinstance(event, EvidenceGathered) and turns:
            turns[-1].append(evidence_line(messages, event, result))
    return turns
