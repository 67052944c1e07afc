-- rede_saude_publica: a state's public health network, synthetic from end to end; only the names of places are real.
-- Identifiers carry no accents; comments and values are Brazilian Portuguese as a health office writes it.

CREATE TYPE regional_saude AS ENUM ('METROPOLITANA', 'NORTE', 'CENTRAL', 'SUL');
CREATE TYPE tipo_unidade AS ENUM ('UBS', 'UPA', 'HOSPITAL', 'CAPS');
CREATE TYPE tipo_equipe AS ENUM ('ESF', 'ESB', 'EMULTI');
CREATE TYPE categoria_profissional AS ENUM (
    'MEDICO', 'ENFERMEIRO', 'TECNICO_ENFERMAGEM', 'ACS', 'DENTISTA', 'PSICOLOGO', 'FARMACEUTICO', 'ASSISTENTE_SOCIAL'
);
CREATE TYPE tipo_vinculo AS ENUM ('ESTATUTARIO', 'CLT', 'TEMPORARIO', 'RESIDENTE');
CREATE TYPE tipo_atendimento AS ENUM ('AGENDADO', 'DEMANDA_ESPONTANEA', 'URGENCIA', 'VISITA_DOMICILIAR');
CREATE TYPE tipo_exame AS ENUM (
    'HEMOGRAMA', 'GLICEMIA', 'URINA', 'RAIO_X', 'ULTRASSONOGRAFIA', 'MAMOGRAFIA', 'ELETROCARDIOGRAMA', 'TOMOGRAFIA', 'SOROLOGIA_DENGUE'
);
CREATE TYPE resultado_exame AS ENUM ('NORMAL', 'ALTERADO', 'INCONCLUSIVO');
CREATE TYPE tipo_leito AS ENUM ('CLINICO', 'CIRURGICO', 'OBSTETRICO', 'PEDIATRICO', 'UTI');
CREATE TYPE componente_farmacia AS ENUM ('BASICO', 'ESTRATEGICO', 'ESPECIALIZADO');

CREATE TABLE municipio (
    id integer PRIMARY KEY,
    nome text NOT NULL UNIQUE,
    regional regional_saude NOT NULL,
    populacao integer NOT NULL CHECK (populacao > 0),
    area_km2 numeric(8, 1) NOT NULL
);
COMMENT ON TABLE municipio IS 'Municípios atendidos pela rede estadual';
COMMENT ON COLUMN municipio.nome IS 'Nome do município';
COMMENT ON COLUMN municipio.regional IS 'Regional de saúde a que o município pertence';
COMMENT ON COLUMN municipio.populacao IS 'População estimada, em habitantes';
COMMENT ON COLUMN municipio.area_km2 IS 'Área territorial em km²';

CREATE TABLE unidade_saude (
    id integer PRIMARY KEY,
    cnes char(7) NOT NULL UNIQUE,
    nome text NOT NULL UNIQUE,
    tipo tipo_unidade NOT NULL,
    municipio_id integer NOT NULL REFERENCES municipio,
    gestao char(1) NOT NULL CHECK (gestao IN ('M', 'E', 'D')),
    atende_24h boolean NOT NULL,
    data_inauguracao date NOT NULL,
    data_fechamento date CHECK (data_fechamento > data_inauguracao)
);
COMMENT ON TABLE unidade_saude IS 'Estabelecimentos da rede: postos, pronto-atendimentos, hospitais e centros de atenção psicossocial';
COMMENT ON COLUMN unidade_saude.cnes IS 'Código no Cadastro Nacional de Estabelecimentos de Saúde';
COMMENT ON COLUMN unidade_saude.tipo IS 'UBS: unidade básica (posto de saúde); UPA: pronto-atendimento; HOSPITAL; CAPS: atenção psicossocial';
COMMENT ON COLUMN unidade_saude.municipio_id IS 'Município onde a unidade fica';
COMMENT ON COLUMN unidade_saude.gestao IS 'M = municipal; E = estadual; D = dupla';
COMMENT ON COLUMN unidade_saude.atende_24h IS 'Aberta dia e noite';
COMMENT ON COLUMN unidade_saude.data_fechamento IS 'Quando a unidade deixou de funcionar; nulo enquanto funciona';

