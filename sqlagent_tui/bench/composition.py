"""How many questions of each kind a suite has, and whether that is as many as it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlagent_tui.bench.suite import Item, Suite


def composition(items: Iterable[Item]) -> Counter[str]:
    """Return the number of questions of each decision, difficulty and category."""
    return Counter(kind for item in items for kind in (item.decision, item.difficulty, item.category) if kind)


def discrepancies(suite: Suite) -> list[str]:
    """Return what isn't as `composition` of the suite says, a sentence each."""
    found = composition(suite.items)
    return [
        f"There are {found[kind]} questions of kind {kind} instead of {wanted}."
        for kind, wanted in suite.composition.items()
        if found[kind] != wanted
    ]
