SELECT c.nome, t.serie FROM conta c JOIN tinta t ON t.conta_id = c.id ORDER BY t.id LIMIT 10

SELECT c.nome, count(t.id) FROM conta c LEFT JOIN tinta t ON t.conta_id = c.id AND t.id < 100 GROUP BY c.id ORDER BY c.id LIMIT 10

SELECT a.id, b.id FROM conta a FULL OUTER JOIN tinta b ON a.id = b.id + 190 WHERE a.id IS NULL OR b.id IS NULL ORDER BY 1, 2 LIMIT 10

SELECT a.nome AS nome, b.nome AS nome FROM conta a JOIN conta b USING (id) ORDER BY id LIMIT 3

SELECT * FROM conta NATURAL JOIN saldo_guardado ORDER BY id LIMIT 3

SELECT a.id, b.id FROM conta a CROSS JOIN conta b WHERE a.id < 3 AND b.id < 3 ORDER BY 1, 2

SELECT a.id, b.id FROM conta a, conta b WHERE a.saldo = b.saldo AND a.id <= 5 ORDER BY 1

SELECT a.id, b.id FROM conta a JOIN conta b ON b.saldo BETWEEN a.saldo AND a.saldo + 20 AND a.id <> b.id ORDER BY 1, 2 LIMIT 10

SELECT c.nome, t.* FROM conta c CROSS JOIN LATERAL (SELECT serie, id FROM tinta WHERE conta_id = c.id ORDER BY id DESC LIMIT 2) t ORDER BY c.id, t.id LIMIT 15

SELECT c.id, x.maior FROM conta c LEFT JOIN LATERAL (SELECT max(id) AS maior FROM tinta t WHERE t.conta_id = c.id) x ON true ORDER BY c.id LIMIT 5

SELECT c.id, g FROM conta c, LATERAL generate_series(1, c.id) g WHERE c.id < 4 ORDER BY 1, 2

SELECT c.id, p.parte, p.n FROM conta c, LATERAL regexp_split_to_table(c.nome, ' ') WITH ORDINALITY p(parte, n) WHERE c.id = 1 ORDER BY 3

SELECT * FROM conta WHERE id IN (SELECT conta_id FROM tinta WHERE marca = 'Coral') ORDER BY id LIMIT 5

SELECT * FROM conta c WHERE EXISTS (SELECT 1 FROM tinta t WHERE t.conta_id = c.id AND t.id > 2990) ORDER BY id

SELECT count(*) FROM conta c WHERE NOT EXISTS (SELECT FROM tinta t WHERE t.conta_id = c.id AND t.id < 50)

SELECT nome FROM conta WHERE saldo = (SELECT max(saldo) FROM conta)

SELECT nome, saldo - (SELECT avg(saldo) FROM conta) AS desvio FROM conta ORDER BY id LIMIT 5

SELECT nome FROM conta WHERE saldo > ALL (SELECT saldo FROM conta WHERE id < 150) ORDER BY id LIMIT 5

SELECT nome FROM conta WHERE saldo = ANY (SELECT saldo * 2 FROM conta WHERE id < 5) ORDER BY id

SELECT nome FROM conta WHERE saldo < SOME (SELECT 25) ORDER BY id

SELECT * FROM conta WHERE (id, saldo) IN ((1, 10), (2, 20), (3, 31)) ORDER BY id

SELECT * FROM conta WHERE (id, nome) = (SELECT 5, 'conta 5')

SELECT ARRAY(SELECT id FROM conta WHERE id < 5 ORDER BY id DESC)

SELECT (SELECT count(*) FROM conta), (SELECT count(*) FROM tinta), EXISTS (SELECT FROM conta), NULL::text, ''

SELECT s.marca, s.n FROM (SELECT marca, count(*) AS n FROM tinta GROUP BY marca) AS s WHERE s.n > 100 ORDER BY 1

SELECT * FROM (VALUES (1, 'um'), (2, 'dois')) AS v(n, nome) JOIN conta ON conta.id = v.n ORDER BY n

SELECT x.id, y.id FROM (conta x JOIN conta y ON x.id = y.id - 1) JOIN conta z ON z.id = y.id + 1 ORDER BY 1 LIMIT 3

SELECT count(*) FROM tinta t JOIN conta c ON c.id = t.conta_id JOIN saldo_guardado s ON s.nome = c.nome JOIN medida m ON m.valor = c.id

SELECT m.dia, c.nome FROM medida m JOIN LATERAL (SELECT nome FROM conta WHERE id <= m.valor ORDER BY id DESC LIMIT 1) c ON m.valor < 5 ORDER BY 1

SELECT a.id FROM conta a LEFT JOIN tinta b ON b.conta_id = a.id AND b.marca = 'nenhuma' WHERE b.id IS NULL ORDER BY 1 LIMIT 3

SELECT * FROM outro.conta RIGHT JOIN conta c USING (id) ORDER BY c.id LIMIT 2

SELECT "Coluna Á", "com ""aspas"" dentro" + "select" FROM "Tabela Ímpar"

SELECT tipo, count(*) FROM "d'água \" GROUP BY tipo ORDER BY 1

SELECT *, t.id, t.* FROM tinta t ORDER BY t.id LIMIT 2

SELECT t, ROW(t.id, t.serie) FROM tinta t ORDER BY id LIMIT 2

SELECT (c).nome, (c.*)::text FROM conta c ORDER BY id LIMIT 2

SELECT FROM conta

SELECT aberta FROM meia

SELECT DISTINCT ON (marca) marca, serie, id FROM tinta ORDER BY marca, id DESC

SELECT DISTINCT conta_id % 3 AS resto FROM tinta ORDER BY resto

SELECT tableoid::regclass, count(*) FROM medida GROUP BY 1 ORDER BY 1

SELECT ctid IS NOT NULL, xmin IS NOT NULL FROM conta WHERE id = 1
