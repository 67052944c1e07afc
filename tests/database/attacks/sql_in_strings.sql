SELECT query_to_xml('SELECT pg_advisory_lock(1)', true, true, '')

SELECT query_to_xml('DELETE FROM conta RETURNING *', true, true, '')

SELECT query_to_xmlschema('SELECT pg_advisory_lock(1)', true, true, '')

SELECT query_to_xml_and_xmlschema('SELECT pg_logical_emit_message(false, ''x'', ''y'')', true, true, '')

SELECT pg_catalog.query_to_xml('SELECT 1', true, true, '')

SELECT "query_to_xml"('SELECT 1', true, true, '')

SELECT U&"query\005fto\005fxml"('SELECT 1', true, true, '')

SELECT * FROM query_to_xml('SELECT pg_advisory_lock(1)', true, true, '') AS x

SELECT cursor_to_xml('sqlagent', 10, true, true, '')

SELECT cursor_to_xmlschema('sqlagent', true, true, '')

SELECT table_to_xml('vista_tranca', true, true, '')

SELECT table_to_xml('pg_authid', true, true, '')

SELECT table_to_xmlschema('conta', true, true, '')

SELECT table_to_xml_and_xmlschema('vista_emite', true, true, '')

SELECT schema_to_xml('public', true, true, '')

SELECT schema_to_xmlschema('public', true, true, '')

SELECT schema_to_xml_and_xmlschema('public', true, true, '')

SELECT database_to_xml(true, true, '')

SELECT database_to_xmlschema(true, true, '')

SELECT database_to_xml_and_xmlschema(true, true, '')

SELECT xpath('/table/row', query_to_xml('SELECT pg_advisory_lock(1)', false, false, ''))

SELECT (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %I.%I', schemaname, tablename), false, true, '')))[1] FROM pg_tables

SELECT * FROM xmltable('/table/row' PASSING query_to_xml('SELECT pg_advisory_lock(1)', false, false, '') COLUMNS a text PATH '.')

SELECT * FROM ts_stat('SELECT to_tsvector(pg_advisory_lock(1)::text)')

SELECT * FROM ts_stat('SELECT to_tsvector(pg_logical_emit_message(false, ''x'', ''y'')::text)', 'a')

SELECT ts_rewrite('a & b'::tsquery, 'SELECT to_tsquery(''a''), to_tsquery(pg_advisory_lock(1)::text)')

SELECT pg_catalog.ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery')

--! needs=tablefunc
SELECT * FROM crosstab('SELECT pg_advisory_lock(1)::text, ''a''::text, ''b''::text') AS t(a text, b text)

--! needs=tablefunc
SELECT * FROM crosstab2('DELETE FROM conta')

--! needs=tablefunc
SELECT * FROM crosstab('SELECT 1, 2, 3', 'SELECT pg_advisory_lock(1)') AS t(a int, b int)

--! needs=tablefunc
SELECT * FROM connectby('conta; DELETE FROM conta; --', 'id', 'id', '1', 0) AS t(a text, b text, n int)

--! needs=tablefunc
SELECT * FROM connectby('(SELECT id, pg_advisory_lock(id)::text AS t FROM conta) x', 'id', 't', '1', 1) AS t(a int, b text, n int)

--! needs=xml2
SELECT * FROM xpath_table('id', 'nome', 'conta', '/x', 'pg_advisory_lock(1) IS NULL') AS t(id int, x text)

--! needs=dblink
SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(a int)

--! needs=dblink
SELECT dblink_exec('{loopback}', 'DELETE FROM conta')

--! needs=dblink
SELECT dblink_connect('{loopback}')

--! needs=dblink
SELECT dblink_connect_u('mesma', '{loopback}'), dblink_exec('mesma', 'DELETE FROM conta')

--! needs=dblink
SELECT * FROM dblink('{loopback}', 'DELETE FROM conta RETURNING id') AS t(id int)

--! needs=dblink
SELECT public.dblink_send_query('mesma', 'DELETE FROM conta')

--! needs=dblink
SELECT ('{loopback}').dblink_connect

SELECT executa('DO $x$BEGIN DELETE FROM conta; END$x$')

SELECT executa('SELECT query_to_xml(''SELECT pg_advisory_lock(1)'', true, true, '''')')

SELECT pg_get_expr('{EXPR}', 1), query_to_xml('SELECT 1', true, true, '')

SELECT xmlserialize(CONTENT query_to_xml('SELECT 1', true, true, '') AS text)

SELECT ('SELECT pg_advisory_lock(1)'::text).query_to_xml

SELECT json_agg(query_to_xml('SELECT pg_advisory_lock(' || id || ')', true, true, '')) FROM conta
