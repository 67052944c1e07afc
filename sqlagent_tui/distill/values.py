"""Values that questions name: places, people, estates, real or invented; numbers and dates in many spellings.

A stable hash holds some out of training (`held_out`), so that copying a value can be tested apart from remembering it.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Final

import psycopg

from sqlagent_tui.demo.names import ESTATES, MEN, MIDDLE_OF_MEN, MIDDLE_OF_WOMEN, SURNAMES, WOMEN
from sqlagent_tui.distill.fragments import Unit, ValueKind

_HELD_PERCENT: Final = 12
FIRST_YEAR: Final = 2009
LAST_YEAR: Final = 2025
MONTHS: Final = (
    *("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro"),
    *("novembro", "dezembro"),
)
REGIONS: Final = {
    "NORTE": ("Norte",),
    "NORDESTE": ("Nordeste",),
    "CENTRO_OESTE": ("Centro-Oeste", "Centro Oeste"),
    "SUDESTE": ("Sudeste",),
    "SUL": ("Sul",),
}
_STATES_O: Final = (
    *(
        "Acre",
        "Amapá",
        "Amazonas",
        "Ceará",
        "Distrito Federal",
        "Espírito Santo",
        "Maranhão",
        "Pará",
        "Paraná",
        "Piauí",
    ),
    *("Rio de Janeiro", "Rio Grande do Norte", "Rio Grande do Sul", "Tocantins"),
)
_STATE_GENDER: Final = {**dict.fromkeys(_STATES_O, "o"), **dict.fromkeys(("Bahia", "Paraíba"), "a")}
_BIOME_GENDER: Final = {
    "Amazônia": "a",
    "Mata Atlântica": "a",
    "Caatinga": "a",
    "Cerrado": "o",
    "Pampa": "o",
    "Pantanal": "o",
}
_FEMININE: Final = (
    "Fazenda",
    "Chácara",
    "Comunidade",
    "Estância",
    "Granja",
    "Terra",
    "Reserva",
    "Colônia",
    "Agropecuária",
)
_MASCULINE: Final = ("Sítio", "Assentamento", "Projeto", "Rancho", "Haras", "Território", "Quilombo", "Retiro", "PA ")
_WORDS: Final = {
    1: "um", 2: "dois", 3: "três", 4: "quatro", 5: "cinco", 6: "seis", 7: "sete", 8: "oito", 9: "nove", 10: "dez",
    12: "doze", 15: "quinze", 20: "vinte", 30: "trinta", 50: "cinquenta", 100: "cem", 200: "duzentos", 300: "trezentos",
    500: "quinhentos", 1000: "mil",
}  # fmt: skip
_UNITS: Final[dict[Unit, tuple[str, ...]]] = {
    "ha": (" hectares", " ha", " hectares", "ha", " hec"),
    "km2": (" km²", " km2", " quilômetros quadrados"),
    "reais": (" reais", " reais"),
    "modulos": (" módulos fiscais", " módulos"),
    "percent": ("%", " %", " por cento"),
}


@dataclass(frozen=True)
class Value:
    """One value of a question: what is typed, what SQL gets, and the preposition that its gender asks for."""

    text: str
    sql: str | None = None
    """None when SQL gets the text exactly as typed."""
    gender: str = ""
    """`o`, `a` or empty: no article."""
    held: bool = False


@dataclass(frozen=True)
class Names:
    """Real names of the database."""

    municipalities: tuple[tuple[str, str], ...]
    """With their states' siglas."""
    states: tuple[tuple[str, str], ...]
    biomes: tuple[str, ...]
    agencies: tuple[str, ...]
    inspectors: tuple[str, ...]
    activities: tuple[str, ...]
    estates: tuple[str, ...]
    owners: tuple[str, ...]
    fined: tuple[str, ...]


