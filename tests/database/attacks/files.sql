SELECT pg_read_file('PG_VERSION')

SELECT pg_read_file('PG_VERSION', 0, 10, true)

SELECT pg_read_binary_file('PG_VERSION')

SELECT pg_read_binary_file('pg_hba.conf', 0, 10)

SELECT pg_stat_file('PG_VERSION')

SELECT * FROM pg_stat_file('PG_VERSION', true)

SELECT pg_ls_dir('.')

SELECT * FROM pg_ls_dir('base', true, true)

SELECT ('.'::text).pg_ls_dir

SELECT * FROM pg_ls_waldir()

SELECT * FROM pg_ls_logdir()

SELECT * FROM pg_ls_tmpdir()

SELECT * FROM pg_ls_archive_statusdir()

SELECT * FROM pg_ls_logicalsnapdir()

SELECT * FROM pg_ls_replslotdir('x')

SELECT pg_catalog.pg_read_file('/etc/passwd')

SELECT "pg_read_file"('/etc/passwd')

SELECT U&"pg\005fread_file"('/etc/passwd')

SELECT * FROM ROWS FROM (pg_ls_dir('.')) AS x

SELECT (SELECT pg_read_file('PG_VERSION'))

SELECT 1 WHERE pg_read_file('PG_VERSION') = 'x'

SELECT convert_from(pg_read_binary_file('PG_VERSION'), 'UTF8')

SELECT pg_file_write('{scratch}/escrito', 'x', false)

SELECT pg_file_unlink('{scratch}/isca.csv')

SELECT pg_file_rename('{scratch}/isca.csv', '{scratch}/outra')

SELECT pg_file_sync('{scratch}/isca.csv')

--! needs=adminpack
SELECT pg_catalog.pg_file_write('{scratch}/escrito', 'x', true)

--! needs=adminpack
SELECT pg_logdir_ls()

SELECT pg_export_snapshot()

SELECT pg_import_system_collations('pg_catalog')

SELECT pg_current_logfile(), pg_rotate_logfile()

SELECT executa('SELECT pg_export_snapshot()')

SELECT executa_como_superusuario('SELECT pg_read_file(''PG_VERSION'')')

SELECT * FROM pg_hba_file_rules, pg_read_file(file_name)

LOAD 'plpgsql'

LOAD '$libdir/dict_snowball'

SELECT executa('LOAD ''dict_snowball''')

ALTER SYSTEM SET archive_command = 'touch {scratch}/x'

SELECT pg_available_extension_versions(), pg_read_file('x')
