SELECT pg_sleep(60)

SELECT pg_sleep_for('1 hour')

SELECT pg_sleep_until('infinity')

SELECT count(*) FROM generate_series(1, 1000000000)

SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b

SELECT count(*) FROM conta a, conta b, conta c, conta d, conta e

SELECT * FROM tinta a CROSS JOIN tinta b CROSS JOIN tinta c ORDER BY random()

WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r

WITH RECURSIVE r AS (SELECT 1::bigint AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r WHERE n < 0

WITH RECURSIVE r(t) AS (SELECT 'x' UNION ALL SELECT t || t FROM r) SELECT max(length(t)) FROM r

SELECT repeat('x', 100000000)

SELECT repeat('x', 50000000) || repeat('y', 50000000), 1

SELECT repeat('x', 2000000000)

SELECT length(repeat(repeat('x', 1000000), 100))

SELECT string_agg(repeat('x', 1000000), '') FROM generate_series(1, 5000)

SELECT array_agg(g) FROM generate_series(1, 100000000) g

SELECT array_fill(0, ARRAY[10000000])

SELECT repeat('a', 30) ~ '^(a+)+b$', repeat('a', 4000) ~ '(a*)*(a*)*(a*)*b\1'

SELECT repeat('a', 100000) ~ '(x+x+)+y|(a|aa)+$b'

SELECT regexp_replace(repeat('ab', 1000000), '(a|b)*?', '', 'g')

SELECT '{9999999999999999999}'::int[]

SELECT 9::numeric ^ 9999::numeric

SELECT factorial(100000)

SELECT exp(100000::numeric)

SELECT power(2::numeric, 1000000)

SELECT jsonb_agg(g) FROM generate_series(1, 100000000) g

SELECT lpad('x', 2000000000, 'y')

SELECT md5(string_agg(g::text, '')) FROM generate_series(1, 100000000) g

SELECT g, pg_sleep(0.005) FROM generate_series(1, 1000000) g

SELECT row_number() OVER (ORDER BY random()) FROM generate_series(1, 100000000)

SELECT levenshtein(repeat('x', 100000), repeat('y', 100000))

SELECT engole_erros('SELECT 1'), g FROM generate_series(1, 100000000) g WHERE g < 0