def load_names(conninfo: str) -> Names:
    """Read the names from the demo database. Raises psycopg.Error."""
    with psycopg.connect(conninfo, autocommit=True) as connection:

        def column(sql: str) -> tuple[str, ...]:
            return tuple(str(row[0]) for row in connection.execute(sql))

        def pairs(sql: str) -> tuple[tuple[str, str], ...]:
            return tuple((str(row[0]), str(row[1])) for row in connection.execute(sql))

        return Names(
            municipalities=pairs(
                "SELECT m.nome, e.sigla FROM municipio m JOIN estado e ON e.id = m.estado_id "
                "WHERE EXISTS (SELECT 1 FROM imovel_rural i WHERE i.municipio_id = m.id) ORDER BY m.id"
            ),
            states=pairs("SELECT nome, sigla FROM estado ORDER BY id"),
            biomes=column("SELECT nome FROM bioma ORDER BY id"),
            agencies=column("SELECT sigla FROM orgao ORDER BY id"),
            inspectors=column("SELECT DISTINCT nome FROM fiscal ORDER BY 1"),
            activities=column("SELECT nome FROM atividade ORDER BY id"),
            estates=column("SELECT DISTINCT nome FROM imovel_rural ORDER BY 1"),
            owners=column("SELECT DISTINCT nome FROM proprietario ORDER BY 1"),
            fined=column(
                "SELECT DISTINCT p.nome FROM auto_infracao x JOIN proprietario p ON p.id = x.proprietario_id ORDER BY 1"
            ),
        )


