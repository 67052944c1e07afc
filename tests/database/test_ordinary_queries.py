"""Ordinary analytical SQL gives exactly what the server gives without the guard: names, types' text, order, rows."""

from __future__ import annotations

import psycopg
import pytest

from sqlagent_tui.database.results import decode
from tests.fix_guard import Client, Guard

QUERIES = [
    'SELECT * FROM conta ORDER BY nome COLLATE "C" DESC LIMIT 20',
    "SELECT marca, count(*), avg(preco), string_agg(serie, ', ' ORDER BY id) FROM tinta WHERE id < 50 GROUP BY marca "
    "HAVING count(*) > 1 ORDER BY 2 DESC, 1",
    "SELECT nome, sum(saldo) OVER (ORDER BY id ROWS 2 PRECEDING), rank() OVER w FROM conta "
    "WINDOW w AS (PARTITION BY id % 3 ORDER BY saldo) ORDER BY id LIMIT 30",
    "WITH RECURSIVE r(n, caminho) AS (SELECT 1, 'a' UNION ALL SELECT n + 1, caminho || 'b' FROM r WHERE n < 9) "
    "SELECT * FROM r ORDER BY n DESC",
    "SELECT coalesce(marca, 'todas'), cor, count(*) FROM tinta GROUP BY GROUPING SETS ((marca), (cor), ()) "
    "ORDER BY 1, 2, 3",
    "SELECT marca, cor, count(*) FROM tinta GROUP BY CUBE (marca, cor) ORDER BY 1 NULLS FIRST, 2 NULLS LAST",
    "SELECT c.nome, t.* FROM conta c CROSS JOIN LATERAL (SELECT serie, id FROM tinta WHERE conta_id = c.id "
    "ORDER BY id DESC LIMIT 2) t ORDER BY c.id, t.id LIMIT 15",
    "SELECT DISTINCT ON (marca) marca, serie, id FROM tinta ORDER BY marca, id DESC",
    "SELECT date_trunc('month', dia)::date, sum(valor) FILTER (WHERE valor % 2 = 0) FROM medida GROUP BY 1 ORDER BY 1",
    "SELECT nome FROM conta WHERE nome ~ '^conta 1[0-9]$' UNION ALL SELECT 'fim' ORDER BY nome",
    "(SELECT nome FROM conta ORDER BY id LIMIT 2) UNION (SELECT serie FROM tinta ORDER BY id LIMIT 2) ORDER BY 1",
    "SELECT nome FROM conta EXCEPT SELECT 'conta ' || g FROM generate_series(1, 195) g ORDER BY 1",
    "SELECT jsonb_build_object('a', id, 'b', nome) -> 'b', to_jsonb(c) FROM conta c ORDER BY id LIMIT 3",
    'SELECT * FROM jsonb_to_recordset(\'[{"a": 1, "b": "x"}]\') AS j(a int, b text)',
    "SELECT unnest(ARRAY['b', 'a', NULL]), generate_series(1, 3)",
    "SELECT array_agg(DISTINCT cor), min(dia), max(valor) FROM tinta, medida WHERE tinta.id < 5 AND valor < 5",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY saldo), mode() WITHIN GROUP (ORDER BY nome) FROM conta",
    "SELECT to_tsvector('portuguese', nome) @@ to_tsquery('portuguese', 'contas'), nome FROM conta ORDER BY id LIMIT 2",
    "SELECT a.nome AS nome, b.nome AS nome FROM conta a JOIN conta b USING (id) ORDER BY id LIMIT 3",
    "SELECT *, t.id, t.* FROM tinta t ORDER BY t.id LIMIT 2",
    "SELECT EXISTS (SELECT FROM conta), (SELECT nome FROM conta WHERE id = 1), NULL::text, ''",
    "SELECT CASE WHEN saldo > 500 THEN 'alto' ELSE 'baixo' END AS faixa, count(*) FROM conta GROUP BY 1 ORDER BY 1",
    "SELECT format('%s-%L', nome, id), left(nome, 3), E'a\\tb', U&'\\00e1' FROM conta ORDER BY id LIMIT 1",
    "SELECT extract(year FROM dia), to_char(dia, 'TMMonth'), age(dia, '2024-01-01'), dia - 5 "
    "FROM medida ORDER BY dia LIMIT 2",
    "SELECT t, ROW(t.id, t.serie) FROM tinta t ORDER BY id LIMIT 2",
    "VALUES ('b', 1), ('a', 2) ORDER BY 1",
    "TABLE saldo_total",
    "SELECT FROM conta",
    "SELECT nome FROM conta TABLESAMPLE BERNOULLI (100) ORDER BY id FETCH FIRST 2 ROWS WITH TIES",
    "SELECT relname::text, relkind FROM pg_class WHERE relname = 'conta' ORDER BY 1, oid LIMIT 1",
    "SELECT pg_typeof(nome), cor::text, int4range(1, 3), '{1,2}'::int[], 'x'::bytea, inet '10.0.0.1' FROM conta, tinta "
    "WHERE conta.id = 1 AND tinta.id = 1",
    "WITH a AS MATERIALIZED (SELECT nome FROM conta ORDER BY id), b AS (SELECT * FROM a LIMIT 1) SELECT * FROM b;",
]


@pytest.mark.parametrize("sql", QUERIES)
def test_the_guard_changes_nothing_about_the_result(guard: Guard, reader: Client, sql: str) -> None:
    with psycopg.connect(guard.reader, autocommit=True) as plain:
        expected = plain.pgconn.exec_(sql.encode())
        assert expected.error_message == b""
        names = [decode(expected.fname(field) or b"") for field in range(expected.nfields)]
        rows = []
        for row in range(expected.ntuples):
            values = (expected.get_value(row, field) for field in range(expected.nfields))
            rows.append(tuple(None if value is None else decode(value) for value in values))
    result = reader.rows(sql)
    assert [column.name for column in result.columns] == names
    assert list(result.rows) == rows
    assert rows
    assert not result.truncated
    assert result.shortened_values == 0


def test_many_rows_in_many_chunks(reader: Client) -> None:
    result = reader.rows("SELECT g, 'v' || g, NULL::text FROM generate_series(1, 50000) g", max_rows=100_000)
    assert [row[0] for row in result.rows] == [str(number) for number in range(1, 50_001)]
    assert not result.truncated
