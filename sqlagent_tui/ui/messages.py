"""What the app says, in the languages it speaks: one TOML file a language, the same keys in each.

Templates are ours; values put into them are not, and are made safe here, so that no caller can forget it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sqlagent_tui.ui.text import safe

LANGUAGES: Final = ("pt-BR", "en")
DEFAULT_LANGUAGE: Final = "pt-BR"

_FOLDER = Path(__file__).parent / "locales"


class Messages:
    """Sentences and numbers of one language. Call it with a key and the values of its template."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    @classmethod
    def load(cls, language: str = DEFAULT_LANGUAGE) -> Messages:
        """Return the messages of `language`, one of `LANGUAGES`."""
        return cls(language, catalogue(language))

    def __call__(self, key: str, **values: object) -> str:
        """Return the sentence of `key`; raises KeyError when there is none.

        Integers and floats are written the way the language writes them; other values are made safe to show.
        """
        template = self._texts[key]
        return template.format(**{name: self._value(value) for name, value in values.items()}) if values else template

    def known(self, key: str) -> str | None:
        """Return the sentence of `key`, None when there is none."""
        return self._texts.get(key)

    def count(self, key: str, number: int, **values: object) -> str:
        """Return the sentence of `key.one` or `key.other`, with `{count}` in it."""
        return self(f"{key}.{'one' if number == 1 else 'other'}", count=number, **values)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return `value` with the language's separators."""
        text = f"{value:,.{decimals}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "pt-BR" else text

    def large(self, value: float) -> str:
        """Return a number of any size: whole where a person can still read it."""
        return self.number(value) if value < 1e15 else f"{value:.0e}"

    def duration(self, milliseconds: float) -> str:
        """Return a time as a person reads it: `3 ms`, `1,4 s`, `2 min 5 s`."""
        if milliseconds < 1:
            return "<1 ms"
        if milliseconds < 1000:
            return f"{milliseconds:.0f} ms"
        if milliseconds < 60_000:
            return f"{self.number(milliseconds / 1000, 1)} s"
        minutes, seconds = divmod(round(milliseconds / 1000), 60)
        return f"{minutes} min {seconds} s"

    def _value(self, value: object) -> str:
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, int):
            return self.number(value)
        if isinstance(value, float):
            return self.number(value, 1)
        return safe(str(value))


@lru_cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return every message of `language` by its dotted key."""
    tree = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return MappingProxyType(dict(_flatten(tree, "")))


def choose_language(configured: str | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """Return the language to speak: the configured one, else the environment's, else Brazilian Portuguese."""
    candidates = [configured, *(environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))]
    for candidate in candidates:
        code = (candidate or "").split(".")[0].split("_")[0].split("-")[0].lower()
        if code in ("pt", "en"):
            return "pt-BR" if code == "pt" else "en"
    return DEFAULT_LANGUAGE


def _flatten(tree: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            pairs.extend(_flatten(value, f"{prefix}{key}."))
        else:
            pairs.append((f"{prefix}{key}", str(value)))
    return pairs
