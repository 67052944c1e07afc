from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sqlagent_tui.demo.dice import Dice, Weighted
from sqlagent_tui.demo.documents import is_cnpj, is_cpf
from sqlagent_tui.demo.generate import TABLE_COUNT, generate
from sqlagent_tui.demo.tables import TODAY, Table


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return {table.name: table for table in generate()}


def column(table: Table, name: str) -> list[object]:
    index = table.columns.index(name)
    return [row[index] for row in table.rows]


def test_size(tables: dict[str, Table]) -> None:
    assert len(tables) == TABLE_COUNT >= 14
    assert sum(len(table.rows) for table in tables.values()) >= 50_000


def test_documents_are_valid_and_distinct(tables: dict[str, Table]) -> None:
    cpfs = [cpf for cpf in column(tables["proprietario"], "cpf") if cpf is not None]
    cnpjs = [cnpj for cnpj in column(tables["proprietario"], "cnpj") if cnpj is not None]
    assert [cpf for cpf in cpfs if not is_cpf(str(cpf))] == []
    assert [cnpj for cnpj in cnpjs if not is_cnpj(str(cnpj))] == []
    assert len(set(cpfs)) == len(cpfs) > 7000
    assert len(set(cnpjs)) == len(cnpjs) > 1500
    assert sum(any(c.isalpha() for c in str(cnpj)) for cnpj in cnpjs) == 12


def test_names_are_clean(tables: dict[str, Table]) -> None:
    texts = [cell for table in tables.values() for row in table.rows for cell in row if isinstance(cell, str)]
    assert [text for text in texts if " ".join(text.split()) != text or not text.isprintable()] == []


def test_nothing_happens_after_the_fixed_present(tables: dict[str, Table]) -> None:
    for table in tables.values():
        for name in table.columns:
            if name.startswith("data_") and name != "data_validade":
                assert all(day <= TODAY for day in column(table, name) if isinstance(day, date)), (table.name, name)


def test_homonyms_are_few(tables: dict[str, Table]) -> None:
    names = column(tables["municipio"], "nome")
    assert len(names) >= 600
    assert sorted(str(name) for name in set(names) if names.count(name) > 1) == ["Bonito", "Cascavel", "Palmas"]


def test_facts_agree(tables: dict[str, Table]) -> None:
    fines = tables["auto_infracao"]
    for situation, paid in zip(column(fines, "situacao"), column(fines, "data_pagamento"), strict=True):
        assert (situation == "PAGO") == (paid is not None)
    area = dict(zip(column(tables["imovel_rural"], "id"), column(tables["imovel_rural"], "area_ha"), strict=True))
    for name in ("reserva_legal", "area_preservacao", "vegetacao_nativa", "embargo"):
        for estate, part in zip(column(tables[name], "imovel_id"), column(tables[name], "area_ha"), strict=True):
            assert Decimal(str(part)) <= Decimal(str(area[estate])), (name, estate)


def test_shares_of_present_owners_add_up(tables: dict[str, Table]) -> None:
    holdings = tables["posse"]
    shares: dict[object, Decimal] = {}
    for estate, kind, percent, ended in zip(
        *(column(holdings, name) for name in ("imovel_id", "tipo", "percentual", "data_fim")), strict=True
    ):
        assert kind in ("PROPRIEDADE", "POSSE", "ARRENDAMENTO", "COMODATO")
        if ended is None:
            shares[estate] = shares.get(estate, Decimal(0)) + Decimal(str(percent))
    assert set(shares.values()) == {Decimal(100)}
    assert len(shares) == len(tables["imovel_rural"].rows)


def test_dice_are_the_same_everywhere() -> None:
    dice = Dice(1, "x")
    assert [dice.below(1000) for _ in range(5)] == [102, 882, 644, 207, 932]
    assert [dice.lognormal(10_000, 100) for _ in range(5)] == [3869, 9094, 10407, 2181, 16294]
    assert {dice.draw(Weighted([("a", 1), ("never", 0)])) for _ in range(50)} == {"a"}
