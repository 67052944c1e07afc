"""How often a model is right: every question runs through the real engine, the real loop and the real database.

A question counts as right when its decision is the expected one and, for SQL, the final statement's rows equal those of
the expert's statement (`rows_equal`). Splits: `values` (seen patterns, unseen values), `patterns` (whole paraphrase
patterns never trained on), `handwritten` (written by hand by someone who saw neither).
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.protocols import Database
from sqlagent_tui.agent.results import QueryResult, Row, StatementError
from sqlagent_tui.bench.play import play_turn
from sqlagent_tui.errors import UsageError

_MAX_MAPPED_COLUMNS = 6


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One question with what is expected of it."""

    id: str
    split: str
    question: str
    decision: str
    sql: str | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one question."""

    item: Item
    outcome: str
    right: bool
    sql: str | None
    message: str
    malformed_calls: int
    seconds: float
    generated_tokens: int
    warned: bool
    """The evidence on the answer holds a warning."""


def rows_equal(gold: QueryResult, predicted: QueryResult, *, any_columns: bool = False) -> bool:
    """Return whether both hold the same rows, as multisets, compared by the server's own text.

    `any_columns` accepts extra and reordered columns, if each gold column has one of its own and rows stay whole.
    """
    if len(gold.rows) != len(predicted.rows):
        return False
    wanted = Counter(gold.rows)
    if len(gold.columns) == len(predicted.columns) and Counter(predicted.rows) == wanted:
        return True
    if not any_columns or len(predicted.columns) > _MAX_MAPPED_COLUMNS:
        return False
    mappings = itertools.permutations(range(len(predicted.columns)), len(gold.columns))
    return any(Counter(_projected(predicted.rows, mapping)) == wanted for mapping in mappings)


def _projected(rows: Sequence[Row], mapping: tuple[int, ...]) -> Iterator[Row]:
    return (tuple(row[column] for column in mapping) for row in rows)


def read_items(path: Path, splits: frozenset[str] | None = None) -> list[Item]:
    """Read questions from a corpus file or a hand-written set (JSON Lines). Raises UsageError."""
    items = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            record = json.loads(line)
            split = record.get("split", "handwritten")
            if splits is not None and split not in splits:
                continue
            expected = record.get("expected", record)
            items.append(
                Item(
                    id=str(record.get("id", f"{path.stem}-{number}")),
                    split=split,
                    question=record["question"],
                    decision=expected["decision"],
                    sql=expected.get("sql"),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"Line {number} of {path} is no question: {error}.", "Each line is a JSON object."
            ) from None
    return items


def evaluate(
    items: Iterable[Item], agent: Agent, database: Database, *, any_columns: bool = False
) -> Iterator[Verdict]:
    """Yield a verdict for each item; a fresh conversation each."""
    for item in items:
        agent.forget()
        yield _judge(item, agent, database, any_columns)


def _judge(item: Item, agent: Agent, database: Database, any_columns: bool) -> Verdict:
    seed = agent.profile.sampling.seed
    turn = play_turn(agent, item.question, seed=seed, seconds=agent.limits.max_seconds, stop=CancelToken())
    right = turn.outcome == item.decision
    if right and item.sql is not None and turn.result is not None:
        gold = database.execute(item.sql, origin="user", cancel=CancelToken(), limits=agent.limits.answer)
        if isinstance(gold, StatementError):
            raise UsageError(f"The expected SQL of {item.id} fails: {gold.message}.", "Mend the question set.")
        right = rows_equal(gold, turn.result, any_columns=any_columns)
    return Verdict(
        item=item,
        outcome=turn.outcome,
        right=right,
        sql=turn.sql,
        message=turn.message,
        malformed_calls=turn.format_errors,
        seconds=turn.seconds,
        generated_tokens=turn.usage.generated_tokens,
        warned=turn.warned,
    )


def summarise(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return accuracy by split and decision, the decision matrix, warnings, malformed calls and seconds per answer."""
    summary: dict[str, Any] = {}
    for split in sorted({v.item.split for v in verdicts}):
        of_split = [v for v in verdicts if v.item.split == split]
        by_decision = {}
        for decision in sorted({v.item.decision for v in of_split}):
            chosen = [v for v in of_split if v.item.decision == decision]
            by_decision[decision] = {
                "questions": len(chosen),
                "right": sum(v.right for v in chosen),
                "accuracy": round(sum(v.right for v in chosen) / len(chosen), 4),
                "outcomes": dict(Counter(v.outcome for v in chosen)),
            }
        answers = [v for v in of_split if v.sql is not None]
        wrong = [v for v in answers if not v.right]
        seconds = sorted(v.seconds for v in of_split)
        summary[split] = {
            "questions": len(of_split),
            "accuracy": round(sum(v.right for v in of_split) / len(of_split), 4),
            "by_decision": by_decision,
            "wrong_answers": len(wrong),
            "wrong_answers_warned": sum(v.warned for v in wrong),
            "right_answers_warned": sum(v.warned and v.right for v in answers),
            "malformed_calls": sum(v.malformed_calls for v in of_split),
            "seconds_median": round(seconds[len(seconds) // 2], 3),
            "seconds_max": round(seconds[-1], 3),
            "generated_tokens_mean": round(sum(v.generated_tokens for v in of_split) / len(of_split), 1),
        }
    return summary
