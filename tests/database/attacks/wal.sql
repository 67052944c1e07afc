SELECT pg_logical_emit_message(false, 'x', 'y')

SELECT pg_logical_emit_message(true, 'x', 'y')

SELECT pg_logical_emit_message(false, 'x', repeat('y', 100000))

SELECT pg_logical_emit_message(false, 'x', '\x00'::bytea)

--! 17+
SELECT pg_logical_emit_message(false, 'x', 'y', true)

SELECT pg_catalog.pg_logical_emit_message(transactional => false, prefix => 'x', content => 'y'::text)

SELECT "pg_logical_emit_message"(false, 'x', 'y')

SELECT U&"pg_logical_emit\005fmessage"(false, 'x', 'y')

SELECT pg_logical_emit_message(false, 'x', nome) FROM conta

SELECT pg_switch_wal()

SELECT pg_create_restore_point('x')

--! 16+
SELECT pg_log_standby_snapshot()

SELECT pg_create_physical_replication_slot('fisica')

SELECT pg_create_physical_replication_slot('fisica', true)

SELECT * FROM pg_create_physical_replication_slot('fisica', true, true)

SELECT pg_create_logical_replication_slot('logica', 'pgoutput')

SELECT pg_create_logical_replication_slot('logica', 'pgoutput', true)

SELECT pg_copy_physical_replication_slot('slot_de_isca', 'copia')

SELECT pg_copy_logical_replication_slot('slot_de_isca', 'copia')

SELECT pg_drop_replication_slot('slot_de_isca')

SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots

SELECT ('slot_de_isca'::name).pg_drop_replication_slot

SELECT pg_replication_slot_advance('slot_de_isca', pg_current_wal_lsn())

SELECT * FROM pg_logical_slot_get_changes('slot_de_isca', NULL, NULL)

SELECT * FROM pg_logical_slot_peek_changes('slot_de_isca', NULL, NULL)

SELECT * FROM pg_logical_slot_get_binary_changes('slot_de_isca', NULL, NULL)

SELECT pg_replication_origin_create('origem')

SELECT pg_replication_origin_drop('origem_de_isca')

SELECT pg_replication_origin_advance('origem_de_isca', '0/1')

SELECT pg_replication_origin_session_setup('origem_de_isca')

SELECT pg_replication_origin_session_reset()

SELECT pg_replication_origin_xact_setup('0/1', now())

SELECT pg_replication_origin_xact_reset()

SELECT pg_promote()

SELECT pg_wal_replay_pause()

SELECT pg_wal_replay_resume()

--! 17+
SELECT pg_sync_replication_slots()

SELECT pg_backup_start('x', true)

SELECT pg_backup_stop()

SELECT pg_current_xact_id()

SELECT txid_current()

SELECT pg_catalog.txid_current(), nome FROM conta

SELECT pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')

SELECT emite()

SELECT gasta_transacao()

SELECT executa('SELECT pg_logical_emit_message(false, ''x'', ''y'')')

SELECT executa('SELECT pg_current_xact_id()')

SELECT executa_como_superusuario('SELECT pg_create_physical_replication_slot(''fisica'', true)')

SELECT executa_como_superusuario('SELECT pg_switch_wal()')

START_REPLICATION SLOT slot_de_isca PHYSICAL 0/0

IDENTIFY_SYSTEM

CREATE_REPLICATION_SLOT x PHYSICAL

BASE_BACKUP

TIMELINE_HISTORY 1
