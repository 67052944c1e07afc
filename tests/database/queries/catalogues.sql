SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 2

SELECT column_name, data_type, is_nullable, column_default, character_maximum_length FROM information_schema.columns WHERE table_name = 'tinta' ORDER BY ordinal_position

SELECT count(*) FROM information_schema.table_constraints tc LEFT JOIN information_schema.key_column_usage kcu USING (constraint_name, table_schema) WHERE tc.table_name = 'conta'

SELECT count(*) FROM information_schema.schemata

SELECT table_name FROM information_schema.views WHERE table_schema = 'public' ORDER BY 1

SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_name = 'conta' ORDER BY 1, 2

SELECT relname::text, relkind FROM pg_class WHERE relname = 'conta' ORDER BY 1, oid LIMIT 1

SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relname = 'tinta' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum

SELECT schemaname, tablename, tableowner, hasindexes FROM pg_tables WHERE schemaname = 'public' ORDER BY 2

SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'tinta' ORDER BY 1

SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1

SELECT matviewname, ispopulated FROM pg_matviews ORDER BY 1

SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'tinta'::regclass ORDER BY 1

SELECT pg_get_viewdef('saldo_total'::regclass), pg_get_indexdef('tinta_marca'::regclass), pg_get_expr(adbin, adrelid) FROM pg_attrdef ORDER BY adrelid LIMIT 1

SELECT enumlabel FROM pg_enum WHERE enumtypid = 'cor'::regtype ORDER BY enumsortorder

SELECT n.nspname, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace GROUP BY 1 HAVING n.nspname !~ '^pg_' ORDER BY 1

SELECT obj_description('"Tabela Ímpar"'::regclass), description FROM pg_description WHERE objoid = '"Tabela Ímpar"'::regclass ORDER BY objsubid LIMIT 1

--! varies
SELECT relname, reltuples::bigint, relpages, pg_size_pretty(pg_relation_size(oid)) FROM pg_class WHERE relkind = 'r' ORDER BY relpages DESC, relname LIMIT 10

--! varies
SELECT pg_size_pretty(pg_total_relation_size('conta')), pg_table_size('conta') > 0, pg_indexes_size('conta') > 0

--! varies
SELECT relname, seq_scan, idx_scan, n_live_tup, n_dead_tup, last_vacuum, last_analyze FROM pg_stat_user_tables ORDER BY relname

--! varies
SELECT pid, usename, state, query, age(now(), query_start) FROM pg_stat_activity WHERE datname = current_database()

--! varies
SELECT locktype, mode, granted, relation::regclass FROM pg_locks WHERE pid = pg_backend_pid()

--! varies
SELECT blks_hit, blks_read, xact_commit FROM pg_stat_database WHERE datname = current_database()

--! varies
SELECT pg_backend_pid() > 0, pg_postmaster_start_time() < now(), pg_is_in_recovery(), inet_server_addr() IS NULL, pg_conf_load_time() < now()

SELECT current_setting('server_version_num')::int > 110000, current_setting('nao.existe', true) IS NULL, current_setting('TimeZone')

SELECT name, unit, vartype FROM pg_settings WHERE name IN ('work_mem', 'shared_buffers') ORDER BY 1

SELECT has_table_privilege('conta', 'SELECT'), has_schema_privilege('public', 'USAGE'), has_column_privilege('meia', 'aberta', 'SELECT'), has_table_privilege('escondida', 'SELECT')

SELECT to_regclass('conta') IS NOT NULL, to_regclass('nada') IS NULL, to_regtype('int4'), 'conta'::regclass::text

SELECT attname, n_distinct, null_frac FROM pg_stats WHERE tablename = 'conta' ORDER BY 1

SELECT proname, pg_get_function_arguments(oid), provolatile FROM pg_proc WHERE proname = 'apaga' ORDER BY oid

SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user OR rolname = 'pg_monitor' ORDER BY rolname = 'pg_monitor'

SELECT datname, pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()

SELECT extname, extversion FROM pg_extension WHERE extname = 'plpgsql'

SELECT inhrelid::regclass, inhparent::regclass, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE inhparent = 'medida'::regclass ORDER BY 1

SELECT relid, level, isleaf FROM pg_partition_tree('medida') ORDER BY level, relid::text

SELECT pg_relation_filepath('conta') IS NOT NULL, pg_table_is_visible('conta'::regclass), pg_get_serial_sequence('conta', 'id')

SELECT pg_size_bytes('10 MB'), pg_size_pretty(123456789::bigint)

SELECT a.amname FROM pg_am a WHERE a.amtype = 'i' ORDER BY 1

SELECT sequencename, data_type, start_value FROM pg_sequences WHERE sequencename = 'contador'

SELECT * FROM pg_get_keywords() WHERE word = 'select'

--! varies
SHOW server_version

SHOW search_path

SHOW TIME ZONE

--! varies
SHOW ALL

--! varies
EXPLAIN SELECT * FROM conta WHERE id = 1

--! varies
EXPLAIN (FORMAT JSON, VERBOSE) SELECT marca, count(*) FROM tinta GROUP BY 1

--! varies
EXPLAIN (COSTS off) SELECT * FROM conta c JOIN tinta t ON t.conta_id = c.id