CREATE TABLE equipe (
    id integer PRIMARY KEY,
    ine char(10) NOT NULL UNIQUE,
    nome text NOT NULL,
    tipo tipo_equipe NOT NULL,
    unidade_id integer NOT NULL REFERENCES unidade_saude,
    data_ativacao date NOT NULL,
    data_desativacao date CHECK (data_desativacao > data_ativacao)
);
COMMENT ON TABLE equipe IS 'Equipes da atenção primária, lotadas nas UBS';
COMMENT ON COLUMN equipe.ine IS 'Identificador nacional da equipe';
COMMENT ON COLUMN equipe.tipo IS 'ESF: saúde da família; ESB: saúde bucal; EMULTI: multiprofissional';
COMMENT ON COLUMN equipe.data_desativacao IS 'Nulo enquanto a equipe está ativa';

CREATE TABLE profissional (
    id integer PRIMARY KEY,
    nome text NOT NULL,
    categoria categoria_profissional NOT NULL,
    registro_conselho text,
    sexo char(1) NOT NULL CHECK (sexo IN ('F', 'M')),
    data_nascimento date NOT NULL,
    situacao char(1) NOT NULL CHECK (situacao IN ('A', 'L', 'D'))
);
COMMENT ON TABLE profissional IS 'Pessoas que trabalham ou trabalharam na rede';
COMMENT ON COLUMN profissional.categoria IS 'Profissão; ACS é o agente comunitário de saúde';
COMMENT ON COLUMN profissional.registro_conselho IS 'Conselho e número; nulo para profissões sem conselho';
COMMENT ON COLUMN profissional.sexo IS 'F = feminino; M = masculino';
COMMENT ON COLUMN profissional.situacao IS 'A = em atividade; L = de licença; D = desligado';

CREATE TABLE vinculo (
    id integer PRIMARY KEY,
    profissional_id integer NOT NULL REFERENCES profissional,
    unidade_id integer NOT NULL REFERENCES unidade_saude,
    equipe_id integer REFERENCES equipe,
    tipo tipo_vinculo NOT NULL,
    carga_horaria smallint NOT NULL CHECK (carga_horaria BETWEEN 1 AND 60),
    data_inicio date NOT NULL,
    data_fim date CHECK (data_fim > data_inicio)
);
COMMENT ON TABLE vinculo IS 'Onde cada profissional está ou esteve lotado; guarda o histórico';
COMMENT ON COLUMN vinculo.equipe_id IS 'Nulo quando não pertence a equipe da atenção primária';
COMMENT ON COLUMN vinculo.carga_horaria IS 'Horas por semana';
COMMENT ON COLUMN vinculo.data_fim IS 'Nulo no vínculo vigente; preenchido no encerrado';

CREATE TABLE paciente (
    id integer PRIMARY KEY,
    prontuario char(8) NOT NULL UNIQUE,
    nome text NOT NULL,
    cartao_sus text NOT NULL,
    sexo char(1) NOT NULL CHECK (sexo IN ('F', 'M')),
    raca_cor smallint NOT NULL CHECK (raca_cor BETWEEN 1 AND 5),
    data_nascimento date NOT NULL,
    municipio_id integer NOT NULL REFERENCES municipio,
    equipe_id integer REFERENCES equipe,
    data_cadastro date NOT NULL,
    data_obito date,
    excluido_em timestamp
);
COMMENT ON TABLE paciente IS 'Usuários cadastrados na rede, com nomes fictícios';
COMMENT ON COLUMN paciente.prontuario IS 'Número do prontuário único';
COMMENT ON COLUMN paciente.cartao_sus IS 'Cartão Nacional de Saúde; só os quatro últimos dígitos à mostra';
COMMENT ON COLUMN paciente.sexo IS 'F = feminino; M = masculino';
COMMENT ON COLUMN paciente.raca_cor IS 'Autodeclarada: 1 = branca; 2 = preta; 3 = amarela; 4 = parda; 5 = indígena';
COMMENT ON COLUMN paciente.municipio_id IS 'Município de residência';
COMMENT ON COLUMN paciente.equipe_id IS 'Equipe de saúde da família que acompanha o paciente; nulo quando nenhuma';
COMMENT ON COLUMN paciente.data_obito IS 'Nulo enquanto vivo';
COMMENT ON COLUMN paciente.excluido_em IS 'Preenchido quando o cadastro era duplicado e foi excluído: não conta como paciente cadastrado; nulo nos válidos';

