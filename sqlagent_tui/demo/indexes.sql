-- Run after the load: building an index once is cheaper than keeping it up row by row.
CREATE INDEX ON municipio (estado_id);
CREATE INDEX ON municipio (bioma_id);
CREATE INDEX ON municipio (sem_acento(nome));
CREATE INDEX ON proprietario (municipio_id);
CREATE INDEX ON proprietario (sem_acento(nome));
CREATE INDEX ON imovel_rural (municipio_id);
CREATE INDEX ON imovel_rural (data_inscricao);
CREATE INDEX ON posse (imovel_id);
CREATE INDEX ON posse (proprietario_id);
CREATE INDEX ON area_preservacao (imovel_id);
CREATE INDEX ON vegetacao_nativa (imovel_id);
CREATE INDEX ON fiscal (orgao_id);
CREATE INDEX ON embargo (imovel_id);
CREATE INDEX ON embargo (data_embargo);
CREATE INDEX ON auto_infracao (imovel_id);
CREATE INDEX ON auto_infracao (proprietario_id);
CREATE INDEX ON auto_infracao (fiscal_id);
CREATE INDEX ON auto_infracao (data_autuacao);
CREATE INDEX ON licenca (imovel_id);
CREATE INDEX ON licenca (data_validade);
CREATE INDEX ON vistoria (imovel_id);
CREATE INDEX ON vistoria (fiscal_id);
CREATE INDEX ON projeto_recuperacao (imovel_id);

CREATE VIEW vw_imovel AS
SELECT i.id, i.codigo_car, i.nome, i.tipo, i.situacao, i.area_ha,
       m.nome AS municipio, e.sigla AS uf, b.nome AS bioma
FROM imovel_rural i
JOIN municipio m ON m.id = i.municipio_id
JOIN estado e ON e.id = m.estado_id
JOIN bioma b ON b.id = m.bioma_id;
COMMENT ON VIEW vw_imovel IS 'Imóveis com município, UF e bioma por extenso';

CREATE MATERIALIZED VIEW mv_resumo_municipio AS
SELECT m.id AS municipio_id, m.nome AS municipio, e.sigla AS uf,
       count(i.id) AS imoveis, coalesce(sum(i.area_ha), 0) AS area_ha
FROM municipio m
JOIN estado e ON e.id = m.estado_id
LEFT JOIN imovel_rural i ON i.municipio_id = m.id
GROUP BY m.id, m.nome, e.sigla;
COMMENT ON MATERIALIZED VIEW mv_resumo_municipio IS 'Número e área de imóveis por município';
CREATE UNIQUE INDEX ON mv_resumo_municipio (municipio_id);
