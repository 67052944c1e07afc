"""What the layers below say, in the user's language.

They speak English, because scripts, the journal and the model read it too. Here their sentences are looked up the way
gettext does it: the English one, with {fields} for what varies, is the key. What isn't known stays English.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Final

import msgspec

from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.messages import Messages

LONGEST: Final = 2_000
"""Characters of a text that is looked up; none of our own sentences is longer."""
MOST_SENTENCES: Final = 3
"""In one entry."""
_BETWEEN_SENTENCES: Final = re.compile(r"(?<=\.) (?=[A-Z])")
_FOLDER = Path(__file__).parent / "locales"


class _Sentence(msgspec.Struct, frozen=True):
    pattern: re.Pattern[str]
    translation: str


def told(messages: Messages, text: str) -> str:
    """Return `text` in the language of `messages`, as far as it is known."""
    return _translate(messages.language, text)


def error_told(messages: Messages, error: SqlagentError) -> SqlagentError:
    """Return an error of the same kind with its message and its remedy in the language of `messages`."""
    translated = type(error).__new__(type(error))
    SqlagentError.__init__(translated, told(messages, error.message), told(messages, error.remedy))
    return translated


@lru_cache(maxsize=512)
def _translate(language: str, text: str) -> str:
    if len(text) > LONGEST or not sentences(language):
        return text
    told, rest = [], _BETWEEN_SENTENCES.split(text)
    while rest:
        # The fewest sentences that are known together, so that no field swallows those that follow.
        for count in range(1, min(len(rest), MOST_SENTENCES) + 1):
            translated = _look_up(language, " ".join(rest[:count]))
            if translated is not None:
                break
        else:
            count, translated = 1, rest[0]
        told.append(translated)
        del rest[:count]
    return " ".join(told)


def _look_up(language: str, text: str) -> str | None:
    for sentence in sentences(language):
        found = sentence.pattern.fullmatch(text)
        if found is not None:
            fields = {name: _translate(language, value) for name, value in found.groupdict().items()}
            filled = sentence.translation.format(**fields)
            return filled[:1].upper() + filled[1:] if text[:1].isupper() else filled
    return None


@lru_cache
def sentences(language: str) -> tuple[_Sentence, ...]:
    """Return what is known in `language`, the most particular first; nothing for English."""
    file = _FOLDER / f"{language}.sentences.toml"
    if not file.is_file():
        return ()
    known = tomllib.loads(file.read_text(encoding="utf-8"))
    most_particular_first = sorted(known.items(), key=lambda pair: -len(re.sub(r"{\w+}", "", pair[0])))
    return tuple(_Sentence(_pattern(english), translation) for english, translation in most_particular_first)


def _pattern(english: str) -> re.Pattern[str]:
    """A pattern that matches what `english` becomes when its fields are filled; a first letter of either case."""
    parts = []
    for literal, field, _, _ in Formatter().parse(english):
        parts.append(re.escape(literal))
        if field is not None:
            parts.append(f"(?P<{field}>.+?)")
    pattern = "".join(parts)
    if english[:1].isalpha():
        pattern = f"[{english[0].upper()}{english[0].lower()}]{pattern[1:]}"
    return re.compile(pattern, re.DOTALL)
