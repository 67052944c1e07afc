"""Turns of two messages: a question with a vague word, the clarification, and the reply that makes it answerable."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from sqlagent_tui.distill.composition import Composed, Composer, Split
from sqlagent_tui.distill.expert import Exchange
from sqlagent_tui.distill.refusals import Refused
from sqlagent_tui.distill.wording import Part, spans, tidy


@dataclass(frozen=True)
class _Vague:
    """Words that say too little, what is missing, what is asked back, and how a reply opens."""

    words: tuple[str, ...]
    missing: str
    message: str
    openings: tuple[str, ...] = ("", "", "considere ", "pode ser ", "quero ", "só ")


_PLACE: Final = _Vague(
    ("no município", "naquele município", "no meu município", "nesse município", "no município em questão"),
    "municipio",
    "De qual município você está falando?",
    ("", "", "é ", "quero ", "estou falando ", "falo ", "seria "),
)
_STATE: Final = _Vague(
    ("no estado", "naquele estado", "no meu estado", "nesse estado", "no estado em questão"),
    "estado",
    "De qual estado você está falando?",
    ("", "", "é ", "quero ", "seria "),
)
_PERIOD: Final = _Vague(
    (
        "recentes",
        "dos últimos tempos",
        "nos últimos tempos",
        "de pouco tempo pra cá",
        "de uns tempos pra cá",
    ),
    "periodo",
    "Desde que data, ou em que período, devo contar “{span}”?",
)
_SIZE: Final = _Vague(
    (
        "grandes",
        "de grande porte",
        "extens(os/as)",
        "muito grandes",
        "de tamanho considerável",
        "com área grande",
        "enormes",
    ),
    "limite area",
    "A partir de quantos hectares devo considerar “{span}”?",
)
_MONEY: Final = _Vague(
    ("de valor alto", "car(os/as)", "de valor elevado", "de alto valor", "com valor expressivo", "muito car(os/as)"),
    "limite valor",
    "A partir de que valor, em reais, devo considerar “{span}”?",
)
_BARE: Final = 0.4
"""Of the replies that name a place: nothing but the name."""
_BY_WORD: Final = {word: vague for vague in (_PLACE, _STATE, _PERIOD, _SIZE, _MONEY) for word in vague.words}


class ReplyComposer:
    """Splits an ordinary question at one of its filters: a vague word takes its place, the reply says the filter."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self._rng: random.Random = composer.rng

    def compose(self) -> tuple[Composed, Exchange]:
        """The meaning of question and reply together, told as the reply's, and the exchange before it."""
        split = self._split()
        kind = _BY_WORD[split.vague]
        reply = split.reply
        if kind in (_PLACE, _STATE) and self._rng.random() < _BARE:
            reply = tidy([part for part in reply if part.slot])
        typed = self._rng.choice(kind.openings) + _text(reply)
        if self._rng.random() < 0.3:
            typed = typed[:1].upper() + typed[1:]
        found = spans([*split.question, Part("; "), *reply])
        plan = tuple(f"{text}: {split.fragments[tag]}" for tag, text in found.items() if split.fragments.get(tag))
        exchange = Exchange(_text(split.question), _asked(kind, split))
        return Composed(typed, plan, split.query, split.query.intent, False, False), exchange

    def vague(self) -> Refused:
        """Only the question, which ends in the clarification."""
        split = self._split()
        kind = _BY_WORD[split.vague]
        fragments = {**split.fragments, "vague": f"falta {kind.missing}"}
        found = spans(split.question)
        plan = tuple(f"{text}: {fragments[tag]}" for tag, text in found.items() if fragments.get(tag))
        return Refused(_text(split.question), plan, "clarification", _asked(kind, split), "filtro_vago", False)

    def _split(self) -> Split:
        while True:
            split = self._composer.compose_split(_vague_for)
            # "os mais recentes … recentes" would not say which of the two is vague.
            if split is not None and _text(split.question).count(spans(split.question)["vague"]) == 1:
                return split


def _asked(kind: _Vague, split: Split) -> str:
    return kind.message.replace("{span}", spans(split.question)["vague"])


def _text(parts: list[Part]) -> str:
    return "".join(part.text for part in parts)


def _vague_for(sql: str, rng: random.Random) -> str | None:
    """A vague word for a condition; None when its kind has none."""
    if sql.startswith("sem_acento(m.nome)"):
        kind = _PLACE
    elif sql.startswith(("sem_acento(e.nome)", "e.sigla")):
        kind = _STATE
    elif ".data_" in sql and ">= '" in sql:
        kind = _PERIOD
    elif ".area_ha >" in sql:
        kind = _SIZE
    elif (".valor_multa >" in sql) or (".custo >" in sql):
        kind = _MONEY
    else:
        return None
    return rng.choice(kind.words)
