SELECT unnest(ARRAY['b', 'a', NULL]), generate_series(1, 3)

SELECT * FROM unnest(ARRAY[1, 2], ARRAY['x', 'y', 'z']) WITH ORDINALITY AS u(a, b, n)

SELECT id, cores[1], array_length(cores, 1), cardinality(cores) FROM tinta ORDER BY id LIMIT 2

SELECT count(*) FROM tinta WHERE 'verde' = ANY (cores) AND cores @> ARRAY['azul']::cor[]

SELECT ARRAY[1, 2, 3] || 4, 0 || ARRAY[1], ARRAY[1] || ARRAY[2], array_append(ARRAY[1], 2), array_prepend(0, ARRAY[1]), array_cat(ARRAY[1], ARRAY[2])

SELECT (ARRAY[10, 20, 30])[2:3], (ARRAY[[1, 2], [3, 4]])[2][1], array_ndims(ARRAY[[1]]), array_dims(ARRAY[[1, 2]])

SELECT array_position(ARRAY['a', 'b'], 'b'), array_positions(ARRAY[1, 2, 1], 1), array_remove(ARRAY[1, 2, 1], 1), array_replace(ARRAY[1, 2], 2, 5)

SELECT array_to_string(ARRAY[1, NULL, 3], ',', '*'), string_to_array('a,b,,c', ',', ''), array_fill(7, ARRAY[3])

SELECT ARRAY[1, 2] && ARRAY[2, 3], ARRAY[1, 2] <@ ARRAY[1, 2, 3], ARRAY[1, 2] = ARRAY[1, 2], ARRAY[1, 2] < ARRAY[1, 3]

SELECT generate_subscripts(ARRAY['a', 'b', 'c'], 1)

SELECT '{1,2,{3}}'::text, '{{1,2},{3,4}}'::int[], '[2:3]={5,6}'::int[]

SELECT ARRAY(SELECT DISTINCT unnest(ARRAY[3, 1, 3]) ORDER BY 1)

--! 14+
SELECT trim_array(ARRAY[1, 2, 3], 1)

--! 18+
SELECT array_sort(ARRAY[3, 1, 2]), array_reverse(ARRAY[1, 2])

SELECT marca, (array_agg(serie ORDER BY id))[1:3] FROM tinta GROUP BY marca ORDER BY marca

SELECT int4range(1, 5), int4range(1, 5, '[]'), numrange(1.5, NULL), daterange('2024-01-01', '2024-02-01'), 'empty'::int4range

SELECT int4range(1, 5) @> 3, int4range(1, 5) && int4range(4, 9), int4range(1, 3) -|- int4range(3, 5), int4range(1, 3) << int4range(5, 6)

SELECT lower(r), upper(r), isempty(r), lower_inc(r), upper_inf(r) FROM (SELECT int8range(1, NULL) AS r) s

SELECT int4range(1, 10) * int4range(5, 15), int4range(1, 5) + int4range(5, 9), int4range(1, 10) - int4range(5, 10), range_merge(int4range(1, 2), int4range(8, 9))

SELECT count(*) FROM medida WHERE daterange('2024-07-01', '2024-08-01') @> dia

SELECT tsrange('2024-01-01 10:00', '2024-01-01 12:00') && tsrange('2024-01-01 11:00', '2024-01-01 13:00'), tstzrange('2024-01-01 10:00Z', NULL)

--! 14+
SELECT int4multirange(int4range(1, 3), int4range(5, 7)) @> 6, '{[1,3),[5,9)}'::int4multirange * '{[2,6)}'::int4multirange

--! 14+
SELECT unnest('{[1,3),[5,9)}'::int4multirange), multirange(int4range(1, 2))

--! 14+
SELECT range_agg(daterange(dia, dia + 2)), range_intersect_agg(daterange(dia, dia + 30)) FROM medida WHERE valor < 10

SELECT elem, count(*) FROM (SELECT unnest(cores) AS elem FROM tinta) s GROUP BY elem ORDER BY elem

SELECT a.n, b.n FROM unnest(ARRAY[1, 2]) AS a(n) CROSS JOIN unnest(ARRAY[3, 4]) AS b(n) ORDER BY 1, 2

SELECT enum_range(NULL::cor), enum_first(NULL::cor), enum_last(NULL::cor), 'verde'::cor < 'azul'::cor

SELECT clara, clara::text, cor::text || '!' FROM tinta ORDER BY id LIMIT 1

SELECT ROW(1, 'a', NULL), ROW(1, 2) = ROW(1, 2), ROW(1, NULL) IS NULL, (ROW(1, 2)).f1
