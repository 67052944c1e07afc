DELETE FROM conta

DELETE FROM ONLY conta WHERE true RETURNING *

DELETE FROM conta USING tinta WHERE tinta.conta_id = conta.id

UPDATE conta SET saldo = 0

UPDATE conta SET saldo = saldo WHERE id = 1 RETURNING id

UPDATE conta SET (nome, saldo) = (SELECT 'x', 0) WHERE id = 1

UPDATE tinta SET livre = 1 FROM conta WHERE conta.id = tinta.conta_id

INSERT INTO conta VALUES (0, 'x', 0)

INSERT INTO conta VALUES (0, 'x', 0) RETURNING *

INSERT INTO conta SELECT id + 1000, nome, saldo FROM conta

INSERT INTO conta DEFAULT VALUES

INSERT INTO conta VALUES (1, 'x', 0) ON CONFLICT (id) DO UPDATE SET nome = 'trocado'

INSERT INTO conta VALUES (1, 'x', 0) ON CONFLICT DO NOTHING

INSERT INTO saldo_total VALUES (1)

--! 15+
MERGE INTO conta c USING tinta t ON t.conta_id = c.id WHEN MATCHED THEN DELETE

--! 17+
MERGE INTO conta c USING (VALUES (1)) v(id) ON v.id = c.id WHEN MATCHED THEN UPDATE SET nome = 'x' RETURNING merge_action(), c.*

TRUNCATE conta

TRUNCATE conta, tinta RESTART IDENTITY CASCADE

SELECT * INTO nova FROM conta

SELECT nome INTO TEMP nova FROM conta

SELECT id INTO UNLOGGED nova FROM conta

SELECT 1 AS a INTO "Tabela Ímpar 2"

(SELECT * INTO nova FROM conta)

SELECT * FROM (DELETE FROM conta RETURNING *) AS d

SELECT (DELETE FROM conta RETURNING id)

SELECT EXISTS (DELETE FROM conta)

SELECT * FROM conta WHERE id IN (DELETE FROM tinta RETURNING id)

SELECT ARRAY(UPDATE conta SET saldo = 0 RETURNING id)

VALUES ((INSERT INTO conta VALUES (0, 'x', 0) RETURNING id))

TABLE conta INTO nova

SELECT 1 UNION (DELETE FROM conta RETURNING 1)

SELECT apaga()

SELECT apaga_como_dono()

SELECT apaga_como_dono() FROM conta WHERE id = 1

SELECT * FROM apaga()

SELECT 1 FROM conta ORDER BY apaga()

SELECT count(*) FROM conta GROUP BY apaga()

SELECT 1 FROM conta LIMIT apaga()

SELECT 1 FROM conta OFFSET apaga_como_dono()

SELECT count(*) FILTER (WHERE apaga() > 0) FROM conta

SELECT sum(apaga()) OVER () FROM conta

SELECT CASE WHEN apaga() > 0 THEN 1 END

SELECT coalesce(NULL, apaga())

SELECT * FROM conta c JOIN LATERAL apaga_como_dono() a ON true

SELECT * FROM ROWS FROM (apaga(), generate_series(1, 2)) AS r

SELECT * FROM conta TABLESAMPLE BERNOULLI (apaga())

SELECT 1 FROM conta WHERE id = ANY (ARRAY[apaga()])

SELECT executa('DELETE FROM conta')

SELECT executa('INSERT INTO conta VALUES (0, ''x'', 0)')

SELECT executa('TRUNCATE conta')

SELECT executa_como_superusuario('DELETE FROM conta')

SELECT engole_erros('DELETE FROM conta')
