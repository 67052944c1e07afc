SELECT nextval('contador')

SELECT nextval('contador'::regclass), nome FROM conta

SELECT setval('contador', 99)

SELECT setval('contador', 99, false)

SELECT currval('contador')

SELECT lastval()

SELECT ('contador'::regclass).nextval

SELECT "nextval"('contador')

SELECT pg_catalog.nextval('contador')

SELECT U&"next\0076al"('contador')

SELECT nextval(pg_get_serial_sequence('conta', 'id'))

SELECT nextval(seqrelid::regclass) FROM pg_sequence

SELECT * FROM vista_contador

UPDATE contador SET last_value = 1

SELECT executa('SELECT nextval(''contador'')')

SELECT executa('SELECT setval(''contador'', 77)')

CREATE TEMP TABLE t (a int)

CREATE TEMP SEQUENCE s

CREATE TEMP VIEW v AS SELECT 1

CREATE LOCAL TEMPORARY TABLE t ON COMMIT DROP AS SELECT 1

CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'

SELECT 1 INTO TEMPORARY t

SELECT executa('CREATE TEMP TABLE t (a int)')

SELECT executa('CREATE TEMP VIEW conta AS SELECT 1')

SELECT executa('CREATE FUNCTION pg_temp.count(text) RETURNS int LANGUAGE sql AS ''SELECT 1''')
