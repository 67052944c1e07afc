"""Owners, properties, and what lies on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sqlagent_tui.demo import names
from sqlagent_tui.demo.dice import Dice, Weighted
from sqlagent_tui.demo.documents import format_cnpj, format_cpf
from sqlagent_tui.demo.places import BIOMES, Municipality
from sqlagent_tui.demo.tables import FIRST_DAY, SEED, TODAY, Cell, Table, hundredths, table

OWNERS: Final = 9_000
PROPERTIES: Final = 10_000
HOLDINGS: Final = 12_000
RESERVES: Final = 8_500
PRESERVATION_AREAS: Final = 11_000
VEGETATION_AREAS: Final = 8_000
ALPHANUMERIC_COMPANIES: Final = 12

_REGISTRATION_YEARS: Final = Weighted(
    [
        *((2009, 20), (2010, 25), (2011, 30), (2012, 45), (2013, 60), (2014, 110), (2015, 150), (2016, 160)),
        *((2017, 90), (2018, 85), (2019, 70), (2020, 55), (2021, 60), (2022, 55), (2023, 50), (2024, 45), (2025, 22)),
    ]
)
_SITUATIONS: Final = Weighted([("ATIVO", 620), ("PENDENTE", 220), ("SUSPENSO", 95), ("CANCELADO", 65)])
_HOLDING_KINDS: Final = Weighted([("PROPRIEDADE", 690), ("POSSE", 180), ("ARRENDAMENTO", 85), ("COMODATO", 45)])
_RESERVE_SITUATIONS: Final = Weighted([("AVERBADA", 450), ("APROVADA", 290), ("PROPOSTA", 260)])
_APP_KINDS: Final = Weighted(
    [("CURSO_DAGUA", 440), ("NASCENTE", 260), ("LAGO", 90), ("ENCOSTA", 80), ("TOPO_DE_MORRO", 60), ("VEREDA", 70)]
)
_STAGES: Final = Weighted([("PRIMARIA", 280), ("AVANCADO", 250), ("MEDIO", 270), ("INICIAL", 200)])


@dataclass(frozen=True, slots=True)
class Owner:
    """A person or a company."""

    id: int
    name: str
    cpf: str | None
    cnpj: str | None
    place: Municipality
    registered: date


@dataclass(slots=True)
class Property:
    """A rural property."""

    id: int
    name: str
    kind: str
    place: Municipality
    area: int
    """Hundredths of a hectare."""
    registered: date
    owners: list[int] = field(default_factory=list)
    to_restore: int = 0
    """Hundredths of a hectare of degraded preservation areas."""

    @property
    def biome(self) -> str:
        """The name of the biome around it."""
        return BIOMES[self.place.biome_id - 1][0]


def year_date(dice: Dice, years: Weighted[int]) -> date:
    """A day of a drawn year, never after TODAY."""
    year = dice.draw(years)
    return dice.date(max(FIRST_DAY, date(year, 1, 1)), min(TODAY, date(year, 12, 31)))


def owners(places: list[Municipality], homes: Weighted[Municipality]) -> tuple[list[Owner], Table]:
    """The owners and their table; CPFs and CNPJs are distinct, and their check digits right."""
    dice = Dice(SEED, "proprietario")
    used: set[str] = set()
    roots: list[str] = []
    alphanumeric = 0
    result = []
    for i in range(1, OWNERS + 1):
        place = dice.draw(homes) if dice.chance(900) else dice.pick(places)
        cpf = cnpj = None
        if dice.chance(820):
            name = names.person(dice)
            while cpf is None or cpf in used:
                cpf = format_cpf(f"{dice.below(10**8):08d}{place.state.code % 10}")
            used.add(cpf)
        else:
            name = names.company(dice)
            while cnpj is None or cnpj in used:
                if alphanumeric < ALPHANUMERIC_COMPANIES and dice.chance(8):
                    cnpj = format_cnpj(
                        "".join(dice.pick("0123456789ABCDEFGHJKLMNPRSTVWXYZ") for _ in range(8)) + "0001"
                    )
                    alphanumeric += 1
                elif roots and dice.chance(40):
                    cnpj = format_cnpj(f"{dice.pick(roots)}{dice.between(2, 9):04d}")  # a branch
                else:
                    roots.append(f"{dice.between(1, 59_999_999):08d}")
                    cnpj = format_cnpj(f"{roots[-1]}0001")
            used.add(cnpj)
        result.append(Owner(i, name, cpf, cnpj, place, year_date(dice, _REGISTRATION_YEARS)))
    rows: list[tuple[Cell, ...]] = [
        (o.id, o.name, "FISICA" if o.cpf else "JURIDICA", o.cpf, o.cnpj, o.place.id, o.registered) for o in result
    ]
    return result, table("proprietario", "id nome tipo cpf cnpj municipio_id data_cadastro", rows)


def properties(homes: Weighted[Municipality]) -> tuple[list[Property], Table]:
    """The properties and their table: areas log-normal around the state's median, prices by state."""
    dice = Dice(SEED, "imovel_rural")
    used: set[str] = set()
    result: list[Property] = []
    rows: list[tuple[Cell, ...]] = []
    for i in range(1, PROPERTIES + 1):
        place = dice.draw(homes)
        state = place.state
        special = dice.below(1000)
        median = state.median_ha * (2 if place.biome_id == 6 else 1)
        if special < 28:
            kind, area = "ASSENTAMENTO", dice.lognormal(max(2500, median * 15) * 100, 70)
        elif special < 38:
            kind, area = "TERRITORIO_TRADICIONAL", dice.lognormal(max(3500, median * 20) * 100, 80)
        else:
            area = max(dice.lognormal(median * 100, 120), 60 + dice.below(240))
            modules = area * 100 // place.module_ha // 100
            small = "CHACARA" if area < 800 + dice.below(500) else "SITIO"
            kind = "FAZENDA" if modules >= 400 or (modules >= 150 and dice.chance(500)) else small
        modules = max(1, (area + place.module_ha // 2) // place.module_ha)
        value = None
        if not dice.chance(130) and kind not in ("ASSENTAMENTO", "TERRITORIO_TRADICIONAL"):
            value = hundredths(area * dice.lognormal(state.price * 100, 35) // 100)
        code = ""
        while not code or code in used:
            code = f"{state.uf}-{place.code}-{dice.below(16**4):04X}{dice.below(16**4):04X}"
        used.add(code)
        registered = year_date(dice, _REGISTRATION_YEARS)
        corrected = None
        if dice.chance(410) and (TODAY - registered).days > 60:
            corrected = dice.date(registered + timedelta(days=30), TODAY)
        situation = dice.draw(_SITUATIONS)
        item = Property(i, names.estate(dice, kind), kind, place, area, registered)
        result.append(item)
        rows.append(
            (
                *(i, code, item.name, kind, situation, place.id, hundredths(area), hundredths(modules)),
                *(value, registered, corrected),
            )
        )
    columns = (
        "id codigo_car nome tipo situacao municipio_id"
        " area_ha modulos_fiscais valor_terra data_inscricao data_retificacao"
    )
    return result, table("imovel_rural", columns, rows)


def holdings(of: list[Property], people: list[Owner]) -> Table:
    """Every property has one or two present owners; some holdings have ended."""
    dice = Dice(SEED, "posse")
    near: dict[int, list[int]] = {}
    for person in people:
        near.setdefault(person.place.id, []).append(person.id)
    groups = [person.id for person in people if person.cnpj][::9]  # the few who own many estates
    extra = dice.shuffled(of)[: HOLDINGS - PROPERTIES]
    shared = {item.id for item in extra[:1350]}
    former = {item.id for item in extra[1350:]}
    rows: list[tuple[Cell, ...]] = []

    def owner(item: Property, besides: int = 0) -> int:
        while True:
            if item.area > 150_000 and dice.chance(550):
                found = dice.pick(groups)
            elif item.place.id in near and dice.chance(640):
                found = dice.pick(near[item.place.id])
            else:
                found = dice.below(len(people)) + 1
            if found != besides:
                return found

    def add(item: Property, who: int, percent: int, start: date, end: date | None) -> None:
        rows.append((len(rows) + 1, item.id, who, dice.draw(_HOLDING_KINDS), hundredths(percent), start, end))

    for item in of:
        start = dice.date(FIRST_DAY, TODAY - timedelta(days=1))
        first = owner(item)
        item.owners.append(first)
        if item.id in former:
            start = max(start, FIRST_DAY + timedelta(days=400))
            begun = dice.date(FIRST_DAY, start - timedelta(days=200))
            add(item, owner(item, first), 10_000, begun, start - timedelta(days=1))
        if item.id in shared:
            part = 5000 if dice.chance(450) else dice.between(1000, 8500)
            second = owner(item, first)
            item.owners.append(second)
            add(item, first, part, start, None)
            add(item, second, 10_000 - part, start, None)
        else:
            add(item, first, 10_000, start, None)
    return table("posse", "id imovel_id proprietario_id tipo percentual data_inicio data_fim", rows)


def required_reserve(item: Property) -> int:
    """Per cent of the area that must stay a legal reserve: 80 forest, 35 savanna in the Legal Amazon, 20 elsewhere."""
    if item.place.legal_amazon:
        return {"Amazônia": 80, "Cerrado": 35}.get(item.biome, 20)
    return 20


def reserves(of: list[Property]) -> Table:
    """At most one reserve a property; a third fall short of what the law asks."""
    dice = Dice(SEED, "reserva_legal")
    rows: list[tuple[Cell, ...]] = []
    for item in sorted(dice.shuffled(of)[:RESERVES], key=lambda item: item.id):
        required = required_reserve(item) * 100
        short = dice.chance(340)
        percent = required - dice.between(50, required * 7 // 10) if short else required + dice.between(0, 1500)
        percent = min(percent, 9_800)
        area = max(1, item.area * percent // 10_000)
        situation = dice.draw(_RESERVE_SITUATIONS)
        entered = dice.date(item.registered, TODAY) if situation == "AVERBADA" else None
        rows.append((len(rows) + 1, item.id, hundredths(area), hundredths(percent), situation, entered))
    return table("reserva_legal", "id imovel_id area_ha percentual situacao data_averbacao", rows)


def preservation_areas(of: list[Property]) -> Table:
    """Permanent preservation areas, several on a property; somewhat more than half need restoring."""
    dice = Dice(SEED, "area_preservacao")
    rows: list[tuple[Cell, ...]] = []
    for item in sorted((dice.pick(of) for _ in range(PRESERVATION_AREAS)), key=lambda item: item.id):
        kind = dice.draw(_APP_KINDS)
        if kind == "VEREDA" and item.biome != "Cerrado":
            kind = "CURSO_DAGUA"
        permille = 12 if kind == "NASCENTE" else 45
        area = min(max(2, item.area * dice.lognormal(permille * 100, 80) // 100_000), item.area // 4 + 1)
        restore = area * dice.between(3, 97) // 100 if dice.chance(560) else 0
        item.to_restore += restore
        rows.append((len(rows) + 1, item.id, kind, hundredths(area), hundredths(restore)))
    return table("area_preservacao", "id imovel_id tipo area_ha area_recompor_ha", rows)


def vegetation(of: list[Property]) -> Table:
    """Native vegetation as seen on a year's image."""
    dice = Dice(SEED, "vegetacao_nativa")
    years = Weighted([(year, 1 + max(0, year - 2013) * 2) for year in range(2009, 2025)])
    rows: list[tuple[Cell, ...]] = []
    for item in sorted((dice.pick(of) for _ in range(VEGETATION_AREAS)), key=lambda item: item.id):
        share = required_reserve(item) * dice.between(20, 130)
        area = max(1, item.area * min(share, 9_700) // 10_000)
        stage = dice.draw(_STAGES)
        if stage == "PRIMARIA" and item.biome in ("Pampa", "Mata Atlântica") and dice.chance(600):
            stage = "MEDIO"
        rows.append((len(rows) + 1, item.id, stage, hundredths(area), dice.draw(years)))
    return table("vegetacao_nativa", "id imovel_id estagio area_ha ano_referencia", rows)
