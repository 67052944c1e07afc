"""A case as Markdown, for an issue or a review. Foreign text in it stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from sqlagent_tui.agent.events import FormatErrorFound, LoopEvent, StepFinished, ToolCallFinished, ToolCallStarted
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.inspection import Case, Results
from sqlagent_tui.bench.records import Answer
from sqlagent_tui.bench.run_directory import RunHead
from sqlagent_tui.bench.tables import foreign
from sqlagent_tui.ui.inspect import words
from sqlagent_tui.ui.inspect.marks import EXTRA, MISSING, marked
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe, shorten
from sqlagent_tui.ui.told import told

ROWS: Final = 50
"""Rows of each result."""
_VALUE: Final = 200
_TOLD: Final = 4_000
"""Characters of a thought, and of what a tool said."""


def to_markdown(
    messages: Messages, head: RunHead, case: Case, events: Iterable[LoopEvent], results: Results
) -> Iterator[str]:
    """Yield the document in pieces that end with line feeds."""
    t, item, verdict, config = messages, case.item, case.verdict, head.config
    yield f"# {foreign(case.name)}\n\n"
    yield f"> {foreign(item.question)}\n\n"
    yield f"{foreign(config.suite.name)} · {foreign(config.model.name)} · {foreign(words.kinds(t, case))}\n\n"
    yield f"**{foreign(words.standing(t, case))}**\n\n"
    yield _heading(t("inspect.expected"), t(f"inspect.ending.{item.decision}"))
    if item.reason:
        yield f"{foreign(item.reason)}\n\n"
    yield from (_fenced(sql, "sql") for sql in item.gold)
    yield from _answer(t, t("inspect.decided"), verdict)
    if item.reply:
        yield _heading(t("inspect.reply"))
        yield f"> {foreign(item.reply)}\n\n"
        yield from (_fenced(sql, "sql") for sql in item.reply_gold)
    if verdict.second is not None:
        yield from _answer(t, t("inspect.decided_then"), verdict.second)
    yield from _results(t, case, results)
    yield _heading(t("inspect.pane.steps"))
    yield from _steps(t, events)


def _answer(t: Messages, heading: str, answer: Answer) -> Iterator[str]:
    yield _heading(heading, t(f"inspect.ending.{answer.ending}"))
    if answer.message.strip():
        yield f"{foreign(told(t, answer.message))}\n\n"
    if answer.sql:
        yield _fenced(answer.sql, "sql")
    if answer.statement_failure:
        yield f"{t(f'inspect.statement_failure.{answer.statement_failure}')}\n\n"
    yield f"{words.cost(t, answer)}\n\n"


def _results(t: Messages, case: Case, results: Results) -> Iterator[str]:
    gold, predicted, between = results.gold, results.predicted, results.difference
    if between is not None and gold is not None and predicted is not None:
        yield _heading(t("inspect.tab.results"), words.differences(t, between))
        gold = marked(gold, between.gold_rows, between.missing_columns, MISSING, ordered=case.ordered)
        predicted = marked(predicted, between.predicted_rows, between.extra_columns, EXTRA, ordered=case.ordered)
    for title, result in ((t("inspect.gold"), gold), (t("inspect.predicted"), predicted)):
        if result is not None:
            yield f"### {title}\n\n"
            yield from _table(t, result)


def _table(t: Messages, result: QueryResult) -> Iterator[str]:
    yield _row([foreign(shorten(column.name, _VALUE)) or " " for column in result.columns])
    yield _row(["---"] * len(result.columns))
    for row in result.rows[:ROWS]:
        yield _row(["*NULL*" if value is None else foreign(shorten(value, _VALUE)) or " " for value in row])
    more = result.row_count - ROWS
    yield f"\n{t.count('inspect.more_rows', more)}\n\n" if more > 0 else "\n"


def _steps(t: Messages, events: Iterable[LoopEvent]) -> Iterator[str]:
    for event in events:
        match event:
            case StepFinished() if event.thinking.strip():
                yield f"{t('thinking.done')}:\n\n{_fenced(shorten(event.thinking.strip(), _TOLD))}"
            case ToolCallStarted():
                sql = event.arguments.get("sql")
                names = event.arguments.get("table_names")
                yield f"**{foreign(event.tool)}** {foreign(str(names)) if names else ''}".rstrip() + "\n\n"
                if isinstance(sql, str):
                    yield _fenced(sql, "sql")
            case ToolCallFinished():
                yield _fenced(shorten(event.content.strip(), _TOLD))
            case FormatErrorFound():
                yield f"! {foreign(event.message)}\n\n"
            case _:
                pass


def _heading(text: str, value: str = "") -> str:
    return f"## {text}{f': {value}' if value else ''}\n\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _fenced(text: str, language: str = "") -> str:
    """Return a block that no run of backticks in `text` can end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{safe(text)}\n{fence}\n\n"
