"""The columns of a result as values that can be compared: made from the server's text and type, never from a float.

| kind | of types | equal |
|---|---|---|
| number | smallint … numeric, real, double precision, money, oid | by value, within a tolerance |
| boolean, time, text | boolean; time …; text, enums, uuid and whatever isn't named here | by text |
| date, timestamp, instant | date; timestamp; timestamp with time zone | by day, by time, by moment in UTC |
| interval | interval | by length, as the server's `=` has it |
| json | json, jsonb | by value, keys without order |
| array | any array | element by element, without tolerance |
| geometry | PostGIS's geometry and geography | by SRID, kind and coordinates, without tolerance |
| blank | a column that holds nothing but NULL | with a blank column of any type |

Columns of different kinds hold different values, except that in a relaxed comparison a midnight is its date, whether it
has a zone or not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property
from typing import Final, Literal, NamedTuple

import msgspec

from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench import literals
from sqlagent_tui.bench.geometry import geometry

Kind = Literal[
    "number",
    "boolean",
    "text",
    "time",
    "date",
    "timestamp",
    "instant",
    "interval",
    "json",
    "array",
    "geometry",
    "blank",
]

_INTEGERS: Final = frozenset({"smallint", "integer", "bigint", "oid"})
_KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(_INTEGERS, "number"),
    "numeric": "number",
    "real": "number",
    "double precision": "number",
    "money": "number",
    "boolean": "boolean",
    "time without time zone": "time",
    "time with time zone": "time",
    "date": "date",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "instant",
    "interval": "interval",
    "json": "json",
    "jsonb": "json",
    "geometry": "geometry",
    "geography": "geometry",
}
_MODIFIER = re.compile(r"\([^()]*\)")
_INTERVAL_FIELDS = re.compile(r"^interval .*")
_SCHEMA = re.compile(r'^(?:"(?:[^"]|"")*"|[^".]+)\.(?=geo(?:metry|graphy)$)')
_BLANK_PADDED = re.compile(r"character(?:\(\d+\))?|bpchar")
_EXACTLY = Context(prec=40, traps=[])
"""For differences only: a value itself is never rounded."""


class Tolerance(msgspec.Struct, frozen=True):
    """How far two numbers may lie apart: the larger of both bounds counts."""

    relative: Decimal
    absolute: Decimal

    def close(self, one: Decimal, other: Decimal) -> bool:
        """Whether two finite numbers count as the same."""
        if one == other:
            return True
        bound = max(self.absolute, _EXACTLY.multiply(self.relative, max(abs(one), abs(other))))
        return abs(_EXACTLY.subtract(one, other)) <= bound


EXACT: Final = Tolerance(Decimal(0), Decimal(0))
STRICT: Final = Tolerance(Decimal("1e-9"), Decimal(0))
RELAXED: Final = Tolerance(Decimal("1e-4"), Decimal("1e-2"))


@dataclass(frozen=True)
class Values:
    """One column: its kind and a hashable value per row, None for NULL."""

    kind: Kind
    items: tuple[Hashable, ...]
    """Of numbers: finite Decimals, or the word for what isn't finite. Else what is equal as the kind has it."""
    whole: bool = False
    """Numbers all written without a fraction, of a type that doesn't round: compared without tolerance, for a key or a
    count that is off by one is another one."""

    @cached_property
    def counts(self) -> dict[Hashable, int]:
        """How often each value occurs; a plain dictionary, which compares faster than a Counter."""
        return dict(Counter(self.items))

    @cached_property
    def numbers(self) -> list[Decimal]:
        """The finite numbers in order of size."""
        return sorted(item for item in self.items if isinstance(item, Decimal))

    @cached_property
    def others(self) -> dict[Hashable, int]:
        """How often each value that is no finite number occurs."""
        return dict(Counter(item for item in self.items if not isinstance(item, Decimal)))

    def as_days(self) -> Values:
        """Return dates and times with every midnight made its date."""
        if self.kind == "date":
            return self
        return Values("date", tuple(item and _day(item) for item in self.items))


class Moment(NamedTuple):
    """A timestamp: what it is equal by, and the server's text, which says whether it is a midnight there."""

    key: Hashable
    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moment) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def columns(result: QueryResult) -> list[Values]:
    """Return a result column by column."""
    texts = list(zip(*result.rows, strict=True)) if result.rows else [()] * len(result.columns)
    return [values(column.type, text) for column, text in zip(result.columns, texts, strict=True)]


def values(type_: str, texts: Sequence[str | None]) -> Values:
    """Return the values of a column whose type `format_type` prints as `type_`."""
    if all(text is None for text in texts):
        return Values("blank", (None,) * len(texts))
    name = base_type(type_)
    items = tuple(None if text is None else _value(name, text) for text in texts)
    whole = name in _INTEGERS or (name == "numeric" and all(text is None or _is_whole(text) for text in texts))
    return Values(kind_of(name), items, whole)


def base_type(type_: str) -> str:
    """Return a type's name without length, precision and the fields of an interval; PostGIS's also without schema."""
    name = _INTERVAL_FIELDS.sub("interval", type_)
    if name.endswith("[]") or _BLANK_PADDED.fullmatch(name):
        return name
    return _SCHEMA.sub("", " ".join(_MODIFIER.sub("", name).split()))


def kind_of(base: str) -> Kind:
    """Return the kind of a type's `base_type`."""
    return "array" if base.endswith("[]") else _KINDS.get(base, "text")


def _value(base: str, text: str) -> Hashable:
    """What a value is equal by. A text that can't be read as its type has it is equal to that same text only."""
    kind = kind_of(base)
    value: Hashable | None
    if kind == "number":
        value = literals.money(text) if base == "money" else literals.number(text)
    elif kind == "interval":
        value = literals.interval(text)
    elif kind == "json":
        value = literals.json_value(text)
    elif kind == "geometry":
        value = geometry(text)
    elif kind == "array":
        element = base_type(base.removesuffix("[]"))
        delimiter = ":" if kind_of(element) == "geometry" else ","
        value = literals.array(text, lambda word: (kind_of(element), _value(element, word)), delimiter)
    elif kind in ("timestamp", "instant"):
        value = Moment((literals.instant(text) if kind == "instant" else None) or text, text)
    else:
        value = text.rstrip(" ") if _BLANK_PADDED.fullmatch(base) else text
    return ("unread", text) if value is None else value


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _day(item: Hashable) -> Hashable:
    return (literals.day(item.text) or item) if isinstance(item, Moment) else item
