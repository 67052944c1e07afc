--! needs=postgres_fdw
SELECT * FROM postgres_fdw_get_connections()

--! needs=postgres_fdw
SELECT postgres_fdw_disconnect_all()

--! needs=postgres_fdw
DELETE FROM conta_remota

--! needs=postgres_fdw
WITH d AS (DELETE FROM conta_remota RETURNING *) SELECT * FROM d

--! needs=postgres_fdw
SELECT * FROM conta_remota FOR UPDATE

--! needs=pg_prewarm
SELECT pg_prewarm('conta', 'read')

--! needs=pg_prewarm
SELECT autoprewarm_dump_now()

--! needs=pg_prewarm
SELECT autoprewarm_start_worker()

--! needs=pg_buffercache harmless
SELECT count(*) FROM pg_buffercache

--! needs=pgstattuple harmless
SELECT * FROM pgstattuple('conta')

--! needs=pg_visibility
SELECT pg_truncate_visibility_map('conta')

--! needs=pg_surgery
SELECT heap_force_kill('conta', ARRAY['(0,1)'::tid])

--! needs=pg_surgery
SELECT heap_force_freeze('conta', ARRAY['(0,1)'::tid])

--! needs=amcheck
SELECT bt_index_check('conta_pkey'), bt_index_parent_check('conta_pkey', true, true)

--! needs=lo
SELECT lo_oid(1), lo_unlink({large_object})

--! needs=lo
SELECT lo_manage()

--! needs=pg_walinspect harmless
SELECT * FROM pg_get_wal_stats_till_end_of_wal('0/1000000')

--! needs=pageinspect harmless
SELECT get_raw_page('conta', 0)

--! needs=pageinspect harmless
SELECT page_header(get_raw_page('conta', 0))

--! needs=hstore
SELECT populate_record(NULL::registro_que_apaga, 'a=>1'::hstore)

--! needs=ltree harmless
SELECT 'a.b'::ltree @> 'a.b.c'::ltree

--! needs=pgcrypto harmless
SELECT length(gen_random_bytes(8))

--! needs=uuid-ossp harmless
SELECT length(uuid_generate_v4()::text)

--! needs=sslinfo harmless
SELECT ssl_is_used()

--! needs=file_fdw
INSERT INTO arquivo_de_isca VALUES ('x')

--! needs=file_fdw
COPY arquivo_de_isca TO '{scratch}/copia'

--! needs=dblink
SELECT dblink_get_connections(), dblink_disconnect()

--! needs=dblink
SELECT dblink_cancel_query('mesma')

--! needs=dblink
SELECT * FROM dblink_get_notify()

--! needs=dblink
SELECT dblink_open('c', 'SELECT 1'), dblink_fetch('c', 1)

--! needs=dblink
SELECT dblink_build_sql_insert('conta', '1', 1, '{0}', '{1}')
