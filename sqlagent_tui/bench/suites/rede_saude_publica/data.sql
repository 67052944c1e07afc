-- The rows of rede_saude_publica: January 2024 to 30 June 2025, the same on every PostgreSQL.
-- Every draw is an md5 of a key, in integers only: no random(), no clock, no locale, no library's logarithm. Rows are
-- numbered over integer keys. The schema `gerador` holds the helpers and working tables, and is dropped at the end.

CREATE SCHEMA gerador;
SET search_path = public, gerador;
SET jit = off;  -- it compiles for seconds what then runs for milliseconds

-- 0 … n-1, evenly.
CREATE FUNCTION gerador.dado(chave text, n integer) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT ('x' || substr(md5(chave), 1, 7))::bit(28)::integer % n $$;

-- 0 … n-1, the low ones often: of all draws half fall below a third of n, and 0 comes four times as often as by an even draw.
CREATE FUNCTION gerador.dado_baixo(chave text, n integer) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT ((3 * u * u + 10000 * u) * n / 400000000)::integer FROM (SELECT gerador.dado(chave, 10000)::bigint AS u) AS draw $$;

-- 1 … number of weights, each as often as its weight says.
CREATE FUNCTION gerador.escolha(chave text, pesos integer[]) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    soma integer := 0;
    resto integer;
BEGIN
    FOR i IN 1 .. cardinality(pesos) LOOP
        soma := soma + pesos[i];
    END LOOP;
    resto := gerador.dado(chave, soma);
    FOR i IN 1 .. cardinality(pesos) LOOP
        resto := resto - pesos[i];
        IF resto < 0 THEN
            RETURN i;
        END IF;
    END LOOP;
END $$;

-- A day from January 2024 on, by the weight of its month (18 of them).
CREATE FUNCTION gerador.dia(chave text, pesos integer[]) RETURNS date
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT primeiro + gerador.dado(chave || 'dia', (primeiro + interval '1 month')::date - primeiro)
      FROM (SELECT (DATE '2024-01-01' + make_interval(months => gerador.escolha(chave || 'mes', pesos) - 1))::date AS primeiro) AS mes $$;

-- Saturdays become Fridays, Sundays Mondays.
CREATE FUNCTION gerador.dia_util(dia date) RETURNS date
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT CASE extract(isodow FROM dia)::integer WHEN 6 THEN dia - 1 WHEN 7 THEN dia + 1 ELSE dia END $$;

