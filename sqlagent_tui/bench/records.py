"""What became of one question: the record that a run writes, line by line, and that every figure is computed from."""

from __future__ import annotations

from typing import Literal

import msgspec

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.bench.suite import Category, Difficulty

Ending = Literal["sql", "clarification", "unanswerable", "none", "timeout", "failed"]
"""How a turn ended: a decision; none, within its steps, tokens and format errors; its time ran out; the model, or the
way to the database, broke."""
StatementFailure = Literal["timeout", "refused", "costly", "error"]
"""Why the final statement gave no rows: its time ran out; our guard; its estimate; the server said so."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one turn ended, compared with what was expected of it."""

    ending: Ending
    strict: bool = False
    """Of an SQL decision where SQL was expected: the rows match strictly."""
    relaxed: bool = False
    extra_columns: int = 0
    reason: str = ""
    """What keeps the rows from a strict match, as a clause."""
    gold_error: str = ""
    """Why no gold statement gave rows; such an answer is excluded from every figure, and counted."""
    empty_gold: bool = False
    """The gold result has no rows: a match says little."""
    sql: str | None = None
    statement_failure: StatementFailure | None = None
    message: str = ""
    """The model's, or what broke."""
    result_digest: str = ""
    """Of the rows shown, for voting; empty where there are none."""
    steps: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt's, those that weren't evaluated again."""
    generated_tokens: int = 0
    format_errors: int = 0
    warned: bool = False
    """The evidence on the answer holds a warning."""
    seconds: float = 0.0


class Verdict(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """One sample of one question, with what is needed of the question to compute every figure without the suite."""

    item_id: str
    sample: int = 0
    """From 0."""
    expected: DecisionKind
    difficulty: Difficulty | None = None
    category: Category | None = None
    asks_back: bool = False
    """A clarification that comes with the user's answer and its gold: there is a second turn to be had."""
    second: Answer | None = None
    """The turn after the user's answer, where the model asked for it."""

    @property
    def right(self) -> bool:
        """Whether the decision is the expected one and, for SQL, the rows match relaxed."""
        return self.ending == self.expected and (self.expected != "sql" or self.relaxed)

    @property
    def strictly_right(self) -> bool:
        """Likewise, with a strict match."""
        return self.right and (self.expected != "sql" or self.strict)
