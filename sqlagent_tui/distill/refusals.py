"""Questions that must not end in SQL: what they lack, or what the registry does not hold, marked in their own words."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Final

from sqlagent_tui.distill.composition import Composer, articled, joined
from sqlagent_tui.distill.conditions import FRONT, Clause
from sqlagent_tui.distill.fragments import Entity
from sqlagent_tui.distill.inventory import ENTITIES, PLACES
from sqlagent_tui.distill.lexicon import Pattern, Phrase, Refusal
from sqlagent_tui.distill.wording import Part, agree, roughen, spans, tidy

NOT_HELD: Final = "não existe no banco"


@dataclass(frozen=True)
class Refused:
    """A question that ends in a clarification or as unanswerable, with the sentence that says why."""

    question: str
    plan: tuple[str, ...]
    decision: str
    message: str
    kind: str
    held_pattern: bool


class RefusalComposer:
    """Draws questions of the kinds in clarifications.toml and unanswerable.toml."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self._rng: random.Random = composer.rng
        self._kinds = {
            decision: [
                refusal for refusal in composer.lexicon.refusals if refusal.decision == decision and refusal.patterns
            ]
            for decision in ("clarification", "unanswerable")
        }

    def compose(self, decision: str) -> Refused:
        """Draw until a question of the composer's mode comes out."""
        while True:
            refusal = self._rng.choice(self._kinds[decision])
            refused = self._compose(refusal)
            if refused and (self._composer.mode != "patterns" or refused.held_pattern):
                return refused

    def _compose(self, refusal: Refusal) -> Refused | None:
        rng, composer = self._rng, self._composer
        pattern = composer.pattern(refusal.patterns)
        if pattern is None:
            return None
        slots = pattern.slots
        thing = composer.picker.phrase(refusal.things) if "thing" in slots else None
        if "thing" in slots and thing is None:
            return None
        entity = rng.choices(list(ENTITIES.values()), [entity.weight for entity in ENTITIES.values()])[0]
        noun = rng.choice(composer.lexicon.nouns[entity.table])
        clauses = self._clauses(pattern, entity, noun.where)
        groupings = [grouping for grouping in entity.groupings if composer.lexicon.dimensions.get(grouping.key)]
        words: dict[str, tuple[Part, ...]] = {
            "noun": (Part(rng.choice(noun.plural), "noun"),),
            "noun_s": (Part(rng.choice(noun.singular), "noun"),),
            "filters": joined([clause.parts for tag, clause in clauses.items() if tag.startswith("f")], rng),
            "front": clauses["place"].parts if "place" in clauses else (),
            "place": clauses["place"].parts if "place" in clauses else (),
            "name": clauses["name"].parts if "name" in clauses else (),
            "thing": (Part(thing.text, "key"),) if thing else (),
            "n": (Part(composer.values.small().text),),
            "k": (Part(composer.values.threshold().text),),
        }
        fragments = {
            "noun": f"{entity.table} {entity.alias}" + (f", {noun.where}" if noun.where else ""),
            "key": NOT_HELD if refusal.decision == "unanswerable" else f"falta {refusal.missing.replace('_', ' ')}",
        }
        dim_gender = "m"
        if slots & {"dim", "dim_p"}:
            if not groupings:
                return None
            grouping = rng.choice(groupings)
            dimension = rng.choice(composer.lexicon.dimensions[grouping.key])
            if not dimension.singular or not dimension.plural:
                return None
            number = dimension.plural if "dim_p" in slots or _plural_dim(pattern.source) else dimension.singular
            words["dim"] = words["dim_p"] = (Part(rng.choice(number), "dim"),)
            fragments["dim"] = grouping.fragment
            dim_gender = dimension.gender
        if slots - set(words):
            return None
        parts: list[Part] = []
        for piece in pattern.pieces:
            if not piece.slot:
                parts.append(Part(piece.text, "key" if piece.key else None))
            elif piece.key and piece.text not in ("thing",):
                parts.extend(replace(part, tag="key") for part in words[piece.text])
            else:
                if piece.text == "name":
                    parts = articled(parts, clauses["name"].gender)
                parts.extend(words[piece.text])
        parts = tidy([replace(part, text=agree(part.text, noun=noun.gender, dim=dim_gender)) for part in parts])
        typed = tidy(roughen(parts, rng))
        fragments |= {tag: clause.condition(typed).sql for tag, clause in clauses.items()}
        found = spans(typed)
        return Refused(
            question="".join(part.text for part in typed),
            plan=tuple(f"{text}: {fragments[tag]}" for tag, text in found.items() if tag in fragments),
            decision=refusal.decision,
            message=_message(refusal, found, thing),
            kind=refusal.kind,
            held_pattern=pattern.held
            or bool(thing and thing.held)
            or any(clause.held_phrase for clause in clauses.values()),
        )

    def _clauses(self, pattern: Pattern, entity: Entity, where: str | None) -> dict[str, Clause]:
        rng, maker = self._rng, self._composer.maker
        clauses: dict[str, Clause] = {}
        if "filters" in pattern.slots:
            named = bool(pattern.slots & {"noun", "noun_s"})
            wanted = rng.choices((0, 1, 2), (40, 48, 12))[0]
            families = {where.split(" ")[0]} if where else set()
            for _ in range(wanted * 3):
                tag = f"f{len(clauses)}"
                if named:
                    clause = maker.draw(entity, tag, front=rng.random() < 0.5, singular="noun" not in pattern.slots)
                else:  # what the question is about stands in the pattern itself: only places fit everything
                    clause = maker.named(rng.choice(PLACES), tag, FRONT.match)
                if clause and clause.family not in families and len(clauses) < wanted:
                    families.add(clause.family)
                    clauses[tag] = clause
        if pattern.slots & {"place", "front"}:
            clauses["place"] = maker.bare_place("place")
        if "name" in pattern.slots:
            clauses["name"] = maker.estate("name")
        return clauses


def _plural_dim(source: str) -> bool:
    return any(
        f"{word} {{dim}}" in source
        for word in ("quantos", "quantas", "quais", "quant|os/as|", "dos", "das", "os", "as")
    )


def _message(refusal: Refusal, found: dict[str, str], thing: Phrase | None) -> str:
    slots = {
        "{span}": found.get("key", ""),
        "{noun}": found.get("noun", "registros"),
        "{thing}": thing.text if thing else "",
    }
    message = refusal.message
    for slot, text in slots.items():
        message = message.replace(slot, text)
    return message
