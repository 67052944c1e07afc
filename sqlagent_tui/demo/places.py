"""Biomes, states and municipalities of the demo: real names, invented figures."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from sqlagent_tui.demo.dice import Dice, Weighted

BIOMES: Final = (
    ("Amazônia", "4212742.00"),
    ("Cerrado", "1983017.00"),
    ("Mata Atlântica", "1107419.00"),
    ("Caatinga", "862818.00"),
    ("Pampa", "193836.00"),
    ("Pantanal", "150988.00"),
)


@dataclass(frozen=True, slots=True)
class State:
    """A state, with what its properties look like."""

    id: int
    uf: str
    name: str
    region: str
    code: int
    """The first two digits of its municipalities' codes."""
    properties: int
    """Its share of the properties, as a weight."""
    median_ha: int
    """Median area of a property."""
    price: int
    """Median price of a hectare, in reais."""
    module_ha: int
    """Typical fiscal module."""
    agency: str
    """Its environmental agency."""


# uf, name, region, code, properties, median ha, R$/ha, module ha, agency
_STATES: Final = """
RO|Rondônia|NORTE|11|520|85|9500|60|SEDAM-RO
AC|Acre|NORTE|12|190|90|4200|80|IMAC-AC
AM|Amazonas|NORTE|13|330|95|2600|80|IPAAM-AM
RR|Roraima|NORTE|14|140|180|3900|80|FEMARH-RR
PA|Pará|NORTE|15|1050|120|6800|70|SEMAS-PA
AP|Amapá|NORTE|16|75|110|3400|60|SEMA-AP
TO|Tocantins|NORTE|17|470|210|9800|80|NATURATINS-TO
MA|Maranhão|NORDESTE|21|430|95|8700|70|SEMA-MA
PI|Piauí|NORDESTE|22|290|90|7200|70|SEMAR-PI
CE|Ceará|NORDESTE|23|210|34|6100|55|SEMACE-CE
RN|Rio Grande do Norte|NORDESTE|24|95|36|6600|35|IDEMA-RN
PB|Paraíba|NORDESTE|25|90|30|5900|55|SUDEMA-PB
PE|Pernambuco|NORDESTE|26|170|28|7800|40|CPRH-PE
AL|Alagoas|NORDESTE|27|70|26|15500|30|IMA-AL
SE|Sergipe|NORDESTE|28|60|24|13200|35|ADEMA-SE
BA|Bahia|NORDESTE|29|690|70|11800|50|INEMA-BA
MG|Minas Gerais|SUDESTE|31|920|52|22500|30|IEF-MG
ES|Espírito Santo|SUDESTE|32|160|27|31500|18|IDAF-ES
RJ|Rio de Janeiro|SUDESTE|33|120|31|27800|16|INEA-RJ
SP|São Paulo|SUDESTE|35|560|44|52500|18|CETESB-SP
PR|Paraná|SUL|41|600|33|58500|18|IAT-PR
SC|Santa Catarina|SUL|42|380|24|43500|18|IMA-SC
RS|Rio Grande do Sul|SUL|43|640|38|41500|22|FEPAM-RS
MS|Mato Grosso do Sul|CENTRO_OESTE|50|520|330|24800|45|IMASUL-MS
MT|Mato Grosso|CENTRO_OESTE|51|1080|380|19600|80|SEMA-MT
GO|Goiás|CENTRO_OESTE|52|760|140|27400|35|SEMAD-GO
DF|Distrito Federal|CENTRO_OESTE|53|30|48|46500|5|IBRAM-DF
"""
_LEGAL_AMAZON: Final = frozenset(("RO", "AC", "AM", "RR", "PA", "AP", "TO", "MT"))
_MARANHAO_EAST: Final = frozenset(("Chapadinha", "Caxias", "Codó", "Barreirinhas"))
"""East of the 44th meridian, which bounds the Legal Amazon."""
_WITHOUT_PROPERTIES_PERMILLE: Final = 25


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality and what was drawn for it."""

    id: int
    code: str
    name: str
    state: State
    biome_id: int
    area: int
    """Hundredths of km²."""
    legal_amazon: bool
    module_ha: int
    weight: int
    """Its share of the state's properties."""


def biome_id(name: str) -> int:
    """The id of a biome by its name."""
    return next(i for i, (biome, _) in enumerate(BIOMES, start=1) if biome == name)


def states() -> list[State]:
    """The 27 states, by their codes."""
    result = []
    for i, line in enumerate(_STATES.split("\n")[1:-1], start=1):
        uf, name, region, code, properties, median, price, module, agency = line.split("|")
        result.append(
            State(i, uf, name, region, int(code), int(properties), int(median), int(price), int(module), agency)
        )
    return result


def municipalities(dice: Dice, of: list[State]) -> list[Municipality]:
    """All municipalities, by state and then in the file's order."""
    text = (files("sqlagent_tui.demo") / "municipios.txt").read_text(encoding="utf-8")
    listed: dict[str, list[tuple[str, int]]] = {state.uf: [] for state in of}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        uf, biome_name, names = (part.strip() for part in line.split("|"))
        listed[uf] += [(name.strip(), biome_id(biome_name)) for name in names.split(";")]
    result: list[Municipality] = []
    for state in of:
        for i, (name, biome) in enumerate(listed[state.uf], start=1):
            north = state.region in ("NORTE", "CENTRO_OESTE")
            empty = len(listed[state.uf]) > 5 and dice.chance(_WITHOUT_PROPERTIES_PERMILLE)
            result.append(
                Municipality(
                    id=len(result) + 1,
                    code=_code(state.code, i),
                    name=name,
                    state=state,
                    biome_id=biome,
                    area=dice.lognormal(580_000 if north else 110_000, 80),
                    legal_amazon=state.uf in _LEGAL_AMAZON or (state.uf == "MA" and _west(name, biome)),
                    module_ha=max(5, state.module_ha + 5 * dice.between(-2, 3)),
                    weight=0 if empty else dice.lognormal(1000, 70),
                )
            )
    return result


def property_places(of: list[Municipality]) -> Weighted[Municipality]:
    """Where a property lies: by the state's share, then by the municipality's."""
    sums: dict[str, int] = {}
    for place in of:
        sums[place.state.uf] = sums.get(place.state.uf, 0) + place.weight
    return Weighted([(p, p.weight * p.state.properties * 100 // sums[p.state.uf]) for p in of])


def _west(name: str, biome: int) -> bool:
    return name not in _MARANHAO_EAST and BIOMES[biome - 1][0] in ("Amazônia", "Cerrado")


def _code(state: int, number: int) -> str:
    """Seven digits, the last a check digit made as IBGE makes it."""
    base = f"{state}{number * 5:04d}"
    total = 0
    for i, digit in enumerate(base):
        product = int(digit) * (2 if i % 2 else 1)
        total += product // 10 + product % 10
    return f"{base}{-total % 10}"
