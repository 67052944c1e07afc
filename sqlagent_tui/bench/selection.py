"""Which questions of a suite are asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlagent_tui.bench.suite import Item
from sqlagent_tui.errors import UsageError


def choose(items: Sequence[Item], only: Sequence[str] = (), limit: int | None = None) -> list[Item]:
    """Return the items that `only` names, at most `limit` of them, evenly spread, in their order.

    A word of `only` is a decision, a difficulty, a category or an id. Words of one kind are alternatives, those of
    different kinds all have to fit. Raises UsageError for a word that fits nothing, and when nothing is left.
    """
    chosen = list(items)
    for field in ("decision", "difficulty", "category", "id"):
        values = {getattr(item, field) for item in items}
        if wanted := values & set(only):
            chosen = [item for item in chosen if getattr(item, field) in wanted]
    known = {value for item in items for value in (item.decision, item.difficulty, item.category, item.id)}
    if unknown := [word for word in only if word not in known]:
        raise UsageError(f"No question has {unknown[0]}.", "--only takes decisions, difficulties, categories and ids.")
    if not chosen:
        raise UsageError(f"No question has all of {', '.join(only)}.", "Leave one of them out.")
    if limit is None or limit >= len(chosen):
        return chosen
    return [chosen[i * len(chosen) // limit] for i in range(limit)]
