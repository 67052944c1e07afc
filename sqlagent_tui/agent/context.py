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
"""How much of the context the list of all tables may take."""

_LIKELY_SHARE = 0.15
"""And the list of those that a question is most likely about, which is evaluated while its user waits."""

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


class Opening:
    """How conversations about one database begin: a system message that neither question nor day changes, so that it
    can be evaluated ahead, and the question.

    The system message lists all tables when they fit, in catalogue order. Otherwise each question comes with those
    that it is most likely about. However many there are, only a few times what fits is written and counted.
    """

    def __init__(self, profile: Profile, database: str, tables: TableIndex, model: Model) -> None:
        self.model = model
        """Whose context it is made for."""
        self._profile = profile
        self._tables = tables
        lines = _Lines(profile, tables.tables)
        self._whole = _how_many_fit(lines, self._budget(_TABLE_LIST_SHARE), model) == len(lines)
        listed = "\n".join(lines.head(len(lines))) if self._whole else _fill(profile.some_tables, count=str(len(lines)))
        text = _fill(profile.system_prompt, tables=listed, database=database)
        self.system = Message(role="system", content=text.strip())
        self.instructions = _fill(profile.system_prompt, tables="", database=database).strip()
        """The system message without tables."""

    def question(self, text: str, today: datetime.date) -> Message:
        """Return the user's message, with the likeliest tables when the system message doesn't list them."""
        profile, shown = self._profile, []
        if not self._whole:
            lines = _Lines(profile, self._tables.rank(text))
            fitting = _how_many_fit(lines, self._budget(_LIKELY_SHARE), self.model)
            shown = lines.head(fitting)
            if fitting < len(lines):
                shown.append(_fill(profile.more_tables, count=str(len(lines) - fitting)))
            shown = [_fill(profile.likely_tables, tables="\n".join(shown)).strip()]
        asked = _fill(profile.question, question=text, today=today.isoformat())
        return Message(role="user", content="\n\n".join([*shown, asked.strip()]))

    def _budget(self, share: float) -> int:
        return int((self.model.info.context_size or _UNKNOWN_CONTEXT) * share)


def _fill(template: str, **slots: str) -> str:
    """Put texts into a profile's `{slots}`; in one pass, so that a brace in what came from others is never one."""
    return re.sub(r"\{(\w+)\}", lambda slot: slots.get(slot[1], slot[0]), template)


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


def _table_line(profile: Profile, table: TableName) -> str:
    facts = table_facts(table)
    comment = f": {shorten(table.comment, 160)}" if table.comment else ""
    told = f" ({', '.join(facts)})" if facts else ""
    return _fill(profile.table_line, table=table.reference, facts=told, comment=comment.replace("\n", " "))
