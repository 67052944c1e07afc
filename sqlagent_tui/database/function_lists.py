"""Which functions have effects beyond a read-only transaction, and which volatile ones have none.

Every volatile function of pg_catalog stands in exactly one of the two lists; a test compares them with the server.
"""

from __future__ import annotations

_REASONS: dict[str, str] = {
    "runs SQL that is hidden in a string": """query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml
        cursor_to_xmlschema table_to_xml table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema
        schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema database_to_xml_and_xmlschema ts_stat
        ts_rewrite crosstab crosstab2 crosstab3 crosstab4 crosstab_hash connectby xpath_table""",
    "opens a connection of its own, which no transaction of ours undoes": """dblink dblink_connect dblink_connect_u
        dblink_exec dblink_open dblink_fetch dblink_close dblink_disconnect dblink_send_query dblink_get_result
        dblink_cancel_query dblink_get_notify dblink_build_sql_insert dblink_build_sql_delete dblink_build_sql_update
        postgres_fdw_get_connections postgres_fdw_disconnect postgres_fdw_disconnect_all http_get http_post
        http_put http_patch http_delete http_head""",
    "reads or writes files of the server": """pg_read_file pg_read_binary_file pg_read_file_old pg_ls_dir pg_ls_logdir
        pg_ls_waldir pg_ls_tmpdir pg_ls_archive_statusdir pg_ls_replslotdir pg_ls_logicalsnapdir pg_ls_logicalmapdir
        pg_ls_summariesdir pg_stat_file pg_file_read pg_file_length pg_file_write pg_file_sync pg_file_rename
        pg_file_unlink pg_logdir_ls pg_export_snapshot pg_import_system_collations pg_hba_file_rules
        pg_ident_file_mappings pg_show_all_file_settings pg_available_wal_summaries pg_wal_summary_contents
        pg_get_wal_record_info pg_get_wal_records_info pg_get_wal_records_info_till_end_of_wal pg_get_wal_stats
        pg_get_wal_stats_till_end_of_wal xslt_process""",
    "works on large objects": """lo_import lo_export lo_creat lo_create lo_unlink lo_open lo_close lo_get lo_put
        lo_from_bytea lo_truncate lo_truncate64 lo_lseek lo_lseek64 lo_tell lo_tell64 lo_manage loread lowrite""",
    "writes to the server's log of changes (WAL)": "pg_logical_emit_message pg_switch_wal pg_create_restore_point "
    "pg_log_standby_snapshot",
    "acts on replication": """pg_create_physical_replication_slot pg_create_logical_replication_slot
        pg_drop_replication_slot pg_copy_physical_replication_slot pg_copy_logical_replication_slot
        pg_replication_slot_advance pg_sync_replication_slots pg_logical_slot_get_changes
        pg_logical_slot_get_binary_changes pg_logical_slot_peek_changes pg_logical_slot_peek_binary_changes
        pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_advance
        pg_replication_origin_progress pg_replication_origin_session_is_setup pg_replication_origin_session_progress
        pg_replication_origin_session_setup pg_replication_origin_session_reset pg_replication_origin_xact_setup
        pg_replication_origin_xact_reset pg_promote pg_wal_replay_pause pg_wal_replay_resume""",
    "acts on the running server": """pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile
        pg_rotate_logfile_old pg_start_backup pg_stop_backup pg_backup_start pg_backup_stop
        pg_log_backend_memory_contexts pg_notify pg_prewarm autoprewarm_start_worker autoprewarm_dump_now
        pg_buffercache_evict pg_buffercache_evict_relation pg_buffercache_evict_all""",
    "changes settings of the session": "set_config set_limit",
    "takes or frees a lock that outlives the transaction": """pg_advisory_lock pg_advisory_lock_shared
        pg_try_advisory_lock pg_try_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared
        pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared pg_advisory_unlock pg_advisory_unlock_shared
        pg_advisory_unlock_all""",
    "changes sequences, statistics or indexes": """nextval setval pg_stat_reset pg_stat_reset_shared
        pg_stat_reset_single_table_counters pg_stat_reset_single_function_counters pg_stat_reset_slru
        pg_stat_reset_replication_slot pg_stat_reset_subscription_stats pg_stat_reset_backend_stats
        pg_stat_force_next_flush pg_stat_statements_reset pg_stat_kcache_reset pg_restore_relation_stats
        pg_restore_attribute_stats pg_clear_relation_stats pg_clear_attribute_stats gin_clean_pending_list
        brin_summarize_new_values brin_summarize_range brin_desummarize_range pg_truncate_visibility_map heap_force_kill
        heap_force_freeze bt_index_parent_check pg_nextoid""",
    "uses up a transaction number": "pg_current_xact_id txid_current",
    "belongs to the inside of the server": """RI_FKey_cascade_del RI_FKey_cascade_upd RI_FKey_check_ins
        RI_FKey_check_upd RI_FKey_noaction_del RI_FKey_noaction_upd RI_FKey_restrict_del RI_FKey_restrict_upd
        RI_FKey_setdefault_del RI_FKey_setdefault_upd RI_FKey_setnull_del RI_FKey_setnull_upd
        binary_upgrade_add_sub_rel_state binary_upgrade_create_empty_extension
        binary_upgrade_logical_slot_has_caught_up binary_upgrade_replorigin_advance binary_upgrade_set_missing_value
        binary_upgrade_set_next_array_pg_type_oid binary_upgrade_set_next_attribute_versions
        binary_upgrade_set_next_heap_pg_class_oid binary_upgrade_set_next_heap_relfilenode
        binary_upgrade_set_next_index_pg_class_oid binary_upgrade_set_next_index_relfilenode
        binary_upgrade_set_next_multirange_array_pg_type_oid binary_upgrade_set_next_multirange_pg_type_oid
        binary_upgrade_set_next_pg_authid_oid binary_upgrade_set_next_pg_enum_oid
        binary_upgrade_set_next_pg_tablespace_oid binary_upgrade_set_next_pg_type_oid
        binary_upgrade_set_next_toast_pg_class_oid binary_upgrade_set_next_toast_relfilenode
        binary_upgrade_set_record_init_privs brinhandler bthandler dsnowball_init dsnowball_lexize ginhandler
        gisthandler hashhandler heap_tableam_handler spghandler plpgsql_call_handler plpgsql_inline_handler
        plpgsql_validator pg_extension_config_dump pg_isolation_test_session_is_blocked pg_stop_making_pinned_objects
        suppress_redundant_updates_trigger tsvector_update_trigger tsvector_update_trigger_column unique_key_recheck""",
}

