SELECT pg_typeof(nome), cor::text, int4range(1, 3), '{1,2}'::int[], 'x'::bytea, inet '10.0.0.1' FROM conta, tinta WHERE conta.id = 1 AND tinta.id = 1

SELECT abs(-1), ceil(1.2), floor(-1.2), round(2.5), round(1.2345, 2), trunc(1.9), sign(-3), mod(7, 3), 7 % 3, 7 / 2, 7 / 2.0, div(7, 2), power(2, 10), 2 ^ 10, sqrt(2), cbrt(27), exp(1.0), ln(2.0), log(100), log(2.0, 8)

SELECT sin(1), cos(1), tan(1), asin(1), acos(1), atan(1), atan2(1, 2), degrees(pi()), radians(180), sind(30), sinh(1)

SELECT greatest(1, 3, 2), least(1, NULL, 2), coalesce(NULL, 5), nullif(1, 1), gcd(12, 18), lcm(4, 6), factorial(10), width_bucket(5.35, 0.024, 10.06, 5)

SELECT 1::smallint, 2::bigint, 1.5::real, 1e10::double precision, 'NaN'::numeric, 'Infinity'::float8, 123456789012345678901234567890::numeric, 0.1 + 0.2, 1::numeric(10, 2)

SELECT 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 256 >> 2, |/ 16, ||/ 27, @ -5

SELECT true AND NULL, false OR NULL, NOT true, NULL IS UNKNOWN, true IS NOT FALSE, 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL, 1 BETWEEN SYMMETRIC 2 AND 0

SELECT B'1010' & B'0110', B'10' || B'01', length(B'101'), get_bit(B'101', 1), set_bit(B'101', 1, 1), 5::bit(8), '101'::bit(3)::int, X'1F'

SELECT inet '192.168.1.5/24', host('192.168.1.5/24'::inet), network('192.168.1.5/24'::inet), masklen('10.0.0.0/8'::inet), '192.168.1.5'::inet << '192.168.1.0/24'::inet, cidr '10.0.0.0/8', macaddr '08:00:2b:01:02:03', broadcast('192.168.1.5/24'::inet), inet_merge('192.168.1.5/24', '192.168.2.5/24')

SELECT point(1, 2) <-> point(4, 6), box '((0,0),(1,1))' @> point '(0.5,0.5)', circle '<(0,0),2>', lseg '[(0,0),(1,1)]', polygon '((0,0),(0,1),(1,1))', area(box '((0,0),(2,2))'), path '[(0,0),(1,1)]'

SELECT '\xdeadbeef'::bytea, length('\x0102'::bytea), get_byte('\x0102', 1), substring('\x010203'::bytea FROM 2), '\x01'::bytea || '\x02', md5('\x00'::bytea)

SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, 12.34::money, 'pg_class'::regclass, 'int4'::regtype, 'lower(text)'::regprocedure, '1 day'::interval, 'a'::"char", 'x'::name

SELECT CAST('42' AS int), '42'::int + 1, int '42', CAST(1.7 AS int), 1::boolean, 't'::bool, true::int, '12'::text::numeric::int8, to_char(1, '9')::text

SELECT 'texto'::varchar(3), 'ab'::char(5) || '|', 'x'::bpchar, char_length('ab  '::char(4)), 1::text || 'a'

--! varies
SELECT random() BETWEEN 0 AND 1, gen_random_uuid() IS NOT NULL

--! varies
SELECT id, random() FROM conta ORDER BY random() LIMIT 3

SELECT generate_series(1, 10, 3), generate_series(10, 1, -4)

SELECT g, g ^ 2, g % 2 = 0 FROM generate_series(1.0, 2.0, 0.25) g

SELECT CASE id WHEN 1 THEN 'um' WHEN 2 THEN 'dois' ELSE 'muitos' END, CASE WHEN saldo > 15 THEN saldo END FROM conta ORDER BY id LIMIT 3

SELECT num_nulls(1, NULL, NULL), num_nonnulls(1, NULL), pg_column_size(1), pg_typeof(1.5), pg_typeof(ARRAY[1]), pg_typeof(ROW(1))

SELECT numeric '1.10' = 1.1, scale(1.10), min_scale(1.10), trim_scale(1.10)

SELECT hashtext('a') IS NOT NULL, 'a'::text::bytea, ('x' || lpad('1', 16, '0'))::bit(64)::bigint

SELECT * FROM (VALUES (1::bit(3), '{"a":1}'::json, '<a/>'::text, '(1,2)'::point)) v(a, b, c, d)

SELECT 1 AS "select", 2 AS "Á", 3 AS " ", 4 "sem as"

SELECT current_user = session_user, current_database() = current_catalog, current_schema, current_role IS NOT NULL, version() LIKE 'PostgreSQL%'

--! varies
SELECT md5(random()::text) IS NOT NULL WHERE random() >= 0

--! 16+
SELECT 0x1F, 0b101, 1_000

--! needs=libxml
SELECT xpath('/a/b/text()', '<a><b>1</b><b>2</b></a>'::xml)

--! needs=libxml
SELECT x.* FROM xmltable('/r/i' PASSING CAST('<r><i n="1">um</i><i n="2">dois</i></r>' AS xml) COLUMNS n int PATH '@n', t text PATH '.') x

--! needs=libxml
SELECT xmlelement(NAME conta, xmlattributes(id AS id), xmlforest(nome, saldo)) FROM conta ORDER BY id LIMIT 2

--! needs=libxml
SELECT xmlagg(xmlelement(NAME n, nome) ORDER BY id) FROM conta WHERE id < 3

--! needs=libxml
SELECT xmlserialize(CONTENT xmlconcat('<a/>'::xml, '<b/>'::xml) AS text), xml_is_well_formed('<a>'), xmlexists('//b' PASSING CAST('<a><b/></a>' AS xml))