CREATE TABLE cid (
    id integer PRIMARY KEY,
    codigo text NOT NULL UNIQUE,
    descricao text NOT NULL,
    capitulo text NOT NULL,
    notificacao_compulsoria boolean NOT NULL
);
COMMENT ON TABLE cid IS 'Diagnósticos da Classificação Internacional de Doenças (CID-10) em uso na rede';
COMMENT ON COLUMN cid.codigo IS 'Código da CID-10, como J18.9';
COMMENT ON COLUMN cid.capitulo IS 'Capítulo da CID-10';
COMMENT ON COLUMN cid.notificacao_compulsoria IS 'Todo caso suspeito tem de ser notificado à vigilância';

CREATE TABLE agendamento (
    id integer PRIMARY KEY,
    paciente_id integer NOT NULL REFERENCES paciente,
    unidade_id integer NOT NULL REFERENCES unidade_saude,
    profissional_id integer NOT NULL REFERENCES profissional,
    especialidade text NOT NULL,
    data_solicitacao date NOT NULL,
    data_hora timestamp NOT NULL,
    situacao smallint NOT NULL CHECK (situacao BETWEEN 1 AND 5),
    CHECK (data_hora::date >= data_solicitacao)
);
COMMENT ON TABLE agendamento IS 'Consultas marcadas';
COMMENT ON COLUMN agendamento.especialidade IS 'Especialidade da consulta, por extenso';
COMMENT ON COLUMN agendamento.data_solicitacao IS 'Dia em que a consulta foi pedida';
COMMENT ON COLUMN agendamento.data_hora IS 'Dia e hora para que a consulta foi marcada';
COMMENT ON COLUMN agendamento.situacao IS '1 = marcada; 2 = realizada; 3 = paciente faltou; 4 = cancelada pelo paciente; 5 = cancelada pela unidade';

CREATE TABLE atendimento (
    id integer PRIMARY KEY,
    paciente_id integer NOT NULL REFERENCES paciente,
    unidade_id integer NOT NULL REFERENCES unidade_saude,
    profissional_id integer NOT NULL REFERENCES profissional,
    agendamento_id integer UNIQUE REFERENCES agendamento,
    tipo tipo_atendimento NOT NULL,
    inicio timestamp NOT NULL,
    fim timestamp CHECK (fim > inicio),
    classificacao_risco smallint CHECK (classificacao_risco BETWEEN 1 AND 5),
    cid_id integer NOT NULL REFERENCES cid,
    desfecho char(1) CHECK (desfecho IN ('A', 'E', 'I', 'V')),
    CHECK ((fim IS NULL) = (desfecho IS NULL))
);
COMMENT ON TABLE atendimento IS 'Atendimentos prestados, agendados ou não';
COMMENT ON COLUMN atendimento.agendamento_id IS 'A consulta marcada que deu origem; nulo nos demais atendimentos';
COMMENT ON COLUMN atendimento.fim IS 'Nulo enquanto em andamento';
COMMENT ON COLUMN atendimento.classificacao_risco IS 'Protocolo de Manchester: 1 = vermelho (emergência); 2 = laranja; 3 = amarelo; 4 = verde; 5 = azul; nulo fora da urgência';
COMMENT ON COLUMN atendimento.cid_id IS 'Diagnóstico principal';
COMMENT ON COLUMN atendimento.desfecho IS 'A = alta; E = encaminhado a outro serviço; I = internado; V = evadiu-se; nulo enquanto em andamento';

CREATE TABLE exame (
    id integer PRIMARY KEY,
    atendimento_id integer NOT NULL REFERENCES atendimento,
    tipo tipo_exame NOT NULL,
    data_solicitacao date NOT NULL,
    data_coleta date,
    data_resultado date,
    resultado resultado_exame,
    CHECK (data_coleta >= data_solicitacao),
    CHECK (data_resultado >= data_coleta),
    CHECK ((data_resultado IS NULL) = (resultado IS NULL))
);
COMMENT ON TABLE exame IS 'Exames pedidos nos atendimentos';
COMMENT ON COLUMN exame.data_coleta IS 'Dia da coleta ou realização; nulo quando ainda não feito';
COMMENT ON COLUMN exame.data_resultado IS 'Dia da liberação do resultado; nulo enquanto pendente';
COMMENT ON COLUMN exame.resultado IS 'Nulo enquanto pendente';

