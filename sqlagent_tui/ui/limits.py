"""The limits in force: one place that everybody asks before each statement, and how a person writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from sqlagent_tui.config import LimitSettings
from sqlagent_tui.ui.messages import Messages

Unit = Literal["time", "megabytes", "bytes", "count"]

_TIMES: Final = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000}
_SIZES: Final = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30}
_WRITTEN: Final = re.compile(r"([0-9]+(?:[.,\u00a0 _'][0-9]+)*)\s*([a-z]*)")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}([.,\u00a0 _'])[0-9]{3}(?:\1[0-9]{3})*")


class LimitsInForce:
    """Holds the settings; any thread may read them. `changed` is told of new ones, in the caller's thread."""

    def __init__(
        self, settings: LimitSettings | None = None, changed: Callable[[LimitSettings], None] | None = None
    ) -> None:
        self.settings = settings or LimitSettings()
        self._changed = changed

    def change(self, settings: LimitSettings) -> None:
        """Put `settings` in force, from the next statement on."""
        self.settings = settings
        if self._changed is not None:
            self._changed(settings)


class LimitError(Exception):
    """What was written for a limit can't be right; its text is one sentence for the user."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


class Limit(msgspec.Struct, frozen=True):
    """One limit as the screen shows it. Its words are the messages `limit.<name>` and `limit_tip.<name>`."""

    name: str
    unit: Unit
    least: float
    most: float | None

    def write(self, value: float, messages: Messages) -> str:
        """Return `value` as a person writes it; what stands for "none" is written as 0."""
        if self.unit == "time":
            for unit, size in reversed(_TIMES.items()):
                if value >= size and value % size == 0:
                    return f"{messages.number(value / size)} {unit}"
            return "0"
        if self.unit == "count":
            return messages.number(value)
        size = int(value) * (2**20 if self.unit == "megabytes" else 1)
        for name, factor in (("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
            if size >= factor and size % factor == 0:
                return f"{messages.number(size / factor)} {name}"
        return f"{messages.number(size)} B" if size else "0"

    def read(self, text: str, messages: Messages) -> float:
        """Return the value that `text` writes. Raises `LimitError`."""
        label = messages(f"limit.{self.name}")
        found = _WRITTEN.fullmatch(text.strip().lower())
        if found is None:
            raise LimitError(self.name, messages(f"limits.unreadable.{self.unit}", name=label))
        factor = self._factor(found.group(2))
        if factor is None:
            raise LimitError(self.name, messages(f"limits.unreadable.{self.unit}", name=label))
        value = _number(found.group(1)) * factor
        if self.least > value or (self.most is not None and value > self.most):
            key = "limits.too_small" if self.most is None else "limits.out_of_range"
            bounds = {"least": self.write(self.least, messages), "most": self.write(self.most or 0, messages)}
            raise LimitError(self.name, messages(key, name=label, **bounds))
        return value

    def _factor(self, unit: str) -> float | None:
        """How much one of `unit` is of what the setting counts; None when there is no such unit."""
        if self.unit == "count":
            return None if unit else 1
        if self.unit == "time":
            return _TIMES.get(unit or "s")
        size = _SIZES.get(unit or "mb")
        return None if size is None else size / (2**20 if self.unit == "megabytes" else 1)


def limits_of_settings() -> tuple[Limit, ...]:
    """Return every limit of the settings, in their order, with the bounds that the settings file has too."""
    info = msgspec.inspect.type_info(LimitSettings)
    assert isinstance(info, msgspec.inspect.StructType)
    limits = []
    for field in info.fields:
        kind = field.type
        assert isinstance(kind, msgspec.inspect.IntType | msgspec.inspect.FloatType)
        limits.append(Limit(field.name, _unit(field.name), kind.ge or 0, kind.le))
    return tuple(limits)


def read_settings(texts: dict[str, str], messages: Messages) -> LimitSettings:
    """Return the settings that `texts` write, by field. Raises `LimitError` for the first wrong one."""
    values = {limit.name: limit.read(texts[limit.name], messages) for limit in limits_of_settings()}
    return msgspec.convert({name: _whole(value) for name, value in values.items()}, LimitSettings)


def _unit(name: str) -> Unit:
    if name.endswith("_ms"):
        return "time"
    if name.endswith("_mb"):
        return "megabytes"
    return "bytes" if name.endswith("_bytes") else "count"


def _number(text: str) -> float:
    """Digits with a decimal sign, or with separators of thousands, in either language."""
    if _THOUSANDS.fullmatch(text):
        return float(re.sub(r"[^0-9]", "", text))
    *whole, last = re.split(r"[.,]", text)
    digits = "".join(whole).translate({ord(sign): None for sign in "\u00a0 _'"})
    return float(f"{digits}.{last}") if whole else float(re.sub(r"[^0-9]", "", text))


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value
