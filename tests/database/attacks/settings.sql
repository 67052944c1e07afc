SET statement_timeout = 0

SET LOCAL statement_timeout = 0

SET SESSION work_mem = '1GB'

SET search_path = outro

SET TIME ZONE 'UTC'

SET NAMES 'LATIN1'

SET SEED TO 0.5

SET SCHEMA 'outro'

SET XML OPTION DOCUMENT

SET log_statement = 'all'

SET session_replication_role = replica

SET row_security = off

SET zero_damaged_pages = on

SET allow_system_table_mods = on

SET "my.custom" = 'x'

RESET ALL

RESET statement_timeout

DISCARD ALL

DISCARD PLANS

DISCARD SEQUENCES

DISCARD TEMP

ALTER SYSTEM SET work_mem = '1MB'

ALTER SYSTEM RESET ALL

ALTER ROLE CURRENT_USER SET work_mem = '1MB'

ALTER ROLE ALL SET work_mem = '1MB'

ALTER DATABASE postgres RESET ALL

SELECT set_config('default_transaction_read_only', 'off', false)

SELECT set_config('transaction_read_only', 'off', true)

SELECT set_config('statement_timeout', '0', false)

SELECT set_config('statement_timeout', '0', true), pg_sleep(0.01)

SELECT pg_catalog.set_config('work_mem', '1GB', false)

SELECT "set_config"('work_mem', '1GB', false)

SELECT U&"set\005fconfig"('work_mem', '1GB', false)

SELECT set_config(setting_name => 'work_mem', new_value => '1GB', is_local => false)

SELECT set_config('role', 'none', false)

SELECT set_config('session_authorization', 'postgres', false)

SELECT set_config('search_path', 'armadilha', false)

SELECT set_config('meu.parametro', 'x', false)

SELECT set_config('standard_conforming_strings', 'off', false)

SELECT set_config('log_statement', 'none', false)

SELECT set_config('local_preload_libraries', 'x', false)

SELECT set_config('session_preload_libraries', 'x', false)

SELECT desliga_prazo()

SELECT desliga_prazo(), pg_sleep(0.01)

SELECT muda_configuracao()

SELECT executa('SET work_mem = ''1GB''')

SELECT executa('SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE')

SELECT executa('RESET ALL')

SELECT executa('ALTER SYSTEM SET work_mem = ''1MB''')

SELECT executa('DISCARD ALL')

SELECT executa('DISCARD PLANS')

SELECT executa('ALTER ROLE CURRENT_USER SET work_mem = ''1MB''')

UPDATE pg_settings SET setting = 'off' WHERE name = 'default_transaction_read_only'

WITH s AS (UPDATE pg_settings SET setting = '0' WHERE name = 'statement_timeout' RETURNING *) SELECT * FROM s

SHOW work_mem = 1

SHOW ALL; RESET ALL

--! harmless
SELECT setseed(0.5)
