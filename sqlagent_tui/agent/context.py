"""A prompt that always fits: fewer tables in the list, older tool results shortened first, and never a silent cut."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence

import msgspec

from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.profile import Profile
from sqlagent_tui.agent.protocols import Model
from sqlagent_tui.agent.ranking import TableIndex
from sqlagent_tui.agent.rendering import shorten, table_facts
from sqlagent_tui.agent.results import TableName

_TABLE_LIST_SHARE = 0.35
"""How much of the context the list of tables may take."""

_UNKNOWN_CONTEXT = 16_384
"""Tokens of a context of unknown size that the list of tables takes its share of."""

_TOKENS_OF_A_LINE = 16
"""What a line of the list comes to, about: where the search for how many fit begins."""

_CLOSE_ENOUGH = 50
"""The search ends when one line in this many is undecided."""

_SHORTENED_TO = (1_000, 300, 80)
"""Characters that older tool results are cut to, round by round."""

_ANSWER_RESERVE = 0.25
"""Share of the context kept free for what the model writes, up to `Profile.max_tokens`."""


class Fitted(msgspec.Struct, frozen=True):
    """Messages that fit, what they cost, and how many results had to be shortened."""

    messages: tuple[Message, ...]
    tokens: int
    shortened: int


class PromptTooLongError(Exception):
    """Nothing more can be shortened: `needed` tokens, and only `available` of a context of `size` fit."""

    def __init__(self, needed: int, available: int, size: int) -> None:
        super().__init__(f"{needed} > {available}")
        self.needed = needed
        self.available = available
        self.size = size

    def enough(self, tables: int) -> int:
        """Return the size of a context that would do, where `tables` of the needed tokens are the list of tables."""
        if tables < _TABLE_LIST_SHARE * self.size / 2:  # it is whole; else it would take its share of a larger one too
            return math.ceil(self.needed / (1 - _ANSWER_RESERVE))
        return math.ceil((self.needed - tables) / (1 - _ANSWER_RESERVE - _TABLE_LIST_SHARE))


def fit(messages: Sequence[Message], model: Model, tools: Sequence[dict[str, object]], profile: Profile) -> Fitted:
    """Return `messages` made to fit into the model's context with room for an answer.

    The newest tool result is shortened last. Raises PromptTooLongError.
    """
    size = model.info.context_size
    tokens = model.count_tokens(messages, tools)
    if not size:
        return Fitted(tuple(messages), tokens, 0)
    available = size - min(profile.max_tokens, int(size * _ANSWER_RESERVE))
    current = list(messages)
    shortened: set[int] = set()
    results = [i for i, m in enumerate(current) if m.role == "tool"]
    for limit in _SHORTENED_TO:
        for index in results:
            if tokens <= available:
                return Fitted(tuple(current), tokens, len(shortened))
            content = shorten(current[index].content, limit)
            if content != current[index].content:
                current[index] = msgspec.structs.replace(current[index], content=content)
                shortened.add(index)
                tokens = model.count_tokens(current, tools)
    if tokens > available:
        raise PromptTooLongError(tokens, available, size)
    return Fitted(tuple(current), tokens, len(shortened))


def system_message(
    profile: Profile, database: str, tables: TableIndex, question: str, model: Model, today: datetime.date
) -> Message:
    """Return the system prompt with as many tables as fit.

    When all fit, they stand in catalogue order whatever the question is, so that the prompt's prefix stays the same
    from question to question; otherwise the likeliest come first. However many there are, only a few times what fits
    is written and counted.
    """
    if not profile.layout.list_tables:
        return _system(profile, database, "", today)
    budget = int((model.info.context_size or _UNKNOWN_CONTEXT) * _TABLE_LIST_SHARE)
    lines = _Lines(profile, tables.tables)
    if (fitting := _how_many_fit(lines, budget, model)) < len(lines):
        lines = _Lines(profile, tables.rank(question))
        fitting = _how_many_fit(lines, budget, model)
    shown = lines.head(fitting)
    if fitting < len(lines):
        shown.append(profile.more_tables.replace("{count}", str(len(lines) - fitting)))
    return _system(profile, database, "\n".join(shown), today)


class _Lines:
    """The list of tables as the prompt has it; a line is written when it is first asked for."""

    def __init__(self, profile: Profile, tables: Sequence[TableName]) -> None:
        self._profile = profile
        self._tables = tables
        self._written: list[str] = []

    def __len__(self) -> int:
        return len(self._tables)

    def head(self, count: int) -> list[str]:
        """Return the first `count` lines."""
        missing = self._tables[len(self._written) : count]
        self._written += [_table_line(self._profile, table) for table in missing]
        return self._written[:count]


def _how_many_fit(lines: _Lines, budget: int, model: Model) -> int:
    """Return how long a head of `lines` fits into `budget` tokens, to a few in a hundred: by doubling, then halving."""
    low, high = 0, min(max(budget // _TOKENS_OF_A_LINE, 1), len(lines))
    while low < high and _list_tokens(lines.head(high), model) <= budget:
        low, high = high, min(2 * high, len(lines))
    while high - low > max(low // _CLOSE_ENOUGH, 1):
        middle = (low + high) // 2
        if _list_tokens(lines.head(middle), model) <= budget:
            low = middle
        else:
            high = middle
    return low


def _list_tokens(lines: Sequence[str], model: Model) -> int:
    return model.count_tokens([Message(role="user", content="\n".join(lines))], ())


def _system(profile: Profile, database: str, tables: str, today: datetime.date) -> Message:
    # One pass, so that a brace in a comment from the database is never read as a slot.
    slots = {"{tables}": tables, "{database}": database, "{today}": today.isoformat()}
    text = re.sub(r"\{(?:tables|database|today)\}", lambda slot: slots[slot[0]], profile.system_prompt)
    return Message(role="system", content=text.strip())


def _table_line(profile: Profile, table: TableName) -> str:
    facts = table_facts(table)
    comment = f": {shorten(table.comment, 160)}" if table.comment else ""
    slots = {
        "{table}": table.reference,
        "{facts}": f" ({', '.join(facts)})" if facts else "",
        "{comment}": comment.replace("\n", " "),
    }
    return re.sub(r"\{(?:table|facts|comment)\}", lambda slot: slots[slot[0]], profile.table_line)
