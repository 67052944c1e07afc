LISTEN canal

UNLISTEN *

NOTIFY canal

NOTIFY canal, 'texto'

SELECT pg_notify('canal', 'x')

SELECT pg_catalog.pg_notify('canal', repeat('x', 7000)) FROM generate_series(1, 100)

SELECT ('canal'::text).pg_notify

SELECT 1 FROM pg_notify('canal', 'x')

SELECT avisa()

SELECT avisa() FROM conta

SELECT executa('NOTIFY canal')

SELECT executa('LISTEN canal')

SELECT executa('UNLISTEN *')

WITH n AS (SELECT pg_notify('canal', 'x')) SELECT * FROM n
