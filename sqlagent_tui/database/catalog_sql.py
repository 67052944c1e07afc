"""The catalogue's queries, for PostgreSQL 12 to 18. Lists of names come back as JSON, so that no quoting is needed."""

from __future__ import annotations

from collections.abc import Sequence

FREQUENT_VALUES = 5
_LONGEST_VALUE = 60
_MOST_DISTINCT = 100

TABLES = """
SELECT c.oid, n.nspname, c.relname, c.relkind, d.description,
  CASE
    WHEN c.relkind = 'p' THEN (
      WITH RECURSIVE part AS (
        SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid
        UNION ALL
        SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN part ON i.inhparent = part.inhrelid
      )
      SELECT pg_catalog.sum(k.reltuples::pg_catalog.float8) FILTER (WHERE k.reltuples > 0 OR k.relpages > 0)
      FROM part JOIN pg_catalog.pg_class k ON k.oid = part.inhrelid WHERE k.relkind <> 'p')::pg_catalog.int8
    WHEN c.relkind IN ('v', 'f') AND c.reltuples <= 0 THEN NULL
    WHEN c.reltuples < 0 THEN NULL
    WHEN c.reltuples = 0 AND c.relpages = 0
      AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 140000 THEN NULL
    ELSE c.reltuples::pg_catalog.int8
  END,
  pg_catalog.pg_table_is_visible(c.oid)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_description d
  ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))
ORDER BY n.nspname, c.relname
"""


def columns(oids: Sequence[int]) -> str:
    """One row a column: oid, name, type, nullable, in the primary key, comment, enum labels (JSON or NULL)."""
    return f"""
SELECT a.attrelid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
  NOT (a.attnotnull OR t.typnotnull),
  EXISTS (SELECT FROM pg_catalog.pg_constraint k
          WHERE k.conrelid = a.attrelid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)),
  d.description,
  (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e
   WHERE e.enumtypid IN (t.oid, t.typbasetype, t.typelem))
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_description d
  ON d.objoid = a.attrelid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = a.attnum
WHERE a.attrelid IN ({_list(oids)}) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""


def frequent_values(oids: Sequence[int], names: Sequence[str]) -> str:
    """One row a short text column with few distinct values: oid, name, its most common values (JSON).

    `names` are the same relations': pg_stats has no oid, and only through a name does it use an index.
    """
    return f"""
SELECT c.oid, s.attname,
  (SELECT pg_catalog.json_agg(v.value ORDER BY v.place)
   FROM pg_catalog.unnest(s.most_common_vals::pg_catalog.text::pg_catalog.text[]) WITH ORDINALITY AS v(value, place)
   WHERE v.place <= {FREQUENT_VALUES} AND pg_catalog.length(v.value) <= {_LONGEST_VALUE})
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.inherited = (c.relkind = 'p')
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.oid IN ({_list(oids)}) AND s.tablename IN ({", ".join(map(_literal, names))})
  AND t.typcategory = 'S' AND s.most_common_vals IS NOT NULL
  AND s.avg_width <= {_LONGEST_VALUE} AND s.n_distinct > -0.5
  AND (CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * c.reltuples ELSE s.n_distinct END) <= {_MOST_DISTINCT}
"""


def foreign_keys(oids: Sequence[int]) -> str:
    """One row a key: oid, its columns (JSON), schema and name it points to, whether visible, columns there (JSON)."""
    return f"""
SELECT k.conrelid, {_attribute_names("k.conkey", "k.conrelid")}, n.nspname, c.relname,
  pg_catalog.pg_table_is_visible(c.oid), {_attribute_names("k.confkey", "k.confrelid")}
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conrelid IN ({_list(oids)})
ORDER BY k.conrelid, k.conkey, k.conname
"""


def indexes(oids: Sequence[int]) -> str:
    """One row an index: oid, and a line such as `nome_idx (nome), unique`."""
    return f"""
SELECT i.indrelid, x.relname || ' (' || (
    SELECT pg_catalog.string_agg(coalesce(a.attname::pg_catalog.text, 'expression'), ', ' ORDER BY u.place)
    FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS u(attnum, place)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum AND u.attnum > 0
    WHERE u.place <= i.indnkeyatts) || ')'
  || CASE WHEN i.indisprimary THEN ', primary key' WHEN i.indisunique THEN ', unique' ELSE '' END
  || CASE WHEN i.indpred IS NOT NULL THEN ', partial' ELSE '' END
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid IN ({_list(oids)}) AND i.indislive
ORDER BY i.indrelid, i.indisprimary DESC, x.relname
"""


def _attribute_names(numbers: str, relation: str) -> str:
    return f"""(SELECT pg_catalog.json_agg(a.attname ORDER BY u.place)
    FROM pg_catalog.unnest({numbers}) WITH ORDINALITY AS u(attnum, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = {relation} AND a.attnum = u.attnum)"""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"  # standard_conforming_strings is on in every transaction of ours


def _list(oids: Sequence[int]) -> str:
    return ", ".join(str(int(oid)) for oid in oids)
