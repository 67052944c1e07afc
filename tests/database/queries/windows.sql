SELECT id, row_number() OVER (ORDER BY saldo DESC) FROM conta ORDER BY id LIMIT 10

SELECT nome, sum(saldo) OVER (ORDER BY id ROWS 2 PRECEDING), rank() OVER w FROM conta WINDOW w AS (PARTITION BY id % 3 ORDER BY saldo) ORDER BY id LIMIT 30

SELECT dia, valor, lag(valor) OVER w, lead(valor, 7, 0) OVER w, valor - lag(valor) OVER w AS delta FROM medida WINDOW w AS (ORDER BY dia) ORDER BY dia LIMIT 20

SELECT dia, avg(valor) OVER (ORDER BY dia ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS media_movel FROM medida ORDER BY dia LIMIT 20

SELECT dia, sum(valor) OVER (ORDER BY dia RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW) FROM medida ORDER BY dia LIMIT 20

SELECT id, sum(id) OVER (ORDER BY id % 5 GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM conta ORDER BY id LIMIT 10

SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) FROM conta ORDER BY id LIMIT 5

SELECT id, count(*) OVER (ORDER BY id % 4 RANGE CURRENT ROW EXCLUDE TIES) FROM conta ORDER BY id LIMIT 5

SELECT marca, id, first_value(id) OVER w, last_value(id) OVER w, nth_value(id, 2) OVER w FROM tinta WINDOW w AS (PARTITION BY marca ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY id LIMIT 10

SELECT nome, ntile(4) OVER (ORDER BY saldo) AS quartil FROM conta ORDER BY id LIMIT 10

SELECT id, percent_rank() OVER (ORDER BY saldo), cume_dist() OVER (ORDER BY saldo), dense_rank() OVER (ORDER BY id / 10) FROM conta ORDER BY id LIMIT 10

SELECT * FROM (SELECT marca, serie, id, row_number() OVER (PARTITION BY marca ORDER BY id DESC) AS posicao FROM tinta) s WHERE posicao <= 3 ORDER BY marca, posicao

SELECT marca, count(*), rank() OVER (ORDER BY count(*) DESC, marca) FROM tinta GROUP BY marca ORDER BY 3

SELECT extract(month FROM dia) AS mes, sum(valor), sum(sum(valor)) OVER (ORDER BY extract(month FROM dia)) AS acumulado FROM medida WHERE dia < '2025-01-01' GROUP BY mes ORDER BY mes

SELECT id, saldo, saldo / sum(saldo) OVER () AS parte, sum(saldo) OVER (ORDER BY id) / sum(saldo) OVER () AS acumulada FROM conta ORDER BY id LIMIT 5

SELECT id, sum(saldo) FILTER (WHERE id % 2 = 0) OVER (ORDER BY id) FROM conta ORDER BY id LIMIT 6

SELECT min(dia), max(dia), count(*) FROM (SELECT dia, dia - (row_number() OVER (ORDER BY dia))::int AS grupo FROM medida) g GROUP BY grupo ORDER BY 1

SELECT id, string_agg(nome, ',') OVER (ORDER BY id ROWS 1 PRECEDING) FROM conta ORDER BY id LIMIT 4

SELECT id, array_agg(id) OVER (ORDER BY id DESC ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING) FROM conta ORDER BY id LIMIT 5

SELECT DISTINCT marca, max(id) OVER (PARTITION BY marca) FROM tinta ORDER BY marca

SELECT id, lag(nome, 2, 'nenhum') OVER (ORDER BY id), coalesce(lead(saldo) OVER (ORDER BY id), 0) FROM conta ORDER BY id LIMIT 4

SELECT c.id, avg(c.saldo) OVER w, max(c.saldo) OVER (w ORDER BY c.id) FROM conta c WINDOW w AS (PARTITION BY c.id % 2) ORDER BY c.id LIMIT 4

WITH v AS (SELECT valor, lag(valor) OVER (ORDER BY dia) AS antes FROM medida) SELECT count(*) FILTER (WHERE valor > antes) AS subidas, count(*) FROM v