CREATE FUNCTION gerador.nome_pessoa(chave text, sexo text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT CASE sexo WHEN 'F' THEN
    (ARRAY['Maria','Ana','Francisca','Antônia','Adriana','Juliana','Márcia','Fernanda','Patrícia','Aline','Sandra','Camila','Amanda',
           'Bruna','Jéssica','Letícia','Júlia','Luciana','Vanessa','Mariana','Gabriela','Vera','Larissa','Cláudia','Beatriz','Rosângela',
           'Luana','Sônia','Renata','Eliane','Josefa','Helena','Cecília','Zilda','Rute'])[1 + gerador.dado_baixo(chave || 'p', 35)]
    || CASE WHEN gerador.dado(chave || 'c', 4) = 0
       THEN (ARRAY[' Aparecida',' das Graças',' Clara',' Luíza',' de Fátima',' do Carmo',' Eduarda',' Cristina'])[1 + gerador.dado(chave || 'd', 8)] ELSE '' END
  ELSE
    (ARRAY['José','João','Antônio','Francisco','Carlos','Paulo','Pedro','Lucas','Luiz','Marcos','Luís','Gabriel','Rafael','Daniel',
           'Marcelo','Bruno','Eduardo','Felipe','Rodrigo','Manoel','Mateus','André','Fernando','Fábio','Leonardo','Gustavo','Guilherme',
           'Leandro','Tiago','Ricardo','Sebastião','Miguel','Davi','Heitor','Valdir'])[1 + gerador.dado_baixo(chave || 'p', 35)]
    || CASE WHEN gerador.dado(chave || 'c', 5) = 0
       THEN (ARRAY[' Henrique',' Carlos',' Augusto',' Vítor',' Roberto',' César'])[1 + gerador.dado(chave || 'd', 6)] ELSE '' END
  END
  || ' ' || (ARRAY['Silva','Santos','Oliveira','Souza','Pereira','Ferreira','Lima','Costa','Rodrigues','Almeida','Nascimento','Alves','Carvalho',
    'Araújo','Ribeiro','Gomes','Barbosa','Rocha','Dias','Moreira','Nunes','Mendes','Teixeira','Vieira','Cardoso','Rangel','Bonfim','Pimentel',
    'Coutinho','Lacerda'])[1 + gerador.dado_baixo(chave || 's', 30)]
  || ' ' || (ARRAY['da Silva','dos Santos','de Oliveira','de Souza','Martins','Batista','Campos','Lopes','Freitas','Monteiro','Moura','Correia',
    'Marques','Ramos','Pinto','Fonseca','Zanotti','Guimarães','Sampaio','Machado','Bastos','Tavares','Coelho','Loureiro','Tristão','Nogueira',
    'Lorenzoni','Peixoto'])[1 + gerador.dado(chave || 't', 28)] $$;

INSERT INTO municipio (id, nome, regional, populacao, area_km2) VALUES
    (1, 'Serra', 'METROPOLITANA', 520600, 547.6),
    (2, 'Vila Velha', 'METROPOLITANA', 467700, 210.2),
    (3, 'Cariacica', 'METROPOLITANA', 353500, 279.7),
    (4, 'Vitória', 'METROPOLITANA', 322900, 97.1),
    (5, 'Guarapari', 'METROPOLITANA', 124700, 589.8),
    (6, 'Viana', 'METROPOLITANA', 73400, 312.3),
    (7, 'Domingos Martins', 'METROPOLITANA', 35400, 1229.2),
    (8, 'Santa Teresa', 'METROPOLITANA', 22800, 683.0),
    (9, 'Linhares', 'CENTRAL', 166800, 3496.3),
    (10, 'Colatina', 'CENTRAL', 120000, 1398.2),
    (11, 'Aracruz', 'CENTRAL', 94800, 1420.3),
    (12, 'São Gabriel da Palha', 'CENTRAL', 32300, 434.9),
    (13, 'Baixo Guandu', 'CENTRAL', 30700, 909.0),
    (14, 'São Mateus', 'NORTE', 123800, 2346.0),
    (15, 'Nova Venécia', 'NORTE', 49100, 1439.6),
    (16, 'Barra de São Francisco', 'NORTE', 42500, 944.5),
    (17, 'Conceição da Barra', 'NORTE', 27500, 1182.6),
    (18, 'Jaguaré', 'NORTE', 28900, 659.8),
    (19, 'Cachoeiro de Itapemirim', 'SUL', 185800, 864.6),
    (20, 'Marataízes', 'SUL', 41900, 130.3),
    (21, 'Castelo', 'SUL', 36900, 664.1),
    (22, 'Alegre', 'SUL', 29200, 756.9),
    (23, 'Iúna', 'SUL', 28600, 460.6),
    (24, 'Piúma', 'SUL', 22300, 74.0);

INSERT INTO unidade_saude (id, cnes, nome, tipo, municipio_id, gestao, atende_24h, data_inauguracao, data_fechamento)
SELECT id, lpad((2100000 + id * 3571)::text, 7, '0'), tipo || ' ' || lugar, tipo::tipo_unidade, municipio_id,
       CASE WHEN tipo = 'HOSPITAL' THEN CASE WHEN id % 2 = 0 THEN 'E' ELSE 'D' END
            WHEN tipo = 'CAPS' AND id % 4 = 0 THEN 'D' ELSE 'M' END,
       tipo IN ('HOSPITAL', 'UPA') OR lugar LIKE 'III %',
       CASE tipo WHEN 'HOSPITAL' THEN DATE '1968-03-01' + dado('inaug' || id, 12000)
                 WHEN 'UBS' THEN DATE '1985-01-10' + dado('inaug' || id, 13500)
                 ELSE DATE '2006-02-01' + dado('inaug' || id, 5800) END,
       fechamento::date
FROM (VALUES
    (1, 'UBS', 'Jardim Limoeiro', 1, NULL), (2, 'UBS', 'Feu Rosa', 1, NULL), (3, 'UBS', 'Jacaraípe', 1, NULL),
    (4, 'UBS', 'Planalto Serrano', 1, '2024-11-30'), (5, 'UPA', 'Carapina', 1, NULL), (6, 'CAPS', 'II Serra Sede', 1, NULL),
    (7, 'UBS', 'Praia da Costa', 2, NULL), (8, 'UBS', 'Terra Vermelha', 2, NULL), (9, 'UBS', 'Ibes', 2, NULL),
    (10, 'HOSPITAL', 'Estadual do Vale', 2, NULL), (11, 'CAPS', 'AD Vila Velha', 2, NULL), (12, 'UPA', 'Riviera', 2, NULL),
    (13, 'UBS', 'Itacibá', 3, NULL), (14, 'UBS', 'Flexal', 3, NULL), (15, 'UPA', 'Alto Lage', 3, NULL),
    (16, 'UBS', 'Maruípe', 4, NULL), (17, 'UBS', 'Jardim Camburi', 4, NULL), (18, 'UBS', 'Santo Antônio', 4, '2025-02-28'),
    (19, 'HOSPITAL', 'Regional da Ilha', 4, NULL), (20, 'CAPS', 'III Ilha de Santa Maria', 4, NULL), (21, 'UPA', 'São Pedro', 4, NULL),
    (22, 'UBS', 'Muquiçaba', 5, NULL), (23, 'UBS', 'Meaípe', 5, NULL), (24, 'UPA', 'Guarapari', 5, NULL),
    (25, 'UBS', 'Marcílio de Noronha', 6, NULL), (26, 'UBS', 'Sede de Domingos Martins', 7, NULL), (27, 'UBS', 'Vale do Canaã', 8, NULL),
    (28, 'UBS', 'Interlagos', 9, NULL), (29, 'UBS', 'Bebedouro', 9, NULL), (30, 'HOSPITAL', 'Geral do Rio Doce', 9, NULL),
    (31, 'CAPS', 'I Linhares', 9, NULL), (32, 'UBS', 'São Silvano', 10, NULL), (33, 'UBS', 'Maria das Graças', 10, NULL),
    (34, 'UPA', 'Colatina', 10, NULL), (35, 'CAPS', 'II Colatina', 10, NULL), (36, 'UBS', 'Coqueiral', 11, NULL),
    (37, 'UBS', 'Barra do Riacho', 11, NULL), (38, 'UBS', 'Centro de São Gabriel', 12, NULL), (39, 'UBS', 'Mascarenhas', 13, NULL),
    (40, 'UBS', 'Guriri', 14, NULL), (41, 'UBS', 'Litorâneo', 14, NULL), (42, 'HOSPITAL', 'Estadual do Norte', 14, NULL),
    (43, 'CAPS', 'I São Mateus', 14, NULL), (44, 'UBS', 'Rúbia', 15, NULL), (45, 'UPA', 'Nova Venécia', 15, NULL),
    (46, 'UBS', 'Irmãos Fernandes', 16, NULL), (47, 'UBS', 'Itaúnas', 17, '2024-06-30'), (48, 'UBS', 'Marcílio Dias', 17, NULL),
    (49, 'UBS', 'Seac', 18, NULL), (50, 'UBS', 'Aquidaban', 19, NULL), (51, 'UBS', 'Gilson Carone', 19, NULL),
    (52, 'UBS', 'Soturno', 19, NULL), (53, 'HOSPITAL', 'Santa Rita do Sul', 19, NULL), (54, 'UPA', 'Marbrasa', 19, NULL),
    (55, 'CAPS', 'II Cachoeiro', 19, NULL), (56, 'UBS', 'Barra de Itapemirim', 20, NULL), (57, 'UBS', 'Aracuí', 21, NULL),
    (58, 'UBS', 'Rive', 22, NULL), (59, 'UBS', 'Pequiá', 23, NULL), (60, 'UBS', 'Portinho', 24, NULL)
) AS u (id, tipo, lugar, municipio_id, fechamento);
UPDATE unidade_saude SET nome = 'Hospital ' || substr(nome, 10) WHERE tipo = 'HOSPITAL';

INSERT INTO equipe (id, ine, nome, tipo, unidade_id, data_ativacao, data_desativacao)
SELECT row_number() OVER (ORDER BY u.id, t.ordem), lpad((1400000 + u.id * 211 + t.ordem * 17)::text, 10, '0'),
       t.tipo || ' ' || substr(u.nome, 5) || ' ' || t.numero, t.tipo::tipo_equipe, u.id,
       greatest(u.data_inauguracao + 30, DATE '2003-01-06' + dado('equipe' || u.id || '-' || t.ordem, 7400)),
       CASE WHEN u.data_fechamento IS NOT NULL THEN u.data_fechamento
            WHEN t.ordem > 1 AND dado('desativa' || u.id || '-' || t.ordem, 9) = 0
            THEN DATE '2024-02-01' + dado('quando' || u.id || '-' || t.ordem, 480) END
FROM unidade_saude u
CROSS JOIN (VALUES (1, 'ESF', 1), (2, 'ESF', 2), (3, 'ESF', 3), (4, 'ESB', 1), (5, 'EMULTI', 1)) AS t (ordem, tipo, numero)
JOIN municipio m ON m.id = u.municipio_id
WHERE u.tipo = 'UBS'
  AND dado('tem' || u.id || '-' || t.ordem, 100)
      < CASE t.ordem WHEN 1 THEN 100 WHEN 2 THEN 80 WHEN 3 THEN least(m.populacao / 7000, 60) WHEN 4 THEN 60 ELSE 25 END;

-- Posts to fill: in UBS by team, elsewhere by kind of unit. The first of a category in a unit is never empty.
CREATE TABLE gerador.posto AS
WITH quadro AS MATERIALIZED (
    SELECT q.* FROM (VALUES
        ('UPA', 'MEDICO', 8), ('UPA', 'ENFERMEIRO', 5), ('UPA', 'TECNICO_ENFERMAGEM', 7), ('UPA', 'FARMACEUTICO', 1),
        ('HOSPITAL', 'MEDICO', 16), ('HOSPITAL', 'ENFERMEIRO', 10), ('HOSPITAL', 'TECNICO_ENFERMAGEM', 15),
        ('HOSPITAL', 'FARMACEUTICO', 2), ('HOSPITAL', 'PSICOLOGO', 1), ('HOSPITAL', 'ASSISTENTE_SOCIAL', 2),
        ('CAPS', 'MEDICO', 2), ('CAPS', 'PSICOLOGO', 3), ('CAPS', 'ENFERMEIRO', 1), ('CAPS', 'TECNICO_ENFERMAGEM', 1),
        ('CAPS', 'ASSISTENTE_SOCIAL', 1), ('UBS', 'FARMACEUTICO', 1), ('ESF', 'MEDICO', 1), ('ESF', 'ENFERMEIRO', 1),
        ('ESF', 'TECNICO_ENFERMAGEM', 1), ('ESF', 'ACS', 4), ('ESB', 'DENTISTA', 1), ('EMULTI', 'PSICOLOGO', 1),
        ('EMULTI', 'ASSISTENTE_SOCIAL', 1)) AS q (onde, categoria, vagas)
), vagas AS MATERIALIZED (
    SELECT u.id AS unidade_id, 0 AS equipe_id, q.categoria::categoria_profissional AS categoria, v.n
    FROM unidade_saude u JOIN quadro q ON q.onde = u.tipo::text CROSS JOIN generate_series(1, q.vagas) AS v (n)
    UNION ALL
    SELECT e.unidade_id, e.id, q.categoria::categoria_profissional, v.n
    FROM equipe e JOIN quadro q ON q.onde = e.tipo::text CROSS JOIN generate_series(1, q.vagas) AS v (n)
)
SELECT row_number() OVER (ORDER BY unidade_id, equipe_id, categoria, n)::integer AS id, unidade_id, equipe_id, categoria,
       row_number() OVER (PARTITION BY unidade_id, categoria ORDER BY equipe_id, n) = 1 AS primeiro
FROM vagas;

INSERT INTO profissional (id, nome, categoria, registro_conselho, sexo, data_nascimento, situacao)
SELECT p.id, nome_pessoa('prof' || p.id, s.sexo), p.categoria,
       CASE p.categoria WHEN 'MEDICO' THEN 'CRM-ES ' WHEN 'ENFERMEIRO' THEN 'COREN-ES ' WHEN 'TECNICO_ENFERMAGEM' THEN 'COREN-ES '
            WHEN 'DENTISTA' THEN 'CRO-ES ' WHEN 'PSICOLOGO' THEN 'CRP-16 ' WHEN 'FARMACEUTICO' THEN 'CRF-ES '
            WHEN 'ASSISTENTE_SOCIAL' THEN 'CRESS-17 ' END || (4000 + p.id * 13),
       s.sexo, DATE '1958-06-01' + dado('nasc' || p.id, 15300),
       CASE WHEN p.primeiro THEN 'A' WHEN dado('sit' || p.id, 100) < 9 THEN 'D' WHEN dado('sit' || p.id, 100) < 13 THEN 'L' ELSE 'A' END
FROM gerador.posto p
CROSS JOIN LATERAL (SELECT CASE WHEN dado('sexo' || p.id, 100) < CASE p.categoria WHEN 'MEDICO' THEN 48 WHEN 'ACS' THEN 84 ELSE 77 END
                                THEN 'F' ELSE 'M' END AS sexo) AS s;

-- A post's present holder; for one in five an earlier post elsewhere; for a quarter of the doctors a second one.
INSERT INTO vinculo (id, profissional_id, unidade_id, equipe_id, tipo, carga_horaria, data_inicio, data_fim)
WITH atual AS MATERIALIZED (
    SELECT p.id AS posto, p.unidade_id, nullif(p.equipe_id, 0) AS equipe_id, p.categoria, p.primeiro, f.situacao,
           least(greatest(u.data_inauguracao + 60, e.data_ativacao,
                 CASE WHEN p.primeiro OR dado('novo' || p.id, 100) < 80 THEN DATE '2008-03-03' + dado('ini' || p.id, 5650)
                      ELSE DATE '2024-01-08' + dado('ini' || p.id, 500) END),
                 coalesce(u.data_fechamento, e.data_desativacao, DATE '2025-06-20') - 60) AS inicio,
           coalesce(u.data_fechamento, e.data_desativacao) AS termino
    FROM gerador.posto p
    JOIN profissional f ON f.id = p.id
    JOIN unidade_saude u ON u.id = p.unidade_id
    LEFT JOIN equipe e ON e.id = nullif(p.equipe_id, 0)
), tudo AS MATERIALIZED (
    SELECT posto, 2 AS ordem, unidade_id, equipe_id, categoria, inicio,
           coalesce(termino, CASE situacao WHEN 'D' THEN least(inicio + 120 + dado('sai' || posto, 1500), DATE '2025-06-13') END) AS fim
    FROM atual
    UNION ALL
    SELECT posto, 1, CASE categoria WHEN 'ACS' THEN unidade_id ELSE outra.id END, NULL, categoria,
           inicio - 200 - dado('antes' || posto, 1600), inicio - 1 - dado('pausa' || posto, 40)
    FROM atual
    CROSS JOIN LATERAL (SELECT o.id FROM unidade_saude o
                        WHERE o.tipo = CASE WHEN categoria IN ('MEDICO', 'ENFERMEIRO', 'TECNICO_ENFERMAGEM')
                            THEN 'UPA'::tipo_unidade ELSE 'UBS' END
                        ORDER BY dado('outra' || posto || '-' || o.id, 1000000), o.id LIMIT 1) AS outra
    WHERE dado('hist' || posto, 5) = 0
    UNION ALL
    SELECT posto, 3, outra.id, NULL, categoria, greatest(inicio + 90, DATE '2019-01-07' + dado('seg' || posto, 1700)), NULL
    FROM atual
    CROSS JOIN LATERAL (SELECT o.id FROM unidade_saude o
                        WHERE o.tipo IN ('UPA', 'HOSPITAL') AND o.id <> unidade_id
                        ORDER BY dado('segundo' || posto || '-' || o.id, 1000000), o.id LIMIT 1) AS outra
    WHERE categoria = 'MEDICO' AND situacao <> 'D' AND dado('dois' || posto, 4) = 0 AND inicio < DATE '2025-03-01'
)
SELECT row_number() OVER (ORDER BY inicio, posto, ordem), posto, unidade_id, equipe_id,
       (ARRAY['ESTATUTARIO', 'CLT', 'TEMPORARIO', 'RESIDENTE']::tipo_vinculo[])[escolha('tipo' || posto || '-' || ordem,
           CASE WHEN fim IS NULL AND inicio < DATE '2023-01-01' THEN ARRAY[68, 32, 0, 0] WHEN categoria = 'MEDICO'
               THEN ARRAY[35, 25, 30, 10] WHEN categoria = 'ACS' THEN ARRAY[70, 20, 10, 0] ELSE ARRAY[50, 25, 22, 3] END)],
       CASE WHEN ordem = 3 THEN (ARRAY[12, 20, 24])[1 + dado('carga' || posto, 3)]
            WHEN categoria = 'ACS' OR equipe_id IS NOT NULL THEN 40
            ELSE (ARRAY[20, 24, 30, 36, 40])[escolha('carga' || posto || '-' || ordem, ARRAY[20, 10, 25, 25, 20])] END,
       inicio, fim
FROM tudo;
-- Whoever lost every post with a closed unit or team has left.
UPDATE profissional f SET situacao = 'D' WHERE NOT EXISTS (SELECT FROM vinculo v WHERE v.profissional_id = f.id AND v.data_fim IS NULL);

CREATE TABLE gerador.esf AS
SELECT u.municipio_id, array_agg(e.id ORDER BY dado('esf' || e.id, 1000000), e.id) AS equipes
FROM equipe e JOIN unidade_saude u ON u.id = e.unidade_id WHERE e.tipo = 'ESF' AND e.data_desativacao IS NULL GROUP BY u.municipio_id;

INSERT INTO paciente (id, prontuario, nome, cartao_sus, sexo, raca_cor, data_nascimento, municipio_id, equipe_id, data_cadastro,
    excluido_em)
SELECT g, lpad((10000000 + g * 7919 % 89999999)::text, 8, '0'), nome_pessoa('pac' || g, s.sexo),
       '*** **** **** ' || lpad(dado('cns' || g, 10000)::text, 4, '0'), s.sexo,
       escolha('raca' || g, ARRAY[39, 11, 1, 48, 1]), s.nascimento, s.municipio_id,
       (SELECT e.equipes[1 + dado_baixo('esf' || g, cardinality(e.equipes))] FROM gerador.esf e
        WHERE e.municipio_id = s.municipio_id AND dado('coberto' || g, 100) < 72),
       greatest(s.nascimento + 5, DATE '2012-01-02' + dado('cad' || g, 4925)),
       CASE WHEN g % 53 = 0 THEN TIMESTAMP '2024-02-05 08:30' + make_interval(days => dado('exc' || g, 480),
           mins => dado('hora' || g, 480)) END
FROM generate_series(1, 4200) AS g
CROSS JOIN (SELECT array_agg(populacao / 100 + 60 ORDER BY id) AS pesos FROM municipio) AS m
CROSS JOIN LATERAL (
    SELECT CASE WHEN dado('sexo' || g || 'p', 100) < 55 THEN 'F' ELSE 'M' END AS sexo,
           -- Ages of a registered population: many children and old people.
           DATE '2025-05-20' - (ARRAY[0, 1500, 5100, 9500, 14600, 20000, 24800])[f.faixa]
               - dado('idade' || g, (ARRAY[1500, 3600, 4400, 5100, 5400, 4800, 6200])[f.faixa]) AS nascimento,
           escolha('mun' || g, pesos) AS municipio_id
    FROM (SELECT escolha('faixa' || g, ARRAY[11, 11, 13, 18, 19, 16, 12]) AS faixa) AS f
) AS s;

-- Where people of a municipality find a kind of unit: there, else in their region, else anywhere.
CREATE TABLE gerador.destino AS
SELECT m.id AS municipio_id, u.tipo, array_agg(u.id ORDER BY u.id) AS unidades
FROM municipio m
JOIN municipio o ON true
JOIN unidade_saude u ON u.municipio_id = o.id
WHERE CASE WHEN EXISTS (SELECT FROM unidade_saude x WHERE x.tipo = u.tipo AND x.municipio_id = m.id) THEN o.id = m.id
           WHEN EXISTS (SELECT FROM unidade_saude x JOIN municipio y ON y.id = x.municipio_id WHERE x.tipo = u.tipo
               AND y.regional = m.regional)
           THEN o.regional = m.regional ELSE true END
GROUP BY m.id, u.tipo;
CREATE UNIQUE INDEX ON gerador.destino (municipio_id, tipo);

-- The unit where this person looks for that kind of care, this time.
CREATE FUNCTION gerador.onde(chave text, municipio integer, procurado text) RETURNS integer
LANGUAGE sql STABLE STRICT
AS $$ SELECT d.unidades[1 + gerador.dado_baixo(chave, cardinality(d.unidades))]
      FROM gerador.destino d WHERE d.municipio_id = municipio AND d.tipo = procurado::tipo_unidade $$;

INSERT INTO cid (id, codigo, descricao, capitulo, notificacao_compulsoria)
SELECT row_number() OVER (), codigo, descricao, capitulo, compulsoria FROM (VALUES
    ('A09', 'Diarreia e gastroenterite de origem infecciosa presumível', 'I - Doenças infecciosas e parasitárias', false),
    ('A15', 'Tuberculose respiratória', 'I - Doenças infecciosas e parasitárias', true),
    ('A30', 'Hanseníase', 'I - Doenças infecciosas e parasitárias', true),
    ('A53', 'Sífilis não especificada', 'I - Doenças infecciosas e parasitárias', true),
    ('A90', 'Dengue', 'I - Doenças infecciosas e parasitárias', true),
    ('A92.0', 'Febre de Chikungunya', 'I - Doenças infecciosas e parasitárias', true),
    ('B01', 'Varicela', 'I - Doenças infecciosas e parasitárias', true),
    ('B34.2', 'Infecção por coronavírus', 'I - Doenças infecciosas e parasitárias', true),
    ('E10', 'Diabetes mellitus insulinodependente', 'IV - Doenças endócrinas, nutricionais e metabólicas', false),
    ('E11', 'Diabetes mellitus não insulinodependente', 'IV - Doenças endócrinas, nutricionais e metabólicas', false),
    ('E66', 'Obesidade', 'IV - Doenças endócrinas, nutricionais e metabólicas', false),
    ('F10', 'Transtornos devidos ao uso de álcool', 'V - Transtornos mentais e comportamentais', false),
    ('F20', 'Esquizofrenia', 'V - Transtornos mentais e comportamentais', false),
    ('F32', 'Episódios depressivos', 'V - Transtornos mentais e comportamentais', false),
    ('F41', 'Outros transtornos ansiosos', 'V - Transtornos mentais e comportamentais', false),
    ('G40', 'Epilepsia', 'VI - Doenças do sistema nervoso', false),
    ('G43', 'Enxaqueca', 'VI - Doenças do sistema nervoso', false),
    ('H10', 'Conjuntivite', 'VII - Doenças do olho e anexos', false),
    ('I10', 'Hipertensão essencial (primária)', 'IX - Doenças do aparelho circulatório', false),
    ('I21', 'Infarto agudo do miocárdio', 'IX - Doenças do aparelho circulatório', false),
    ('I50', 'Insuficiência cardíaca', 'IX - Doenças do aparelho circulatório', false),
    ('I64', 'Acidente vascular cerebral', 'IX - Doenças do aparelho circulatório', false),
    ('J06.9', 'Infecção aguda das vias aéreas superiores', 'X - Doenças do aparelho respiratório', false),
    ('J11', 'Influenza (gripe)', 'X - Doenças do aparelho respiratório', false),
    ('J18.9', 'Pneumonia não especificada', 'X - Doenças do aparelho respiratório', false),
    ('J44.9', 'Doença pulmonar obstrutiva crônica', 'X - Doenças do aparelho respiratório', false),
    ('J45', 'Asma', 'X - Doenças do aparelho respiratório', false),
    ('K02', 'Cárie dentária', 'XI - Doenças do aparelho digestivo', false),
    ('K29', 'Gastrite e duodenite', 'XI - Doenças do aparelho digestivo', false),
    ('K35', 'Apendicite aguda', 'XI - Doenças do aparelho digestivo', false),
    ('K80', 'Colelitíase', 'XI - Doenças do aparelho digestivo', false),
    ('L20', 'Dermatite atópica', 'XII - Doenças da pele', false),
    ('M54.5', 'Dor lombar baixa', 'XIII - Doenças do sistema osteomuscular', false),
    ('N39.0', 'Infecção do trato urinário', 'XIV - Doenças do aparelho geniturinário', false),
    ('O14', 'Pré-eclâmpsia', 'XV - Gravidez, parto e puerpério', false),
    ('O80', 'Parto único espontâneo', 'XV - Gravidez, parto e puerpério', false),
    ('O82', 'Parto único por cesariana', 'XV - Gravidez, parto e puerpério', false),
    ('R50.9', 'Febre não especificada', 'XVIII - Sintomas e sinais', false),
    ('R51', 'Cefaleia', 'XVIII - Sintomas e sinais', false),
    ('S06', 'Traumatismo intracraniano', 'XIX - Lesões e causas externas', false),
    ('S52', 'Fratura do antebraço', 'XIX - Lesões e causas externas', false),
    ('S72', 'Fratura do fêmur', 'XIX - Lesões e causas externas', false),
    ('T63', 'Contato com animais peçonhentos', 'XIX - Lesões e causas externas', true),
    ('Z00.0', 'Exame médico geral', 'XXI - Fatores que influenciam o estado de saúde', false),
    ('Z34', 'Supervisão de gravidez normal', 'XXI - Fatores que influenciam o estado de saúde', false)
) AS c (codigo, descricao, capitulo, compulsoria);

-- How often a diagnosis is met in a setting; `curva` names its season.
CREATE TABLE gerador.perfil AS
SELECT onde, c.id AS cid_id, peso, curva FROM (VALUES
    ('UBS', 'I10', 150, ''), ('UBS', 'E11', 90, ''), ('UBS', 'Z00.0', 90, ''), ('UBS', 'J06.9', 60, 'frio'), ('UBS', 'M54.5', 55, ''),
    ('UBS', 'K02', 50, ''), ('UBS', 'Z34', 40, ''), ('UBS', 'F41', 35, ''), ('UBS', 'E66', 25, ''), ('UBS', 'L20', 22, ''),
    ('UBS', 'N39.0', 25, ''), ('UBS', 'J45', 20, 'frio'), ('UBS', 'K29', 20, ''), ('UBS', 'A90', 30, 'chuva'), ('UBS', 'A53', 14, ''),
    ('UBS', 'A15', 8, ''), ('UBS', 'A30', 4, ''), ('UBS', 'B01', 6, ''), ('UBS', 'E10', 8, ''), ('UBS', 'G43', 9, ''),
        ('UBS', 'F32', 14, ''),
    ('UPA', 'A90', 120, 'chuva'), ('UPA', 'J06.9', 90, 'frio'), ('UPA', 'R50.9', 60, ''), ('UPA', 'A09', 70, ''), ('UPA', 'R51', 40, ''),
    ('UPA', 'J11', 40, 'frio'), ('UPA', 'J18.9', 30, 'frio'), ('UPA', 'M54.5', 40, ''), ('UPA', 'N39.0', 35, ''), ('UPA', 'S52', 18, ''),
    ('UPA', 'I10', 35, ''), ('UPA', 'J45', 25, 'frio'), ('UPA', 'A92.0', 18, 'chuva'), ('UPA', 'T63', 14, ''), ('UPA', 'I21', 7, ''),
    ('UPA', 'I64', 7, ''), ('UPA', 'F41', 16, ''), ('UPA', 'B34.2', 22, 'frio'), ('UPA', 'K29', 20, ''), ('UPA', 'H10', 12, ''),
    ('HOSPITAL', 'S52', 20, ''), ('HOSPITAL', 'S06', 12, ''), ('HOSPITAL', 'I21', 14, ''), ('HOSPITAL', 'I64', 15, ''),
        ('HOSPITAL', 'I50', 16, ''),
    ('HOSPITAL', 'J18.9', 22, 'frio'), ('HOSPITAL', 'K80', 14, ''), ('HOSPITAL', 'K35', 12, ''), ('HOSPITAL', 'A90', 18, 'chuva'),
    ('HOSPITAL', 'N39.0', 12, ''), ('HOSPITAL', 'J44.9', 12, 'frio'), ('HOSPITAL', 'G40', 7, ''),
        ('HOSPITAL', 'B34.2', 8, 'frio'), ('HOSPITAL', 'S72', 8, ''),
    ('CAPS', 'F41', 40, ''), ('CAPS', 'F32', 38, ''), ('CAPS', 'F20', 22, ''), ('CAPS', 'F10', 26, ''),
    ('CLINICO', 'J18.9', 30, 'frio'), ('CLINICO', 'I50', 24, ''), ('CLINICO', 'I64', 18, ''), ('CLINICO', 'A90', 18, 'chuva'),
        ('CLINICO', 'N39.0', 18, ''),
    ('CLINICO', 'J44.9', 15, 'frio'), ('CLINICO', 'E11', 13, ''), ('CLINICO', 'B34.2', 7, 'frio'), ('CLINICO', 'F10', 5, ''),
        ('CLINICO', 'A15', 4, ''),
    ('CIRURGICO', 'K80', 30, ''), ('CIRURGICO', 'K35', 26, ''), ('CIRURGICO', 'S72', 20, ''), ('CIRURGICO', 'S52', 20, ''),
        ('CIRURGICO', 'S06', 8, ''),
    ('OBSTETRICO', 'O80', 52, ''), ('OBSTETRICO', 'O82', 41, ''), ('OBSTETRICO', 'O14', 11, ''),
    ('PEDIATRICO', 'J18.9', 34, 'frio'), ('PEDIATRICO', 'A09', 24, ''), ('PEDIATRICO', 'J45', 20, 'frio'),
        ('PEDIATRICO', 'A90', 12, 'chuva'),
    ('PEDIATRICO', 'K35', 8, ''), ('PEDIATRICO', 'G40', 5, ''),
    ('UTI', 'I21', 22, ''), ('UTI', 'I64', 20, ''), ('UTI', 'J18.9', 20, 'frio'), ('UTI', 'S06', 13, ''), ('UTI', 'I50', 13, ''),
        ('UTI', 'B34.2', 6, 'frio')
) AS p (onde, codigo, peso, curva)
JOIN cid c USING (codigo);

CREATE TABLE gerador.roleta AS
SELECT p.onde, mes.n AS mes, array_agg(p.cid_id ORDER BY p.cid_id) AS cids,
       array_agg((p.peso * CASE p.curva WHEN 'chuva' THEN (ARRAY[14, 20, 28, 30, 20, 8, 4, 2, 2, 3, 5, 8])[mes.n]
                                        WHEN 'frio' THEN (ARRAY[5, 5, 7, 11, 16, 20, 20, 16, 11, 8, 6, 5])[mes.n]
                                            ELSE 10 END) ORDER BY p.cid_id) AS pesos
FROM gerador.perfil p CROSS JOIN generate_series(1, 12) AS mes (n)
GROUP BY p.onde, mes.n;

CREATE FUNCTION gerador.diagnostico(chave text, lugar text, quando timestamp) RETURNS integer
LANGUAGE sql STABLE STRICT
AS $$ SELECT r.cids[gerador.escolha(chave, r.pesos)] FROM gerador.roleta r WHERE r.onde = lugar
    AND r.mes = extract(month FROM quando)::integer $$;

INSERT INTO leito (id, unidade_id, numero, tipo, situacao)
SELECT row_number() OVER (ORDER BY h.unidade_id, t.ordem, n.n), h.unidade_id,
       substr(t.tipo, 1, 3) || '-' || lpad(n.n::text, 2, '0'), t.tipo::tipo_leito, 'L'
FROM (VALUES (10, 10), (19, 13), (30, 7), (42, 6), (53, 9)) AS h (unidade_id, porte)
CROSS JOIN (VALUES (1, 'CLINICO', 10), (2, 'CIRURGICO', 7), (3, 'OBSTETRICO', 4), (4, 'PEDIATRICO', 4), (5, 'UTI', 3))
    AS t (ordem, tipo, parte)
CROSS JOIN LATERAL generate_series(1, greatest(1, h.porte * t.parte / 12)) AS n (n);

-- Beds take one patient after another; a stay that would overlap another of the same patient does not happen.
CREATE TABLE gerador.candidato AS
SELECT tipo, array_agg(id ORDER BY dado('fila' || tipo || id, 1000000), id) AS pacientes
FROM paciente CROSS JOIN unnest(enum_range(NULL::tipo_leito)) AS tipo
WHERE excluido_em IS NULL
  AND CASE tipo WHEN 'OBSTETRICO' THEN sexo = 'F' AND data_nascimento BETWEEN DATE '1983-01-01' AND DATE '2008-12-31'
                WHEN 'PEDIATRICO' THEN data_nascimento BETWEEN DATE '2012-01-01' AND DATE '2023-11-30'
                WHEN 'CLINICO' THEN data_nascimento < DATE '2000-01-01' WHEN 'UTI' THEN data_nascimento < DATE '1985-01-01'
                ELSE data_nascimento < DATE '2010-01-01' END
GROUP BY tipo;

CREATE TABLE gerador.estada AS
WITH duracao AS MATERIALIZED (
    SELECT l.id AS leito_id, l.tipo, l.unidade_id, g.n,
           18 + dado_baixo('dias' || l.id || '-' || g.n, 24 * CASE l.tipo WHEN 'UTI' THEN 26 WHEN 'CLINICO' THEN 18 WHEN 'CIRURGICO' THEN 13
                                                              WHEN 'PEDIATRICO' THEN 11 ELSE 6 END) AS horas,
           6 + dado_baixo('vazio' || l.id || '-' || g.n,
               24 * (CASE l.tipo WHEN 'UTI' THEN 5 WHEN 'CLINICO' THEN 9 ELSE 20 END + l.unidade_id % 7)) AS vazio
    FROM leito l CROSS JOIN generate_series(1, 220) AS g (n)
), linha AS MATERIALIZED (
    SELECT *, TIMESTAMP '2023-12-28 09:00' + make_interval(hours => (sum(horas + vazio) OVER (PARTITION BY leito_id ORDER BY n) - horas)::integer,
                                                           mins => dado('min' || leito_id || '-' || n, 60)) AS entrada
    FROM duracao
), pessoa AS MATERIALIZED (
    SELECT linha.*, c.pacientes[1 + dado_baixo('quem' || leito_id || '-' || n, cardinality(c.pacientes))] AS paciente_id,
        dado('obito' || leito_id || '-' || n, 1000) AS sorte
    FROM linha JOIN gerador.candidato c USING (tipo)
    WHERE entrada >= TIMESTAMP '2024-01-01' AND entrada < TIMESTAMP '2025-06-30 12:00'
)
SELECT leito_id, tipo, unidade_id, n, paciente_id, entrada, entrada + make_interval(hours => horas) AS saida, horas,
       CASE WHEN sorte < CASE tipo WHEN 'UTI' THEN 210 WHEN 'CLINICO' THEN 55 WHEN 'CIRURGICO' THEN 12 ELSE 2 END THEN 3
            WHEN sorte > 985 THEN 4 WHEN sorte > 945 THEN 2 ELSE 1 END AS motivo
FROM pessoa;
CREATE INDEX ON gerador.estada (paciente_id, entrada);
DELETE FROM gerador.estada e
WHERE EXISTS (SELECT FROM gerador.estada o WHERE o.paciente_id = e.paciente_id AND o.leito_id <> e.leito_id
              AND (o.entrada, o.leito_id) < (e.entrada, e.leito_id) AND o.saida > e.entrada);
DELETE FROM gerador.estada e
WHERE EXISTS (SELECT FROM gerador.estada o WHERE o.paciente_id = e.paciente_id AND o.motivo = 3 AND o.entrada < e.entrada
    AND o.saida < TIMESTAMP '2025-06-30 12:30');

INSERT INTO internacao (id, paciente_id, leito_id, cid_id, entrada, saida, motivo_saida, valor_total)
SELECT row_number() OVER (ORDER BY entrada, leito_id), paciente_id, leito_id,
       diagnostico('cid' || leito_id || '-' || n, tipo::text, entrada), entrada, alta.saida,
       CASE WHEN alta.saida IS NOT NULL THEN motivo END,
       CASE WHEN alta.saida < TIMESTAMP '2025-06-02' OR dado('conta' || leito_id || '-' || n, 3) = 0 AND alta.saida IS NOT NULL
            THEN round((horas / 24.0 + 1) * CASE tipo WHEN 'UTI' THEN 1180 WHEN 'CIRURGICO' THEN 530 WHEN 'CLINICO' THEN 290
                WHEN 'OBSTETRICO' THEN 410 ELSE 330 END
                       * (80 + dado('valor' || leito_id || '-' || n, 50)) / 100, 2) END
FROM gerador.estada CROSS JOIN LATERAL (SELECT CASE WHEN estada.saida < TIMESTAMP '2025-06-30 12:30'
    THEN estada.saida END AS saida) AS alta;

UPDATE paciente p SET data_obito = i.saida::date FROM internacao i WHERE i.paciente_id = p.id AND i.motivo_saida = 3;
UPDATE paciente p SET data_obito = dia('obito' || id, ARRAY[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1])
WHERE data_obito IS NULL AND excluido_em IS NULL AND data_nascimento < DATE '1960-01-01' AND dado('casa' || id, 30) = 0
  AND NOT EXISTS (SELECT FROM internacao i WHERE i.paciente_id = p.id);
UPDATE leito l SET situacao = CASE WHEN EXISTS (SELECT FROM internacao i WHERE i.leito_id = l.id AND i.saida IS NULL) THEN 'O'
                                   WHEN dado('leito' || id, 10) = 0 THEN 'B' WHEN dado('leito' || id, 10) < 3 THEN 'H' ELSE 'L' END;

-- Who may receive a patient where, and from when until when.
CREATE TABLE gerador.lotacao AS
SELECT v.id, v.unidade_id, p.categoria, v.profissional_id, v.data_inicio AS de, coalesce(v.data_fim, DATE '9999-12-31') AS ate
FROM vinculo v JOIN profissional p ON p.id = v.profissional_id;
CREATE INDEX ON gerador.lotacao (unidade_id, categoria);

-- Only for speed: what is drawn does not depend on the plan.
ANALYZE unidade_saude, paciente, cid, gerador.lotacao;

-- Who comes: some people far more often than others, in no order that shows.
CREATE TABLE gerador.fila AS
SELECT p.id AS paciente_id, p.municipio_id, p.data_obito, p.data_nascimento, p.data_cadastro, p.sexo,
       row_number() OVER (ORDER BY dado('fila' || p.id, 1000000), p.id)::integer AS n
FROM paciente p WHERE p.excluido_em IS NULL;
CREATE UNIQUE INDEX ON gerador.fila (n);
CREATE FUNCTION gerador.lugar_na_fila(chave text) RETURNS integer
LANGUAGE sql STABLE STRICT
AS $$ SELECT 1 + gerador.dado_baixo(chave, (SELECT max(n) FROM gerador.fila)) $$;

INSERT INTO agendamento (id, paciente_id, unidade_id, profissional_id, especialidade, data_solicitacao, data_hora, situacao)
WITH pedido AS MATERIALIZED (
    SELECT g, f.paciente_id, f.municipio_id, f.data_obito, e.especialidade, e.tipo, e.categoria,
           dia_util(dia('pedido' || g, ARRAY[9,9,11,11,11,10,11,12,11,12,11,8,11,12,13,13,13,10])) AS pedido,
           2 + dado_baixo('espera' || g, e.demora) AS espera
    FROM (SELECT g, lugar_na_fila('agenda' || g) AS n FROM generate_series(1, 5600) AS g) AS vez
    JOIN gerador.fila f USING (n)
    CROSS JOIN LATERAL (SELECT escolha('esp' || g,
        CASE WHEN f.data_nascimento > DATE '2012-01-01' THEN ARRAY[0, 60, 0, 0, 25, 6, 6, 0, 3]
             WHEN f.sexo = 'F' THEN ARRAY[40, 0, 22, 9, 12, 6, 6, 4, 1] ELSE ARRAY[50, 0, 0, 12, 15, 6, 9, 6, 2] END) AS i) AS s
    CROSS JOIN LATERAL (SELECT * FROM (VALUES
        (1, 'Clínica médica', 'UBS', 'MEDICO', 40), (2, 'Pediatria', 'UBS', 'MEDICO', 35), (3, 'Ginecologia', 'UBS', 'MEDICO', 50),
        (4, 'Cardiologia', 'HOSPITAL', 'MEDICO', 150), (5, 'Odontologia', 'UBS', 'DENTISTA', 60),
            (6, 'Psicologia', 'CAPS', 'PSICOLOGO', 70),
        (7, 'Ortopedia', 'HOSPITAL', 'MEDICO', 180), (8, 'Psiquiatria', 'CAPS', 'MEDICO', 90), (9, 'Neurologia', 'HOSPITAL', 'MEDICO', 220)
    ) AS v (i, especialidade, tipo, categoria, demora) WHERE v.i = s.i) AS e
    WHERE f.data_cadastro < DATE '2025-06-20'
), marcado AS MATERIALIZED (
    SELECT pedido.*, onde('lugar' || paciente_id || (g % 3), municipio_id, tipo) AS unidade_id,
        dia_util(pedido.pedido + espera + 2) + make_interval(hours => 7 + dado('hora' || g, 10),
            mins => 15 * dado('quarto' || g, 4)) AS quando
    FROM pedido
    WHERE pedido.pedido <= DATE '2025-06-30'
)
SELECT row_number() OVER (ORDER BY m.pedido, m.g), m.paciente_id, m.unidade_id, v.profissional_id, m.especialidade, m.pedido, m.quando,
       CASE WHEN m.quando > TIMESTAMP '2025-06-30 11:30' THEN CASE WHEN dado('cancela' || m.g, 25) = 0 THEN 4 ELSE 1 END
            ELSE escolha('situacao' || m.g, CASE WHEN m.espera > 60 THEN ARRAY[0, 56, 27, 10, 7] ELSE ARRAY[0, 73, 14, 8, 5] END) END
FROM marcado m
JOIN unidade_saude u ON u.id = m.unidade_id AND (u.data_fechamento IS NULL OR u.data_fechamento >= m.quando::date)
CROSS JOIN LATERAL (SELECT v.profissional_id FROM gerador.lotacao v
                    WHERE v.unidade_id = m.unidade_id AND v.categoria = m.categoria::categoria_profissional
                      AND v.de <= m.pedido AND v.ate >= m.quando::date
                    ORDER BY (m.g * 7919 + v.id * 10477) % 1009, v.id LIMIT 1) AS v
WHERE m.data_obito IS NULL OR m.data_obito >= m.quando::date;

-- Realised bookings first, then those who came unannounced.
CREATE TABLE gerador.vinda AS
SELECT 'a' || id AS chave, paciente_id, unidade_id, profissional_id, id AS agendamento_id, 'AGENDADO' AS tipo,
       data_hora + make_interval(mins => dado('atraso' || id, 45)) AS inicio,
       CASE especialidade WHEN 'Odontologia' THEN 'K02' WHEN 'Cardiologia' THEN 'I10' END AS codigo
FROM agendamento WHERE situacao = 2;
INSERT INTO gerador.vinda
WITH chegada AS MATERIALIZED (
    SELECT g, f.paciente_id, f.municipio_id, f.data_obito, (ARRAY['UBS', 'UPA', 'HOSPITAL', 'CAPS'])[t.t] AS onde,
           dia('chegada' || g, ARRAY[11,13,16,16,14,12,11,10,9,9,9,10,12,15,19,19,16,13]) AS dia
    FROM (SELECT g, lugar_na_fila('vem' || g) AS n FROM generate_series(1, 7400) AS g) AS vez
    JOIN gerador.fila f USING (n)
    CROSS JOIN LATERAL (SELECT escolha('onde' || g, ARRAY[42, 42, 10, 6]) AS t) AS t
    WHERE f.data_cadastro < DATE '2024-01-01' OR g % 5 = 0 AND f.data_cadastro < DATE '2025-01-01'
), quando AS MATERIALIZED (
    SELECT c.*, onde('casa' || paciente_id || (g % 4), municipio_id, onde) AS unidade_id,
           CASE WHEN onde IN ('UBS', 'CAPS') THEN dia_util(dia) + make_interval(hours => 7 + dado('hora' || g, 10),
               mins => dado('minuto' || g, 60))
                ELSE dia + make_interval(hours => escolha('hora' || g,
                    ARRAY[2,2,1,1,1,1,2,4,6,7,7,6,5,5,6,6,6,7,8,8,7,6,4,3]) - 1, mins => dado('minuto' || g, 60)) END AS inicio
    FROM chegada c
)
SELECT 'v' || q.g, q.paciente_id, q.unidade_id, v.profissional_id, NULL,
       CASE WHEN q.onde IN ('UPA', 'HOSPITAL') THEN 'URGENCIA' WHEN q.onde = 'UBS' AND v.categoria = 'ENFERMEIRO' AND q.g % 3 = 0
            THEN 'VISITA_DOMICILIAR' ELSE 'DEMANDA_ESPONTANEA' END,
       q.inicio, NULL
FROM quando q
JOIN unidade_saude u ON u.id = q.unidade_id AND (u.data_fechamento IS NULL OR u.data_fechamento >= q.inicio::date)
CROSS JOIN LATERAL (SELECT v.profissional_id, v.categoria FROM gerador.lotacao v
                    WHERE v.unidade_id = q.unidade_id AND v.de <= q.inicio::date AND v.ate >= q.inicio::date
                      AND v.categoria IN ('MEDICO', 'ENFERMEIRO', 'PSICOLOGO')
                    ORDER BY (q.g * 7919 + v.id * 10477) % 1009 / CASE v.categoria WHEN 'MEDICO' THEN 3 ELSE 1 END, v.id LIMIT 1) AS v
WHERE (q.data_obito IS NULL OR q.data_obito > q.inicio::date) AND q.inicio < TIMESTAMP '2025-06-30 12:30';

INSERT INTO atendimento (id, paciente_id, unidade_id, profissional_id, agendamento_id, tipo, inicio, fim, classificacao_risco,
    cid_id, desfecho)
SELECT row_number() OVER (ORDER BY v.inicio, v.paciente_id, v.agendamento_id NULLS LAST), v.paciente_id, v.unidade_id,
    v.profissional_id, v.agendamento_id,
       v.tipo::tipo_atendimento, v.inicio, f.fim, CASE WHEN v.tipo = 'URGENCIA' THEN r.risco END,
       coalesce(c.id, diagnostico('cid' || v.chave, u.tipo::text, v.inicio)),
       CASE WHEN f.fim IS NOT NULL THEN (ARRAY['A', 'E', 'I', 'V'])[escolha('fim' || v.chave,
            CASE WHEN v.tipo <> 'URGENCIA' THEN ARRAY[88, 12, 0, 0] WHEN r.risco <= 2
                THEN ARRAY[25, 25, 49, 1] ELSE ARRAY[83, 6, 5, 6] END)] END
FROM gerador.vinda v
JOIN unidade_saude u ON u.id = v.unidade_id
LEFT JOIN cid c ON c.codigo = v.codigo
CROSS JOIN LATERAL (SELECT escolha('risco' || v.chave, CASE WHEN u.tipo = 'HOSPITAL'
    THEN ARRAY[12, 24, 36, 22, 6] ELSE ARRAY[2, 9, 30, 45, 14] END) AS risco) AS r
CROSS JOIN LATERAL (SELECT v.inicio + make_interval(mins => CASE WHEN v.tipo <> 'URGENCIA' THEN 8 + dado_baixo('dura' || v.chave, 50)
                                                                 ELSE 25 + dado_baixo('dura' || v.chave, 420) END) AS ate) AS d
CROSS JOIN LATERAL (SELECT CASE WHEN d.ate <= TIMESTAMP '2025-06-30 11:00' THEN d.ate END AS fim) AS f;

INSERT INTO exame (id, atendimento_id, tipo, data_solicitacao, data_coleta, data_resultado, resultado)
WITH pedido AS MATERIALIZED (
    SELECT a.id AS atendimento_id, n, a.inicio::date AS dia, a.tipo = 'URGENCIA' AS urgente,
           (enum_range(NULL::tipo_exame))[escolha('exame' || a.id || '-' || n,
               CASE WHEN a.tipo = 'URGENCIA' THEN ARRAY[34, 8, 16, 24, 5, 0, 9, 6, CASE c.codigo WHEN 'A90' THEN 80 ELSE 0 END]
                    ELSE ARRAY[32, 28, 16, 5, 11, CASE WHEN p.sexo = 'F' AND p.data_nascimento < DATE '1985-01-01' THEN 14 ELSE 0 END, 8, 1,
                               CASE c.codigo WHEN 'A90' THEN 60 ELSE 0 END] END)] AS tipo
    FROM atendimento a JOIN cid c ON c.id = a.cid_id JOIN paciente p ON p.id = a.paciente_id CROSS JOIN generate_series(1, 2) AS n
    WHERE dado('pede' || a.id || '-' || n, 100) < CASE n WHEN 1 THEN 30 ELSE 12 END
), feito AS MATERIALIZED (
    SELECT *, CASE WHEN urgente THEN dia WHEN dado('faz' || atendimento_id || '-' || n, 12) > 0
              THEN dia + 1 + dado_baixo('coleta' || atendimento_id || '-' || n, CASE
                  WHEN tipo IN ('MAMOGRAFIA', 'ULTRASSONOGRAFIA', 'TOMOGRAFIA') THEN 120 ELSE 30 END) END AS coleta
    FROM pedido
), pronto AS MATERIALIZED (
    SELECT *, coleta + CASE WHEN urgente THEN 0
        ELSE 1 END + dado_baixo('laudo' || atendimento_id || '-' || n, CASE WHEN urgente THEN 3 ELSE 25 END) AS laudo FROM feito
)
SELECT row_number() OVER (ORDER BY atendimento_id, n), atendimento_id, tipo, dia,
       CASE WHEN coleta <= DATE '2025-06-30' THEN coleta END, CASE WHEN laudo <= DATE '2025-06-30' THEN laudo END,
       CASE WHEN laudo <= DATE '2025-06-30' THEN (enum_range(NULL::resultado_exame))[escolha('res' || atendimento_id || '-' || n,
            CASE WHEN tipo = 'SOROLOGIA_DENGUE' THEN ARRAY[38, 56, 6] ELSE ARRAY[64, 32, 4] END)] END
FROM pronto;

INSERT INTO notificacao_agravo (id, paciente_id, unidade_id, cid_id, data_sintomas, data_notificacao, data_encerramento, classificacao)
WITH caso AS MATERIALIZED (
    SELECT a.id, a.paciente_id, a.unidade_id, a.cid_id, a.inicio::date - 1 - dado_baixo('sintoma' || a.id, 12) AS sintomas,
           a.inicio::date + dado_baixo('aviso' || a.id, 9) AS aviso, dado_baixo('investiga' || a.id, 75) + 2 AS dias
    FROM atendimento a JOIN cid c ON c.id = a.cid_id
    WHERE c.notificacao_compulsoria AND dado('notifica' || a.id, 100) < 88
)
SELECT row_number() OVER (ORDER BY aviso, id), paciente_id, unidade_id, cid_id, sintomas, aviso,
       CASE WHEN aviso + dias <= DATE '2025-06-30' THEN aviso + dias END,
       CASE WHEN aviso + dias <= DATE '2025-06-30' THEN (ARRAY['C', 'D', 'I'])[escolha('classe' || id, ARRAY[58, 34, 8])] END
FROM caso WHERE aviso <= DATE '2025-06-30';

INSERT INTO vacina (id, nome, doencas, doses_esquema) VALUES
    (1, 'BCG', 'Formas graves de tuberculose', 1),
    (2, 'Pentavalente', 'Difteria, tétano, coqueluche, hepatite B e Haemophilus influenzae b', 3),
    (3, 'VIP', 'Poliomielite', 3),
    (4, 'Rotavírus humano', 'Diarreia por rotavírus', 2),
    (5, 'Pneumocócica 10-valente', 'Pneumonias, meningites e otites por pneumococo', 2),
    (6, 'Tríplice viral', 'Sarampo, caxumba e rubéola', 2),
    (7, 'Febre amarela', 'Febre amarela', 1),
    (8, 'HPV quadrivalente', 'Câncer de colo do útero e verrugas genitais', 1),
    (9, 'Influenza trivalente', 'Gripe', 1),
    (10, 'Covid-19 monovalente', 'Covid-19', 2),
    (11, 'dT', 'Difteria e tétano', 3),
    (12, 'Dengue tetravalente', 'Dengue', 2);

INSERT INTO lote_vacina (id, vacina_id, numero, fabricante, quantidade, data_recebimento, validade)
SELECT row_number() OVER (ORDER BY v.id, n), v.id,
    chr(65 + v.id) || chr(65 + dado('letra' || v.id || '-' || n, 26)) || lpad((n * 37 + v.id * 411)::text, 4, '0'),
       (ARRAY['Fiocruz', 'Instituto Butantan', 'Serum Institute', 'Pfizer', 'Takeda'])[CASE v.id WHEN 12 THEN 5 WHEN 10 THEN 4
           WHEN 9 THEN 2 WHEN 8 THEN 2
           WHEN 7 THEN 1 ELSE 1 + dado('fab' || v.id || '-' || n, 3) END],
       50 * (12 + dado('qtd' || v.id || '-' || n, 17)), DATE '2023-11-06' + (n - 1) * 75 + dado('receb' || v.id || '-' || n, 20),
       DATE '2023-11-06' + (n - 1) * 75 + 200 + dado('valid' || v.id || '-' || n, 330)
FROM vacina v CROSS JOIN generate_series(1, 8) AS n;

INSERT INTO aplicacao_vacina (id, paciente_id, lote_id, unidade_id, data_aplicacao, dose, estornada_em)
WITH publico AS MATERIALIZED (
    SELECT v.id AS vacina_id, f.n
    FROM vacina v JOIN gerador.fila f
      ON CASE WHEN v.id <= 5 THEN f.data_nascimento >= DATE '2023-06-01' WHEN v.id = 6 THEN f.data_nascimento >= DATE '2020-01-01'
              WHEN v.id = 8 THEN f.data_nascimento BETWEEN DATE '2009-07-01' AND DATE '2015-01-01'
              WHEN v.id = 12 THEN f.data_nascimento BETWEEN DATE '2009-07-01' AND DATE '2014-01-01'
              WHEN v.id = 9 THEN f.data_nascimento < DATE '1965-01-01' OR f.data_nascimento BETWEEN DATE '2018-06-01'
                  AND DATE '2023-06-01' OR f.n % 4 = 0
              WHEN v.id = 11 THEN f.data_nascimento < DATE '2015-01-01' ELSE f.data_nascimento < DATE '2023-01-01' END
), fileira AS MATERIALIZED (
    SELECT vacina_id, array_agg(n ORDER BY n) AS lugares FROM publico GROUP BY vacina_id
), dia_dose AS MATERIALIZED (
    SELECT g, e.v AS vacina_id, f.paciente_id, f.municipio_id, f.data_obito,
        dia_util(dia('dose' || g, CASE WHEN e.v = 9 THEN ARRAY[1,1,6,40,45,20,6,2,1,1,1,1,1,1,8,44,48,22]
                                                  WHEN e.v = 12 THEN ARRAY[0,20,25,20,10,6,5,5,5,5,4,3,10,14,14,12,8,6]
                                                  ELSE ARRAY[10,10,11,10,10,10,10,12,11,10,10,8,10,10,11,10,10,9] END)) AS quando
    FROM generate_series(1, 6800) AS g
    CROSS JOIN LATERAL (SELECT escolha('vacina' || g, ARRAY[3, 9, 9, 5, 6, 9, 7, 8, 34, 20, 12, 10]) AS v) AS e
    JOIN fileira p ON p.vacina_id = e.v
    JOIN gerador.fila f ON f.n = p.lugares[1 + dado('publico' || g, cardinality(p.lugares))]
), espacada AS MATERIALIZED (
    SELECT d.*, d.quando - lag(d.quando) OVER (PARTITION BY d.paciente_id, d.vacina_id ORDER BY d.quando, d.g) AS intervalo
    FROM dia_dose d JOIN paciente c ON c.id = d.paciente_id
    WHERE d.quando BETWEEN c.data_cadastro AND DATE '2025-06-30' AND (d.data_obito IS NULL OR d.data_obito > d.quando)
), contada AS MATERIALIZED (
    SELECT e.*, row_number() OVER (PARTITION BY e.paciente_id, e.vacina_id ORDER BY e.quando, e.g) AS ordem
    FROM espacada e WHERE e.intervalo IS NULL OR e.intervalo >= 28
)
SELECT row_number() OVER (ORDER BY c.quando, c.g), c.paciente_id, l.id, u.id, c.quando,
       CASE WHEN c.ordem <= v.doses_esquema THEN c.ordem ELSE 9 END,
       CASE WHEN dado('estorno' || c.g, 45) = 0
           THEN least(c.quando + dado('quando' || c.g, 6), DATE '2025-06-30') + make_interval(hours => 17,
               mins => dado('min' || c.g, 60)) END
FROM contada c
JOIN vacina v ON v.id = c.vacina_id
JOIN unidade_saude u ON u.id = onde('casa' || c.paciente_id || '0', c.municipio_id, 'UBS')
    AND (u.data_fechamento IS NULL OR u.data_fechamento >= c.quando)
CROSS JOIN LATERAL (SELECT l.id FROM lote_vacina l WHERE l.vacina_id = c.vacina_id AND l.data_recebimento <= c.quando
    AND l.validade >= c.quando
                    ORDER BY dado('lote' || c.g || '-' || l.id, 1000000), l.id LIMIT 1) AS l
WHERE c.ordem <= v.doses_esquema OR c.vacina_id IN (3, 9, 10, 11);

INSERT INTO medicamento (id, nome, apresentacao, componente, controlado, preco_unitario) VALUES
    (1, 'Losartana potássica', '50 mg comprimido', 'BASICO', false, 0.08),
    (2, 'Metformina', '850 mg comprimido', 'BASICO', false, 0.11),
    (3, 'Hidroclorotiazida', '25 mg comprimido', 'BASICO', false, 0.04),
    (4, 'Omeprazol', '20 mg cápsula', 'BASICO', false, 0.10),
    (5, 'Sinvastatina', '20 mg comprimido', 'BASICO', false, 0.12),
    (6, 'Paracetamol', '500 mg comprimido', 'BASICO', false, 0.09),
    (7, 'Dipirona', '500 mg comprimido', 'BASICO', false, 0.13),
    (8, 'Amoxicilina', '500 mg cápsula', 'BASICO', false, 0.25),
    (9, 'Amoxicilina', '50 mg/ml suspensão', 'BASICO', false, 6.40),
    (10, 'Ibuprofeno', '600 mg comprimido', 'BASICO', false, 0.18),
    (11, 'Anlodipino', '5 mg comprimido', 'BASICO', false, 0.05),
    (12, 'Insulina NPH', '100 UI/ml frasco', 'ESTRATEGICO', false, 14.90),
    (13, 'Insulina regular', '100 UI/ml frasco', 'ESTRATEGICO', false, 15.70),
    (14, 'Salbutamol', '100 mcg aerossol', 'BASICO', false, 11.30),
    (15, 'Fluoxetina', '20 mg cápsula', 'BASICO', true, 0.14),
    (16, 'Clonazepam', '2 mg comprimido', 'BASICO', true, 0.09),
    (17, 'Amitriptilina', '25 mg comprimido', 'BASICO', true, 0.07),
    (18, 'Risperidona', '2 mg comprimido', 'ESPECIALIZADO', true, 0.35),
    (19, 'Carbamazepina', '200 mg comprimido', 'BASICO', true, 0.16),
    (20, 'Fenobarbital', '100 mg comprimido', 'BASICO', true, 0.12),
    (21, 'Rifampicina + isoniazida', '300 + 150 mg cápsula', 'ESTRATEGICO', false, 0.95),
    (22, 'Poliquimioterapia para hanseníase', 'cartela adulto', 'ESTRATEGICO', false, 62.00),
    (23, 'Adalimumabe', '40 mg seringa', 'ESPECIALIZADO', false, 480.00),
    (24, 'Levotiroxina', '50 mcg comprimido', 'BASICO', false, 0.15),
    (25, 'Furosemida', '40 mg comprimido', 'BASICO', false, 0.06),
    (26, 'Azitromicina', '500 mg comprimido', 'BASICO', false, 0.78),
    (27, 'Olanzapina', '10 mg comprimido', 'ESPECIALIZADO', true, 2.10),
    (28, 'Benzilpenicilina benzatina', '1.200.000 UI ampola', 'ESTRATEGICO', false, 8.20),
    (29, 'Sais para reidratação oral', 'envelope', 'BASICO', false, 0.70),
    (30, 'Varfarina', '5 mg comprimido', 'BASICO', false, 0.19);

INSERT INTO dispensacao (id, paciente_id, medicamento_id, unidade_id, data_dispensacao, quantidade)
WITH entrega AS MATERIALIZED (
    SELECT g, f.paciente_id, f.municipio_id, f.data_obito, m.m AS medicamento_id,
           dia_util(dia('entrega' || g, ARRAY[10,10,11,11,11,11,11,11,11,11,11,10,11,11,12,12,12,11])) AS quando
    FROM (SELECT g, lugar_na_fila('retira' || g) AS n FROM generate_series(1, 6200) AS g) AS vez
    JOIN gerador.fila f USING (n)
    CROSS JOIN LATERAL (SELECT escolha('remedio' || g,
        CASE WHEN f.data_nascimento > DATE '2011-01-01' THEN ARRAY[0,0,0,0,0,10,14,0,30,6,0,1,1,12,0,0,0,0,2,1,0,0,0,0,0,0,0,0,12,0]
             ELSE ARRAY[100,70,52,46,40,34,36,22,1,24,30,12,7,8,20,19,11,6,7,5,3,2,3,12,10,9,3,4,3,5] END) AS m) AS m
    WHERE f.data_cadastro < DATE '2024-01-01'
)
SELECT row_number() OVER (ORDER BY e.quando, e.g), e.paciente_id, e.medicamento_id, u.id, e.quando,
       CASE WHEN r.apresentacao ~ 'comprimido|cápsula' AND e.medicamento_id NOT IN (6, 7, 8, 10, 26)
           THEN 30 * (1 + dado_baixo('qtd' || e.g, 4))
            WHEN r.apresentacao ~ 'comprimido|cápsula'
                THEN (ARRAY[6, 10, 20, 21, 30])[1 + dado('qtd' || e.g, 5)] ELSE 1 + dado_baixo('qtd' || e.g, 4) END
FROM entrega e
JOIN medicamento r ON r.id = e.medicamento_id
JOIN unidade_saude u ON u.id = onde('casa' || e.paciente_id || (e.g % 2), e.municipio_id,
         CASE WHEN r.controlado AND e.g % 2 = 0 THEN 'CAPS' WHEN r.componente = 'ESPECIALIZADO' THEN 'HOSPITAL' ELSE 'UBS' END)
     AND (u.data_fechamento IS NULL OR u.data_fechamento >= e.quando)
WHERE e.quando <= DATE '2025-06-30' AND (e.data_obito IS NULL OR e.data_obito > e.quando);

DROP SCHEMA gerador CASCADE;
RESET search_path;
RESET jit;