CREATE TABLE leito (
    id integer PRIMARY KEY,
    unidade_id integer NOT NULL REFERENCES unidade_saude,
    numero text NOT NULL,
    tipo tipo_leito NOT NULL,
    situacao char(1) NOT NULL CHECK (situacao IN ('L', 'O', 'H', 'B')),
    UNIQUE (unidade_id, numero)
);
COMMENT ON TABLE leito IS 'Leitos dos hospitais e a situação de cada um hoje';
COMMENT ON COLUMN leito.situacao IS 'L = livre; O = ocupado; H = em higienização; B = bloqueado para manutenção';

CREATE TABLE internacao (
    id integer PRIMARY KEY,
    paciente_id integer NOT NULL REFERENCES paciente,
    leito_id integer NOT NULL REFERENCES leito,
    cid_id integer NOT NULL REFERENCES cid,
    entrada timestamp NOT NULL,
    saida timestamp CHECK (saida > entrada),
    motivo_saida smallint CHECK (motivo_saida BETWEEN 1 AND 4),
    valor_total numeric(10, 2) CHECK (valor_total > 0),
    CHECK ((saida IS NULL) = (motivo_saida IS NULL)),
    CHECK (saida IS NOT NULL OR valor_total IS NULL)
);
COMMENT ON TABLE internacao IS 'Internações hospitalares';
COMMENT ON COLUMN internacao.cid_id IS 'Causa da internação';
COMMENT ON COLUMN internacao.saida IS 'Nulo enquanto o paciente está internado';
COMMENT ON COLUMN internacao.motivo_saida IS '1 = alta; 2 = transferência; 3 = óbito; 4 = evasão; nulo enquanto internado';
COMMENT ON COLUMN internacao.valor_total IS 'Valor faturado em reais; nulo enquanto a conta não fecha';

CREATE TABLE vacina (
    id integer PRIMARY KEY,
    nome text NOT NULL UNIQUE,
    doencas text NOT NULL,
    doses_esquema smallint NOT NULL CHECK (doses_esquema > 0)
);
COMMENT ON TABLE vacina IS 'Imunobiológicos aplicados na rede';
COMMENT ON COLUMN vacina.doencas IS 'Doenças contra as quais protege';
COMMENT ON COLUMN vacina.doses_esquema IS 'Doses do esquema básico, sem reforços';

CREATE TABLE lote_vacina (
    id integer PRIMARY KEY,
    vacina_id integer NOT NULL REFERENCES vacina,
    numero text NOT NULL UNIQUE,
    fabricante text NOT NULL,
    quantidade integer NOT NULL CHECK (quantidade > 0),
    data_recebimento date NOT NULL,
    validade date NOT NULL,
    CHECK (validade > data_recebimento)
);
COMMENT ON TABLE lote_vacina IS 'Lotes de vacina recebidos';
COMMENT ON COLUMN lote_vacina.quantidade IS 'Doses recebidas no lote';
COMMENT ON COLUMN lote_vacina.validade IS 'Último dia em que pode ser aplicado';

CREATE TABLE aplicacao_vacina (
    id integer PRIMARY KEY,
    paciente_id integer NOT NULL REFERENCES paciente,
    lote_id integer NOT NULL REFERENCES lote_vacina,
    unidade_id integer NOT NULL REFERENCES unidade_saude,
    data_aplicacao date NOT NULL,
    dose smallint NOT NULL CHECK (dose BETWEEN 1 AND 9),
    estornada_em timestamp
);
COMMENT ON TABLE aplicacao_vacina IS 'Registros de doses de vacina aplicadas';
COMMENT ON COLUMN aplicacao_vacina.dose IS 'Número da dose no esquema; 9 = reforço';
COMMENT ON COLUMN aplicacao_vacina.estornada_em IS 'Preenchido quando o registro foi lançado por engano: não conta como dose aplicada; nulo nos válidos';

