"""A question and its meaning, made together: pattern, words and filters are drawn, agreed, joined and roughened.

Every part remembers what it stands for, so that the plan can quote the question's own words, slips included.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlagent_tui.distill.conditions import Clause, ClauseMaker, Mode, Picker
from sqlagent_tui.distill.fragments import Entity, Grouping
from sqlagent_tui.distill.inventory import ENTITIES
from sqlagent_tui.distill.lexicon import Dimension, Lexicon, Noun, Pattern, Phrase
from sqlagent_tui.distill.meaning import Draft, meaning
from sqlagent_tui.distill.semantics import Intent, Query
from sqlagent_tui.distill.values import Names, Value, Values
from sqlagent_tui.distill.wording import Part, agree, roughen, spans, tidy

INTENT_WEIGHTS: Final[dict[str, float]] = {
    "count": 15, "count_by": 12, "aggregate": 10, "aggregate_by": 8, "list": 10, "list_attr": 4, "top": 8,
    "bottom": 4.5, "extreme_max": 3.5, "extreme_min": 2.5, "latest": 3, "earliest": 2, "top_dim": 6.5, "which_dim": 4,
    "which_dim_least": 2, "top_dim_measure": 4, "having": 6.5, "having_less": 2.5, "count_distinct": 3, "lookup": 3,
}  # fmt: skip


@dataclass(frozen=True)
class Composed:
    """A question with its meaning. `plan` has one line a span, in the question's order."""

    question: str
    plan: tuple[str, ...]
    query: Query
    intent: Intent
    held_pattern: bool
    held_value: bool


@dataclass(frozen=True)
class Split:
    """A question with a vague word in the place of a filter, and the reply that says the filter."""

    vague: str
    question: list[Part]
    """The vague word has the tag `vague`."""
    reply: list[Part]
    query: Query
    """What both mean together."""
    fragments: dict[str, str]


