"""The first, explaining layer: statements that are refused by name before they are sent.

This is not the boundary. What keeps a database unchanged is enforced by the server: an explicit READ ONLY transaction
that always ends in ROLLBACK, a grammar that accepts only what a cursor can be declared for, and the rights of the role.
But a few functions act outside any transaction (they write WAL, take session locks, signal other backends, read files)
or run SQL that is hidden in a string. Those are refused here, wherever their name stands as an identifier: PostgreSQL
also calls a function without parentheses, as in `('.'::text).pg_ls_dir`.
"""

from __future__ import annotations

import msgspec

from sqlagent_tui.database.lexer import tokens


class Refusal(msgspec.Struct, frozen=True):
    """Why a statement isn't sent: one sentence, and where the offending name begins (1-based character)."""

    message: str
    position: int | None = None


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
        pg_file_unlink pg_logdir_ls pg_export_snapshot pg_import_system_collations""",
    "works on large objects": """lo_import lo_export lo_creat lo_create lo_unlink lo_open lo_close lo_get lo_put
        lo_from_bytea lo_truncate lo_truncate64 lo_lseek lo_lseek64 lo_tell lo_tell64 lo_manage loread lowrite""",
    "writes to the server's log of changes (WAL)": "pg_logical_emit_message pg_switch_wal pg_create_restore_point "
    "pg_log_standby_snapshot",
    "changes replication": """pg_create_physical_replication_slot pg_create_logical_replication_slot
        pg_drop_replication_slot pg_copy_physical_replication_slot pg_copy_logical_replication_slot
        pg_replication_slot_advance pg_sync_replication_slots pg_logical_slot_get_changes
        pg_logical_slot_get_binary_changes pg_logical_slot_peek_changes pg_logical_slot_peek_binary_changes
        pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_advance
        pg_replication_origin_session_setup pg_replication_origin_session_reset pg_replication_origin_xact_setup
        pg_replication_origin_xact_reset pg_promote pg_wal_replay_pause pg_wal_replay_resume""",
    "acts on the running server": """pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile
        pg_rotate_logfile_old pg_start_backup pg_stop_backup pg_backup_start pg_backup_stop
        pg_log_backend_memory_contexts pg_notify pg_prewarm autoprewarm_start_worker autoprewarm_dump_now
        pg_buffercache_evict pg_buffercache_evict_relation pg_buffercache_evict_all""",
    "changes settings of the session": "set_config",
    "takes a lock that outlives the transaction": """pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock
        pg_try_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_xact_lock
        pg_try_advisory_xact_lock_shared pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all""",
    "changes sequences, statistics or indexes": """nextval setval pg_stat_reset pg_stat_reset_shared
        pg_stat_reset_single_table_counters pg_stat_reset_single_function_counters pg_stat_reset_slru
        pg_stat_reset_replication_slot pg_stat_reset_subscription_stats pg_stat_reset_backend_stats
        pg_stat_statements_reset pg_stat_kcache_reset pg_restore_relation_stats pg_restore_attribute_stats
        pg_clear_relation_stats pg_clear_attribute_stats gin_clean_pending_list brin_summarize_new_values
        brin_summarize_range brin_desummarize_range pg_truncate_visibility_map heap_force_kill heap_force_freeze
        bt_index_parent_check pg_nextoid""",
    "uses up a transaction number": "pg_current_xact_id txid_current",
}
_REFUSED = {name: reason for reason, names in _REASONS.items() for name in names.split()}

NUL = "The statement holds a NUL character, after which the server would not read on; it was not sent."
SURROGATE = "The statement holds half of a character (a lone surrogate) and can't be sent."


def check(sql: str) -> Refusal | None:
    """Return why `sql` must not be sent, or None when nothing here speaks against it (which doesn't make it safe)."""
    if "\0" in sql:
        return Refusal(NUL, sql.index("\0") + 1)
    try:
        sql.encode()
    except UnicodeEncodeError as problem:
        return Refusal(SURROGATE, problem.start + 1)
    for token in tokens(sql):
        if token.kind in ("word", "quoted") and (reason := _REFUSED.get(token.text)):
            return Refusal(f"{token.text} is refused because it {reason}.", token.start + 1)
    return None


def refused_functions() -> frozenset[str]:
    """Return the names that `check` refuses."""
    return frozenset(_REFUSED)