CREATE TABLE medicamento (
    id integer PRIMARY KEY,
    nome text NOT NULL,
    apresentacao text NOT NULL,
    componente componente_farmacia NOT NULL,
    controlado boolean NOT NULL,
    preco_unitario numeric(8, 2) NOT NULL CHECK (preco_unitario > 0),
    UNIQUE (nome, apresentacao)
);
COMMENT ON TABLE medicamento IS 'Medicamentos da relação estadual';
COMMENT ON COLUMN medicamento.componente IS 'Componente da assistência farmacêutica que o financia';
COMMENT ON COLUMN medicamento.controlado IS 'Exige receita de controle especial';
COMMENT ON COLUMN medicamento.preco_unitario IS 'Preço de compra de uma unidade (comprimido, frasco, ampola), em reais';

CREATE TABLE dispensacao (
    id integer PRIMARY KEY,
    paciente_id integer NOT NULL REFERENCES paciente,
    medicamento_id integer NOT NULL REFERENCES medicamento,
    unidade_id integer NOT NULL REFERENCES unidade_saude,
    data_dispensacao date NOT NULL,
    quantidade integer NOT NULL CHECK (quantidade > 0)
);
COMMENT ON TABLE dispensacao IS 'Entregas de medicamento nas farmácias da rede';
COMMENT ON COLUMN dispensacao.unidade_id IS 'Unidade cuja farmácia entregou';
COMMENT ON COLUMN dispensacao.quantidade IS 'Unidades entregues (comprimidos, frascos, ampolas)';

CREATE TABLE notificacao_agravo (
    id integer PRIMARY KEY,
    paciente_id integer NOT NULL REFERENCES paciente,
    unidade_id integer NOT NULL REFERENCES unidade_saude,
    cid_id integer NOT NULL REFERENCES cid,
    data_sintomas date NOT NULL,
    data_notificacao date NOT NULL,
    data_encerramento date,
    classificacao char(1) CHECK (classificacao IN ('C', 'D', 'I')),
    CHECK (data_notificacao >= data_sintomas),
    CHECK (data_encerramento >= data_notificacao),
    CHECK ((data_encerramento IS NULL) = (classificacao IS NULL))
);
COMMENT ON TABLE notificacao_agravo IS 'Notificações compulsórias feitas à vigilância epidemiológica';
COMMENT ON COLUMN notificacao_agravo.unidade_id IS 'Unidade que notificou';
COMMENT ON COLUMN notificacao_agravo.data_sintomas IS 'Dia dos primeiros sintomas';
COMMENT ON COLUMN notificacao_agravo.data_encerramento IS 'Fim da investigação; nulo enquanto aberta';
COMMENT ON COLUMN notificacao_agravo.classificacao IS 'C = confirmado; D = descartado; I = inconclusivo; nulo enquanto em investigação';

CREATE INDEX ON unidade_saude (municipio_id);
CREATE INDEX ON equipe (unidade_id);
CREATE INDEX ON vinculo (profissional_id);
CREATE INDEX ON vinculo (unidade_id);
CREATE INDEX ON paciente (municipio_id);
CREATE INDEX ON paciente (equipe_id);
CREATE INDEX ON agendamento (paciente_id);
CREATE INDEX ON agendamento (unidade_id, data_hora);
CREATE INDEX ON atendimento (paciente_id);
CREATE INDEX ON atendimento (unidade_id, inicio);
CREATE INDEX ON atendimento (cid_id);
CREATE INDEX ON exame (atendimento_id);
CREATE INDEX ON internacao (paciente_id);
CREATE INDEX ON internacao (leito_id, entrada);
CREATE INDEX ON internacao (leito_id) WHERE saida IS NULL;
CREATE INDEX ON lote_vacina (vacina_id);
CREATE INDEX ON aplicacao_vacina (paciente_id);
CREATE INDEX ON aplicacao_vacina (lote_id);
CREATE INDEX ON dispensacao (paciente_id);
CREATE INDEX ON dispensacao (medicamento_id, data_dispensacao);
CREATE INDEX ON notificacao_agravo (cid_id, data_notificacao);
