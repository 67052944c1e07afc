"""Reading the server's text of a value: a number, money, an interval, an instant, an array, JSON.

Every function returns a hashable value that is equal exactly where the values are; None where the text isn't of the
form that the server writes with its usual settings (DateStyle ISO, IntervalStyle postgres), or was cut.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Hashable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_SPECIAL: Final = {"NaN": "NaN", "Infinity": "Infinity", "-Infinity": "-Infinity"}
_FRACTION = re.compile(r"[.,](\d\d)\D*$")
_INTERVAL = re.compile(
    r"(?:(?P<years>[+-]?\d+) years? ?)?(?:(?P<months>[+-]?\d+) mons? ?)?(?:(?P<days>[+-]?\d+) days? ?)?"
    r"(?:(?P<sign>[+-]?)(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d(?:\.\d+)?))?"
)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d(?::\d\d(?::\d\d)?)?)")
_MIDNIGHT = re.compile(r"(\d{4,}-\d\d-\d\d) 00:00:00(?:[+-]\d\d(?::\d\d){0,2})?( BC)?")
_DAYS_OF_A_MONTH: Final = 30
_HOURS_OF_A_DAY: Final = 24
_DEEPEST: Final = 200
"""Levels of nesting of an array or a JSON value that are read."""


def number(text: str) -> Decimal | str | None:
    """Read a number; what isn't finite stays a word, so that NaN equals NaN."""
    if special := _SPECIAL.get(text):
        return special
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def money(text: str) -> Decimal | None:
    """Read an amount in any lc_monetary: `$1,234.50`, `-R$ 1.234,50`, `(1 234,50)`. Its decimals are two, or none."""
    digits = re.sub(r"\D", "", text)
    if not digits:
        return None
    value = Decimal(digits).scaleb(-2 if _FRACTION.search(text) else 0)
    return -value if "-" in text or text.startswith("(") else value


def interval(text: str) -> Decimal | str | None:
    """Return an interval's length in seconds as the server's own `=` counts it: a month 30 days, a day 24 hours."""
    if text in ("infinity", "-infinity"):
        return text
    match = _INTERVAL.fullmatch(text)
    if match is None or not text:
        return None
    units = ("years", "months", "days", "hours", "minutes")
    years, months, days, hours, minutes = (int(match[unit] or 0) for unit in units)
    clock = Decimal(hours * 3600 + minutes * 60) + Decimal(match["seconds"] or 0)
    whole_days = (years * 12 + months) * _DAYS_OF_A_MONTH + days
    return whole_days * _HOURS_OF_A_DAY * 3600 + (-clock if match["sign"] == "-" else clock)


def instant(text: str) -> datetime.datetime | None:
    """Return the moment that a `timestamp with time zone` of the years 1 to 9999 stands for, in UTC."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime.datetime.fromisoformat(match[1] + match[2]).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None


def day(text: str) -> str | None:
    """Return the date whose midnight a timestamp is, as the server writes it; None for any other time of day."""
    match = _MIDNIGHT.fullmatch(text)
    return match[1] + (match[2] or "") if match else None


def json_value(text: str) -> Hashable | None:
    """Read JSON: keys without order, the last of equal ones; numbers by value; true isn't 1."""
    try:
        return _json(json.loads(text, parse_int=Decimal, parse_float=Decimal), _DEEPEST)
    except (ValueError, RecursionError):
        return None


def _json(value: Any, deeper: int) -> Hashable:
    if deeper == 0:
        raise RecursionError
    if isinstance(value, dict):
        return ("object", tuple(sorted((key, _json(item, deeper - 1)) for key, item in value.items())))
    if isinstance(value, list):
        return ("array", tuple(_json(item, deeper - 1) for item in value))
    return (type(value).__name__, value)


def array(text: str, element: Callable[[str], Hashable], delimiter: str = ",") -> Hashable | None:
    """Read an array into nested tuples of what `element` makes of each text; NULL is None. Bounds don't count."""
    start = text.find("{")
    if start < 0 or (start > 0 and not text[:start].endswith("=")):
        return None
    try:
        value, end = _array(text, start, element, delimiter, _DEEPEST)
    except (IndexError, RecursionError):
        return None
    return value if end == len(text) else None


def _array(
    text: str, start: int, element: Callable[[str], Hashable], delimiter: str, deeper: int
) -> tuple[Hashable, int]:
    """Read from the brace at `start`; returns the value and where it ends. Raises IndexError when it doesn't."""
    if deeper == 0:
        raise RecursionError
    items: list[Hashable] = []
    at = start + 1
    while text[at] != "}":
        if text[at] == delimiter:
            at += 1
        if text[at] == "{":
            item, at = _array(text, at, element, delimiter, deeper - 1)
            items.append(item)
        elif text[at] == '"':
            word, at = _quoted(text, at)
            items.append(element(word))
        else:
            end = at
            while text[end] not in (delimiter, "}"):
                end += 1
            items.append(None if text[at:end].upper() == "NULL" else element(text[at:end]))
            at = end
    return tuple(items), at + 1


def _quoted(text: str, start: int) -> tuple[str, int]:
    characters = []
    at = start + 1
    while text[at] != '"':
        if text[at] == "\\":
            at += 1
        characters.append(text[at])
        at += 1
    return "".join(characters), at + 1
