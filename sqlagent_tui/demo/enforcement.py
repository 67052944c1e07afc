"""Agencies and what they do: embargoes, fines, licences, inspections, restoration projects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlagent_tui.demo import names
from sqlagent_tui.demo.dice import Dice, Weighted
from sqlagent_tui.demo.places import State
from sqlagent_tui.demo.registry import Property, year_date
from sqlagent_tui.demo.tables import FIRST_DAY, SEED, TODAY, Cell, Table, hundredths, table

INSPECTORS: Final = 200
EMBARGOES: Final = 3_000
FINES: Final = 6_000
LICENCES: Final = 5_000
INSPECTIONS: Final = 7_000
PROJECTS: Final = 1_500
MAX_FINE: Final = 5_000_000_000
"""Fifty million reais, the law's ceiling, in hundredths."""

_FEDERAL: Final = (
    ("IBAMA", "Instituto Brasileiro do Meio Ambiente e dos Recursos Naturais Renováveis"),
    ("ICMBio", "Instituto Chico Mendes de Conservação da Biodiversidade"),
)
_MUNICIPAL: Final = (
    ("SEMMA-ATM", "Secretaria Municipal de Meio Ambiente de Altamira"),
    ("SEMMA-MAO", "Secretaria Municipal de Meio Ambiente de Manaus"),
    ("SMAM-SOR", "Secretaria Municipal de Meio Ambiente de Sorriso"),
)
_ACTIVITIES: Final = (
    *(("Agricultura de sequeiro", "BAIXO"), ("Agricultura irrigada", "MEDIO"), ("Apicultura", "BAIXO")),
    *(("Aquicultura", "MEDIO"), ("Armazenamento de agrotóxicos", "ALTO"), ("Armazenamento de grãos", "BAIXO")),
    *(("Avicultura", "MEDIO"), ("Barragem", "ALTO"), ("Beneficiamento de madeira", "MEDIO")),
    *(("Bovinocultura extensiva", "BAIXO"), ("Carvoaria", "ALTO"), ("Confinamento de bovinos", "ALTO")),
    *(("Extração de areia", "ALTO"), ("Frigorífico", "ALTO"), ("Geração de energia solar", "BAIXO")),
    *(("Laticínio", "MEDIO"), ("Manejo florestal", "MEDIO"), ("Mineração de calcário", "ALTO")),
    *(("Posto de combustível", "ALTO"), ("Silvicultura", "MEDIO"), ("Suinocultura", "ALTO")),
    *(("Supressão de vegetação", "ALTO"), ("Turismo rural", "BAIXO"), ("Usina de açúcar e álcool", "ALTO")),
)
_ENFORCEMENT_YEARS: Final = Weighted(
    [
        *((2009, 50), (2010, 45), (2011, 45), (2012, 40), (2013, 45), (2014, 45), (2015, 50), (2016, 60)),
        *((2017, 60), (2018, 60), (2019, 65), (2020, 60), (2021, 65), (2022, 80), (2023, 110), (2024, 105), (2025, 45)),
    ]
)
_INSPECTION_RESULTS: Final = Weighted([("REGULAR", 520), ("IRREGULAR", 330), ("INCONCLUSIVA", 150)])
_REMARKS: Final = {
    "REGULAR": (
        "Reserva legal preservada e cercada.",
        "Nascente protegida, sem sinal de gado.",
        "Área conforme o declarado no cadastro.",
        "Vegetação em boa regeneração.",
        "Licença apresentada e válida.",
    ),
    "IRREGULAR": (
        "Supressão de vegetação sem autorização.",
        "Gado na área de preservação permanente.",
        "Indícios de queimada recente.",
        "Captação de água sem outorga.",
        "Limites da reserva legal não respeitados.",
        "Descarte de embalagens de agrotóxico a céu aberto.",
    ),
    "INCONCLUSIVA": (
        "Acesso impedido pela chuva; retornar.",
        "Proprietário ausente; nova visita marcada.",
        "Divergência entre imagem de satélite e campo.",
    ),
}


@dataclass(frozen=True, slots=True)
class Agencies:
    """Ids of the agencies, and of the inspectors of each."""

    by_state: dict[str, int]
    inspectors: dict[int, list[tuple[int, date]]]
    """By agency: id and day of admission."""

    def responsible(self, dice: Dice, item: Property, *, federal: int) -> int:
        """IBAMA or ICMBio `federal` times in a thousand, else the state's agency."""
        if dice.chance(federal):
            return 1 if dice.chance(860) else 2
        return self.by_state[item.place.state.uf]

    def inspector(self, dice: Dice, item: Property, day: date) -> int:
        """Someone of the responsible agency who worked there on that day."""
        staff = self.inspectors[self.responsible(dice, item, federal=480)]
        return dice.pick([who for who, admitted in staff if admitted <= day])


