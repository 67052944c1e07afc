SELECT count(*) FROM conta

SELECT count(*), count(livre), count(DISTINCT marca) FROM tinta

SELECT marca, count(*), avg(preco), string_agg(serie, ', ' ORDER BY id) FROM tinta WHERE id < 50 GROUP BY marca HAVING count(*) > 1 ORDER BY 2 DESC, 1

SELECT marca, cor, count(*) AS n FROM tinta GROUP BY marca, cor ORDER BY n DESC, marca

SELECT coalesce(marca, 'todas'), cor, count(*) FROM tinta GROUP BY GROUPING SETS ((marca), (cor), ()) ORDER BY 1, 2, 3

SELECT marca, cor, count(*) FROM tinta GROUP BY CUBE (marca, cor) ORDER BY 1 NULLS FIRST, 2 NULLS LAST, 3

SELECT extract(year FROM dia) AS ano, extract(quarter FROM dia) AS trimestre, sum(valor), grouping(extract(year FROM dia)) FROM medida GROUP BY ROLLUP (extract(year FROM dia), extract(quarter FROM dia)) ORDER BY 1, 2

SELECT marca, cor, sum(id), grouping(marca, cor) FROM tinta GROUP BY ROLLUP (marca), CUBE (cor) ORDER BY 4, 1, 2

SELECT marca, conta_id % 2, count(*) FROM tinta GROUP BY GROUPING SETS ((marca, conta_id % 2), ROLLUP (marca)) ORDER BY 1, 2, 3

--! 14+
SELECT marca, cor, count(*) FROM tinta GROUP BY DISTINCT ROLLUP (marca, cor), ROLLUP (marca) ORDER BY 1, 2, 3

SELECT date_trunc('month', dia)::date AS mes, sum(valor) FILTER (WHERE valor % 2 = 0) AS pares, sum(valor) FILTER (WHERE valor % 2 = 1) AS impares FROM medida GROUP BY 1 ORDER BY 1

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY saldo), mode() WITHIN GROUP (ORDER BY nome) FROM conta

SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75, 0.95]) WITHIN GROUP (ORDER BY saldo) FROM conta

SELECT marca, percentile_disc(0.9) WITHIN GROUP (ORDER BY id DESC) FROM tinta GROUP BY marca ORDER BY 1

SELECT rank(500) WITHIN GROUP (ORDER BY saldo), dense_rank(500) WITHIN GROUP (ORDER BY saldo), percent_rank(500) WITHIN GROUP (ORDER BY saldo), cume_dist(500) WITHIN GROUP (ORDER BY saldo) FROM conta

SELECT stddev(saldo), stddev_pop(saldo), variance(saldo), var_pop(saldo) FROM conta

SELECT corr(id, saldo), covar_pop(id, saldo), covar_samp(id, saldo), regr_slope(saldo, id), regr_intercept(saldo, id), regr_r2(saldo, id), regr_count(saldo, id) FROM conta

SELECT regr_avgx(saldo, id), regr_avgy(saldo, id), regr_sxx(saldo, id), regr_sxy(saldo, id), regr_syy(saldo, id) FROM conta

SELECT bool_and(saldo > 0), bool_or(saldo > 1990), every(id > 0) FROM conta

SELECT bit_and(id), bit_or(id) FROM conta

--! 14+
SELECT bit_xor(id) FROM conta

--! 16+
SELECT any_value(nome) FROM conta WHERE id = 1

SELECT min(nome), max(nome COLLATE "C"), min(dia), max(dia) FROM conta, medida WHERE conta.id < 3 AND valor < 10

SELECT array_agg(id ORDER BY id DESC), array_agg(DISTINCT id % 3 ORDER BY id % 3) FROM conta WHERE id < 8

SELECT json_agg(nome ORDER BY id), jsonb_object_agg(id, saldo) FROM conta WHERE id < 4

SELECT string_agg(DISTINCT marca, '/' ORDER BY marca) FROM tinta

SELECT sum(DISTINCT conta_id), avg(DISTINCT conta_id) FROM tinta

SELECT count(*) FROM (SELECT conta_id FROM tinta GROUP BY conta_id HAVING count(*) >= 15) muitas

SELECT max(n) FROM (SELECT conta_id, count(*) AS n FROM tinta GROUP BY conta_id) s

SELECT CASE WHEN saldo > 500 THEN 'alto' ELSE 'baixo' END AS faixa, count(*) FROM conta GROUP BY 1 ORDER BY 1

SELECT width_bucket(saldo, 0, 2000, 5) AS faixa, count(*), min(saldo), max(saldo) FROM conta GROUP BY faixa ORDER BY faixa

SELECT floor(saldo / 250) * 250 AS de, count(*) FROM conta GROUP BY de ORDER BY de

SELECT sum(saldo)::money FROM conta

SELECT round(avg(saldo), 2), trunc(avg(saldo)), round(sum(saldo) / NULLIF(count(*), 0), 3) FROM conta

SELECT marca, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS percentual FROM tinta GROUP BY marca ORDER BY 2 DESC, 1


SELECT avg(dia - date '2024-01-01'), sum(dia - date '2024-01-01') FROM medida

SELECT range_agg(int4range(id, id + 1)) FROM conta WHERE id IN (1, 2, 3, 7)

