"""Which questions of a run are listed: failures or all, narrowed to one facet, searched."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, get_args

import msgspec

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.bench.inspection import Case
from sqlagent_tui.bench.records import Ending
from sqlagent_tui.bench.suite import Category, Difficulty

Trait = Literal["decision", "ending", "difficulty", "category", "mark"]
"""What was expected; how the turn ended; how hard; what kind of question; what else there is to it."""

_VALUES: Final[dict[Trait, tuple[str, ...]]] = {
    "decision": get_args(DecisionKind),
    "ending": get_args(Ending),
    "difficulty": get_args(Difficulty),
    "category": get_args(Category),
    "mark": ("format_errors", "statement_failed", "warned", "second_turn", "relaxed", "excluded"),
}


class Facet(msgspec.Struct, frozen=True):
    """One thing that questions have in common."""

    trait: Trait
    value: str


class Tally(msgspec.Struct, frozen=True):
    """A facet of a run: how many questions have it, and how many of them failed."""

    facet: Facet
    failed: int
    total: int


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the list shows."""

    failures: bool = True
    """Only what failed."""
    facet: Facet | None = None
    search: str = ""
    """Words that all have to be in it."""

    def choose(self, cases: Iterable[Case]) -> list[Case]:
        """Return the cases that fit, in their order."""
        words = _plain(self.search).split()
        return [
            case
            for case in cases
            if (case.failed or not self.failures)
            and (self.facet is None or self.facet in set(facets(case)))
            and _holds(case, words)
        ]


def facets(case: Case) -> Iterator[Facet]:
    """Yield every facet of a case."""
    item, verdict = case.item, case.verdict
    yield Facet("decision", item.decision)
    if not verdict.gold_error:
        yield Facet("ending", verdict.ending)
    if item.difficulty:
        yield Facet("difficulty", item.difficulty)
    if item.category:
        yield Facet("category", item.category)
    turns = [verdict, *([verdict.second] if verdict.second else [])]
    marks = {
        "format_errors": any(turn.format_errors for turn in turns),
        "statement_failed": any(turn.statement_failure for turn in turns),
        "warned": any(turn.warned for turn in turns),
        "second_turn": verdict.second is not None,
        "relaxed": case.standing == "relaxed",
        "excluded": case.standing == "excluded",
    }
    for name, on in marks.items():
        if on:
            yield Facet("mark", name)


def tallies(cases: Sequence[Case]) -> list[Tally]:
    """Return the facets that there are, in a fixed order."""
    total = Counter(facet for case in cases for facet in facets(case))
    failed = Counter(facet for case in cases if case.failed for facet in facets(case))
    known = [Facet(trait, value) for trait, values in _VALUES.items() for value in values]
    return [Tally(facet, failed[facet], total[facet]) for facet in known if total[facet]]


def _holds(case: Case, words: Sequence[str]) -> bool:
    searched = _searched(case) if words else ""
    return all(word in searched for word in words)


def _searched(case: Case) -> str:
    answer, item = case.answer, case.item
    golds = (*item.gold, *item.reply_gold)
    return _plain("\n".join((case.name, item.question, item.reply, *golds, answer.sql or "", answer.message)))


def _plain(text: str) -> str:
    """Fold case and accents, so that `imovel` finds `Imóvel`."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))
