"""What can be said of an answer without asking the model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sqlagent_tui.agent.events import EvidenceGathered
from sqlagent_tui.agent.folding import fold
from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.results import QueryResult

_NUMBER: Final = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d+))?(?![\w.,]*\d)(º|ª|°)?"
    r"\s*(mil|milha|milhao|milhoes|thousand|million)?\b"
)
_SCALES: Final = {"mil": 1_000, "milha": 1_000, "thousand": 1_000}
"""`milha` is "18 mil ha", typed in a hurry."""
_MILLION: Final = 1_000_000
_YEARS: Final = range(1900, 2101)
_COMPARED: Final = re.compile(
    r"(?:[=~]|<>|\b(?:like|ilike|in|any|all|similar to))\s*(?:\*\s*)?(?:[\w.]*\(\s*)*((?:'(?:[^']|'')*'\s*,?\s*)+)",
    re.IGNORECASE,
)
"""Literals right after an operator, inside of function calls too, and the lists that they begin."""
_LITERAL: Final = re.compile(r"'((?:[^']|'')*)'")
_A_WORD: Final = re.compile(r"[^\W\d_]{3}")
_A_CODE: Final = re.compile(r"[A-Z0-9_]+|(\d+ )?(year|quarter|month|week|day|hour|minute|second)s?")
_IN_SQL: Final = re.compile(r"\d+(?:\.\d+)?")


def gather(
    question: str, messages: Sequence[Message], sql: str, answer: QueryResult, *, tried: bool
) -> Iterator[EvidenceGathered]:
    """Yield the checks on the final statement and its rows.

    `question` is what the user said, replies included; `tried`: the model had run the statement before it answered.
    """
    seen = "\n".join(message.content for message in messages if message.role != "assistant")
    yield EvidenceGathered(check="executed", level="ok", message="The final statement ran read-only on the server.")
    if missing := missing_numbers(question, sql):
        yield EvidenceGathered(
            check="numbers",
            level="warning",
            detail=", ".join(missing),
            message=f"The question says {', '.join(missing)}, the statement doesn't: check its conditions.",
        )
    if invented := unseen_values(sql, seen):
        yield EvidenceGathered(
            check="values",
            level="warning",
            detail=", ".join(invented),
            message=f"{', '.join(invented)}: neither the question nor the database said so. Check the spelling.",
        )
    if not answer.rows:
        yield EvidenceGathered(
            check="rows", level="warning", message="No row: check the names and values in the question."
        )
    if answer.truncated:
        yield EvidenceGathered(
            check="truncated", level="warning", message=f"Only the first {answer.row_count} rows are shown."
        )
    if answer.shortened_values:
        yield EvidenceGathered(
            check="shortened", level="note", message=f"{answer.shortened_values} long values are shown in part."
        )
    if not tried:
        yield EvidenceGathered(
            check="tried", level="note", message="The model did not try this statement before it answered."
        )


def unseen_values(sql: str, seen: str) -> list[str]:
    """Return the texts that the statement compares with and `seen` doesn't hold: names made up or misspelt.

    Codes in capitals are left alone (a wrong label of an enum is an error of the server), units of time too.
    """
    haystack = fold(seen)
    compared = " ".join(_COMPARED.findall(sql))
    literals = (literal.replace("''", "'").strip("% ") for literal in _LITERAL.findall(compared))
    found = [text for text in literals if _A_WORD.search(text) and not _A_CODE.fullmatch(text)]
    return [text for text in dict.fromkeys(found) if fold(text) not in haystack]


def missing_numbers(question: str, sql: str) -> list[str]:
    """Return the numbers of the question, as written there, that the statement does nothing with.

    Thousands and decimals as in Brazil; "5 mil" is 5000. A year may stand there as its neighbour: "after 2015" is
    `>= '2016-01-01'`. Ordinals ("2º semestre") are left alone.
    """
    present = {float(number) for number in _IN_SQL.findall(sql)}
    missing = []
    for match in _NUMBER.finditer(fold(question)):
        whole, decimals, ordinal, scale = match.groups()
        if ordinal or ("." in whole and whole in sql):  # a document's number is compared as it is written
            continue
        value = float(f"{whole.replace('.', '')}.{decimals or 0}")
        if scale:
            value *= _SCALES.get(scale, _MILLION)
        near = {value - 1, value, value + 1} if value in _YEARS and not decimals else {value}
        if not near & present:
            missing.append(match.group().strip())
    return list(dict.fromkeys(missing))
