"""The schema as the student was trained to read it: another letter, and its figures no longer hold."""

from __future__ import annotations

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.profile import Layout
from sqlagent_tui.agent.rendering import schema_text
from sqlagent_tui.database.postgres import PostgresDatabase

TRAINED_ON = """
area_preservacao(id, imovel_id>imovel_rural, tipo, area_ha, area_recompor_ha)
atividade(id, nome, potencial)
auto_infracao(id, numero, imovel_id>imovel_rural, proprietario_id>proprietario, fiscal_id>fiscal, tipo, \
situacao, valor_multa, data_autuacao, data_pagamento)
bioma(id, nome, area_km2)
embargo(id, numero, imovel_id>imovel_rural, orgao_id>orgao, motivo, area_ha, data_embargo, data_liberacao)
estado(id, sigla, nome, regiao)
fiscal(id, nome, matricula, orgao_id>orgao, data_admissao)
imovel_rural(id, codigo_car, nome, tipo, situacao, municipio_id>municipio, area_ha, modulos_fiscais, \
valor_terra, data_inscricao, data_retificacao)
licenca(id, numero, imovel_id>imovel_rural, orgao_id>orgao, atividade_id>atividade, tipo, situacao, \
data_emissao, data_validade)
municipio(id, codigo_ibge, nome, estado_id>estado, bioma_id>bioma, area_km2, amazonia_legal)
mv_resumo_municipio(municipio_id, municipio, uf, imoveis, area_ha)
orgao(id, sigla, nome, esfera)
posse(id, imovel_id>imovel_rural, proprietario_id>proprietario, tipo, percentual, data_inicio, data_fim)
projeto_recuperacao(id, imovel_id>imovel_rural, situacao, area_ha, custo, data_inicio, data_conclusao)
proprietario(id, nome, tipo, cpf, cnpj, municipio_id>municipio, data_cadastro)
reserva_legal(id, imovel_id>imovel_rural, area_ha, percentual, situacao, data_averbacao)
vegetacao_nativa(id, imovel_id>imovel_rural, estagio, area_ha, ano_referencia)
vistoria(id, imovel_id>imovel_rural, fiscal_id>fiscal, data_vistoria, resultado, observacao)
vw_imovel(id, codigo_car, nome, tipo, situacao, area_ha, municipio, uf, bioma)
"""


def test_the_compact_schema_of_the_demo_is_what_the_student_was_trained_on(demo_conninfo: str) -> None:
    database = PostgresDatabase.connect(demo_conninfo)
    try:
        names = [table.name for table in database.tables(CancelToken())]
        shown = schema_text(database.describe(names, CancelToken()), Layout(schema="compact", max_chars=10_000))
    finally:
        database.close()
    assert shown == TRAINED_ON.strip()
