"""Filters in words and in SQL: each one drawn with its phrase, its parts and its condition."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlagent_tui.distill.fragments import Entity, Filter, Unit
from sqlagent_tui.distill.lexicon import Lexicon, Phrase
from sqlagent_tui.distill.semantics import Condition
from sqlagent_tui.distill.values import FIRST_YEAR, LAST_YEAR, MONTHS, Value, Values
from sqlagent_tui.distill.wording import Part, slot_text

Mode = Literal["train", "values", "patterns"]
_SLOT: Final = re.compile(r"\{([a-z_]+)\}")
_INVARIANT: Final = re.compile(
    r"(em|no|na|nos|nas|de|do|da|dos|das|com|sem|desde|entre|após|antes|até|acima|abaixo|por|pelo|pela|durante|a partir"
    r"|depois|contra|para|fora|dentro|ao)\b|\{(em|de|por)_v\}"
)
FRONT: Final = re.compile(
    r"(em|no|na|nos|nas|desde|entre|após|antes de|até|durante|a partir|depois|dentro|fora|\{em_v\})(\b|$)|\{em_v\}"
)
_CONTRACTIONS: Final = {
    "em": {"o": "no ", "a": "na ", "": "em "},
    "de": {"o": "do ", "a": "da ", "": "de "},
    "por": {"o": "pelo ", "a": "pela ", "": "por "},
}
_DATE_WEIGHTS: Final = {
    "year": 30, "since": 9, "after": 8, "before": 8, "until": 6, "between": 10, "month": 9, "semester1": 3,
    "semester2": 3, "day_since": 4, "day_before": 3, "last_years": 3, "last_months": 2, "this_year": 1.5,
    "last_year": 1.5,
}  # fmt: skip
_VEGETATION_DATES: Final = ("year", "since", "after", "before", "until", "between")
_NUMBER_WEIGHTS: Final = {"gt": 34, "ge": 16, "lt": 22, "le": 12, "between": 16}
_SIGNS: Final = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@dataclass(frozen=True)
class Clause:
    """One filter of a question before typing: its words, and how to make its condition from the words as typed."""

    family: str
    parts: tuple[Part, ...]
    condition: Callable[[Sequence[Part]], Condition]
    held_phrase: bool
    held_value: bool
    gender: str = ""
    """Of a name that stands alone: `o`, `a` or empty."""


class Picker:
    """Chooses phrases by mode: training and `values` never see a held-out one, `patterns` prefers them."""

    def __init__(self, lexicon: Lexicon, rng: random.Random, mode: Mode) -> None:
        self.lexicon = lexicon
        self.rng = rng
        self.mode = mode

    def phrase(self, phrases: Sequence[Phrase]) -> Phrase | None:
        """One phrase; None when none fits."""
        allowed = [phrase for phrase in phrases if self.mode == "patterns" or not phrase.held]
        if self.mode == "patterns" and self.rng.random() < 0.5:
            allowed = [phrase for phrase in allowed if phrase.held] or allowed
        return self.rng.choice(allowed) if allowed else None

    def weighted(self, weights: dict[str, float]) -> str:
        """One key by weight."""
        return self.rng.choices(list(weights), list(weights.values()))[0]


class ClauseMaker:
    """Draws clauses for an entity."""

    def __init__(self, picker: Picker, values: Values) -> None:
        self._picker = picker
        self._values = values
        self._rng = picker.rng
        self._lexicon = picker.lexicon

    def draw(self, entity: Entity, tag: str, *, front: bool = False, singular: bool = False) -> Clause | None:
        """A random clause; `front`: one that can open a sentence; `singular`: one that agrees with any number."""
        rng = self._rng
        fits = FRONT.match if front else _INVARIANT.match if singular else None
        kinds: dict[str, float] = {}
        places = [item for item in entity.filters if item.family in ("place", "bioma", "amazonia")]
        others = [item for item in entity.filters if item.family not in ("place", "bioma", "amazonia")]
        if places:
            kinds["place"] = 40
        if entity.date or entity.dates:
            kinds["date"] = 26
        if entity.numbers and not front:
            kinds["number"] = 13
        if others and not front:
            kinds["other"] = 30
        if not kinds:
            return None
        kind = self._picker.weighted(kinds)
        if kind == "date":
            return self._date(entity, tag, fits)
        if kind == "number":
            return self._number(entity, tag, singular=singular)
        if kind == "place":
            weights = [
                3.0 if item.key == "place.municipio" else 2.0 if item.key == "place.estado" else 1.0 for item in places
            ]
            return self.named(rng.choices(places, weights)[0], tag, fits)
        # By family first: an enum's many labels would drown out the one filter by agency.
        family = rng.choice(sorted({item.family for item in others}))
        return self.named(rng.choice([item for item in others if item.family == family]), tag, fits)

    def named(self, item: Filter, tag: str, fits: Callable[[str], object] | None = None) -> Clause | None:
        """The clause of one known filter."""
        phrase = self._picker.phrase([p for p in self._lexicon.filters.get(item.key, ()) if not fits or fits(p.text)])
        if phrase is None:
            return None
        drawn = self._values.draw(item.value) if item.value != "none" else ()
        slots = dict(zip(("a", "b") if len(drawn) == 2 else ("v",), drawn, strict=False))
        parts = self._fill(phrase.text, tag, slots)

        def condition(typed: Sequence[Part]) -> Condition:
            sql = item.sql
            for slot, value in slots.items():
                text = value.sql if value.sql is not None else slot_text(typed, f"{tag}.{slot}").replace("'", "''")
                sql = sql.replace("{" + slot + "}", text)
            return Condition(sql, item.outer, item.tables)

        return Clause(item.family, parts, condition, phrase.held, any(value.held for value in drawn))

    def estate(self, tag: str) -> Clause:
        """The name of a property, as a slot of its own."""
        value = self._values.estate()
        parts = (Part(value.text, tag, f"{tag}.v"),)

        def condition(typed: Sequence[Part]) -> Condition:
            text = slot_text(typed, f"{tag}.v").replace("'", "''")
            return Condition(f"sem_acento(i.nome) = sem_acento('{text}')")

        return Clause("imovel", parts, condition, False, value.held, value.gender)

    def bare_place(self, tag: str) -> Clause:
        """A municipality's name without a preposition."""
        (value,) = self._values.draw("municipio")

        def condition(typed: Sequence[Part]) -> Condition:
            text = slot_text(typed, f"{tag}.v").replace("'", "''")
            return Condition(f"sem_acento(m.nome) = sem_acento('{text}')")

        return Clause("place", (Part(value.text, tag, f"{tag}.v"),), condition, False, value.held)

    def _fill(self, text: str, tag: str, slots: dict[str, Value]) -> tuple[Part, ...]:
        parts: list[Part] = []
        position = 0
        for match in _SLOT.finditer(text):
            parts.append(Part(text[position : match.start()], tag))
            position = match.end()
            name = match.group(1)
            slot = name.removeprefix("em_").removeprefix("de_").removeprefix("por_")
            value = slots[slot]
            if name != slot:
                parts.append(Part(_CONTRACTIONS[name.removesuffix("_" + slot)][value.gender], tag))
            parts.append(Part(value.text, tag, f"{tag}.{slot}"))
        parts.append(Part(text[position:], tag))
        return tuple(part for part in parts if part.text)

    def _date(self, entity: Entity, tag: str, fits: Callable[[str], object] | None) -> Clause | None:
        rng = self._rng
        column = (
            entity.date
            if entity.date and (not entity.dates or rng.random() < 0.75)
            else rng.choice(entity.dates or (entity.date or "",))
        )
        main = column == entity.date
        weights = dict(_DATE_WEIGHTS)
        if column == "ano_referencia":
            weights = {key: weights[key] for key in _VEGETATION_DATES}
        kind = self._picker.weighted(weights)
        phrases = [
            phrase
            for phrase in self._lexicon.filters.get(f"date.{kind}", ())
            if (main or "{verb}" in phrase.text) and (not fits or fits(phrase.text))
        ]
        phrase = self._picker.phrase(phrases)
        if phrase is None:
            return None
        text = phrase.text
        if "{verb}" in text:
            verb = self._picker.phrase(self._lexicon.verbs.get(f"{entity.table}.{column}", ()))
            if verb is None or (fits and not fits(verb.text)):
                return None
            text = text.replace("{verb}", verb.text)
        column_sql = f"{entity.alias}.{column}"
        slots, sql, held = self._dated(kind, column_sql, "years" if column == "ano_referencia" else "dates")
        condition = Condition(sql)
        return Clause(f"date:{column}", self._fill(text, tag, slots), lambda _: condition, phrase.held, held)

    def _dated(self, kind: str, column: str, form: str) -> tuple[dict[str, Value], str, bool]:
        rng, values = self._rng, self._values
        year = min(values.year(), LAST_YEAR - 1) if kind in ("after", "since") else values.year()
        slots = {"v": Value(str(year))}
        if form == "years":
            if kind == "between":
                a, b = self._years()
                return {"a": Value(str(a)), "b": Value(str(b))}, f"{column} BETWEEN {a} AND {b}", False
            sign = {"year": "=", "since": ">=", "after": ">", "before": "<", "until": "<="}[kind]
            return slots, f"{column} {sign} {year}", False
        if kind == "year":
            return slots, _range(column, f"{year}-01-01", f"{year + 1}-01-01"), False
        if kind == "since":
            return slots, f"{column} >= '{year}-01-01'", False
        if kind == "after":
            return slots, f"{column} >= '{year + 1}-01-01'", False
        if kind == "before":
            return slots, f"{column} < '{year}-01-01'", False
        if kind == "until":
            return slots, f"{column} < '{year + 1}-01-01'", False
        if kind == "between":
            a, b = self._years()
            return {"a": Value(str(a)), "b": Value(str(b))}, _range(column, f"{a}-01-01", f"{b + 1}-01-01"), False
        if kind == "month":
            year, month = self._month()
            text = (
                f"{MONTHS[month - 1]} de {year}"
                if rng.random() < 0.7
                else rng.choice((f"{month:02d}/{year}", f"{MONTHS[month - 1]}/{year}"))
            )
            end = f"{year + month // 12}-{month % 12 + 1:02d}-01"
            return {"v": Value(text)}, _range(column, f"{year}-{month:02d}-01", end), True
        if kind == "semester1":
            return slots, _range(column, f"{year}-01-01", f"{year}-07-01"), False
        if kind == "semester2":
            return slots, _range(column, f"{year}-07-01", f"{year + 1}-01-01"), False
        if kind in ("day_since", "day_before"):
            year, month = self._month()
            day = rng.randint(1, 28)
            text = rng.choice(
                (
                    f"{day:02d}/{month:02d}/{year}",
                    f"{day:02d}/{month:02d}/{year}",
                    f"{day} de {MONTHS[month - 1]} de {year}",
                )
            )
            return (
                {"v": Value(text)},
                f"{column} {'>=' if kind == 'day_since' else '<'} '{year}-{month:02d}-{day:02d}'",
                True,
            )
        if kind in ("last_years", "last_months"):
            n = rng.randint(2, 10) if kind == "last_years" else rng.choice((2, 3, 4, 6, 8, 9, 10, 12, 18, 24))
            unit = "years" if kind == "last_years" else "months"
            return {"v": self._spelled(n)}, f"{column} >= current_date - interval '{n} {unit}'", False
        if kind == "this_year":
            return {}, f"{column} >= date_trunc('year', current_date)", False
        start = "date_trunc('year', current_date)"
        return {}, f"{column} >= {start} - interval '1 year' AND {column} < {start}", False

    def _spelled(self, n: int) -> Value:
        words = {2: "dois", 3: "três", 5: "cinco", 6: "seis", 10: "dez"}
        return Value(words[n] if n in words and self._rng.random() < 0.3 else str(n))

    def _years(self) -> tuple[int, int]:
        while True:
            a, b = sorted((self._rng.randint(FIRST_YEAR, LAST_YEAR), self._rng.randint(FIRST_YEAR, LAST_YEAR)))
            if a < b and self._values.held_pair(f"{a}-{b}"):
                return a, b

    def _month(self) -> tuple[int, int]:
        while True:
            year, month = self._values.year(), self._rng.randint(1, 12)
            if self._values.held_pair(f"{year}/{month}"):
                return year, month

    def _number(self, entity: Entity, tag: str, *, singular: bool) -> Clause | None:
        rng = self._rng
        column = rng.choice(list(entity.numbers))
        unit = entity.numbers[column]
        first = next(name for name, other in entity.numbers.items() if other == unit) == column
        kind = self._picker.weighted(dict(_NUMBER_WEIGHTS))
        phrase = self._picker.phrase(
            [
                p
                for p in self._lexicon.filters.get(f"num.{kind}", ())
                if ("{attr}" in p.text or (first and ("{u}" in p.text or "{b}" in p.text)))
                and (not singular or _INVARIANT.match(p.text))
                and not (p.text.startswith("mai") and unit in ("modulos", "percent"))
                and not (p.text.startswith("men") and unit in ("modulos", "percent"))
            ]
        )
        attribute = self._picker.phrase(self._lexicon.measures.get((entity.table, column, "attr"), ()))
        if phrase is None or attribute is None:
            return None
        has_attribute = "{attr}" in phrase.text
        text = phrase.text.replace("{attr}", attribute.text)
        bare = has_attribute and rng.random() < 0.35
        return self.compared(entity, column, unit, kind, text, tag, bare=bare, held=phrase.held)

    def compared(
        self, entity: Entity, column: str, unit: Unit, kind: str, text: str, tag: str, *, bare: bool, held: bool
    ) -> Clause:
        """A comparison of a numeric column, worded by `text`."""
        name = f"{entity.alias}.{column}"
        if kind == "between":
            a, b = self._values.bounds(unit, bare=bare)
            sql = f"{name} BETWEEN {a.sql} AND {b.sql}"
            slots = {"a": a, "b": b}
        else:
            value = self._values.number(unit, bare=bare)
            sql = f"{name} {_SIGNS[kind]} {value.sql}"
            slots = {"v": value, "u": value}
        condition = Condition(sql)
        return Clause(name, self._fill(text, tag, slots), lambda _: condition, held, True)


def _range(column: str, start: str, end: str) -> str:
    return f"{column} >= '{start}' AND {column} < '{end}'"
