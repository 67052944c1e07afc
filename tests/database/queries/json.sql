SELECT jsonb_build_object('a', id, 'b', nome) -> 'b', to_jsonb(c) FROM conta c ORDER BY id LIMIT 3

SELECT * FROM jsonb_to_recordset('[{"a": 1, "b": "x"}]') AS j(a int, b text)

SELECT * FROM json_to_record('{"a": 1, "b": [1, 2]}') AS j(a int, b int[])

SELECT j ->> 'nome', (j -> 'idade')::int, j #>> '{endereco,cidade}' FROM (VALUES ('{"nome": "Ana", "idade": 30, "endereco": {"cidade": "Belém"}}'::jsonb)) v(j)

SELECT j @> '{"a": 1}', j ? 'b', j ?| ARRAY['x', 'b'], j ?& ARRAY['a', 'b'] FROM (SELECT '{"a": 1, "b": 2}'::jsonb AS j) s

SELECT '{"a": {"b": [1, 2, {"c": 3}]}}'::jsonb #> '{a,b,2,c}'

SELECT jsonb_path_query('{"itens": [{"p": 5}, {"p": 15}]}', '$.itens[*] ? (@.p > 10).p')

SELECT jsonb_path_exists('{"a": [1, 2, 3]}', '$.a[*] ? (@ > 2)'), '{"a": 3}'::jsonb @@ '$.a == 3', '{"a": 3}'::jsonb @? '$.a'

SELECT jsonb_path_query_array('[1, 2, 3, 4]', '$[*] ? (@ % 2 == 0)'), jsonb_path_query_first('[1, 2]', '$[1]'), jsonb_path_match('{"a": 1}', 'exists($.a)')

SELECT jsonb_path_query('{"d": "2024-05-01"}', '$.d.datetime()'), jsonb_path_query('[1, -2]', '$[*].abs()')

SELECT key, value FROM jsonb_each('{"a": 1, "b": {"c": null}}') ORDER BY key

SELECT key, value FROM json_each_text('{"a": 1, "b": "x"}') ORDER BY key

SELECT value, ordinality FROM jsonb_array_elements_text('["x", "y"]') WITH ORDINALITY

SELECT jsonb_object_keys('{"b": 1, "a": 2}') ORDER BY 1

SELECT jsonb_set('{"a": {"b": 1}}', '{a,b}', '2'), jsonb_insert('[1, 3]', '{1}', '2'), '{"a": 1, "b": 2}'::jsonb - 'a', '[1, 2]'::jsonb - 0, '{"a": {"b": 1}}'::jsonb #- '{a,b}'

SELECT jsonb_strip_nulls('{"a": null, "b": 1}'), jsonb_typeof('[1]'), jsonb_array_length('[1, 2]'), jsonb_pretty('{"a": 1}')

SELECT '{"a": 1}'::jsonb || '{"b": 2}', '[1]'::jsonb || '2'

SELECT row_to_json(c), json_build_array(id, nome, NULL) FROM conta c ORDER BY id LIMIT 1

SELECT json_object('{a, 1, b, 2}'), json_object('{a, b}', '{1, 2}'), array_to_json(ARRAY[[1, 2], [3, 4]])

SELECT marca, jsonb_agg(jsonb_build_object('id', id, 'serie', serie) ORDER BY id) FILTER (WHERE id < 7) FROM tinta GROUP BY marca ORDER BY marca

SELECT jsonb_agg(DISTINCT marca ORDER BY marca) FROM tinta

SELECT json_object_agg(marca, n) FROM (SELECT marca, count(*) AS n FROM tinta GROUP BY marca ORDER BY marca) s

--! 14+
SELECT ('{"a": {"b": [10, 20]}}'::jsonb)['a']['b'][1]

SELECT jsonb_populate_record(NULL::outro.conta, '{"id": 1, "ref_a": 2}')

SELECT * FROM jsonb_populate_recordset(NULL::outro.filha, '[{"a": 1}, {"b": 2}]')

--! 16+
SELECT '{"a": 1}' IS JSON OBJECT, 'x' IS JSON, JSON_OBJECT('a': 1, 'b': NULL ABSENT ON NULL), JSON_ARRAY(1, 2)

--! 16+
SELECT JSON_ARRAYAGG(nome ORDER BY id), JSON_OBJECTAGG(id: saldo) FROM conta WHERE id < 3

--! 17+
SELECT JSON_VALUE('{"a": 1}', '$.a' RETURNING int), JSON_QUERY('{"a": [1]}', '$.a'), JSON_EXISTS('{"a": 1}', '$.b')

--! 17+
SELECT * FROM JSON_TABLE('[{"id": 1, "tags": ["x", "y"]}]', '$[*]' COLUMNS (id int PATH '$.id', NESTED PATH '$.tags[*]' COLUMNS (tag text PATH '$')))

SELECT j.value ->> 'a' AS a, count(*) FROM jsonb_array_elements('[{"a": "x"}, {"a": "y"}, {"a": "x"}]') AS j GROUP BY 1 ORDER BY 1

SELECT to_json(now() - now()), to_jsonb(date '2024-01-01'), to_jsonb(ARRAY[1.50, 2])

SELECT json_typeof('null'::json), '{"a":1,"a":2}'::json, '{"a":1,"a":2}'::jsonb
