-- cadastro_ambiental: a rural environmental registry, synthetic from end to end.
-- Identifiers carry no accents; comments and values are Brazilian Portuguese as such an office writes it.

CREATE TYPE regiao_brasil AS ENUM ('NORTE', 'NORDESTE', 'CENTRO_OESTE', 'SUDESTE', 'SUL');
CREATE TYPE tipo_pessoa AS ENUM ('FISICA', 'JURIDICA');
CREATE TYPE tipo_imovel AS ENUM ('FAZENDA', 'SITIO', 'CHACARA', 'ASSENTAMENTO', 'TERRITORIO_TRADICIONAL');
CREATE TYPE situacao_imovel AS ENUM ('ATIVO', 'PENDENTE', 'SUSPENSO', 'CANCELADO');
CREATE TYPE tipo_posse AS ENUM ('PROPRIEDADE', 'POSSE', 'ARRENDAMENTO', 'COMODATO');
CREATE TYPE situacao_reserva AS ENUM ('AVERBADA', 'APROVADA', 'PROPOSTA');
CREATE TYPE tipo_app AS ENUM ('NASCENTE', 'CURSO_DAGUA', 'LAGO', 'ENCOSTA', 'TOPO_DE_MORRO', 'VEREDA');
CREATE TYPE estagio_vegetacao AS ENUM ('PRIMARIA', 'AVANCADO', 'MEDIO', 'INICIAL');
CREATE TYPE esfera_orgao AS ENUM ('FEDERAL', 'ESTADUAL', 'MUNICIPAL');
CREATE TYPE potencial_poluidor AS ENUM ('BAIXO', 'MEDIO', 'ALTO');
CREATE TYPE motivo_embargo AS ENUM ('DESMATAMENTO', 'QUEIMADA', 'GARIMPO', 'POLUICAO', 'OBRA_SEM_LICENCA');
CREATE TYPE tipo_infracao AS ENUM ('FLORA', 'FAUNA', 'PESCA', 'POLUICAO', 'ADMINISTRATIVA');
CREATE TYPE situacao_auto AS ENUM ('ABERTO', 'EM_RECURSO', 'PAGO', 'CANCELADO');
CREATE TYPE tipo_licenca AS ENUM ('PREVIA', 'INSTALACAO', 'OPERACAO', 'UNICA');
CREATE TYPE situacao_licenca AS ENUM ('EM_ANALISE', 'VIGENTE', 'VENCIDA', 'NEGADA');
CREATE TYPE resultado_vistoria AS ENUM ('REGULAR', 'IRREGULAR', 'INCONCLUSIVA');
CREATE TYPE situacao_projeto AS ENUM ('EM_ANDAMENTO', 'CONCLUIDO', 'PARALISADO');