DENIED: dict[str, str] = {name: reason for reason, names in _REASONS.items() for name in names.split()}
"""Name → why a call of it is refused, whatever the schema and however it is declared."""

_HARMLESS: dict[str, str] = {
    # Sleeping is left to statement_timeout: it costs a server less than any other statement of the same length.
    # setseed and pg_stat_clear_snapshot change nothing outside this session. bernoulli and system are TABLESAMPLE's.
    "pg_catalog": """amvalidate array_sample array_shuffle bernoulli clock_timestamp current_query currtid currtid2
        currval gen_random_uuid lastval pg_blocking_pids pg_collation_actual_version pg_control_checkpoint
        pg_control_init pg_control_recovery pg_control_system pg_current_logfile pg_current_wal_flush_lsn
        pg_current_wal_insert_lsn pg_current_wal_lsn pg_database_collation_actual_version pg_database_size pg_get_aios
        pg_get_backend_memory_contexts pg_get_loaded_modules pg_get_multixact_members pg_get_sequence_data
        pg_get_shmem_allocations pg_get_shmem_allocations_numa pg_get_wait_events pg_get_wal_replay_pause_state
        pg_get_wal_resource_managers pg_get_wal_summarizer_state pg_indexes_size pg_is_in_recovery
        pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn
        pg_last_xact_replay_timestamp pg_lock_status pg_notification_queue_usage pg_partition_ancestors
        pg_partition_tree pg_prepared_xact pg_relation_size pg_safe_snapshot_blocking_pids pg_sequence_last_value
        pg_show_replication_origin_status pg_sleep pg_sleep_for pg_sleep_until pg_stat_clear_snapshot
        pg_stat_get_backend_io pg_stat_get_backend_wal pg_stat_get_io pg_stat_get_recovery_prefetch
        pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls
        pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time pg_stat_get_xact_numscans
        pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched pg_stat_get_xact_tuples_hot_updated
        pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_newpage_updated pg_stat_get_xact_tuples_returned
        pg_stat_get_xact_tuples_updated pg_stat_have_stats pg_table_size pg_tablespace_size pg_total_relation_size
        pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status random random_normal setseed system
        timeofday txid_status uuidv4 uuidv7""",
    "pg_buffercache": "pg_buffercache_pages pg_buffercache_numa_pages pg_buffercache_summary "
    "pg_buffercache_usage_counts",
    "pg_freespacemap": "pg_freespace",
    "pg_stat_statements": "pg_stat_statements pg_stat_statements_info",
    "pg_visibility": "pg_check_frozen pg_check_visible pg_visibility pg_visibility_map pg_visibility_map_summary",
    "pgcrypto": """gen_random_bytes gen_random_uuid gen_salt pgp_pub_encrypt pgp_pub_encrypt_bytea pgp_sym_encrypt
        pgp_sym_encrypt_bytea""",
    "pgrowlocks": "pgrowlocks",
    "pgstattuple": """pg_relpages pgstatginindex pgstathashindex pgstatindex pgstattuple pgstattuple_approx""",
    "postgis": "st_clusterkmeans st_generatepoints st_symmetricdifference",
    "postgis_raster": "st_rotation st_setbandnodatavalue st_setvalue",
    "postgis_topology": "asgml astopojson findlayer findtopology geometry st_simplify st_srid",
    "sslinfo": """ssl_cipher ssl_client_cert_present ssl_client_dn ssl_client_dn_field ssl_client_serial
        ssl_extension_info ssl_is_used ssl_issuer_dn ssl_issuer_field ssl_version""",
    "tablefunc": "normal_rand",
    "tsm_system_rows": "system_rows",
    "tsm_system_time": "system_time",
    "uuid-ossp": "uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4",
}

HARMLESS: frozenset[tuple[str, str]] = frozenset(
    (origin, name) for origin, names in _HARMLESS.items() for name in names.split()
)
"""(pg_catalog or the extension that brought it, name) of functions that are declared VOLATILE and change nothing."""