def stable_percent(text: str) -> int:
    """A number from 0 to 99 that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 100


def held_out(text: str) -> bool:
    """Whether a value stays out of training."""
    return stable_percent(f"value:{text}") < _HELD_PERCENT


class Values:
    """Draws values; with `held` only held-out ones where the kind has any, without it never one."""

    def __init__(self, names: Names, rng: random.Random, *, held: bool, invent: float) -> None:
        self._names = names
        self._rng = rng
        self._held = held
        self._invent = 0.0 if held else invent

    def draw(self, kind: ValueKind) -> tuple[Value, ...]:
        """The value, or the pair of values, of a filter."""
        rng = self._rng
        names = self._names
        if kind == "municipio":
            return (self._name("municipio", [name for name, _ in names.municipalities]),)
        if kind == "municipio_uf":
            return self._municipality_and_state()
        if kind in ("estado", "uf"):
            name, sigla = rng.choice(names.states)
            if kind == "uf":
                return (Value(sigla),)
            return (Value(name, gender=_STATE_GENDER.get(name, "")),)
        if kind == "regiao":
            region = rng.choice(list(REGIONS))
            return (Value(rng.choice(REGIONS[region]), region, "o"),)
        if kind == "bioma":
            name = rng.choice(names.biomes)
            return (Value(name, gender=_BIOME_GENDER.get(name, "o")),)
        if kind == "orgao":
            sigla = rng.choice(names.agencies[:2]) if rng.random() < 0.5 else rng.choice(names.agencies)
            return (
                Value(
                    sigla,
                    gender="a"
                    if sigla.startswith(("SEM", "CETESB", "FEPAM", "CPRH", "ADEMA", "SUDEMA", "SMAM"))
                    else "o",
                ),
            )
        if kind == "atividade":
            activity = rng.choice(names.activities)
            return (Value(activity[0].lower() + activity[1:]),)
        if kind == "fiscal":
            return (self._name("pessoa", list(names.inspectors)),)
        if kind == "imovel":
            return (self._estate(),)
        return (self._name("pessoa", list(names.fined if rng.random() < 0.5 else names.owners)),)

    def number(self, unit: Unit, *, bare: bool) -> Value:
        """An amount, in one of its spellings; `bare` leaves the unit out where that reads naturally."""
        while True:
            value = self._number(unit, bare=bare)
            if value.held == self._held:
                return value

    def bounds(self, unit: Unit, *, bare: bool) -> tuple[Value, Value]:
        """Two amounts, the smaller first."""
        while True:
            a, b = self.number(unit, bare=True), self.number(unit, bare=bare)
            if float(a.sql or 0) < float(b.sql or 0):
                return a, b

    def small(self, *, spelled: bool = True) -> Value:
        """A count such as the n of a top n."""
        n = self._rng.choice(
            (1, 2, 3, 3, 4, 5, 5, 5, 6, 7, 8, 9, 10, 10, 10, 12, 15, 20, 20, 25, 30, 50, 100, self._rng.randint(2, 60))
        )
        n = max(2, n)
        text = _WORDS[n] if spelled and n in _WORDS and self._rng.random() < 0.25 else str(n)
        return Value(text, str(n))

    def threshold(self) -> Value:
        """The bound of a HAVING."""
        rng = self._rng
        n = rng.choice((5, 10, 20, 50, 100, 3, 30, 200, rng.randint(1, 40), rng.randint(1, 300), rng.randint(2, 99)))
        text = _WORDS[n] if n in _WORDS and rng.random() < 0.15 else str(n)
        return Value(text, str(n))

    def year(self) -> int:
        """A year of the demo's time, later ones more often."""
        return max(self._rng.randint(FIRST_YEAR, LAST_YEAR), self._rng.randint(FIRST_YEAR, LAST_YEAR))

    def held_pair(self, text: str) -> bool:
        """Whether a combination such as a month of a year may be used."""
        return held_out(text) == self._held

    def estate(self) -> Value:
        """The name of a property."""
        return self._estate()

    def _name(self, kind: str, real: list[str]) -> Value:
        rng = self._rng
        while True:
            if rng.random() < self._invent:
                text = invented_person(rng) if kind == "pessoa" else invented_town(rng)
            else:
                text = rng.choice(real)
            if held_out(text) == self._held:
                return Value(text, held=self._held)

    def _municipality_and_state(self) -> tuple[Value, Value]:
        while True:
            name, sigla = self._rng.choice(self._names.municipalities)
            if held_out(name) == self._held:
                return Value(name, held=self._held), Value(sigla)

    def _estate(self) -> Value:
        rng = self._rng
        while True:
            text = invented_estate(rng) if rng.random() < self._invent else rng.choice(self._names.estates)
            if held_out(text) == self._held:
                gender = "a" if text.startswith(_FEMININE) else "o" if text.startswith(_MASCULINE) else ""
                return Value(text, gender=gender, held=self._held)

    def _number(self, unit: Unit, *, bare: bool) -> Value:
        rng = self._rng
        suffix = "" if bare else rng.choice(_UNITS[unit])
        if unit == "percent":
            n = rng.randint(1, 99)
            return Value(f"{n}{suffix}", str(n), held=held_out(f"percent {n}") and n % 5 != 0)
        if unit == "modulos":
            n = rng.randint(1, 60)
            return Value(f"{n}{suffix}", str(n), held=held_out(f"modulos {n}") and n > 10)
        return self._amount(unit, bare=bare, suffix=suffix)

    def _amount(self, unit: Unit, *, bare: bool, suffix: str) -> Value:
        rng = self._rng
        money = unit == "reais"
        front = "R$ " if money and rng.random() < 0.5 else ""
        if front:
            suffix = ""
        if rng.random() < (0.45 if money else 0.12):
            n, text = _thousands(rng, money=money)
            if money and not front and text.endswith(("ões", "ão")) and suffix:
                suffix = " de" + suffix
        else:
            n = _round_number(rng, money=money)
            text = _spelled(rng, n)
            if n in _WORDS and rng.random() < 0.06 and not front:
                text = _WORDS[n]
            elif n < 100_000 and rng.random() < 0.08:
                cents = rng.choice((25, 5, 75, 50, rng.randint(1, 99)))
                text = f"{_spelled(rng, n)},{cents}"
                value = f"{n}.{cents}"
                return Value(front + text + suffix, value, held=held_out(value))
        return Value(
            front + text + suffix, str(n), held=held_out(f"amount {n}") and n not in (100, 500, 1000, 5000, 10000)
        )


