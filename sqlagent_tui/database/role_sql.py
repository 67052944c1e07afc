"""The one query of the role's check, for PostgreSQL 12 to 18. It opens no relation, so no lock makes it wait."""

from __future__ import annotations

NAMES_TOLD = 5
"""Names a finding carries at most."""
RELATIONS_LOOKED_AT = 50_000
"""Relations whose rights are read at most; a privilege costs about 1 µs to look up."""

_NOT_SYSTEM = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'"

_PREDEFINED = """pg_write_all_data pg_read_server_files pg_write_server_files pg_execute_server_program
    pg_signal_backend pg_signal_autovacuum_worker pg_checkpoint pg_maintain pg_create_subscription pg_read_all_data
    pg_monitor""".split()

# Functions that act outside any transaction and that PUBLIC may not execute as the server comes. Where an older version
# lets everyone call one, its privileges are unset and the function itself asks for a superuser.
_SERVER_FUNCTIONS = """lo_import lo_export pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file
    pg_file_write pg_file_sync pg_file_rename pg_file_unlink pg_file_read pg_reload_conf pg_rotate_logfile
    pg_switch_wal pg_create_restore_point pg_start_backup pg_stop_backup pg_backup_start
    pg_backup_stop pg_wal_replay_pause pg_wal_replay_resume pg_promote
    pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_advance
    pg_replication_origin_session_setup pg_replication_origin_xact_setup pg_log_standby_snapshot
    pg_log_backend_memory_contexts pg_stat_reset pg_stat_reset_shared pg_stat_reset_slru
    pg_stat_reset_single_table_counters pg_stat_reset_single_function_counters pg_stat_reset_replication_slot
    pg_stat_reset_subscription_stats pg_stat_reset_backend_stats pg_stat_statements_reset pg_buffercache_evict
    pg_buffercache_evict_relation pg_buffercache_evict_all pg_truncate_visibility_map heap_force_kill
    heap_force_freeze dblink_connect_u""".split()