-- Lets a question be typed without accents or capitals and still find its rows.
CREATE FUNCTION sem_acento(texto text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(lower(texto), 'áàâãäéèêëíìîïóòôõöúùûüç', 'aaaaaeeeeiiiiooooouuuuc');
COMMENT ON FUNCTION sem_acento(text) IS 'Texto em minúsculas e sem acentos, para comparar nomes';

CREATE TABLE bioma (
    id smallint PRIMARY KEY,
    nome text NOT NULL UNIQUE,
    area_km2 numeric(12, 2) NOT NULL
);
COMMENT ON TABLE bioma IS 'Biomas brasileiros';

CREATE TABLE estado (
    id smallint PRIMARY KEY,
    sigla char(2) NOT NULL UNIQUE,
    nome text NOT NULL UNIQUE,
    regiao regiao_brasil NOT NULL
);
COMMENT ON TABLE estado IS 'Unidades da federação';

CREATE TABLE municipio (
    id integer PRIMARY KEY,
    codigo_ibge char(7) NOT NULL UNIQUE,
    nome text NOT NULL,
    estado_id smallint NOT NULL REFERENCES estado,
    bioma_id smallint NOT NULL REFERENCES bioma,
    area_km2 numeric(10, 2) NOT NULL,
    amazonia_legal boolean NOT NULL
);
COMMENT ON TABLE municipio IS 'Municípios onde ficam os imóveis';
COMMENT ON COLUMN municipio.codigo_ibge IS 'Código de 7 dígitos';
COMMENT ON COLUMN municipio.bioma_id IS 'Bioma predominante no município';
COMMENT ON COLUMN municipio.amazonia_legal IS 'Pertence à Amazônia Legal';

CREATE TABLE proprietario (
    id integer PRIMARY KEY,
    nome text NOT NULL,
    tipo tipo_pessoa NOT NULL,
    cpf char(14),
    cnpj char(18),
    municipio_id integer NOT NULL REFERENCES municipio,
    data_cadastro date NOT NULL,
    CHECK ((tipo = 'FISICA') = (cpf IS NOT NULL)),
    CHECK ((tipo = 'JURIDICA') = (cnpj IS NOT NULL))
);
COMMENT ON TABLE proprietario IS 'Pessoas e empresas que detêm imóveis';
COMMENT ON COLUMN proprietario.cpf IS 'CPF com máscara; nulo para empresa';
COMMENT ON COLUMN proprietario.cnpj IS 'CNPJ com máscara; nulo para pessoa física';
COMMENT ON COLUMN proprietario.municipio_id IS 'Município de residência ou sede';

CREATE TABLE imovel_rural (
    id integer PRIMARY KEY,
    codigo_car text NOT NULL UNIQUE,
    nome text NOT NULL,
    tipo tipo_imovel NOT NULL,
    situacao situacao_imovel NOT NULL,
    municipio_id integer NOT NULL REFERENCES municipio,
    area_ha numeric(12, 2) NOT NULL CHECK (area_ha > 0),
    modulos_fiscais numeric(8, 2) NOT NULL,
    valor_terra numeric(14, 2),
    data_inscricao date NOT NULL,
    data_retificacao date
);
COMMENT ON TABLE imovel_rural IS 'Imóveis inscritos no cadastro ambiental rural';
COMMENT ON COLUMN imovel_rural.codigo_car IS 'Número de inscrição no CAR';
COMMENT ON COLUMN imovel_rural.area_ha IS 'Área total em hectares';
COMMENT ON COLUMN imovel_rural.modulos_fiscais IS 'Área em módulos fiscais do município';
COMMENT ON COLUMN imovel_rural.valor_terra IS 'Valor da terra nua em reais; nulo quando não declarado';
COMMENT ON COLUMN imovel_rural.data_retificacao IS 'Última retificação; nulo quando nunca retificado';

CREATE TABLE posse (
    id integer PRIMARY KEY,
    imovel_id integer NOT NULL REFERENCES imovel_rural,
    proprietario_id integer NOT NULL REFERENCES proprietario,
    tipo tipo_posse NOT NULL,
    percentual numeric(5, 2) NOT NULL CHECK (percentual > 0 AND percentual <= 100),
    data_inicio date NOT NULL,
    data_fim date
);
COMMENT ON TABLE posse IS 'Vínculo entre imóvel e proprietário';
COMMENT ON COLUMN posse.percentual IS 'Parte do imóvel, em por cento';
COMMENT ON COLUMN posse.data_fim IS 'Nulo enquanto o vínculo dura';

CREATE TABLE reserva_legal (
    id integer PRIMARY KEY,
    imovel_id integer NOT NULL UNIQUE REFERENCES imovel_rural,
    area_ha numeric(12, 2) NOT NULL,
    percentual numeric(5, 2) NOT NULL,
    situacao situacao_reserva NOT NULL,
    data_averbacao date
);
COMMENT ON TABLE reserva_legal IS 'Reserva legal de cada imóvel';
COMMENT ON COLUMN reserva_legal.percentual IS 'Parte da área do imóvel, em por cento';
COMMENT ON COLUMN reserva_legal.data_averbacao IS 'Nulo quando ainda não averbada';

CREATE TABLE area_preservacao (
    id integer PRIMARY KEY,
    imovel_id integer NOT NULL REFERENCES imovel_rural,
    tipo tipo_app NOT NULL,
    area_ha numeric(12, 2) NOT NULL,
    area_recompor_ha numeric(12, 2) NOT NULL
);
COMMENT ON TABLE area_preservacao IS 'Áreas de preservação permanente (APP)';
COMMENT ON COLUMN area_preservacao.area_recompor_ha IS 'Parte degradada que deve ser recomposta, em hectares';

CREATE TABLE vegetacao_nativa (
    id integer PRIMARY KEY,
    imovel_id integer NOT NULL REFERENCES imovel_rural,
    estagio estagio_vegetacao NOT NULL,
    area_ha numeric(12, 2) NOT NULL,
    ano_referencia smallint NOT NULL
);
COMMENT ON TABLE vegetacao_nativa IS 'Remanescentes de vegetação nativa';
COMMENT ON COLUMN vegetacao_nativa.ano_referencia IS 'Ano da imagem de satélite';

CREATE TABLE orgao (
    id smallint PRIMARY KEY,
    sigla text NOT NULL UNIQUE,
    nome text NOT NULL,
    esfera esfera_orgao NOT NULL
);
COMMENT ON TABLE orgao IS 'Órgãos ambientais';

CREATE TABLE fiscal (
    id integer PRIMARY KEY,
    nome text NOT NULL,
    matricula char(6) NOT NULL UNIQUE,
    orgao_id smallint NOT NULL REFERENCES orgao,
    data_admissao date NOT NULL
);
COMMENT ON TABLE fiscal IS 'Fiscais dos órgãos ambientais';

CREATE TABLE atividade (
    id smallint PRIMARY KEY,
    nome text NOT NULL UNIQUE,
    potencial potencial_poluidor NOT NULL
);
COMMENT ON TABLE atividade IS 'Atividades sujeitas a licença';
COMMENT ON COLUMN atividade.potencial IS 'Potencial poluidor';

CREATE TABLE embargo (
    id integer PRIMARY KEY,
    numero text NOT NULL UNIQUE,
    imovel_id integer NOT NULL REFERENCES imovel_rural,
    orgao_id smallint NOT NULL REFERENCES orgao,
    motivo motivo_embargo NOT NULL,
    area_ha numeric(12, 2) NOT NULL,
    data_embargo date NOT NULL,
    data_liberacao date
);
COMMENT ON TABLE embargo IS 'Embargos de áreas';
COMMENT ON COLUMN embargo.data_liberacao IS 'Nulo enquanto o embargo vigora';

CREATE TABLE auto_infracao (
    id integer PRIMARY KEY,
    numero text NOT NULL UNIQUE,
    imovel_id integer NOT NULL REFERENCES imovel_rural,
    proprietario_id integer NOT NULL REFERENCES proprietario,
    fiscal_id integer NOT NULL REFERENCES fiscal,
    tipo tipo_infracao NOT NULL,
    situacao situacao_auto NOT NULL,
    valor_multa numeric(14, 2) NOT NULL,
    data_autuacao date NOT NULL,
    data_pagamento date
);
COMMENT ON TABLE auto_infracao IS 'Autos de infração (multas ambientais)';
COMMENT ON COLUMN auto_infracao.proprietario_id IS 'Autuado';
COMMENT ON COLUMN auto_infracao.valor_multa IS 'Em reais';
COMMENT ON COLUMN auto_infracao.data_pagamento IS 'Nulo enquanto não paga';

CREATE TABLE licenca (
    id integer PRIMARY KEY,
    numero text NOT NULL UNIQUE,
    imovel_id integer NOT NULL REFERENCES imovel_rural,
    orgao_id smallint NOT NULL REFERENCES orgao,
    atividade_id smallint NOT NULL REFERENCES atividade,
    tipo tipo_licenca NOT NULL,
    situacao situacao_licenca NOT NULL,
    data_emissao date,
    data_validade date
);
COMMENT ON TABLE licenca IS 'Licenças ambientais';
COMMENT ON COLUMN licenca.data_emissao IS 'Nulo quando em análise ou negada';
COMMENT ON COLUMN licenca.data_validade IS 'Nulo quando em análise ou negada';

CREATE TABLE vistoria (
    id integer PRIMARY KEY,
    imovel_id integer NOT NULL REFERENCES imovel_rural,
    fiscal_id integer NOT NULL REFERENCES fiscal,
    data_vistoria date NOT NULL,
    resultado resultado_vistoria NOT NULL,
    observacao text
);
COMMENT ON TABLE vistoria IS 'Vistorias em campo';
COMMENT ON COLUMN vistoria.observacao IS 'Anotação do fiscal; nulo quando nada a anotar';

CREATE TABLE projeto_recuperacao (
    id integer PRIMARY KEY,
    imovel_id integer NOT NULL REFERENCES imovel_rural,
    situacao situacao_projeto NOT NULL,
    area_ha numeric(12, 2) NOT NULL,
    custo numeric(14, 2) NOT NULL,
    data_inicio date NOT NULL,
    data_conclusao date
);
COMMENT ON TABLE projeto_recuperacao IS 'Projetos de recuperação de áreas degradadas';
COMMENT ON COLUMN projeto_recuperacao.custo IS 'Em reais';
COMMENT ON COLUMN projeto_recuperacao.data_conclusao IS 'Nulo enquanto não concluído';