def _round_number(rng: random.Random, *, money: bool) -> int:
    roll = rng.random()
    if roll < 0.45:
        return int(
            rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 25)) * 10 ** rng.randint(*((2, 5) if money else (1, 3)))
        )
    if roll < 0.75:
        return rng.randint(2, 99) * (1000 if money else 10) // rng.choice((1, 1, 2))
    return rng.randint(100, 99_999) if money else rng.randint(2, 9_999)


def _spelled(rng: random.Random, n: int) -> str:
    return f"{n:,}".replace(",", ".") if n >= 1000 and rng.random() < 0.5 else str(n)


def _thousands(rng: random.Random, *, money: bool) -> tuple[int, str]:
    """`500 mil`, `2 milhões`, `1,5 milhão`; outside of money only thousands."""
    if money and rng.random() < 0.3:
        if rng.random() < 0.3:
            whole, tenth = rng.randint(1, 5), rng.randint(1, 9)
            return whole * 10**6 + tenth * 10**5, f"{whole},{tenth} " + ("milhão" if whole == 1 else "milhões")
        whole = rng.randint(1, 20)
        return whole * 10**6, f"{whole} " + ("milhão" if whole == 1 else "milhões")
    if rng.random() < 0.15:
        return 1000, "mil"
    whole = rng.choice((2, 3, 5, 10, 20, 50, 100, 200, 500, rng.randint(2, 900))) if money else rng.randint(2, 20)
    return whole * 1000, f"{whole} mil"


_SYLLABLES: Final = (
    "ba be bi bo ca co cu da do du fa fe ga go gu ja jo ju la le li lo ma me mi mo mu na ne no pa pe pi po que ra re "
    "ri ro sa se si ta te ti to va ve vi xa xi za"
).split()


def invented_word(rng: random.Random) -> str:
    """A capitalised word that no list holds."""
    body = "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 4)))
    return (body + rng.choice(("", "", "s", "nha", "ré", "ção", "dor", "lândia", "tuba", "guá", "ú"))).capitalize()


def invented_town(rng: random.Random) -> str:
    """A municipality that does not exist, or might."""
    roll = rng.random()
    saint = rng.choice(("São", "Santo", "Santa")) + " " + rng.choice(MEN)
    word = invented_word(rng)
    if roll < 0.25:
        return word
    if roll < 0.45:
        return (
            rng.choice(("Nova", "Novo", "Alto", "Porto", "Vila", "Campo", "Barra", "Monte", "Lagoa", "Serra", "Rio"))
            + " "
            + word
        )
    if roll < 0.6:
        return saint
    if roll < 0.75:
        return saint + " " + rng.choice(("do", "da", "de")) + " " + word
    if roll < 0.9:
        return (
            rng.choice(ESTATES)
            + " "
            + rng.choice(("do Norte", "do Sul", "do Oeste", "d'Oeste", "da Serra", "de Minas", "Paulista"))
        )
    return (
        word
        + " "
        + rng.choice(("do Norte", "do Sul", "de Goiás", "do Araguaia", "d'Oeste", "das Missões", "Grande", "Velho"))
    )


def invented_person(rng: random.Random) -> str:
    """A person's name."""
    first, middle = (WOMEN, MIDDLE_OF_WOMEN) if rng.random() < 0.5 else (MEN, MIDDLE_OF_MEN)
    parts = [rng.choice(first)]
    if rng.random() < 0.35:
        parts.append(rng.choice(middle))
    parts += [rng.choice(SURNAMES) if rng.random() < 0.8 else invented_word(rng) for _ in range(rng.choice((1, 2, 2)))]
    return " ".join(parts)


def invented_estate(rng: random.Random) -> str:
    """A property's name."""
    kind = rng.choice(("Fazenda", "Fazenda", "Sítio", "Chácara", "Fazenda", "Estância", "Rancho", "Assentamento"))
    roll = rng.random()
    if roll < 0.5:
        return f"{kind} {rng.choice(ESTATES)}"
    if roll < 0.8:
        return f"{kind} {invented_word(rng)}"
    return f"{kind} {invented_town(rng)}"
