"""The demo's rows: the same on every machine, in every run."""

from __future__ import annotations

from collections.abc import Iterator

from sqlagent_tui.demo import enforcement, places, registry
from sqlagent_tui.demo.dice import Dice
from sqlagent_tui.demo.tables import SEED, Cell, Table, hundredths, table

TABLE_COUNT = 17


def generate() -> Iterator[Table]:
    """Yield the TABLE_COUNT tables, each after those that it points to."""
    states = places.states()
    towns = places.municipalities(Dice(SEED, "municipio"), states)
    homes = places.property_places(towns)
    yield table("bioma", "id nome area_km2", [(i, *biome) for i, biome in enumerate(places.BIOMES, start=1)])
    yield table("estado", "id sigla nome regiao", [(s.id, s.uf, s.name, s.region) for s in states])
    town_rows: list[tuple[Cell, ...]] = [
        (t.id, t.code, t.name, t.state.id, t.biome_id, hundredths(t.area), t.legal_amazon) for t in towns
    ]
    yield table("municipio", "id codigo_ibge nome estado_id bioma_id area_km2 amazonia_legal", town_rows)

    people, owner_table = registry.owners(towns, homes)
    yield owner_table
    estates, estate_table = registry.properties(homes)
    yield estate_table
    yield registry.holdings(estates, people)
    yield registry.reserves(estates)
    yield registry.preservation_areas(estates)
    yield registry.vegetation(estates)

    agencies, agency_tables = enforcement.agencies(states)
    yield from agency_tables
    watched = enforcement.watched(estates)
    yield enforcement.embargoes(watched, agencies)
    yield enforcement.fines(watched, agencies)
    yield enforcement.licences(estates, agencies)
    yield enforcement.inspections(watched, agencies)
    yield enforcement.projects(estates)