class Composer:
    """Draws whole SQL questions for one mode."""

    def __init__(self, lexicon: Lexicon, names: Names, rng: random.Random, mode: Mode) -> None:
        self.lexicon = lexicon
        self.rng = rng
        self.mode = mode
        self.picker = Picker(lexicon, rng, mode)
        self.values = Values(names, rng, held=mode == "values", invent=0.4 if mode == "train" else 0.0)
        self.maker = ClauseMaker(self.picker, self.values)

    def compose(self) -> Composed:
        """Draw until a question of the mode comes out."""
        while True:
            intent = self.picker.weighted(INTENT_WEIGHTS)
            composed = self._compose(intent)
            if composed is None:
                continue
            if self.mode == "patterns" and not composed.held_pattern:
                continue
            if self.mode == "values" and not composed.held_value:
                continue
            return composed

    def compose_split(self, vague_for: Callable[[str, random.Random], str | None]) -> Split | None:
        """A question one of whose filters is said vaguely, and then exactly in a reply; None when the draw has none."""
        drawn = self._draw(self.picker.weighted(INTENT_WEIGHTS))
        if drawn is None or "noun" not in drawn.pattern.slots:
            return None
        for tag, clause in drawn.clauses.items():
            vague = vague_for(clause.condition(clause.parts).sql, self.rng) if tag.startswith("f") else None
            if vague is None or (tag == "f0" and "front" in drawn.pattern.slots):
                continue
            words = agree(vague, noun=drawn.noun.gender)
            question: list[Part] = []
            for part in drawn.parts:
                if part.tag != tag:
                    question.append(part)
                elif not any(other.tag == "vague" for other in question):
                    question.append(Part(words, "vague"))
            typed = tidy(roughen(tidy(question), self.rng))
            reply = tidy(roughen(tidy([part for part in drawn.parts if part.tag == tag]), self.rng, question=False))
            query, fragments = meaning(drawn, [*typed, *reply])
            return Split(vague, typed, reply, query, fragments)
        return None

    def pattern(self, patterns: Sequence[Pattern]) -> Pattern | None:
        """One pattern that the mode allows."""
        allowed = [pattern for pattern in patterns if self.mode == "patterns" or not pattern.held]
        if self.mode == "patterns" and self.rng.random() < 0.6:
            allowed = [pattern for pattern in allowed if pattern.held] or allowed
        return self.rng.choice(allowed) if allowed else None

    def entity(self, intent: str) -> Entity | None:
        """An entity for which the intent makes sense."""
        fitting = [entity for entity in ENTITIES.values() if _suits(entity, intent, self.lexicon)]
        return self.rng.choices(fitting, [entity.weight for entity in fitting])[0] if fitting else None

    def _compose(self, intent: str) -> Composed | None:
        drawn = self._draw(intent)
        if drawn is None:
            return None
        question = intent not in ("list", "list_attr") or self.rng.random() < 0.3
        typed = tidy(roughen(drawn.parts, self.rng, question=question))
        query, fragments = meaning(drawn, typed)
        lines = tuple(f"{text}: {fragments[tag]}" for tag, text in spans(typed).items() if fragments.get(tag))
        return Composed(
            question="".join(part.text for part in typed),
            plan=lines,
            query=query,
            intent=query.intent,
            held_pattern=drawn.pattern.held or any(clause.held_phrase for clause in drawn.clauses.values()),
            held_value=any(clause.held_value for clause in drawn.clauses.values()),
        )

    def _draw(self, intent: str) -> Draft | None:
        rng = self.rng
        pattern = self.pattern(self.lexicon.frames.get(intent, ()))
        entity = self.entity(intent)
        if pattern is None or entity is None:
            return None
        if intent == "lookup":
            noun = next(noun for noun in self.lexicon.nouns["imovel_rural"] if noun.where is None)
        else:
            noun = rng.choices(
                self.lexicon.nouns[entity.table], [1 if n.where else 2.5 for n in self.lexicon.nouns[entity.table]]
            )[0]
        clauses = self._clauses(pattern, entity, noun)
        if clauses is None:
            return None
        if intent == "lookup":
            clauses["name"] = self.maker.estate("name")
        measure = self._measure(intent, entity)
        grouping = (
            self._grouping(intent, entity, noun, list(clauses.values())) if pattern.slots & {"dim", "dim_p"} else None
        )
        if ("attr" in pattern.slots or "measure" in pattern.slots) and measure is None:
            return None
        dimension = None
        if pattern.slots & {"dim", "dim_p"}:
            if grouping is None:
                return None
            choices = [
                d
                for d in self.lexicon.dimensions.get(grouping.key, ())
                if (d.plural if "dim_p" in pattern.slots else d.singular)
            ]
            dimension = rng.choice(choices) if choices else None
            if dimension is None:
                return None
        number = (
            self.values.threshold() if "k" in pattern.slots else self.values.small() if "n" in pattern.slots else None
        )
        parts = self._fill(pattern, noun, clauses, measure[2] if measure else None, dimension, number)
        genders = {
            "noun": noun.gender,
            "measure": measure[2].gender if measure else "m",
            "dim": dimension.gender if dimension else "m",
        }
        parts = tidy([replace(part, text=agree(part.text, **genders)) for part in parts])
        return Draft(intent, pattern, entity, noun, clauses, measure, grouping, number, parts)

    def _clauses(self, pattern: Pattern, entity: Entity, noun: Noun) -> dict[str, Clause] | None:
        rng = self.rng
        clauses: dict[str, Clause] = {}
        families = {noun.where.split(" ")[0]} if noun.where else set()
        singular = "noun" not in pattern.slots
        if "front" in pattern.slots:
            for _ in range(8):
                clause = self.maker.draw(entity, "f0", front=True)
                if clause:
                    clauses["f0"] = clause
                    return clauses
            return None
        if "filters" not in pattern.slots:
            return clauses
        wanted = rng.choices((0, 1, 2, 3), (24, 46, 24, 6))[0]
        if self.mode == "values":
            wanted = max(wanted, 1)
        for _ in range(wanted * 4):
            if len(clauses) == wanted:
                break
            tag = f"f{len(clauses)}"
            clause = self.maker.draw(entity, tag, singular=singular)
            if clause and clause.family not in families:
                families.add(clause.family)
                clauses[tag] = clause
        return clauses

    def _measure(self, intent: str, entity: Entity) -> tuple[str, str, Phrase] | None:
        """(column's name, aggregate or attr, phrase)."""
        ranked = intent in ("top", "bottom", "extreme_max", "extreme_min")
        table = entity.table
        options: list[tuple[str, str]] = []
        for name, column, aggregate in self.lexicon.measures:
            if name != table:
                continue
            if intent in ("aggregate", "aggregate_by", "top_dim_measure"):
                fits = aggregate != "attr" and (intent != "top_dim_measure" or aggregate in ("sum", "avg"))
            elif ranked:
                fits = aggregate == "attr" and column in entity.numbers
            else:
                fits = aggregate == "attr"
            if fits:
                options.append((column, aggregate))
        if not options:
            return None
        column, aggregate = self.rng.choice(options)
        return column, aggregate, self.rng.choice(self.lexicon.measures[(table, column, aggregate)])

    def _grouping(self, intent: str, entity: Entity, noun: Noun, clauses: Sequence[Clause]) -> Grouping | None:
        families = {clause.family for clause in clauses} | ({noun.where.split(" ")[0]} if noun.where else set())
        options = []
        for grouping in entity.groupings:
            if (
                grouping.key in ("estado", "regiao", "municipio")
                and "place" in families
                and not self._finer(grouping, clauses)
            ):
                continue
            if (
                grouping.key in ("estado", "regiao", "municipio", "bioma", "tipo_imovel", "situacao_imovel")
                and "imovel" in families
            ):
                continue
            if grouping.key == "imovel" and "imovel" in families:
                continue
            if grouping.key == "bioma" and families & {"bioma"}:
                continue
            if (
                grouping.key in ("ano", "mes")
                and f"date:{entity.date}" in families
                and (grouping.key == "mes" or self.rng.random() < 0.8)
            ):
                continue
            if (
                grouping.sql in families
                or grouping.key in families
                or (grouping.key in ("orgao", "esfera") and families & {"orgao", "o.esfera"})
            ):
                continue
            if grouping.key == "proprietario" and "owner" in families:
                continue
            options.append(grouping)
        if not options:
            return None
        heavy = {"estado": 3.0, "municipio": 3.0, "bioma": 1.6, "regiao": 1.4, "ano": 1.6, "mes": 0.4}
        return self.rng.choices(options, [heavy.get(grouping.key, 1.0) for grouping in options])[0]

    def _finer(self, grouping: Grouping, clauses: Sequence[Clause]) -> bool:
        """Whether grouping by a place still says something inside of the place filter."""
        place = next(clause for clause in clauses if clause.family == "place")
        sql = place.condition(place.parts).sql
        if "e.regiao" in sql:
            return grouping.key in ("estado", "municipio")
        return "m.nome" not in sql and grouping.key == "municipio"

    def _fill(
        self,
        pattern: Pattern,
        noun: Noun,
        clauses: dict[str, Clause],
        phrase: Phrase | None,
        dimension: Dimension | None,
        number: Value | None,
    ) -> list[Part]:
        rng = self.rng
        words: dict[str, tuple[Part, ...]] = {
            "noun": (Part(rng.choice(noun.plural), "noun"),),
            "noun_s": (Part(rng.choice(noun.singular), "noun"),),
            "front": clauses["f0"].parts if "f0" in clauses else (),
            "filters": joined([clause.parts for clause in clauses.values()], rng),
        }
        if phrase:
            words["attr"] = words["measure"] = (Part(phrase.text, "measure"),)
        if dimension:
            words["dim"] = (Part(rng.choice(dimension.singular or ("",)), "dim"),)
            words["dim_p"] = (Part(rng.choice(dimension.plural or ("",)), "dim"),)
        if "name" in clauses:
            words["name"] = clauses["name"].parts
        parts: list[Part] = []
        for piece in pattern.pieces:
            if not piece.slot:
                parts.append(Part(piece.text, "key" if piece.key else None))
            elif piece.text in ("n", "k"):
                parts.append(Part(number.text if number else "", "key" if piece.key else "number"))
            else:
                if piece.text == "name":
                    parts = articled(parts, clauses["name"].gender)
                parts.extend(words[piece.text])
        return parts


