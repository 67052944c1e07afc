"""The points of suites/README.md, one criterion after the other, and the levels they come to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sqlagent_tui.bench.difficulty import difficulty, points

POINTS = [
    ("SELECT count(*) FROM t WHERE dia >= DATE '2024-01-01' AND dia < current_date", 0),
    ("SELECT valor * 1.1 + 3, lower(nome), round(area / 2, 1), to_char(valor, '999') FROM t ORDER BY 1", 0),
    ("SELECT * FROM t LIMIT 5", 0),
    ("SELECT DISTINCT nome FROM t", 0),
    ("SELECT 1 FROM a JOIN b ON b.a = a.id", 1),
    ("SELECT 1 FROM a, b WHERE b.a = a.id", 1),
    ("SELECT 1 FROM a JOIN b USING (x) LEFT JOIN c USING (y) CROSS JOIN d", 3),
    ("SELECT uf, count(*) FROM t GROUP BY uf", 1),
    ("SELECT uf FROM t GROUP BY uf HAVING count(*) > 1", 2),
    ("SELECT count(*) FILTER (WHERE a), sum(CASE WHEN b THEN 1 END) FROM t", 1),
    ("SELECT extract(year FROM dia), date_trunc('month', dia), age(dia) FROM t", 1),
    ("SELECT 1 FROM t WHERE dia >= current_date - 30", 1),
    ("SELECT 1 FROM t WHERE dia >= now() - interval '1 year'", 1),
    ("SELECT dia - inicio FROM t", 1),
    ("SELECT max(t.dia) - min(t.dia) FROM t", 1),
    ("SELECT valor - desconto FROM t", 0),
    ("SELECT extract(year FROM dia) - 1 FROM t", 1),
    ("SELECT to_char(dia, 'YYYY-MM') FROM t", 1),
    ("SELECT a::date - b::date FROM t", 1),
    ("SELECT make_date(2024, 1, 1), to_date(a, 'DD') FROM t", 1),
    ("SELECT 1 FROM t, u WHERE st_intersects(t.geom, u.geom) AND st_x(t.geom) > 0", 1),
    ("SELECT 1 FROM t, u WHERE st_dwithin(t.geom, u.geom, 5)", 2),
    ("SELECT st_area(st_intersection(t.geom, u.geom)), ST_Length(t.geom) FROM t, u", 2),
    ("SELECT ST_Distance(sede, ST_Point(1, 2)) FROM t", 1),
    ("SELECT geo.st_buffer(sede, 1) FROM t", 1),
    ("SELECT nome FROM t ORDER BY valor DESC LIMIT 5", 1),
    ("SELECT nome FROM t ORDER BY valor FETCH FIRST 5 ROWS ONLY", 1),
    ("SELECT DISTINCT ON (uf) uf, nome FROM t ORDER BY uf, valor", 1),
    ("SELECT 1 FROM t WHERE valor > (SELECT avg(valor) FROM t)", 2),
    ("SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u) AND x IN (SELECT y FROM v)", 4),
    ("WITH a AS (SELECT 1), b AS (SELECT 2 FROM a) SELECT * FROM a JOIN b ON true", 5),
    ("SELECT * FROM (SELECT 1) x", 2),
    ("SELECT rank() OVER (ORDER BY a), sum(b) OVER () FROM t", 2),
    ("SELECT 1 UNION ALL SELECT 2 UNION SELECT 3", 4),
    ("(SELECT 1 FROM t ORDER BY a LIMIT 1) EXCEPT (SELECT 2)", 3),
    ("SELECT 1 FROM t WHERE a IN (SELECT 1 UNION SELECT 2)", 4),
]


@pytest.mark.parametrize(("statement", "expected"), POINTS)
def test_points(statement: str, expected: int) -> None:
    assert points(statement, {"dia", "inicio"}) == expected


def test_levels() -> None:
    levels = [difficulty("SELECT 1 FROM t" + " JOIN u USING (x)" * joined) for joined in range(9)]
    assert levels == ["easy"] * 2 + ["medium"] * 2 + ["hard"] * 3 + ["expert"] * 2


@pytest.mark.parametrize("statement", ["SELECT FROM WHERE", "", "DELETE FROM t", "(" * 5_000, "SELECT 'aberto"])
def test_what_cannot_be_read_has_no_difficulty(statement: str) -> None:
    assert difficulty(statement) is None


def test_the_parser_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, sqlagent_tui.bench.difficulty; sys.exit('sqlglot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
