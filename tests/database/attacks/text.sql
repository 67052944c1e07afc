--! escaped
SELECT 1\0; DELETE FROM conta

--! escaped
SELECT '\0'

--! escaped
\0DELETE FROM conta

--! escaped
SELECT 1 -- \0\n; DELETE FROM conta

--! escaped
SELECT '\ud800'

--! escaped
SELECT '\udc80\udcff'; DELETE FROM conta

--! escaped
SELECT "\udfff" FROM conta

--! escaped
DELETE FROM conta -- \ud83d

--! escaped
SELECT '\ud83d\ude00'

--! escaped harmless
SELECT '\U0001f600', '\U0010ffff', '\ufffe', '\uffff'

--! escaped harmless
SELECT '\x01\x02\x1b[31m\x7f\x9b'

--! escaped harmless
SELECT '\u202e\u2066abc\u2069'

--! escaped harmless
SELECT 'a\u0300\u0301' AS "\u0065\u0301"

SELECT U&'\D800'

SELECT U&'\D83D\0041'

SELECT U&'\0000'

SELECT U&'\+110000'

--! harmless
SELECT U&'\+00D800\+00DC00x'

SELECT E'\x00'

SELECT E'\000'

SELECT E'\u0000'

SELECT E'\xff\xfe'

SELECT E'\xc0\xa7; DELETE FROM conta; --'

SELECT E'\xe0\x80\xa7'

SELECT E'\xed\xa0\x80'

SELECT E'\xf4\x90\x80\x80'

SELECT E'\uD800'

SELECT chr(0)

SELECT chr(55296)

SELECT chr(1114112)

SELECT convert_from('\xff', 'UTF8')

SELECT convert_from('\x27', 'SQL_ASCII') || nope

SELECT convert_from('\x8327', 'SJIS'); DELETE FROM conta

--! harmless
SELECT convert_from('\x27', 'LATIN1')

--! harmless
SELECT convert('\xe9', 'LATIN1', 'UTF8')

--! harmless
SELECT decode('ff00ff', 'hex'), '\x00ff'::bytea

SELECT '"\u0000"'::jsonb

SELECT '"\ud800"'::jsonb

SELECT '{"a": "\u0000"}'::jsonb ->> 'a'

SELECT '"\u0000"'::json ->> 0, ('"\u0000"'::json #>> '{}')

SET client_encoding = 'LATIN1'

SET NAMES 'SJIS'

SET client_encoding TO 'GBK'

SELECT set_config('client_encoding', 'SJIS', false)

SELECT set_config('client_encoding', 'GBK', true), nome FROM conta

SELECT executa('SET client_encoding = ''SJIS''')

SELECT executa('SET LOCAL client_encoding = ''GBK''')
