"""What can be asked of the demo database: its tables with their columns, groupings and filters, as SQL fragments.

Composing a query is copying fragments. A fragment's `{v}`, `{a}`, `{b}` are filled with the value; everything that is
compared with a name goes through `sem_acento`, so that the name can be copied from the question as it was typed.
"""

from __future__ import annotations

from typing import Final

from sqlagent_tui.distill.fragments import Entity, Filter, Grouping
from sqlagent_tui.distill.joins import ALIASES


def _enum(alias: str, column: str, values: str, key: str | None = None) -> tuple[Filter, ...]:
    prefix = key or ALIASES[alias]
    return tuple(
        Filter(f"{prefix}.{column}.{value}", f"{alias}.{column}", f"{alias}.{column} = '{value}'")
        for value in values.split()
    )


def _null(key: str, sql: str, family: str) -> Filter:
    return Filter(key, family, sql)


def _exists(table: str, alias: str, outer: str, column: str, key: str | None = None) -> tuple[Filter, Filter]:
    inner = f"EXISTS (SELECT 1 FROM {table} {alias} WHERE {alias}.{column} = {outer}.id)"
    name = key or table
    return (
        Filter(f"has.{name}", f"has.{table}", inner, outer=outer, tables=(table,)),
        Filter(f"hasnot.{name}", f"has.{table}", f"NOT {inner}", outer=outer, tables=(table,)),
    )


PLACES: Final = (
    Filter("place.municipio", "place", "sem_acento(m.nome) = sem_acento('{v}')", "municipio"),
    Filter(
        "place.municipio_uf",
        "place",
        "sem_acento(m.nome) = sem_acento('{a}') AND e.sigla = upper('{b}')",
        "municipio_uf",
    ),
    Filter("place.estado", "place", "sem_acento(e.nome) = sem_acento('{v}')", "estado"),
    Filter("place.uf", "place", "e.sigla = upper('{v}')", "uf"),
    Filter("place.regiao", "place", "e.regiao = '{v}'", "regiao"),
    Filter("place.bioma", "bioma", "sem_acento(bi.nome) = sem_acento('{v}')", "bioma"),
    Filter("place.amazonia_legal", "amazonia", "m.amazonia_legal"),
    Filter("place.amazonia_legal_not", "amazonia", "NOT m.amazonia_legal"),
)
_REGION: Final = PLACES[4]
_STATE_PLACES: Final = (PLACES[2], PLACES[3], PLACES[4])
_AGENCY: Final = (
    Filter("name.orgao", "orgao", "sem_acento(o.sigla) = sem_acento('{v}')", "orgao"),
    *_enum("o", "esfera", "FEDERAL ESTADUAL MUNICIPAL"),
)
_INSPECTOR: Final = Filter("name.fiscal", "fiscal", "sem_acento(f.nome) = sem_acento('{v}')", "fiscal")
_ESTATE: Final = Filter("name.imovel", "imovel", "sem_acento(i.nome) = sem_acento('{v}')", "imovel")
_OWNER_OF_ESTATE: Final = Filter(
    "name.proprietario",
    "owner",
    "EXISTS (SELECT 1 FROM posse s JOIN proprietario p ON p.id = s.proprietario_id "
    "WHERE s.imovel_id = i.id AND sem_acento(p.nome) = sem_acento('{v}'))",
    "proprietario",
    outer="i",
    tables=("posse", "proprietario"),
)
_OWNER: Final = Filter("name.proprietario", "owner", "sem_acento(p.nome) = sem_acento('{v}')", "proprietario")
_FINED: Final = Filter("name.autuado", "owner", "sem_acento(p.nome) = sem_acento('{v}')", "proprietario")
_ACTIVITY: Final = Filter("name.atividade", "atividade", "sem_acento(at.nome) = sem_acento('{v}')", "atividade")
_PERSON: Final = _enum("p", "tipo", "FISICA JURIDICA")

