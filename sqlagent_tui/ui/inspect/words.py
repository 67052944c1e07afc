"""What is said about a case, in the user's language."""

from __future__ import annotations

from typing import Final

from sqlagent_tui.bench.difference import Difference
from sqlagent_tui.bench.inspection import Case, Standing
from sqlagent_tui.bench.records import Answer
from sqlagent_tui.ui.inspect.listing import Facet, View
from sqlagent_tui.ui.inspect.marks import EXTRA, MISSING, MOVED
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.told import told

MARKS: Final[dict[Standing, tuple[str, str]]] = {
    "right": ("✓", "$success"),
    "relaxed": ("≈", "$success"),
    "second": ("◐", "$warning"),
    "wrong": ("✗", "$error"),
    "excluded": ("–", "$muted"),
}


def standing(messages: Messages, case: Case) -> str:
    """Say in one sentence how a case ended."""
    t, verdict = messages, case.verdict
    if verdict.gold_error:
        return t("inspect.standing.excluded", why=told(t, verdict.gold_error))
    expected, ended = t(f"inspect.ending.{verdict.expected}"), t(f"inspect.ending.{verdict.ending}")
    if verdict.ending != verdict.expected:
        return t("inspect.standing.other", expected=expected, ended=ended)
    if case.standing == "wrong":
        return t("inspect.standing.rows", why=mismatch(t, verdict))
    if verdict.second is not None and case.standing == "second":
        ended = t(f"inspect.ending.{verdict.second.ending}")
        why = mismatch(t, verdict.second) if verdict.second.ending == "sql" else ended
        return t("inspect.standing.second", why=why)
    if case.standing == "relaxed":
        return t("inspect.standing.relaxed", why=mismatch(t, case.answer))
    return t("inspect.standing.right")


def mismatch(messages: Messages, answer: Answer) -> str:
    """Say what keeps the rows of an answer from the gold ones, as a clause."""
    return told(messages, answer.reason) or messages("inspect.no_reason")


def kinds(messages: Messages, case: Case) -> str:
    """Say what kind of question it is, in a few words."""
    t, item = messages, case.item
    parts = [case.name, *([t(f"inspect.difficulty.{item.difficulty}")] if item.difficulty else [])]
    if item.category:
        parts.append(t(f"inspect.category.{item.category}"))
    return " · ".join(parts)


def course(messages: Messages, case: Case) -> str:
    """Say in a few words what was expected, and what went wrong."""
    t, verdict, second = messages, case.verdict, case.verdict.second
    expected = t(f"inspect.ending.{verdict.expected}")
    if verdict.gold_error:
        return expected
    if verdict.ending != verdict.expected:
        return f"{expected} → {t(f'inspect.ending.{verdict.ending}')}"
    if case.standing == "second" and second is not None and second.ending != "sql":
        return f"{expected} → {t(f'inspect.ending.{second.ending}')}"
    return expected if case.standing == "right" else f"{expected}: {mismatch(t, case.answer)}"


def cost(messages: Messages, answer: Answer) -> str:
    """Say what a turn took."""
    t = messages
    parts = [t.duration(answer.seconds * 1000), t.count("turn.steps", answer.steps)]
    if answer.generated_tokens:
        parts.append(t.count("turn.tokens", answer.generated_tokens))
    if answer.format_errors:
        parts.append(t.count("inspect.format_errors", answer.format_errors))
    return " · ".join(parts)


def differences(messages: Messages, between: Difference) -> str:
    """Say how much differs, by the marks that it bears: `linhas −2 +1 · colunas +1`."""
    rows = _counts((MISSING, between.missing_rows), (EXTRA, between.extra_rows), (MOVED, between.moved_rows))
    columns = _counts((MISSING, len(between.missing_columns)), (EXTRA, len(between.extra_columns)))
    named = [
        messages(key, counts=counts) for key, counts in (("inspect.rows", rows), ("inspect.columns", columns)) if counts
    ]
    return " · ".join(named) or messages("inspect.same")


def facet(messages: Messages, of: Facet) -> str:
    """Name a facet."""
    shared = "ending" if of.trait == "decision" else of.trait
    value = messages(f"inspect.{shared}.{of.value}")
    return messages(f"inspect.trait.{of.trait}", value=value)


def view(messages: Messages, of: View) -> str:
    """Name what the list shows."""
    parts = [messages("inspect.failures" if of.failures else "inspect.all")]
    if of.facet is not None:
        parts.append(facet(messages, of.facet))
    if of.search:
        parts.append(f"/{of.search}")
    return " · ".join(parts)


def _counts(*counted: tuple[str, int]) -> str:
    return " ".join(f"{mark}{count}" for mark, count in counted if count)