_ARTICLE: Final = re.compile(r"\b([dn]?)a $")


def articled(parts: Sequence[Part], gender: str) -> list[Part]:
    """The parts so far, their last `da`, `na` or `a` agreeing with a name of `gender` that follows."""
    result = list(parts)
    match = _ARTICLE.search(result[-1].text) if result else None
    if match and gender != "a":
        bare = {"d": "de ", "n": "em ", "": ""}[match.group(1)]
        text = f"{match.group(1)}o " if gender == "o" else bare
        result[-1] = replace(result[-1], text=result[-1].text[: match.start()] + text)
    return result


def joined(phrases: Sequence[tuple[Part, ...]], rng: random.Random) -> tuple[Part, ...]:
    """Filters one after another, sometimes with a comma or `e`; adjectives come first more often than not."""
    ordered = list(phrases)
    rng.shuffle(ordered)
    if rng.random() < 0.6:
        ordered.sort(key=lambda parts: len(parts) > 1)
    parts: list[Part] = []
    for n, phrase in enumerate(ordered):
        if n:
            last = n == len(ordered) - 1
            parts.append(Part(rng.choices((" ", " e ", ", "), (70, 22 if last else 4, 12))[0]))
        parts.extend(phrase)
    return tuple(parts)


def _suits(entity: Entity, intent: str, lexicon: Lexicon) -> bool:
    aggregates = {aggregate for table, _, aggregate in lexicon.measures if table == entity.table}
    if intent == "lookup":
        return entity.table == "imovel_rural"
    if intent in ("aggregate", "aggregate_by", "top_dim_measure"):
        return bool(aggregates - {"attr"}) and bool(entity.groupings)
    if intent in ("top", "bottom", "extreme_max", "extreme_min"):
        return bool(entity.numbers)
    if intent == "list_attr":
        return "attr" in aggregates
    if intent in ("latest", "earliest"):
        return bool(entity.date)
    if intent in ("count", "list"):
        return True
    return bool(entity.groupings)
