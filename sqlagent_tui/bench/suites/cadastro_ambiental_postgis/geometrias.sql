-- Geometries for the demo's registry, synthetic from end to end: where the blocks of the states lie resembles Brazil,
-- everything inside them is invented. Every coordinate follows from the demo's rows and from md5 of their keys, and is
-- rounded to seven decimals (a centimetre), so that all machines and versions of PostGIS hold the same map.

CREATE FUNCTION pg_temp.sorteio(chave text) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT
RETURN ('x' || left(md5(chave), 8))::bit(32)::bigint / 4294967296.0;

CREATE FUNCTION pg_temp.coordenada(x double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT
RETURN round(x::numeric, 7)::double precision;

CREATE FUNCTION pg_temp.ponto(lon double precision, lat double precision) RETURNS geometry
LANGUAGE sql IMMUTABLE STRICT
RETURN ST_SetSRID(ST_MakePoint(pg_temp.coordenada(lon), pg_temp.coordenada(lat)), 4674);

-- Metres of a degree of latitude and of longitude, on the ellipsoid of SIRGAS 2000 (GRS 80).
CREATE FUNCTION pg_temp.grau_norte(lat double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT
RETURN 111132.954 - 559.822 * cosd(2 * lat) + 1.175 * cosd(4 * lat);

CREATE FUNCTION pg_temp.grau_leste(lat double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT
RETURN 111412.84 * cosd(lat) - 93.5 * cosd(3 * lat) + 0.118 * cosd(5 * lat);

-- An irregular polygon of so many corners and so many hectares around a point.
CREATE FUNCTION pg_temp.gleba(chave text, lon double precision, lat double precision, hectares double precision,
                              cantos integer) RETURNS geometry
LANGUAGE sql IMMUTABLE STRICT AS $$
    WITH canto AS (
        SELECT k, 360.0 * k / cantos + 90 * pg_temp.sorteio(chave || '/giro') AS angulo,
               0.75 + 0.5 * pg_temp.sorteio(chave || '/' || k) AS raio
        FROM generate_series(0, cantos - 1) AS k
    ), unidade AS (
        -- Of the polygon with these radii, in square metres.
        SELECT sum(a.raio * b.raio) * sind(360.0 / cantos) / 2 AS area
        FROM canto a JOIN canto b ON b.k = (a.k + 1) % cantos
    ), escala AS (
        SELECT sqrt(hectares * 10000 / area) AS metros FROM unidade
    ), linha AS (
        SELECT array_agg(pg_temp.ponto(lon + metros * raio * cosd(angulo) / pg_temp.grau_leste(lat),
                                       lat + metros * raio * sind(angulo) / pg_temp.grau_norte(lat))
                         ORDER BY k) AS pontos
        FROM canto, escala
    )
    SELECT ST_MakePolygon(ST_MakeLine(pontos || pontos[1])) FROM linha
$$;

-- Municipalities: the blocks of the states are cut into strips, the strips into municipalities, each of its own area.
CREATE TEMP TABLE bloco (sigla char(2) PRIMARY KEY, lon double precision NOT NULL, lat double precision NOT NULL);
INSERT INTO bloco VALUES
    ('RO', -63.5, -11.5), ('AC', -70.0, -9.0), ('AM', -64.5, -4.0), ('RR', -61.5, 2.0), ('PA', -53.0, -4.0),
    ('AP', -52.0, 1.5), ('TO', -48.3, -10.0), ('MA', -45.0, -4.5), ('PI', -42.8, -7.0), ('CE', -39.5, -5.0),
    ('RN', -36.6, -5.6), ('PB', -36.6, -7.2), ('PE', -38.4, -8.2), ('AL', -36.4, -9.5), ('SE', -37.6, -10.6),
    ('BA', -41.5, -12.5), ('MG', -44.0, -18.5), ('ES', -40.7, -19.8), ('RJ', -42.8, -22.4), ('SP', -48.5, -22.3),
    ('PR', -51.5, -25.0), ('SC', -50.5, -27.3), ('RS', -53.5, -29.9), ('MS', -55.4, -20.8), ('MT', -56.2, -13.0),
    ('GO', -49.2, -16.2), ('DF', -45.3, -15.0);

CREATE TEMP TABLE caixa AS
WITH ordenado AS (
    SELECT m.id, m.area_km2::double precision AS area, b.sigla, b.lon, b.lat,
           sum(m.area_km2::double precision) OVER (PARTITION BY b.sigla) AS total,
           row_number() OVER (PARTITION BY b.sigla ORDER BY m.area_km2 DESC, m.id) AS posto,
           ceil(sqrt(count(*) OVER (PARTITION BY b.sigla))) AS por_faixa
    FROM municipio m JOIN estado e ON e.id = m.estado_id JOIN bloco b ON b.sigla = e.sigla
), faixa AS (
    SELECT *, floor((posto - 1) / por_faixa) AS faixa, sqrt(total) / 111.2 / cosd(lat) AS largura FROM ordenado
), soma AS (
    SELECT *, sum(area) OVER (PARTITION BY sigla, faixa) AS da_faixa,
           sum(area) OVER (PARTITION BY sigla, faixa ORDER BY posto) - area AS a_oeste,
           sum(area) OVER (PARTITION BY sigla ORDER BY faixa) AS ate_aqui
    FROM faixa
), seno AS (
    -- On a sphere of the Earth's surface an area is a difference of longitudes times one of sines of latitudes.
    SELECT *, 6371.007 * 6371.007 * radians(largura) AS por_seno, sind(lat) + total / (6371.007 * 6371.007
              * radians(largura)) / 2 AS topo
    FROM soma
)
SELECT id, sigla,
       pg_temp.coordenada(lon - largura / 2 + largura * a_oeste / da_faixa) AS oeste,
       pg_temp.coordenada(lon - largura / 2 + largura * (a_oeste + area) / da_faixa) AS leste,
       pg_temp.coordenada(asind(topo - ate_aqui / por_seno)) AS sul,
       pg_temp.coordenada(asind(topo - (ate_aqui - da_faixa) / por_seno)) AS norte
FROM seno;

ALTER TABLE municipio ADD COLUMN geom geometry(MultiPolygon, 4674), ADD COLUMN sede geometry(Point, 4674);
UPDATE municipio m
SET geom = ST_Multi(ST_MakeEnvelope(c.oeste, c.sul, c.leste, c.norte, 4674)),
    sede = pg_temp.ponto(c.oeste + (c.leste - c.oeste) * (0.3 + 0.4 * pg_temp.sorteio('sede/x/' || m.id)),
                         c.sul + (c.norte - c.sul) * (0.3 + 0.4 * pg_temp.sorteio('sede/y/' || m.id)))
FROM caixa c WHERE c.id = m.id;
ALTER TABLE municipio ALTER COLUMN geom SET NOT NULL, ALTER COLUMN sede SET NOT NULL;
COMMENT ON COLUMN municipio.geom IS 'Limite do município (SIRGAS 2000, graus)';
COMMENT ON COLUMN municipio.sede IS 'Ponto da sede municipal (SIRGAS 2000, graus)';

-- Properties lie in the rural zone of their municipality, close enough for some of them to overlap.
CREATE TEMP TABLE zona AS
WITH imoveis AS (
    SELECT municipio_id, count(*) AS quantos, sum(area_ha)::double precision / 100 AS km2
    FROM imovel_rural GROUP BY municipio_id
)
SELECT c.id, c.sigla, quantos, (oeste + leste) / 2 AS lon, (sul + norte) / 2 AS lat,
       (leste - oeste) * parte AS largura, (norte - sul) * parte AS altura
FROM caixa c
JOIN municipio m ON m.id = c.id
JOIN imoveis i ON i.municipio_id = c.id
CROSS JOIN LATERAL (SELECT least(0.9, sqrt(30 * km2 / m.area_km2::double precision)) AS parte) AS p;

CREATE TEMP TABLE centro AS
SELECT i.id, i.area_ha::double precision AS hectares,
       lon + largura * (pg_temp.sorteio('imovel/x/' || i.id) - 0.5) AS lon,
       lat + altura * (pg_temp.sorteio('imovel/y/' || i.id) - 0.5) AS lat,
       -- One drawing in twenty-five contradicts the area that was declared.
       CASE WHEN pg_temp.sorteio('imovel/erro/' || i.id) < 0.04
            THEN 0.7 + 0.7 * pg_temp.sorteio('imovel/quanto/' || i.id) ELSE 1 END AS fator
FROM imovel_rural i JOIN zona z ON z.id = i.municipio_id;

ALTER TABLE imovel_rural ADD COLUMN geom geometry(Polygon, 4674);
UPDATE imovel_rural i SET geom = pg_temp.gleba('imovel/' || i.id, c.lon, c.lat, c.hectares * c.fator, 7)
FROM centro c WHERE c.id = i.id;
ALTER TABLE imovel_rural ALTER COLUMN geom SET NOT NULL;
COMMENT ON COLUMN imovel_rural.geom IS 'Perímetro desenhado no cadastro (SIRGAS 2000, graus)';

-- The reserve repeats the shape of its property on a smaller scale; a few were drawn in the wrong place.
ALTER TABLE reserva_legal ADD COLUMN geom geometry(Polygon, 4674);
UPDATE reserva_legal r
SET geom = pg_temp.gleba('imovel/' || i.id,
                         c.lon + desvio * sqrt(c.hectares) * 100 / pg_temp.grau_leste(c.lat), c.lat,
                         least(r.area_ha::double precision, c.hectares) * c.fator, 7)
FROM imovel_rural i
JOIN centro c ON c.id = i.id
CROSS JOIN LATERAL (
    SELECT CASE WHEN pg_temp.sorteio('reserva/erro/' || i.id) < 0.03
                THEN 0.5 + pg_temp.sorteio('reserva/quanto/' || i.id) ELSE 0 END AS desvio
) AS d
WHERE i.id = r.imovel_id;
ALTER TABLE reserva_legal ALTER COLUMN geom SET NOT NULL;
COMMENT ON COLUMN reserva_legal.geom IS 'Polígono da reserva legal (SIRGAS 2000, graus)';

-- Points taken in the field: most inside the property that they name, some kilometres off, some missing.
CREATE FUNCTION pg_temp.em_campo(chave text, imovel integer, falta double precision) RETURNS geometry
LANGUAGE sql STABLE STRICT AS $$
    SELECT CASE WHEN pg_temp.sorteio(chave || '/falta') >= falta THEN
               pg_temp.ponto(lon + metros * cosd(angulo) / pg_temp.grau_leste(lat),
                             lat + metros * sind(angulo) / pg_temp.grau_norte(lat)) END
    FROM (
        SELECT lon, lat, 360 * pg_temp.sorteio(chave || '/rumo') AS angulo,
               CASE WHEN pg_temp.sorteio(chave || '/fora') < 0.06 THEN 100 * sqrt(hectares) + 4000 * sorteado
                    ELSE 30 * sqrt(hectares) * sorteado END AS metros
        FROM centro, LATERAL (SELECT pg_temp.sorteio(chave || '/metros') AS sorteado) AS s
        WHERE id = imovel
    ) AS lugar
$$;
ALTER TABLE embargo ADD COLUMN geom geometry(Point, 4674);
UPDATE embargo SET geom = pg_temp.em_campo('embargo/' || id, imovel_id, 0.05);
COMMENT ON COLUMN embargo.geom IS 'Ponto central da área embargada (SIRGAS 2000, graus); nulo quando não levantado';
ALTER TABLE auto_infracao ADD COLUMN geom geometry(Point, 4674);
UPDATE auto_infracao SET geom = pg_temp.em_campo('auto/' || id, imovel_id, 0.15);
COMMENT ON COLUMN auto_infracao.geom IS 'Local da infração (SIRGAS 2000, graus); nulo quando não levantado';

CREATE TYPE categoria_uc AS ENUM ('PARQUE', 'RESERVA_BIOLOGICA', 'ESTACAO_ECOLOGICA', 'APA', 'FLORESTA', 'RESEX');
CREATE TYPE grupo_uc AS ENUM ('PROTECAO_INTEGRAL', 'USO_SUSTENTAVEL');
CREATE TABLE unidade_conservacao (
    id integer PRIMARY KEY,
    nome text NOT NULL UNIQUE,
    categoria categoria_uc NOT NULL,
    grupo grupo_uc NOT NULL,
    esfera esfera_orgao NOT NULL,
    data_criacao date NOT NULL,
    geom geometry(Polygon, 4674) NOT NULL
);
COMMENT ON TABLE unidade_conservacao IS 'Unidades de conservação (UC)';
COMMENT ON COLUMN unidade_conservacao.grupo IS 'Grupo do SNUC: proteção integral ou uso sustentável';
COMMENT ON COLUMN unidade_conservacao.esfera IS 'Quem a criou e administra';
COMMENT ON COLUMN unidade_conservacao.geom IS 'Limite da unidade (SIRGAS 2000, graus)';
INSERT INTO unidade_conservacao
WITH escolhida AS (
    SELECT row_number() OVER (ORDER BY quantos DESC, id) AS posto, * FROM zona ORDER BY quantos DESC, id LIMIT 60
), unidade AS (
    SELECT posto AS n, 'uc/' || posto AS chave, 0.04 AS menor, 0.16 AS folga, * FROM escolhida
    UNION ALL  -- around some of them an APA, which overlaps the first
    SELECT 60 + posto, 'uc/' || posto, 0.3, 0.1, * FROM escolhida WHERE posto <= 15
), sorteada AS (
    SELECT *, CASE WHEN n > 60 THEN 'APA'
                   ELSE (enum_range(NULL::categoria_uc))[1 + floor(6 * pg_temp.sorteio('uc/categoria/' || n))::integer]
              END AS categoria,
           (enum_range(NULL::esfera_orgao))[1 + floor(2.4 * pg_temp.sorteio('uc/esfera/' || n))::integer] AS esfera,
           date '1985-01-01' + floor(13000 * pg_temp.sorteio('uc/data/' || n))::integer AS criada
    FROM unidade
)
SELECT n,
       CASE categoria WHEN 'PARQUE' THEN CASE esfera WHEN 'FEDERAL' THEN 'Parque Nacional' WHEN 'ESTADUAL'
                      THEN 'Parque Estadual' ELSE 'Parque Natural Municipal' END
                      WHEN 'RESERVA_BIOLOGICA' THEN 'Reserva Biológica'
                      WHEN 'ESTACAO_ECOLOGICA' THEN 'Estação Ecológica'
                      WHEN 'FLORESTA' THEN CASE esfera WHEN 'FEDERAL' THEN 'Floresta Nacional' WHEN 'ESTADUAL'
                      THEN 'Floresta Estadual' ELSE 'Floresta Municipal' END
                      WHEN 'APA' THEN 'APA' ELSE 'Resex' END
       || ' ' || (ARRAY['Serra', 'Várzea', 'Vereda', 'Mata', 'Chapada', 'Lagoa', 'Morro', 'Vale', 'Campo',
                        'Ilha'])[1 + n % 10]
       || ' ' || (ARRAY['do Tamanduá', 'da Sucupira', 'do Jatobá', 'da Ema', 'do Angelim', 'da Onça', 'do Buriti',
                        'da Aroeira'])[1 + (n - 1) / 10],
       categoria,
       CASE WHEN categoria IN ('PARQUE', 'RESERVA_BIOLOGICA', 'ESTACAO_ECOLOGICA')
            THEN 'PROTECAO_INTEGRAL' ELSE 'USO_SUSTENTAVEL' END::grupo_uc,
       esfera, criada,
       pg_temp.gleba('uc/' || n, lon + largura * (pg_temp.sorteio(chave || '/x') - 0.5),
                     lat + altura * (pg_temp.sorteio(chave || '/y') - 0.5),
                     -- A part of the zone that differs from unit to unit.
                     largura * pg_temp.grau_leste(lat) * altura * pg_temp.grau_norte(lat) / 10000
                     * (menor + folga * pg_temp.sorteio('uc/area/' || n)), 14)
FROM sorteada;

CREATE TYPE regime_rio AS ENUM ('PERENE', 'INTERMITENTE');
CREATE TABLE rio (
    id integer PRIMARY KEY,
    nome text NOT NULL,
    regime regime_rio NOT NULL,
    geom geometry(LineString, 4674) NOT NULL
);
COMMENT ON TABLE rio IS 'Trechos de rio mapeados';
COMMENT ON COLUMN rio.nome IS 'Pode se repetir: rios diferentes têm o mesmo nome';
COMMENT ON COLUMN rio.geom IS 'Eixo do curso d''água, da nascente à foz (SIRGAS 2000, graus)';
INSERT INTO rio
WITH cortado AS (
    SELECT row_number() OVER (ORDER BY quantos DESC, z.id) AS n, z.*, c.oeste, c.leste, c.sul, c.norte
    FROM zona z JOIN caixa c ON c.id = z.id ORDER BY quantos DESC, z.id LIMIT 120
), vertice AS (
    -- It meanders through the middle of the zone, from one side of the municipality to the other.
    SELECT n, k, n % 3 = 0 AS ao_sul, oeste, leste, sul, norte, lon, lat, k / 40.0 AS t,
           0.18 * sind(9.0 * k + 360 * pg_temp.sorteio('rio/fase/' || n))
           + 0.08 * (pg_temp.sorteio('rio/' || n || '/' || k) - 0.5) AS desvio, largura, altura
    FROM cortado, generate_series(0, 40) AS k
), linha AS (
    SELECT n, ST_MakeLine(CASE WHEN ao_sul THEN pg_temp.ponto(lon + largura * desvio, norte + (sul - norte) * t)
                               ELSE pg_temp.ponto(oeste + (leste - oeste) * t, lat + altura * desvio) END
                          ORDER BY k) AS geom
    FROM vertice GROUP BY n
)
SELECT n, (ARRAY['Rio Preto', 'Rio das Antas', 'Rio Pardo', 'Córrego Fundo', 'Rio Bonito', 'Ribeirão das Pedras',
                 'Rio do Peixe', 'Rio Verde', 'Córrego da Onça', 'Rio Claro', 'Ribeirão Vermelho', 'Rio Turvo',
                 'Rio dos Bois', 'Rio Jacaré', 'Córrego Seco', 'Rio Manso', 'Ribeirão do Meio', 'Rio Grande',
                 'Rio da Prata', 'Rio Branco'])[1 + floor(20 * pg_temp.sorteio('rio/nome/' || n))::integer],
       CASE WHEN pg_temp.sorteio('rio/regime/' || n) < 0.75 THEN 'PERENE' ELSE 'INTERMITENTE' END::regime_rio, geom
FROM linha;

CREATE TABLE foco_calor (
    id integer PRIMARY KEY,
    data_hora timestamp NOT NULL,
    satelite text NOT NULL,
    confianca smallint NOT NULL CHECK (confianca BETWEEN 0 AND 100),
    geom geometry(Point, 4674) NOT NULL
);
COMMENT ON TABLE foco_calor IS 'Focos de calor detectados por satélite';
COMMENT ON COLUMN foco_calor.data_hora IS 'Passagem do satélite, hora de Brasília';
COMMENT ON COLUMN foco_calor.confianca IS 'Confiança da detecção, em por cento';
COMMENT ON COLUMN foco_calor.geom IS 'Centro do pixel (SIRGAS 2000, graus)';
INSERT INTO foco_calor
WITH foco AS (
    SELECT n, 1 + floor(pg_temp.sorteio('foco/imovel/' || n) * 10000)::integer AS imovel,
           -- July to October of 2023 and 2024, and the first half of 2025.
           CASE WHEN n % 5 = 0
                THEN timestamp '2025-01-01' + interval '1 minute' * floor(260000 * pg_temp.sorteio('foco/t/' || n))
                ELSE make_timestamp(2023 + n % 2, 7, 1, 0, 0, 0)
                     + interval '1 minute' * floor(177000 * pg_temp.sorteio('foco/t/' || n)) END AS quando
    FROM generate_series(1, 4000) AS n
)
SELECT row_number() OVER (ORDER BY quando, n), quando,
       (ARRAY['AQUA_M-T', 'NPP-375', 'NOAA-20', 'TERRA_M-T'])[
           1 + floor(4 * pg_temp.sorteio('foco/satelite/' || n))::integer],
       floor(30 + 71 * pg_temp.sorteio('foco/confianca/' || n)),
       pg_temp.ponto(lon + raio * (pg_temp.sorteio('foco/x/' || n) - 0.5) / pg_temp.grau_leste(lat),
                     lat + raio * (pg_temp.sorteio('foco/y/' || n) - 0.5) / pg_temp.grau_norte(lat))
FROM foco
JOIN centro ON centro.id = foco.imovel
CROSS JOIN LATERAL (SELECT 1.6 * sqrt(hectares) * 100 AS raio) AS r;

-- Both ways of asking are quick: in degrees, and in metres on the ellipsoid.
CREATE INDEX ON municipio USING gist (geom);
CREATE INDEX ON imovel_rural USING gist (geom);
CREATE INDEX ON imovel_rural USING gist ((geom::geography));
CREATE INDEX ON reserva_legal USING gist (geom);
CREATE INDEX ON embargo USING gist (geom);
CREATE INDEX ON embargo USING gist ((geom::geography));
CREATE INDEX ON auto_infracao USING gist (geom);
CREATE INDEX ON unidade_conservacao USING gist (geom);
CREATE INDEX ON rio USING gist (geom);
CREATE INDEX ON foco_calor USING gist (geom);
CREATE INDEX ON foco_calor USING gist ((geom::geography));
CREATE INDEX ON foco_calor (data_hora);