def agencies(states: list[State]) -> tuple[Agencies, list[Table]]:
    """Agencies, their inspectors, and the activities that need a licence."""
    listed = [(sigla, name, "FEDERAL") for sigla, name in _FEDERAL]
    listed += [(s.agency, f"Órgão Ambiental Estadual ({s.name})", "ESTADUAL") for s in states]
    listed += [(sigla, name, "MUNICIPAL") for sigla, name in _MUNICIPAL]
    agency_rows: list[tuple[Cell, ...]] = [(i, *row) for i, row in enumerate(listed, start=1)]
    by_state = {state.uf: i for i, state in enumerate(states, start=len(_FEDERAL) + 1)}

    dice = Dice(SEED, "fiscal")
    weights = [(1, 60), (2, 22), *((by_state[s.uf], 1 + s.properties // 160) for s in states)]
    at = Weighted(weights)
    inspectors: dict[int, list[tuple[int, date]]] = {}
    rows: list[tuple[Cell, ...]] = []
    numbers: set[int] = set()
    for i in range(1, INSPECTORS + 1):
        # Every agency that may be drawn has an inspector from before the first day.
        first = i <= len(weights)
        agency = weights[i - 1][0] if first else dice.draw(at)
        admitted = dice.date(date(1998, 3, 2), FIRST_DAY if first else date(2023, 12, 29))
        inspectors.setdefault(agency, []).append((i, admitted))
        number = dice.between(100_000, 999_999)
        while number in numbers:
            number = dice.between(100_000, 999_999)
        numbers.add(number)
        rows.append((i, names.person(dice), str(number), agency, admitted))
    activity_rows: list[tuple[Cell, ...]] = [(i, *row) for i, row in enumerate(_ACTIVITIES, start=1)]
    return Agencies(by_state, inspectors), [
        table("orgao", "id sigla nome esfera", agency_rows),
        table("fiscal", "id nome matricula orgao_id data_admissao", rows),
        table("atividade", "id nome potencial", activity_rows),
    ]


def watched(of: list[Property]) -> Weighted[Property]:
    """Properties weighted by how much they draw the inspectors: large ones, the Amazon and the savanna first."""
    by_biome = {"Amazônia": 9, "Cerrado": 5, "Pantanal": 6, "Mata Atlântica": 3, "Caatinga": 2, "Pampa": 2}
    return Weighted([(item, by_biome[item.biome] * (2 + min(8, item.area // 20_000))) for item in of])


def embargoes(at: Weighted[Property], by: Agencies) -> Table:
    """Embargoes, of which a third have been lifted."""
    dice = Dice(SEED, "embargo")
    rows: list[tuple[Cell, ...]] = []
    for day, item in _events(dice, at, EMBARGOES):
        forest = item.biome in ("Amazônia", "Cerrado", "Pantanal")
        motive = dice.draw(
            Weighted(
                [
                    ("DESMATAMENTO", 560 if forest else 330),
                    ("QUEIMADA", 190 if forest else 110),
                    ("GARIMPO", 90 if item.biome == "Amazônia" else 12),
                    ("POLUICAO", 70 if forest else 240),
                    ("OBRA_SEM_LICENCA", 90 if forest else 260),
                ]
            )
        )
        area = max(3, item.area * dice.between(15, 620) // 1000)
        lifted = None
        if dice.chance(380) and (TODAY - day).days > 45:
            lifted = dice.date(day + timedelta(days=30), min(TODAY, day + timedelta(days=2200)))
        number = f"E-{len(rows) + 1:06d}/{day.year}"
        agency = by.responsible(dice, item, federal=640)
        rows.append((len(rows) + 1, number, item.id, agency, motive, hundredths(area), day, lifted))
    return table("embargo", "id numero imovel_id orgao_id motivo area_ha data_embargo data_liberacao", rows)


def fines(at: Weighted[Property], by: Agencies) -> Table:
    """Fines; only a paid one has a day of payment."""
    dice = Dice(SEED, "auto_infracao")
    kinds = Weighted([("FLORA", 520), ("FAUNA", 110), ("PESCA", 80), ("POLUICAO", 170), ("ADMINISTRATIVA", 120)])
    medians = {"FLORA": 38_000, "FAUNA": 6_500, "PESCA": 3_200, "POLUICAO": 24_000, "ADMINISTRATIVA": 9_000}
    situations = Weighted([("ABERTO", 350), ("EM_RECURSO", 260), ("PAGO", 280), ("CANCELADO", 110)])
    rows: list[tuple[Cell, ...]] = []
    for day, item in _events(dice, at, FINES):
        kind = dice.draw(kinds)
        size = 1 + min(12, item.area // 50_000) if kind == "FLORA" else 1
        value = min(MAX_FINE - dice.below(10_000_000), dice.lognormal(medians[kind] * size * 100, 130))
        situation = dice.draw(situations)
        paid = None
        if situation == "PAGO":
            if (TODAY - day).days < 30:
                situation = "ABERTO"
            else:
                paid = dice.date(day + timedelta(days=20), min(TODAY, day + timedelta(days=1100)))
        number = f"AI-{len(rows) + 1:06d}/{day.year}"
        guilty, inspector = dice.pick(item.owners), by.inspector(dice, item, day)
        rows.append(
            (
                *(len(rows) + 1, number, item.id, guilty, inspector, kind, situation),
                *(hundredths(value), day, paid),
            )
        )
    columns = "id numero imovel_id proprietario_id fiscal_id tipo situacao valor_multa data_autuacao data_pagamento"
    return table("auto_infracao", columns, rows)


def licences(of: list[Property], by: Agencies) -> Table:
    """Licences; in force or expired by the day on which they end."""
    dice = Dice(SEED, "licenca")
    at = Weighted([(item, 2 + min(10, item.area // 10_000)) for item in of])
    activity = Weighted(
        [(i, 40 if name.startswith(("Agri", "Bovino", "Manejo")) else 12) for i, (name, _) in _numbered()]
    )
    kinds = Weighted([("PREVIA", 170), ("INSTALACAO", 180), ("OPERACAO", 430), ("UNICA", 220)])
    years = {"PREVIA": (2, 4), "INSTALACAO": (2, 6), "OPERACAO": (4, 10), "UNICA": (3, 8)}
    rows: list[tuple[Cell, ...]] = []
    for day, item in _events(dice, at, LICENCES):
        kind = dice.draw(kinds)
        recent = (TODAY - day).days < 500
        begun: date | None = day
        ends: date | None = None
        if dice.chance(480 if recent else 12):
            situation, begun = "EM_ANALISE", None
        elif dice.chance(70):
            situation, begun = "NEGADA", None
        else:
            low, high = years[kind]
            ends = day + timedelta(days=365 * dice.between(low, high))
            situation = "VIGENTE" if ends >= TODAY else "VENCIDA"
        number = f"L-{len(rows) + 1:06d}/{day.year}"
        agency = by.responsible(dice, item, federal=60)
        rows.append((len(rows) + 1, number, item.id, agency, dice.draw(activity), kind, situation, begun, ends))
    columns = "id numero imovel_id orgao_id atividade_id tipo situacao data_emissao data_validade"
    return table("licenca", columns, rows)


def inspections(at: Weighted[Property], by: Agencies) -> Table:
    """Visits to properties; a remark where there was one to make."""
    dice = Dice(SEED, "vistoria")
    rows: list[tuple[Cell, ...]] = []
    for day, item in _events(dice, at, INSPECTIONS):
        result = dice.draw(_INSPECTION_RESULTS)
        remark = dice.pick(_REMARKS[result]) if dice.chance(300 if result == "REGULAR" else 880) else None
        rows.append((len(rows) + 1, item.id, by.inspector(dice, item, day), day, result, remark))
    return table("vistoria", "id imovel_id fiscal_id data_vistoria resultado observacao", rows)


def projects(of: list[Property]) -> Table:
    """Restoration, on properties that have something to restore."""
    dice = Dice(SEED, "projeto_recuperacao")
    degraded = [item for item in of if item.to_restore > 50]
    situations = Weighted([("EM_ANDAMENTO", 480), ("CONCLUIDO", 360), ("PARALISADO", 160)])
    rows: list[tuple[Cell, ...]] = []
    for item in sorted((dice.pick(degraded) for _ in range(PROJECTS)), key=lambda item: item.id):
        area = max(5, item.to_restore * dice.between(20, 100) // 100)
        cost = max(100_000, area * dice.lognormal(9_400 * 100, 45) // 100)
        situation = dice.draw(situations)
        begun = year_date(dice, _ENFORCEMENT_YEARS)
        ended = None
        if situation == "CONCLUIDO":
            begun = min(begun, TODAY - timedelta(days=400))
            ended = dice.date(begun + timedelta(days=300), TODAY)
        rows.append((len(rows) + 1, item.id, situation, hundredths(area), hundredths(cost), begun, ended))
    return table("projeto_recuperacao", "id imovel_id situacao area_ha custo data_inicio data_conclusao", rows)


def _events(dice: Dice, at: Weighted[Property], count: int) -> list[tuple[date, Property]]:
    """`count` days with a property each, in order of time, as an office numbers its papers."""
    drawn = [(year_date(dice, _ENFORCEMENT_YEARS), dice.draw(at)) for _ in range(count)]
    return sorted(drawn, key=lambda event: (event[0], event[1].id))


def _numbered() -> enumerate[tuple[str, str]]:
    return enumerate(_ACTIVITIES, start=1)