def _literals(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


QUERY = f"""
WITH login AS MATERIALIZED (
  SELECT r.oid, r.rolname, r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = session_user
), account AS MATERIALIZED (
  SELECT r.* FROM pg_catalog.pg_roles r
  WHERE NOT EXISTS (SELECT FROM login l WHERE l.rolsuper)
    AND EXISTS (SELECT FROM login l WHERE pg_catalog.pg_has_role(l.oid, r.oid, 'MEMBER'))
), worn AS MATERIALIZED (
  SELECT a.oid FROM account a
  WHERE NOT EXISTS (SELECT FROM login l WHERE l.oid <> a.oid AND pg_catalog.pg_has_role(l.oid, a.oid, 'USAGE'))
), schema AS MATERIALIZED (
  SELECT n.oid, n.nspname, n.nspowner IN (SELECT a.oid FROM account a) AS owned,
    EXISTS (SELECT FROM worn w WHERE pg_catalog.has_schema_privilege(w.oid, n.oid, 'CREATE')) AS creates
  FROM pg_catalog.pg_namespace n WHERE {_NOT_SYSTEM} AND EXISTS (SELECT FROM account)
), relation AS MATERIALIZED (
  SELECT c.oid, c.relkind, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, n.oid AS schema,
    c.relowner IN (SELECT a.oid FROM account a) AS owned
  FROM pg_catalog.pg_class c JOIN schema n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  LIMIT {RELATIONS_LOOKED_AT}
), parted AS MATERIALIZED (
  SELECT DISTINCT a.attrelid FROM pg_catalog.pg_attribute a WHERE a.attacl IS NOT NULL AND EXISTS (SELECT FROM account)
), routine AS MATERIALIZED (
  SELECT p.oid, p.proname, n.nspname, l.lanname, l.lanpltrusted, p.prosecdef, o.rolsuper AS of_superuser
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_catalog.pg_roles o ON o.oid = p.proowner
  WHERE EXISTS (SELECT FROM account)
    AND (p.proname IN ({_literals(_SERVER_FUNCTIONS)}) AND p.proacl IS NOT NULL OR p.proname LIKE 'dblink%'
      OR p.prosecdef OR NOT (l.lanpltrusted OR l.lanname IN ('internal', 'c')))
    AND EXISTS (SELECT FROM worn w WHERE pg_catalog.has_function_privilege(w.oid, p.oid, 'EXECUTE')
      AND pg_catalog.has_schema_privilege(w.oid, n.oid, 'USAGE'))
), found(key, name) AS (
  SELECT 'login', session_user
  UNION ALL SELECT 'superuser', pg_catalog.quote_ident(l.rolname) FROM login l WHERE l.rolsuper
  UNION ALL SELECT 'superuser_member', pg_catalog.quote_ident(a.rolname) FROM account a WHERE a.rolsuper
  UNION ALL SELECT 'replication', pg_catalog.quote_ident(a.rolname) FROM account a WHERE a.rolreplication
  UNION ALL SELECT 'createrole', pg_catalog.quote_ident(a.rolname) FROM account a WHERE a.rolcreaterole
  UNION ALL SELECT 'createdb', pg_catalog.quote_ident(a.rolname) FROM account a WHERE a.rolcreatedb
  UNION ALL SELECT 'bypassrls', pg_catalog.quote_ident(a.rolname) FROM account a WHERE a.rolbypassrls
  UNION ALL SELECT a.rolname, a.rolname FROM account a WHERE a.rolname IN ({_literals(_PREDEFINED)})
  UNION ALL SELECT 'owned_database', pg_catalog.quote_ident(d.datname) FROM pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database() AND d.datdba IN (SELECT a.oid FROM account a)
  UNION ALL SELECT 'owned_schemas', pg_catalog.quote_ident(n.nspname) FROM schema n WHERE n.owned
  UNION ALL SELECT 'owned_relations', r.name FROM relation r WHERE r.owned
  UNION ALL SELECT 'writable_relations', r.name FROM relation r
    WHERE NOT r.owned AND r.relkind <> 'S' AND EXISTS (SELECT FROM worn w
      WHERE pg_catalog.has_schema_privilege(w.oid, r.schema, 'USAGE')
        AND (pg_catalog.has_table_privilege(w.oid, r.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
          OR (r.oid IN (SELECT p.attrelid FROM parted p)
            AND pg_catalog.has_any_column_privilege(w.oid, r.oid, 'INSERT, UPDATE'))))
  UNION ALL SELECT 'writable_sequences', r.name FROM relation r
    WHERE NOT r.owned AND CASE WHEN r.relkind = 'S' THEN EXISTS (SELECT FROM worn w
      WHERE pg_catalog.has_schema_privilege(w.oid, r.schema, 'USAGE')
        AND pg_catalog.has_sequence_privilege(w.oid, r.oid, 'USAGE, UPDATE')) END
  UNION ALL SELECT 'create_in_database', pg_catalog.quote_ident(d.datname) FROM pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database() AND d.datdba NOT IN (SELECT a.oid FROM account a)
      AND EXISTS (SELECT FROM worn w WHERE pg_catalog.has_database_privilege(w.oid, d.oid, 'CREATE'))
  UNION ALL SELECT 'create_in_schemas', pg_catalog.quote_ident(n.nspname) FROM schema n WHERE n.creates AND NOT n.owned
  UNION ALL SELECT 'temporary_tables', pg_catalog.quote_ident(d.datname) FROM pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database()
      AND EXISTS (SELECT FROM worn w WHERE pg_catalog.has_database_privilege(w.oid, d.oid, 'TEMPORARY'))
  UNION ALL SELECT CASE
      WHEN f.proname IN ({_literals(_SERVER_FUNCTIONS)}) THEN 'server_functions'
      WHEN f.proname LIKE 'dblink%' THEN 'dblink'
      WHEN f.nspname = 'pg_catalog' THEN NULL
      WHEN NOT (f.lanpltrusted OR f.lanname IN ('internal', 'c')) THEN 'untrusted_functions'
      WHEN f.of_superuser THEN 'superuser_functions'
    END, pg_catalog.format('%I.%I', f.nspname, f.proname)
    FROM routine f
  UNION ALL SELECT 'unseen_relations', '' WHERE (SELECT pg_catalog.count(*) FROM relation) >= {RELATIONS_LOOKED_AT}
)
SELECT f.key, pg_catalog.count(DISTINCT f.name),
  pg_catalog.array_to_json((pg_catalog.array_agg(DISTINCT f.name))[1:{NAMES_TOLD}])
FROM found f WHERE f.key IS NOT NULL GROUP BY f.key
"""
"""One row a finding: key, how many objects, the first of their names (JSON). `login` is the role itself, unquoted.

Membership counts even where it isn't inherited, since SET ROLE reaches it; `worn` are the roles whose rights come only
that way, and the login itself. A superuser has every right, so for one nothing else is looked up.
"""
