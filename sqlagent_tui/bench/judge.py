"""What a conversation is worth: its turns beside what was expected of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.comparison import best
from sqlagent_tui.bench.digest import digest
from sqlagent_tui.bench.golds import Golds
from sqlagent_tui.bench.play import PlayedTurn
from sqlagent_tui.bench.records import Answer, Ending, Verdict
from sqlagent_tui.bench.suite import Item


def judge(item: Item, sample: int, first: PlayedTurn, second: PlayedTurn | None, golds: Golds) -> Verdict:
    """Return the verdict on one sample of a question; `second` is the turn after the user's reply."""
    reply = golds.results(item.reply_gold)
    return Verdict(
        **_answer(first, golds.results(item.gold), ordered=item.order_matters),
        **_question(item, sample),
        second=Answer(**_answer(second, reply, ordered=item.reply_order_matters)) if second else None,
    )


def excluded(item: Item, sample: int, fault: str) -> Verdict:
    """Return the record of a question that wasn't asked, since a gold statement is at fault."""
    return Verdict(ending="none", gold_error=fault, **_question(item, sample))


def _question(item: Item, sample: int) -> dict[str, Any]:
    return {
        "item_id": item.id,
        "sample": sample,
        "expected": item.decision,
        "difficulty": item.difficulty,
        "category": item.category,
        "asks_back": bool(item.reply),
    }


def _answer(turn: PlayedTurn, golds: Sequence[QueryResult], *, ordered: bool) -> dict[str, Any]:
    judged: dict[str, Any] = {}
    if golds and turn.result is not None:
        match = best(golds, turn.result, ordered=ordered)
        judged = {
            "strict": match.strict,
            "relaxed": match.relaxed,
            "extra_columns": match.extra_columns,
            "reason": match.reason,
            "empty_gold": not golds[match.gold].rows,
        }
    return {
        **judged,
        "ending": _ending(turn),
        "sql": turn.sql,
        "statement_failure": turn.statement_failure,
        "message": turn.message,
        "result_digest": digest(turn.result) if turn.result is not None else "",
        "steps": turn.steps,
        "prompt_tokens": turn.usage.prompt_tokens,
        "cached_tokens": turn.usage.cached_tokens,
        "generated_tokens": turn.usage.generated_tokens,
        "format_errors": turn.format_errors,
        "warned": turn.warned,
        "seconds": round(turn.seconds, 3),
    }


def _ending(turn: PlayedTurn) -> Ending:
    if turn.outcome in ("sql", "clarification", "unanswerable"):
        return turn.outcome
    if turn.timed_out:
        return "timeout"
    return "failed" if turn.broken else "none"
