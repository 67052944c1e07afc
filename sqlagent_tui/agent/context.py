"""A prompt that always fits: fewer tables in the list, older tool results shortened first, and never a silent cut."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.profile import Profile
from sqlagent_tui.agent.protocols import Model
from sqlagent_tui.agent.ranking import rank_tables
from sqlagent_tui.agent.rendering import shorten
from sqlagent_tui.agent.results import TableName

_TABLE_LIST_SHARE = 0.35
"""How much of the context the list of tables may take."""

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
    """Nothing more can be shortened: `needed` tokens, and only `available` fit."""

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(f"{needed} > {available}")
        self.needed = needed
        self.available = available


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
        raise PromptTooLongError(tokens, available)
    return Fitted(tuple(current), tokens, len(shortened))


def system_message(
    profile: Profile, database: str, tables: Sequence[TableName], question: str, model: Model
) -> Message:
    """Return the system prompt with as many tables as fit.

    When all fit, they stand in catalogue order whatever the question is, so that the prompt's prefix stays the same
    from question to question; otherwise the likeliest come first.
    """
    if not profile.layout.list_tables:
        return _system(profile, database, "")
    lines = [_table_line(profile, table) for table in tables]
    size = model.info.context_size
    budget = int(size * _TABLE_LIST_SHARE) if size else 0
    if not budget or _list_tokens(lines, model) <= budget:
        return _system(profile, database, "\n".join(lines))
    ranked = [_table_line(profile, table) for table in rank_tables(question, tables)]
    low, high = 0, len(ranked)
    while low < high:  # the longest head that fits
        middle = (low + high + 1) // 2
        if _list_tokens(ranked[:middle], model) <= budget:
            low = middle
        else:
            high = middle - 1
    more = profile.more_tables.replace("{count}", str(len(ranked) - low))
    return _system(profile, database, "\n".join([*ranked[:low], more]))


def _list_tokens(lines: Sequence[str], model: Model) -> int:
    return model.count_tokens([Message(role="user", content="\n".join(lines))], ())


def _system(profile: Profile, database: str, tables: str) -> Message:
    # One pass, so that a brace in a comment from the database is never read as a slot.
    slots = {"{tables}": tables, "{database}": database}
    text = re.sub(r"\{(?:tables|database)\}", lambda slot: slots[slot[0]], profile.system_prompt)
    return Message(role="system", content=text.strip())


def _table_line(profile: Profile, table: TableName) -> str:
    rows = "" if table.estimated_rows is None else f" (~{table.estimated_rows})"
    comment = f": {shorten(table.comment, 160)}" if table.comment else ""
    slots = {"{table}": table.reference, "{rows}": rows, "{comment}": comment.replace("\n", " ")}
    return re.sub(r"\{(?:table|rows|comment)\}", lambda slot: slots[slot[0]], profile.table_line)
