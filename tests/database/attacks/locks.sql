LOCK TABLE conta

LOCK TABLE conta IN ACCESS EXCLUSIVE MODE

LOCK TABLE conta IN ACCESS SHARE MODE NOWAIT

LOCK conta, tinta

SELECT * FROM conta FOR UPDATE

SELECT nome FROM conta FOR NO KEY UPDATE

SELECT nome FROM conta FOR SHARE

SELECT nome FROM conta FOR KEY SHARE

SELECT * FROM conta FOR UPDATE SKIP LOCKED

SELECT * FROM conta WHERE id = 1 FOR UPDATE NOWAIT

SELECT * FROM conta c, tinta t WHERE t.conta_id = c.id FOR UPDATE OF c

SELECT * FROM (SELECT * FROM conta FOR UPDATE) x

SELECT (SELECT id FROM conta LIMIT 1 FOR UPDATE)

SELECT 1 WHERE EXISTS (SELECT 1 FROM conta FOR SHARE)

SELECT * FROM conta FOR UPDATE FOR SHARE

(SELECT * FROM conta) FOR UPDATE

WITH c AS (SELECT * FROM conta FOR SHARE) SELECT 1 FROM c

TABLE conta FOR UPDATE

SELECT * FROM saldo_guardado FOR UPDATE

SELECT pg_advisory_lock(1)

SELECT pg_advisory_lock(1, 2)

SELECT pg_advisory_lock_shared(1)

SELECT pg_advisory_xact_lock(1)

SELECT pg_advisory_xact_lock_shared(1, 2)

SELECT pg_try_advisory_lock(1)

SELECT pg_try_advisory_lock_shared(1, 2)

SELECT pg_try_advisory_xact_lock(1)

SELECT pg_try_advisory_xact_lock_shared(1)

SELECT pg_advisory_unlock(1)

SELECT pg_advisory_unlock_all()

SELECT pg_catalog.pg_advisory_lock(g) FROM generate_series(1, 100) g

SELECT "pg_advisory_lock"(1)

SELECT U&"pg_advisory\005flock"(1)

SELECT U&"pg!005fadvisory_lock" UESCAPE '!' (1)

SELECT pg_catalog . /* x */ pg_advisory_lock -- y
(1)

SELECT 1 FROM pg_advisory_lock(1)

SELECT * FROM conta WHERE pg_try_advisory_lock(id)

SELECT id, pg_try_advisory_lock(id) FROM conta ORDER BY 1

SELECT (1::bigint).pg_advisory_lock

SELECT tranca()

SELECT tranca(), nome FROM conta

SELECT tranca() FROM generate_series(1, 3)

SELECT executa('SELECT pg_advisory_lock(3)')

SELECT executa('LOCK TABLE conta')

SELECT executa('LOCK TABLE conta IN ACCESS EXCLUSIVE MODE')

SELECT executa('SELECT * FROM conta FOR UPDATE')

SELECT engole_erros('SELECT pg_advisory_lock(5)')

SELECT executa_como_superusuario('SELECT pg_advisory_lock(6)')
