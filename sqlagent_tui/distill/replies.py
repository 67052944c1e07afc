"""Turns of two messages: a question with a vague word, the clarification, and the reply that makes it answerable."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from sqlagent_tui.distill.composition import Composed, Composer
from sqlagent_tui.distill.expert import Exchange


@dataclass(frozen=True)
class _Vague:
    """Words that say too little, what is asked back, and how a reply opens."""

    words: tuple[str, ...]
    message: str
    openings: tuple[str, ...]


_PLACE: Final = _Vague(
    ("no município", "naquele município", "no meu município", "nesse município", "no município em questão"),
    "De qual município você está falando?",
    ("", "", "é ", "quero ", "estou falando ", "falo ", "seria "),
)
_STATE: Final = _Vague(
    ("no estado", "naquele estado", "no meu estado", "nesse estado"),
    "De qual estado você está falando?",
    ("", "", "é ", "quero ", "seria "),
)
_PERIOD: Final = _Vague(
    ("recentes", "dos últimos tempos", "nos últimos tempos", "ultimamente", "recentemente"),
    "Desde que data, ou em que período, devo contar “{span}”?",
    ("", "", "considere ", "pode ser ", "quero ", "só "),
)
_SIZE: Final = _Vague(
    ("grandes", "de grande porte", "extensos", "muito grandes", "de tamanho considerável", "com área grande"),
    "A partir de quantos hectares devo considerar “{span}”?",
    ("", "", "considere ", "pode ser ", "quero ", "só "),
)
_MONEY: Final = _Vague(
    ("de valor alto", "caros", "de valor elevado", "de alto valor", "com valor expressivo"),
    "A partir de que valor, em reais, devo considerar “{span}”?",
    ("", "", "considere ", "pode ser ", "quero ", "só "),
)


class ReplyComposer:
    """Splits an ordinary question at one of its filters: a vague word takes its place, the reply says the filter."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self._rng: random.Random = composer.rng

    def compose(self) -> tuple[Composed, Exchange]:
        """The meaning of question and reply together, told as the reply's, and the exchange before it."""
        while True:
            made = self._composer.compose_split(_vague_for)
            if made is None:
                continue
            vague, question, span, reply, composed = made
            kind = _BY_WORD[vague]
            typed = self._rng.choice(kind.openings) + reply
            if self._rng.random() < 0.3:
                typed = typed[:1].upper() + typed[1:]
            exchange = Exchange(question, kind.message.replace("{span}", span))
            return Composed(
                typed, composed.plan, composed.query, composed.intent, composed.held_pattern, composed.held_value
            ), exchange


_BY_WORD: Final = {word: vague for vague in (_PLACE, _STATE, _PERIOD, _SIZE, _MONEY) for word in vague.words}


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
