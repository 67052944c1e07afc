SELECT extract(year FROM dia), to_char(dia, 'TMMonth'), age(dia, '2024-01-01'), dia - 5 FROM medida ORDER BY dia LIMIT 2

SELECT date_trunc('week', dia)::date AS semana, sum(valor) FROM medida GROUP BY semana ORDER BY semana LIMIT 5

SELECT date_part('dow', dia), to_char(dia, 'ID Day DDD IW'), extract(isoyear FROM dia), extract(doy FROM dia), extract(epoch FROM dia) FROM medida ORDER BY dia LIMIT 3

SELECT g::date, m.valor FROM generate_series(date '2024-05-30', '2024-06-04', '1 day') g LEFT JOIN medida m ON m.dia = g ORDER BY g

SELECT to_char(g, 'YYYY-MM'), count(m.dia) FROM generate_series(timestamp '2024-01-01', '2024-12-01', '1 month') g LEFT JOIN medida m ON date_trunc('month', m.dia) = g GROUP BY g ORDER BY g

SELECT timestamp '2024-03-10 02:30' AT TIME ZONE 'America/Sao_Paulo', timestamptz '2024-03-10 02:30Z' AT TIME ZONE 'America/New_York', timezone('UTC', timestamptz '2024-01-01 00:00-03')

SELECT date '2024-02-29' + interval '1 year', date '2024-01-31' + interval '1 month', timestamp '2024-01-01' - timestamp '2023-12-25 12:00', interval '1 year 2 mons 3 days 04:05:06'

SELECT justify_days('35 days'), justify_hours('27 hours'), justify_interval('1 mon -1 hour'), extract(hour FROM interval '1 day 5 hours'), make_interval(days => 10, hours => 3)

SELECT make_date(2024, 2, 29), make_time(8, 15, 23.5), make_timestamp(2024, 7, 15, 8, 15, 23.5), make_timestamptz(2024, 7, 15, 8, 15, 23.5, 'UTC')

SELECT to_date('05 Dec 2000', 'DD Mon YYYY'), to_timestamp('2024-01-02 03:04', 'YYYY-MM-DD HH24:MI'), to_timestamp(1700000000), '2024-W10'::text

--! varies
SELECT now() = current_timestamp, current_date <= now()::date, localtime IS NOT NULL, transaction_timestamp() = now(), statement_timestamp() >= now(), clock_timestamp() >= now(), timeofday() IS NOT NULL

--! varies
SELECT count(*) FROM medida WHERE dia > current_date - interval '10 years' AND dia < now()

SELECT (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', interval '30 days')

SELECT dia FROM medida WHERE dia BETWEEN '2024-12-30' AND '2025-01-02' ORDER BY dia

SELECT dia FROM medida WHERE extract(isodow FROM dia) IN (6, 7) ORDER BY dia LIMIT 4

--! 14+
SELECT date_bin('15 minutes', timestamp '2024-02-11 15:44:17', timestamp '2024-01-01'), count(*) FROM conta

SELECT 'infinity'::date, '-infinity'::timestamp, isfinite(date 'infinity'), 'epoch'::timestamptz, date '0044-03-15 BC', timestamp '9999-12-31 23:59:59.999999'

SELECT time '23:59:60', time '04:05:06.789', timetz '04:05:06-08', interval '-1 day', interval 'P1Y2M3DT4H5M6S'

SELECT date_trunc('hour', timestamptz '2024-06-01 12:34:56Z', 'America/Sao_Paulo'), extract(timezone_hour FROM timestamptz '2024-01-01Z')

SELECT tipo, valor FROM (VALUES ('século', extract(century FROM date '2024-01-01')), ('década', extract(decade FROM date '2024-01-01')), ('milênio', extract(millennium FROM date '2024-01-01')), ('juliano', extract(julian FROM date '2024-01-01'))) v(tipo, valor) ORDER BY 1

SELECT min(dia), max(dia), max(dia) - min(dia) AS dias, age(max(dia), min(dia)) FROM medida

SELECT d.dia, coalesce(sum(m.valor), 0) FROM (SELECT generate_series(date '2024-06-01', '2024-06-05', '1 day')::date AS dia) d LEFT JOIN medida m USING (dia) GROUP BY d.dia ORDER BY d.dia

SELECT to_char(timestamp '2024-07-04 09:08:07', 'DD/MM/YYYY HH24:MI:SS'), to_char(timestamp '2024-07-04', 'Dy, DD Mon YY'), to_char(interval '15h 2m', 'HH24:MI')

SELECT count(*) FROM pg_timezone_names WHERE name LIKE 'America/%'

SELECT abbrev FROM pg_timezone_abbrevs WHERE abbrev = 'BRT'

SELECT date '2024-01-01' - date '2023-01-01', date '2024-01-01' + 7, date '2024-01-01' + time '10:00', '2024-01-01'::date::timestamptz::date

SELECT timestamp '2024-01-01' + g * interval '6 hours' FROM generate_series(0, 3) g
