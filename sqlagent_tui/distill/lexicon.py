"""The phrase files, read and cut into pieces; a stable hash holds whole patterns out of training.

Files of one kind are merged: `frames.toml` and `frames_b.toml` both give frames. A suffix `_m` or `_f` of a last key
holds words of another gender for the same thing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final, Literal, get_args

from sqlagent_tui.distill.inventory import ENTITIES
from sqlagent_tui.distill.semantics import Intent
from sqlagent_tui.distill.values import stable_percent

Gender = Literal["m", "f"]
_HELD_FRAMES: Final = 10
_HELD_PHRASES: Final = 8
_HELD_QUESTIONS: Final = 10
_HELD_THINGS: Final = 15
_FEW: Final = 4
"""Lists shorter than this keep all their phrases for training."""
_PIECE: Final = re.compile(r"\[|\]|\{([a-z_]+)\}|[^\[\]{}]+")
_SLOTS: Final = frozenset("noun noun_s filters front measure attr dim dim_p n k name place thing".split())
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "count": ("noun",),
    "count_by": ("noun", "dim"),
    "aggregate": ("measure", "noun"),
    "aggregate_by": ("measure", "noun", "dim"),
    "list": ("noun",),
    "list_attr": ("attr",),
    "top": ("n", "noun", "attr"),
    "bottom": ("n", "noun", "attr"),
    "extreme_max": ("attr",),
    "extreme_min": ("attr",),
    "latest": ("n", "noun"),
    "earliest": ("n", "noun"),
    "top_dim": ("n", "dim_p", "noun"),
    "which_dim": ("dim", "noun"),
    "which_dim_least": ("dim", "noun"),
    "top_dim_measure": ("n", "dim_p", "measure"),
    "having": ("dim_p", "k", "noun"),
    "having_less": ("dim_p", "k", "noun"),
    "count_distinct": ("dim_p", "noun"),
    "lookup": ("attr", "name"),
}


@dataclass(frozen=True)
class Piece:
    """Literal text or a slot, and whether it stands inside a key span."""

    text: str
    slot: bool
    key: bool


@dataclass(frozen=True)
class Pattern:
    """A question's pattern."""

    source: str
    pieces: tuple[Piece, ...]
    held: bool

    @property
    def slots(self) -> frozenset[str]:
        """Names of its slots."""
        return frozenset(piece.text for piece in self.pieces if piece.slot)


@dataclass(frozen=True)
class Phrase:
    """A word or phrase; patterns with values keep their braces."""

    text: str
    gender: Gender = "m"
    held: bool = False


@dataclass(frozen=True)
class Noun:
    """A word for an entity, and the condition that it implies."""

    table: str
    gender: Gender
    plural: tuple[str, ...]
    singular: tuple[str, ...]
    where: str | None = None


@dataclass(frozen=True)
class Dimension:
    """Words for a grouping, of one gender."""

    gender: Gender
    singular: tuple[str, ...]
    plural: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """A kind of question that ends in no SQL."""

    kind: str
    decision: Literal["clarification", "unanswerable"]
    patterns: tuple[Pattern, ...]
    message: str
    missing: str
    category: str
    things: tuple[Phrase, ...] = ()


