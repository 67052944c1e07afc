"""Parts of a question and what typing does to them: agreement, capitals, accents, abbreviations, slips."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

_NOUN_FORMS: Final = re.compile(r"\(([^()/]*)/([^()/]*)\)")
_MEASURE_FORMS: Final = re.compile(r"<([^<>/]*)/([^<>/]*)>")
_DIM_FORMS: Final = re.compile(r"\|([^|/]*)/([^|/]*)\|")
_WORD: Final = re.compile(r"[^\W\d_]{5,}")
_ABBREVIATIONS: Final = (
    ("quantidade", "qtd"),
    ("quantidade", "qtde"),
    ("quantos", "qtos"),
    ("quantas", "qtas"),
    ("quantos", "qts"),
    ("município", "mun."),
    ("municípios", "munic."),
    ("número", "nº"),
    ("por favor", "pfv"),
    ("você", "vc"),
    ("para", "p/"),
    ("hectares", "ha"),
    ("também", "tb"),
    ("quais", "qs"),
    ("porque", "pq"),
)
_NEAR: Final = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "l": "ko", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi",
    "v": "cb", "z": "x",
}  # fmt: skip
_GREETINGS: Final = (
    "bom dia, ", "boa tarde, ", "oi, ", "olá, ", "olá! ", "por favor, ", "boa tarde! ", "oi! ", "bom dia! ", "ei, ",
    "amigo, ", "por gentileza, ", "prezados, ", "então, ", "uma dúvida: ", "me ajuda: ", "opa, ", "boa noite, ",
)  # fmt: skip
_CLOSINGS: Final = (
    ", por favor",
    ", por gentileza",
    " por favor",
    ", obrigado",
    ", obrigada",
    ", pode ser",
    " aí",
    " pra mim",
    ", tá",
    ", grato",
)


@dataclass(frozen=True)
class Part:
    """A stretch of a question; parts with one `tag` make a span, `slot` marks a value that SQL may copy."""

    text: str
    tag: str | None = None
    slot: str | None = None


def agree(text: str, *, noun: str = "m", measure: str = "m", dim: str = "m") -> str:
    """Choose masculine or feminine forms: `(os/as)` by the noun, `<o/a>` by the measure, `|o/a|` by the dimension."""
    for forms, gender in ((_NOUN_FORMS, noun), (_MEASURE_FORMS, measure), (_DIM_FORMS, dim)):
        text = forms.sub(r"\1" if gender == "m" else r"\2", text)
    return text


def strip_accents(text: str) -> str:
    """Drop the accents."""
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if not unicodedata.combining(char)))


def tidy(parts: Sequence[Part]) -> list[Part]:
    """Single spaces, none before a comma, none at the ends; empty parts dropped."""
    result: list[Part] = []
    tail = " "
    for part in parts:
        text = re.sub(r"\s+", " ", part.text)
        if tail.endswith(" "):
            text = text.lstrip(" ")
        if text.startswith((",", "?", ".", ":", ";")) and tail.endswith(" ") and result:
            result[-1] = replace(result[-1], text=result[-1].text.rstrip(" "))
        if text:
            result.append(replace(part, text=text))
            tail = text
    while result and not result[-1].text.rstrip(" ,"):
        result.pop()
    if result:
        result[-1] = replace(result[-1], text=result[-1].text.rstrip(" ,"))
        first = result[0]
        if first.slot is None:
            result[0] = replace(first, text=first.text.lstrip(" ,"))
    return [part for part in result if part.text]


def spans(parts: Sequence[Part]) -> dict[str, str]:
    """The text of each tag in order of first appearance; separate stretches are joined by an ellipsis."""
    found: dict[str, list[str]] = {}
    last: str | None = None
    gap = ""
    for part in parts:
        if part.tag is None:
            last, gap = (None, "") if part.text.strip() else (last, gap + part.text)
            continue
        stretches = found.setdefault(part.tag, [])
        if part.tag == last:
            stretches[-1] += gap + part.text
        else:
            stretches.append(part.text)
        last, gap = part.tag, ""
    return {
        tag: " … ".join(stretch.strip(" ,") for stretch in stretches if stretch.strip(" ,"))
        for tag, stretches in found.items()
    }


def slot_text(parts: Sequence[Part], slot: str) -> str:
    """A value as it was typed."""
    return "".join(part.text for part in parts if part.slot == slot).strip()


def roughen(parts: Sequence[Part], rng: random.Random, *, question: bool = True) -> list[Part]:
    """Make it look typed. Values only ever lose accents or capitals; everything else may also be mistyped."""
    result = list(parts)
    if rng.random() < 0.07:
        result = _abbreviated(result, rng)
    if rng.random() < 0.09:
        result = _mistyped(result, rng)
    style = rng.random()
    if style < 0.33:
        result = [replace(part, text=part.text.lower()) for part in result]
    elif style < 0.35:
        result = [replace(part, text=part.text.upper()) for part in result]
    elif style < 0.80 and result and result[0].slot is None:
        result[0] = replace(result[0], text=result[0].text[:1].upper() + result[0].text[1:])
    greeting = closing = ""
    if rng.random() < 0.05:
        greeting = rng.choice(_GREETINGS)
        if rng.random() < 0.5:
            greeting = greeting[:1].upper() + greeting[1:]
    if rng.random() < 0.04:
        closing = rng.choice(_CLOSINGS)
    ending = rng.random()
    mark = "" if ending < 0.4 else "." if ending < 0.47 else "?" if question or ending > 0.8 else ""
    result = [*([Part(greeting)] if greeting else []), *result, *([Part(closing + mark)] if closing + mark else [])]
    if rng.random() < 0.22:
        result = [replace(part, text=strip_accents(part.text)) for part in result]
    return result


def _abbreviated(parts: list[Part], rng: random.Random) -> list[Part]:
    long, short = rng.choice(_ABBREVIATIONS)
    pattern = re.compile(rf"\b{long}\b", re.IGNORECASE)
    return [part if part.slot else replace(part, text=pattern.sub(short, part.text)) for part in parts]


def _mistyped(parts: list[Part], rng: random.Random) -> list[Part]:
    result = list(parts)
    for _ in range(rng.choice((1, 1, 2))):
        candidates = [n for n, part in enumerate(result) if part.slot is None and _WORD.search(part.text)]
        if not candidates:
            return result
        index = rng.choice(candidates)
        words = list(_WORD.finditer(result[index].text))
        match = rng.choice(words)
        text = result[index].text
        result[index] = replace(
            result[index], text=text[: match.start()] + _slip(match.group(), rng) + text[match.end() :]
        )
    return result


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    roll = rng.random()
    if roll < 0.3:
        return word[:at] + word[at + 1 :]
    if roll < 0.6:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if roll < 0.8:
        return word[:at] + word[at] + word[at:]
    near = _NEAR.get(word[at])
    return word[:at] + (rng.choice(near) if near else word[at]) + word[at + 1 :]