_PLACE_GROUPS: Final = (
    Grouping("estado", "e.nome", "estado"),
    Grouping("municipio", "m.nome", "municipio", identity="m.id"),
    Grouping("regiao", "e.regiao", "regiao"),
    Grouping("bioma", "bi.nome", "bioma"),
)
_OF_ESTATE: Final = (Grouping("tipo_imovel", "i.tipo", "tipo"), Grouping("situacao_imovel", "i.situacao", "situacao"))
_ESTATE_GROUP: Final = Grouping("imovel", "i.nome", "imovel", identity="i.id")
_OWNER_GROUP: Final = Grouping("proprietario", "p.nome", "proprietario", identity="p.id")
_AGENCY_GROUPS: Final = (Grouping("orgao", "o.sigla", "orgao"), Grouping("esfera", "o.esfera", "esfera"))
_INSPECTOR_GROUP: Final = Grouping("fiscal", "f.nome", "fiscal", identity="f.id")


def _time_groups(column: str) -> tuple[Grouping, ...]:
    return (
        Grouping("ano", f"extract(year FROM {column})", "ano", chronological=True),
        Grouping("mes", f"extract(month FROM {column})", "mes", chronological=True),
    )


ENTITIES: Final = {
    entity.table: entity
    for entity in (
        Entity(
            "i",
            "i.nome",
            "data_inscricao",
            ("data_retificacao",),
            {"area_ha": "ha", "modulos_fiscais": "modulos", "valor_terra": "reais"},
            (
                *_PLACE_GROUPS,
                *_time_groups("i.data_inscricao"),
                Grouping("tipo", "i.tipo", "tipo"),
                Grouping("situacao", "i.situacao", "situacao"),
            ),
            (
                *PLACES,
                *_enum("i", "situacao", "ATIVO PENDENTE SUSPENSO CANCELADO"),
                *_enum("i", "tipo", "FAZENDA SITIO CHACARA ASSENTAMENTO TERRITORIO_TRADICIONAL"),
                _null("imovel_rural.retificado", "i.data_retificacao IS NOT NULL", "retificacao"),
                _null("imovel_rural.nunca_retificado", "i.data_retificacao IS NULL", "retificacao"),
                _null("imovel_rural.sem_valor", "i.valor_terra IS NULL", "i.valor_terra"),
                *_exists("embargo", "b", "i", "imovel_id"),
                *_exists("auto_infracao", "x", "i", "imovel_id"),
                *_exists("reserva_legal", "r", "i", "imovel_id"),
                *_exists("licenca", "l", "i", "imovel_id"),
                *_exists("vistoria", "t", "i", "imovel_id"),
                *_exists("area_preservacao", "a", "i", "imovel_id"),
                *_exists("projeto_recuperacao", "j", "i", "imovel_id"),
                *_exists("vegetacao_nativa", "v", "i", "imovel_id"),
                _OWNER_OF_ESTATE,
            ),
            3.0,
        ),
        Entity(
            "p",
            "p.nome",
            "data_cadastro",
            groupings=(*_PLACE_GROUPS, *_time_groups("p.data_cadastro"), Grouping("tipo_pessoa", "p.tipo", "tipo")),
            filters=(
                *PLACES,
                *_PERSON,
                Filter(
                    "proprietario.multado",
                    "multa",
                    "EXISTS (SELECT 1 FROM auto_infracao x WHERE x.proprietario_id = p.id)",
                    outer="p",
                    tables=("auto_infracao",),
                ),
                Filter(
                    "proprietario.nunca_multado",
                    "multa",
                    "NOT EXISTS (SELECT 1 FROM auto_infracao x WHERE x.proprietario_id = p.id)",
                    outer="p",
                    tables=("auto_infracao",),
                ),
            ),
        ),
        Entity(
            "m",
            "m.nome",
            numbers={"area_km2": "km2"},
            groupings=(_PLACE_GROUPS[0], _PLACE_GROUPS[2], _PLACE_GROUPS[3]),
            filters=(*_STATE_PLACES, *PLACES[5:]),
            weight=0.8,
        ),
        Entity("e", "e.nome", groupings=(_PLACE_GROUPS[2],), filters=(_REGION,), weight=0.25),
        Entity(
            "s",
            "s.id",
            "data_inicio",
            ("data_fim",),
            {"percentual": "percent"},
            (*_PLACE_GROUPS, *_time_groups("s.data_inicio"), Grouping("tipo", "s.tipo", "tipo"), _OWNER_GROUP),
            (
                *PLACES,
                *_enum("s", "tipo", "PROPRIEDADE POSSE ARRENDAMENTO COMODATO"),
                _null("posse.vigente", "s.data_fim IS NULL", "s.fim"),
                _null("posse.encerrada", "s.data_fim IS NOT NULL", "s.fim"),
                _OWNER,
            ),
            0.5,
        ),
        Entity(
            "r",
            "i.nome",
            None,
            ("data_averbacao",),
            {"area_ha": "ha", "percentual": "percent"},
            (*_PLACE_GROUPS, Grouping("situacao", "r.situacao", "situacao"), *_OF_ESTATE),
            (
                *PLACES,
                *_enum("r", "situacao", "AVERBADA APROVADA PROPOSTA"),
                _null("reserva_legal.nao_averbada", "r.data_averbacao IS NULL", "r.situacao"),
                _ESTATE,
            ),
            1.0,
        ),
        Entity(
            "a",
            "i.nome",
            numbers={"area_ha": "ha", "area_recompor_ha": "ha"},
            groupings=(*_PLACE_GROUPS, Grouping("tipo", "a.tipo", "tipo"), *_OF_ESTATE),
            filters=(
                *PLACES,
                *_enum("a", "tipo", "NASCENTE CURSO_DAGUA LAGO ENCOSTA TOPO_DE_MORRO VEREDA"),
                _null("area_preservacao.a_recompor", "a.area_recompor_ha > 0", "a.area_recompor_ha"),
                _ESTATE,
            ),
        ),
        Entity(
            "v",
            "i.nome",
            "ano_referencia",
            numbers={"area_ha": "ha"},
            groupings=(
                *_PLACE_GROUPS,
                Grouping("estagio", "v.estagio", "estagio"),
                Grouping("ano", "v.ano_referencia", "ano", chronological=True),
            ),
            filters=(*PLACES, *_enum("v", "estagio", "PRIMARIA AVANCADO MEDIO INICIAL"), _ESTATE),
            weight=0.9,
        ),
        Entity(
            "b",
            "b.numero",
            "data_embargo",
            ("data_liberacao",),
            {"area_ha": "ha"},
            (
                *_PLACE_GROUPS,
                *_time_groups("b.data_embargo"),
                Grouping("motivo", "b.motivo", "motivo"),
                *_AGENCY_GROUPS,
                _ESTATE_GROUP,
                *_OF_ESTATE,
            ),
            (
                *PLACES,
                *_enum("b", "motivo", "DESMATAMENTO QUEIMADA GARIMPO POLUICAO OBRA_SEM_LICENCA"),
                _null("embargo.em_vigor", "b.data_liberacao IS NULL", "b.liberacao"),
                _null("embargo.liberado", "b.data_liberacao IS NOT NULL", "b.liberacao"),
                *_AGENCY,
                _ESTATE,
            ),
            2.2,
        ),
        Entity(
            "x",
            "x.numero",
            "data_autuacao",
            ("data_pagamento",),
            {"valor_multa": "reais"},
            (
                *_PLACE_GROUPS,
                *_time_groups("x.data_autuacao"),
                Grouping("tipo", "x.tipo", "tipo"),
                Grouping("situacao", "x.situacao", "situacao"),
                *_AGENCY_GROUPS,
                _INSPECTOR_GROUP,
                _OWNER_GROUP,
                _ESTATE_GROUP,
                Grouping("tipo_pessoa", "p.tipo", "tipo_pessoa"),
            ),
            (
                *PLACES,
                *_enum("x", "tipo", "FLORA FAUNA PESCA POLUICAO ADMINISTRATIVA"),
                *_enum("x", "situacao", "ABERTO EM_RECURSO PAGO CANCELADO"),
                _null("auto_infracao.paga", "x.data_pagamento IS NOT NULL", "x.situacao"),
                _null("auto_infracao.nao_paga", "x.data_pagamento IS NULL", "x.situacao"),
                *_enum("p", "tipo", "FISICA JURIDICA", "autuado"),
                *_AGENCY,
                _INSPECTOR,
                _FINED,
                _ESTATE,
            ),
            2.4,
        ),
        Entity(
            "l",
            "l.numero",
            "data_emissao",
            ("data_validade",),
            {},
            (
                *_PLACE_GROUPS,
                *_time_groups("l.data_emissao"),
                Grouping("tipo", "l.tipo", "tipo"),
                Grouping("situacao", "l.situacao", "situacao"),
                *_AGENCY_GROUPS,
                Grouping("atividade", "at.nome", "atividade"),
                Grouping("potencial", "at.potencial", "potencial"),
                _ESTATE_GROUP,
            ),
            (
                *PLACES,
                *_enum("l", "tipo", "PREVIA INSTALACAO OPERACAO UNICA"),
                *_enum("l", "situacao", "EM_ANALISE VIGENTE VENCIDA NEGADA"),
                *_AGENCY,
                _ACTIVITY,
                *_enum("at", "potencial", "ALTO MEDIO BAIXO"),
                _ESTATE,
            ),
            1.7,
        ),
        Entity(
            "t",
            "i.nome",
            "data_vistoria",
            (),
            {},
            (
                *_PLACE_GROUPS,
                *_time_groups("t.data_vistoria"),
                Grouping("resultado", "t.resultado", "resultado"),
                _INSPECTOR_GROUP,
                *_AGENCY_GROUPS,
                _ESTATE_GROUP,
            ),
            (
                *PLACES,
                *_enum("t", "resultado", "REGULAR IRREGULAR INCONCLUSIVA"),
                _null("vistoria.com_observacao", "t.observacao IS NOT NULL", "t.observacao"),
                _null("vistoria.sem_observacao", "t.observacao IS NULL", "t.observacao"),
                *_AGENCY,
                _INSPECTOR,
                _ESTATE,
            ),
            1.5,
        ),
        Entity(
            "j",
            "i.nome",
            "data_inicio",
            ("data_conclusao",),
            {"area_ha": "ha", "custo": "reais"},
            (*_PLACE_GROUPS, *_time_groups("j.data_inicio"), Grouping("situacao", "j.situacao", "situacao")),
            (*PLACES, *_enum("j", "situacao", "EM_ANDAMENTO CONCLUIDO PARALISADO"), _ESTATE),
            1.3,
        ),
        Entity(
            "f",
            "f.nome",
            "data_admissao",
            groupings=(*_AGENCY_GROUPS, *_time_groups("f.data_admissao")),
            filters=_AGENCY,
            weight=0.6,
        ),
        Entity(
            "o",
            "o.sigla",
            groupings=(_AGENCY_GROUPS[1],),
            filters=_enum("o", "esfera", "FEDERAL ESTADUAL MUNICIPAL"),
            weight=0.25,
        ),
        Entity(
            "at",
            "at.nome",
            groupings=(Grouping("potencial", "at.potencial", "potencial"),),
            filters=_enum("at", "potencial", "ALTO MEDIO BAIXO"),
            weight=0.25,
        ),
    )
}
"""By table name."""

VIRTUAL_COLUMNS: Final = {"imovel_rural": {"municipio": "m.nome", "estado": "e.nome", "bioma": "bi.nome"}}
"""Attributes that lie in another table."""


def column_sql(table: str, column: str) -> str:
    """The SQL of an attribute of `table` as measures.toml names it."""
    virtual = VIRTUAL_COLUMNS.get(table, {}).get(column)
    return virtual or f"{ENTITIES[table].alias}.{column}"