@dataclass
class Lexicon:
    """Everything that the phrase files hold."""

    frames: dict[str, list[Pattern]] = field(default_factory=dict)
    filters: dict[str, list[Phrase]] = field(default_factory=dict)
    verbs: dict[str, list[Phrase]] = field(default_factory=dict)
    nouns: dict[str, list[Noun]] = field(default_factory=dict)
    measures: dict[tuple[str, str, str], list[Phrase]] = field(default_factory=dict)
    dimensions: dict[str, list[Dimension]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What could not be used, one sentence each; tests want this empty."""


def load_lexicon() -> Lexicon:
    """Read every phrase file of the package. Raises tomllib.TOMLDecodeError for a file that is no TOML."""
    lexicon = Lexicon()
    for name, table in _tables("frames"):
        for intent, body in table.items():
            _add_frames(lexicon, name, intent, body)
    for _, table in _tables("filters"):
        for key, body in _leaves(table, "phrases"):
            texts = _unique(body["phrases"])
            if key.startswith("verb."):
                lexicon.verbs.setdefault(key.removeprefix("verb."), []).extend(Phrase(text) for text in texts)
            else:
                lexicon.filters.setdefault(key, []).extend(_held_phrases(key, texts, _HELD_PHRASES))
    for _, table in _tables("nouns"):
        for key, body in table.items():
            _add_noun(lexicon, key, body)
    for _, table in _tables("measures"):
        for key, body in _leaves(table, "phrases"):
            _add_measure(lexicon, key, body)
    for _, table in _tables("dims"):
        for key, body in table.items():
            dimension = Dimension(
                body.get("gender", "m"), tuple(body.get("singular", ())), tuple(body.get("plural", ()))
            )
            lexicon.dimensions.setdefault(_bare(key), []).append(dimension)
    _add_refusals(lexicon)
    return lexicon


def parse_pattern(source: str, *, held: bool = False) -> Pattern:
    """Cut a pattern into pieces. Raises ValueError when brackets or slots are wrong."""
    pieces: list[Piece] = []
    inside = False
    consumed = 0
    for match in _PIECE.finditer(source):
        consumed += len(match.group())
        text = match.group()
        if text == "[":
            if inside:
                raise ValueError(f"nested [ in {source!r}")
            inside = True
        elif text == "]":
            if not inside:
                raise ValueError(f"] without [ in {source!r}")
            inside = False
        elif slot := match.group(1):
            if slot not in _SLOTS:
                raise ValueError(f"unknown slot {slot} in {source!r}")
            pieces.append(Piece(slot, True, inside))
        else:
            pieces.append(Piece(text, False, inside))
    if inside or consumed != len(source):
        raise ValueError(f"unbalanced brackets in {source!r}")
    return Pattern(source, tuple(pieces), held)


def _tables(stem: str) -> Iterator[tuple[str, dict[str, Any]]]:
    folder = files("sqlagent_tui.distill").joinpath("phrases")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith(stem) and entry.name.endswith(".toml"):
            yield entry.name, tomllib.loads(entry.read_text("utf-8"))


def _leaves(table: dict[str, Any], mark: str, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for key, body in table.items():
        if isinstance(body, dict):
            if mark in body:
                yield prefix + key, body
            yield from _leaves(body, mark, f"{prefix}{key}.")


def _bare(key: str) -> str:
    return key[:-2] if key.endswith(("_m", "_f")) else key


def _unique(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(text.strip() for text in texts))


def _held_phrases(key: str, texts: list[str], percent: int) -> list[Phrase]:
    few = len(texts) < _FEW
    return [Phrase(text, held=not few and stable_percent(f"{key}|{text}") < percent) for text in texts]


def _add_frames(lexicon: Lexicon, name: str, intent: str, body: dict[str, Any]) -> None:
    if intent not in get_args(Intent):
        lexicon.problems.append(f"{name}: unknown intent {intent}")
        return
    known = {pattern.source for pattern in lexicon.frames.get(intent, ())}
    for source in _unique(body["patterns"]):
        if source in known:
            continue
        try:
            pattern = parse_pattern(source, held=stable_percent(f"{intent}|{source}") < _HELD_FRAMES)
        except ValueError as error:
            lexicon.problems.append(f"{name}, {intent}: {error}")
            continue
        slots = pattern.slots
        missing = [slot for slot in _NEEDED[intent] if slot not in slots]
        if missing or not slots & {"noun", "noun_s", "name"}:
            lexicon.problems.append(f"{name}, {intent}: {source!r} lacks {missing or 'a noun'}")
            continue
        if len(re.findall(r"\{(filters|front)\}", source)) > 1 or len(re.findall(r"\{noun(?:_s)?\}", source)) > 1:
            lexicon.problems.append(f"{name}, {intent}: {source!r} has a slot twice")
            continue
        lexicon.frames.setdefault(intent, []).append(pattern)


def _add_noun(lexicon: Lexicon, key: str, body: dict[str, Any]) -> None:
    table = body.get("entity", _bare(key))
    if table not in ENTITIES:
        lexicon.problems.append(f"nouns: unknown entity {table}")
        return
    noun = Noun(
        table, body["gender"], tuple(_unique(body["plural"])), tuple(_unique(body["singular"])), body.get("where")
    )
    lexicon.nouns.setdefault(table, []).append(noun)


def _add_measure(lexicon: Lexicon, key: str, body: dict[str, Any]) -> None:
    table, column, aggregate = [*key.split("."), "", ""][:3]
    aggregate = _bare(aggregate)
    if table not in ENTITIES or aggregate not in ("sum", "avg", "max", "min", "attr"):
        lexicon.problems.append(f"measures: unknown key {key}")
        return
    phrases = [Phrase(text, body["gender"]) for text in _unique(body["phrases"])]
    lexicon.measures.setdefault((table, column, aggregate), []).extend(phrases)


def _add_refusals(lexicon: Lexicon) -> None:
    decisions: tuple[tuple[str, Literal["clarification", "unanswerable"]], ...] = (
        ("clarifications", "clarification"),
        ("unanswerable", "unanswerable"),
    )
    for stem, decision in decisions:
        for name, table in _tables(stem):
            for kind, body in table.items():
                patterns = []
                for source in _unique(body["questions"]):
                    try:
                        held = stable_percent(f"{kind}|{source}") < _HELD_QUESTIONS
                        patterns.append(parse_pattern(source, held=held))
                    except ValueError as error:
                        lexicon.problems.append(f"{name}, {kind}: {error}")
                things = tuple(_held_phrases(kind, _unique(body.get("things", [])), _HELD_THINGS))
                missing = body.get("missing", kind)
                lexicon.refusals.append(
                    Refusal(kind, decision, tuple(patterns), body["message"], missing, body.get("category", ""), things)
                )
