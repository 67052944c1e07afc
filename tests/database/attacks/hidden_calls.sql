SELECT 1 ===> 2

SELECT 1 OPERATOR(public.===>) 2

SELECT id ===> 1 FROM conta

SELECT 1 WHERE 1 ===> 2 > 0

SELECT ARRAY[1, 2] @@@> 1

SELECT * FROM conta ORDER BY id USING ===>

SELECT ROW(1)::tentacao::text

SELECT CAST(ROW(1)::tentacao AS text)

SELECT (ROW(1)::tentacao)::integer

SELECT ROW(1)::tentacao || 'x'

SELECT 1::dominio_que_apaga

SELECT '1'::dominio_que_apaga

SELECT CAST(1 AS dominio_que_apaga)

SELECT dominio_que_apaga '1'

SELECT '{1}'::dominio_que_apaga[]

SELECT * FROM json_to_record('{"a": 1}') AS x(a dominio_que_apaga)

SELECT * FROM jsonb_to_recordset('[{"a": 1}]') AS x(a dominio_que_apaga)

SELECT jsonb_populate_record(NULL::registro_que_apaga, '{"a": 1}')

SELECT NULL::dominio_que_apaga IS NULL, 1::dominio_que_tranca

SELECT c.apaga_linha FROM conta c

SELECT (c).apaga_linha FROM conta c

SELECT apaga_linha(c) FROM conta c

SELECT (SELECT c FROM conta c LIMIT 1).apaga_linha

SELECT c.tranca_linha FROM conta c

SELECT agrega_e_apaga(id) FROM conta

SELECT agrega_e_apaga(id) OVER (ORDER BY id) FROM conta

SELECT agrega_e_apaga(DISTINCT id) FILTER (WHERE id < 3) FROM conta

SELECT (1).executa_numero

SELECT public.apaga()

SELECT "public"."apaga"()

SELECT public . apaga ( )

SELECT U&"\0061paga"()

SELECT U&"!0061paga" UESCAPE '!' ()

SELECT "Função que apaga"()

SELECT public."Função que apaga"()

SELECT executa(sql => 'DELETE FROM conta')

SELECT executa(VARIADIC ARRAY['DELETE FROM conta'])

SELECT apaga_com_padrao()

SELECT apaga_varios(1, 2, 3)

SELECT apaga_varios(VARIADIC '{1}')

SELECT * FROM apaga_tabela() AS (id int)

SELECT * FROM linhas_que_apagam()

SELECT linhas_que_apagam()

SELECT * FROM outro.apaga_la()

SELECT outro.apaga_la()

SELECT armadilha.count(nome) FROM conta

SELECT armadilha.lower('X')

SELECT 'x' OPERATOR(armadilha.||) 'y'

--! harmless
SELECT 'x' OPERATOR(pg_catalog.||) 'y'

SELECT 1 OPERATOR(armadilha.+) 2

SELECT set_config('search_path', 'armadilha, pg_catalog', true), count(nome) FROM conta

SELECT '1'::armadilha.int4

SELECT * FROM vista_apaga

SELECT count(*) FROM vista_apaga

SELECT count(*) FROM vista_contador

--! harmless
SELECT * FROM vista_tranca

--! harmless
SELECT a, count(*) FROM vista_tranca GROUP BY a

--! harmless
SELECT * FROM vista_avisa

SELECT a FROM vista_contador v(a)

SELECT * FROM conta WHERE id = (SELECT * FROM vista_apaga)

--! harmless
SELECT * FROM tabela_com_politica

SELECT valor ===> 1 FROM medida

SELECT min(x) FROM (SELECT apaga() AS x) s

SELECT array_agg(apaga()) FROM conta

SELECT json_object_agg('a', apaga())

SELECT format('%s', apaga())

SELECT xmlelement(NAME a, apaga())

SELECT greatest(1, apaga()), nullif(1, apaga())

SELECT (apaga(), 1)

SELECT ROW(apaga()) = ROW(1)

SELECT 1 BETWEEN apaga() AND 2

SELECT 1 IN (apaga(), 2)

SELECT (ARRAY[1])[apaga()]

SELECT substring('abc' FROM apaga())

SELECT extract(day FROM now() + apaga() * interval '1 day')

SELECT overlay('abc' PLACING 'x' FROM apaga())

SELECT position('a' IN apaga()::text)

SELECT apaga() COLLATE "C"

SELECT apaga() AT TIME ZONE 'UTC'

SELECT 1 FROM conta JOIN tinta ON apaga() = conta.id

SELECT 1 FROM conta HAVING apaga() > 0

SELECT nome FROM conta WINDOW w AS (ORDER BY apaga())

SELECT lag(id, apaga()) OVER (ORDER BY id) FROM conta

SELECT DISTINCT ON (apaga()) nome FROM conta

SELECT 1 FETCH FIRST (apaga()) ROWS ONLY

SELECT * FROM generate_series(1, apaga())

SELECT * FROM unnest(ARRAY[apaga()]) WITH ORDINALITY

SELECT sum(apaga()) FROM conta GROUP BY GROUPING SETS ((id), ())

VALUES (apaga())

VALUES (1), (apaga_como_dono())

SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY apaga()) FROM conta
