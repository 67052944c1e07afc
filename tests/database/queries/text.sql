SELECT format('%s-%L', nome, id), left(nome, 3), E'a\tb', U&'\00e1' FROM conta ORDER BY id LIMIT 1

SELECT upper(nome), lower(nome), initcap(nome), length(nome), reverse(nome) FROM conta ORDER BY id LIMIT 2

SELECT substring(nome FROM 1 FOR 3), substring(nome FROM '[0-9]+'), substr(nome, 7), overlay(nome PLACING 'x' FROM 1 FOR 2), position('a' IN nome) FROM conta ORDER BY id LIMIT 2

SELECT trim('  x  '), ltrim('xxa', 'x'), rtrim('axx', 'x'), trim(BOTH 'x' FROM 'xax'), btrim('--a--', '-')

SELECT split_part('a/b/c', '/', 2), replace('abc', 'b', 'x'), translate('abc', 'ab', 'xy'), repeat('ab', 3), lpad('7', 3, '0'), rpad('7', 3, '.')

SELECT concat('a', NULL, 1), concat_ws('-', 'a', NULL, 'b'), 'a' || 1 || 'b', starts_with('abc', 'ab'), strpos('abc', 'c'), right('abc', 2)

SELECT nome FROM conta WHERE nome LIKE 'conta 1_' ORDER BY id

SELECT nome FROM conta WHERE nome ILIKE '%TA 19%' AND nome NOT LIKE '%9' ORDER BY id

SELECT nome FROM conta WHERE nome SIMILAR TO 'conta (1|2)' ORDER BY id

SELECT nome FROM conta WHERE nome ~* '^CONTA [5-7]$' AND nome !~ '6' ORDER BY id

SELECT 'a%b' LIKE 'a\%b', 'a_b' LIKE 'a#_b' ESCAPE '#'

SELECT regexp_replace('2024-05-01', '(\d+)-(\d+)-(\d+)', '\3/\2/\1'), regexp_match('abc123', '([a-z]+)(\d+)'), regexp_split_to_array('a, b;c', '[,;]\s*')

SELECT regexp_matches('a1b22', '\d+', 'g')

SELECT regexp_split_to_table('um dois  três', '\s+')

--! 15+
SELECT regexp_count('banana', 'an'), regexp_instr('banana', 'n', 1, 2), regexp_substr('banana', 'a.', 1, 2), regexp_like('Abc', '^a', 'i')

SELECT md5('x'), sha256('x'), encode('abc', 'base64'), decode('YWJj', 'base64'), encode('\xff', 'hex'), to_hex(255)

SELECT ascii('á'), chr(225), octet_length('á'), char_length('á'), bit_length('á'), convert_from('\xc3a1', 'UTF8'), convert_to('á', 'LATIN1')

SELECT quote_ident('com espaço'), quote_literal('d''água'), quote_nullable(NULL), pg_client_encoding()

--! 13+
SELECT normalize('e' || U&'\0301', NFC), 'á' IS NFC NORMALIZED

SELECT fruta FROM unnest(string_to_array('maçã,pêra,uva', ',')) AS fruta ORDER BY fruta COLLATE "C"

SELECT to_tsvector('portuguese', nome) @@ to_tsquery('portuguese', 'contas'), nome FROM conta ORDER BY id LIMIT 2

SELECT ts_rank(to_tsvector('portuguese', 'O rato roeu a roupa do rei'), plainto_tsquery('portuguese', 'rato rei')), ts_rank_cd(to_tsvector('a b c'), 'a & c')

SELECT ts_headline('portuguese', 'Os imóveis rurais do estado', to_tsquery('portuguese', 'imóvel'))

SELECT websearch_to_tsquery('english', '"fat cat" -dog'), phraseto_tsquery('english', 'the fat cat'), to_tsquery('simple', 'a & !b | c:*')

SELECT tsvector_to_array(to_tsvector('simple', 'b a b')), setweight('a:1'::tsvector, 'A'), strip('a:1 b:2'::tsvector), ts_delete('a b'::tsvector, 'a'), numnode('a & b'::tsquery), querytree('a & !b'::tsquery)

SELECT lexeme, positions FROM unnest(to_tsvector('simple', 'x y x')) ORDER BY 1

SELECT alias, token FROM ts_debug('simple', 'ana@exemplo.br 42') WHERE alias <> 'blank'

SELECT 'a' < 'B' COLLATE "C", 'x' COLLATE "C" = 'x', 'ç' > 'c' COLLATE "C"

SELECT string_agg(chr(65 + g), '') FROM generate_series(0, 25) g

SELECT to_char(1234567.891, 'FM9G999G999D00'), to_char(0.5, '990%'), to_char(-1, '9MI'), to_char(12, 'RN'), to_number('1,234.5', '9,999.9')

SELECT 'adjacentes'
' juntos'

SELECT $$aspas ' dentro$$, $x$ $$ $x$, E'\x41\u00e1\101', U&'d!0061t!+000061' UESCAPE '!'

--! 14+
SELECT unistr('\00e1'), string_to_table('a,b', ',')

SELECT levenshtein FROM (SELECT 1 AS levenshtein) s
