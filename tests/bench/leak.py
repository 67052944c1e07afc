"""How near a question comes to what the student is trained on: normal forms, the training questions, similarity."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from typing import Final

from rapidfuzz import fuzz, process

from sqlagent_tui.distill.composition import Composer
from sqlagent_tui.distill.conditions import ClauseMaker
from sqlagent_tui.distill.lexicon import Lexicon, Pattern
from sqlagent_tui.distill.refusals import RefusalComposer
from sqlagent_tui.distill.replies import ReplyComposer
from sqlagent_tui.distill.values import Names, Values
from sqlagent_tui.distill.wording import agree, strip_accents

MASK: Final = "#"
SAMPLE: Final = {"sql": 9_000, "clarification": 4_000, "unanswerable": 4_000, "vague": 500}
"""Questions drawn of each kind, some ten seconds of drawing."""

_QUOTED: Final = re.compile(r"[\"“”'‘’«»][^\"“”'‘’«»]{2,60}[\"“”'‘’«»]")
_TOKEN: Final = re.compile(r"\w+")
_NUMBERS: Final = frozenset(
    "dois duas tres quatro cinco seis sete oito nove dez onze doze quinze vinte trinta quarenta cinquenta cem "
    "duzentos trezentos quinhentos mil milhao milhoes janeiro fevereiro marco abril maio junho julho agosto setembro "
    "outubro novembro dezembro".split()
)
_STOP: Final = frozenset(
    "a o as os um uma ao aos da do das dos de em na no nas nos e que se me aqui ai la eu vc voce voces favor pfv "
    "gentileza obrigado obrigada grato grata ola oi bom boa dia tarde noite pra para mim".split()
)


class Normaliser:
    """Brings questions to a form in which typing and values no longer tell them apart."""

    def __init__(self, names: Names) -> None:
        self._tails: dict[str, set[tuple[str, ...]]] = {}
        listed = (names.biomes, names.agencies, names.inspectors, names.activities, names.estates, names.owners)
        places = (*names.municipalities, *names.states)
        for name in (*(text for texts in listed for text in texts), *(text for place in places for text in place)):
            first, *rest = _TOKEN.findall(_plain(name))
            self._tails.setdefault(first, set()).add(tuple(rest))

    def form(self, question: str) -> str:
        """Words in alphabetical order: no accents, capitals, stop words; `#` for numbers, known and quoted names."""
        tokens = _TOKEN.findall(_plain(_QUOTED.sub(" 0 ", question)))
        kept: list[str] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            name = self._name_at(tokens, at)
            if name or token in _NUMBERS or any(char.isdigit() for char in token):
                kept.append(MASK)
            elif token not in _STOP:
                kept.append(token)
            at += name or 1
        return " ".join(sorted(kept))

    def _name_at(self, tokens: list[str], at: int) -> int:
        """How many tokens the longest name that starts here has. Names that are words (`se`, `para`) stay words."""
        found = 0
        for tail in self._tails.get(tokens[at], ()):
            if len(tail) + 1 > found and tuple(tokens[at + 1 : at + 1 + len(tail)]) == tail:
                found = len(tail) + 1
        return 0 if found == 1 and tokens[at] in _STOP else found


def training_questions(lexicon: Lexicon, names: Names, seed: str) -> Iterator[str]:
    """Questions as the corpus' split `train` has them, with names of the database only, which can be masked."""
    composer = Composer(lexicon, names, random.Random(seed), "train")
    composer.values = Values(names, composer.rng, held=False, invent=0.0)
    composer.maker = ClauseMaker(composer.picker, composer.values)
    refusals, replies = RefusalComposer(composer), ReplyComposer(composer)
    for _ in range(SAMPLE["sql"]):
        yield composer.compose().question
    for decision in ("clarification", "unanswerable"):
        for _ in range(SAMPLE[decision]):
            yield refusals.compose(decision).question
    for _ in range(SAMPLE["vague"]):
        yield replies.vague().question


def whole_patterns(lexicon: Lexicon) -> Iterator[str]:
    """Every pattern that is a question by itself, with each of its things: those that end in no SQL, held-out too."""
    for refusal in lexicon.refusals:
        for pattern in refusal.patterns:
            if "thing" in pattern.slots:
                yield from (_filled(pattern, thing.text) for thing in refusal.things)
            else:
                yield _filled(pattern, "")


def _filled(pattern: Pattern, thing: str) -> str:
    words = {"thing": thing, "n": "5", "k": "5", "name": "“nome”", "place": "“lugar”", "noun": "registros"}
    return agree("".join(words.get(piece.text, "") if piece.slot else piece.text for piece in pattern.pieces))


def nearest(forms: list[str], known: Iterable[str]) -> list[tuple[float, str]]:
    """For each form: the similarity (0–100) and the text of the known form that comes nearest."""
    texts = list(known)
    found = [process.extractOne(form, texts, scorer=fuzz.ratio) for form in forms]
    return [(match[1], match[0]) for match in found]


def _plain(text: str) -> str:
    return strip_accents(text).casefold()
