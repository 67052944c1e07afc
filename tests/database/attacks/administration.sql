SELECT pg_terminate_backend(pid) FROM pg_stat_activity

SELECT pg_terminate_backend(pg_backend_pid())

SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()

SELECT pg_cancel_backend(pid) FROM pg_stat_activity

SELECT pg_cancel_backend(pg_backend_pid())

SELECT (pg_backend_pid()).pg_terminate_backend

SELECT a.pid, b.pg_terminate_backend FROM pg_stat_activity a, LATERAL pg_terminate_backend(a.pid) b

SELECT pg_reload_conf()

SELECT pg_rotate_logfile()

SELECT pg_log_backend_memory_contexts(pg_backend_pid())

SELECT pg_stat_reset()

SELECT pg_stat_reset_shared('bgwriter')

SELECT pg_stat_reset_shared('wal')

SELECT pg_stat_reset_slru('Notify')

SELECT pg_stat_reset_single_table_counters('conta'::regclass)

SELECT pg_stat_reset_single_function_counters(1)

SELECT pg_stat_reset_replication_slot(NULL)

SELECT pg_stat_reset_subscription_stats(NULL)

--! 18+
SELECT pg_stat_reset_backend_stats(pg_backend_pid())

--! 18+
SELECT pg_clear_relation_stats('public', 'conta')

--! 18+
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 'conta', 'relpages', 1)

--! 18+
SELECT pg_clear_attribute_stats('public', 'conta', 'id', false)

--! harmless
SELECT pg_stat_force_next_flush()

--! harmless
SELECT pg_stat_clear_snapshot()

SELECT brin_summarize_new_values('conta_pkey')

SELECT brin_summarize_range('conta_pkey', 0)

SELECT brin_desummarize_range('conta_pkey', 0)

SELECT gin_clean_pending_list('conta_pkey')

SELECT pg_extension_config_dump('conta', '')

SELECT pg_collation_actual_version(1), pg_import_system_collations('public')

SELECT pg_start_backup('x')

SELECT pg_stop_backup()

SELECT pg_prewarm('conta')

SELECT pg_buffercache_evict(1)

SELECT pg_truncate_visibility_map(oid) FROM pg_class

SELECT bt_index_parent_check('conta_pkey', true)

SELECT pg_stat_statements_reset()

SELECT binary_upgrade_set_next_pg_type_oid(1)

SELECT binary_upgrade_set_record_init_privs(true)

SELECT pg_config(), pg_reload_conf()

SELECT executa('SELECT pg_reload_conf()')

SELECT executa('SELECT pg_stat_reset()')

SELECT executa_como_superusuario('SELECT pg_stat_reset()')

SELECT executa_como_superusuario('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = ''client backend''')

SELECT executa_como_superusuario('ALTER SYSTEM SET work_mem = ''1MB''')
