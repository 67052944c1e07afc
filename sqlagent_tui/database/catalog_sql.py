"""The catalogue's queries, for PostgreSQL 12 to 18. Everything with parts comes back as JSON: nothing to unquote.

Only tables of pg_catalog are read, and only functions called that look into the system caches. Those that open a
relation would wait behind its DDL: pg_get_indexdef, pg_get_viewdef, pg_get_partkeydef, pg_get_expr, pg_relation_size,
pg_partition_tree. Columns that not all of these versions have are left alone (pg_inherits.inhdetachpending,
pg_range.rngmultitypid, pg_index.indnullsnotdistinct); the newest that is read is pg_attribute.attgenerated, of 12.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlagent_tui.agent.results import MOST_CHILDREN, MOST_LABELS

FREQUENT_VALUES = 5
_LONGEST_VALUE = 60
LONGEST_COMMENT = 400
"""Characters of a comment that are read."""
LONGEST_TYPE = 400
"""Characters of what a type is made of that are read."""
_MOST_DISTINCT = 100

_MAY_ENTER = "pg_catalog.has_schema_privilege({schema}, 'USAGE')"
_MAY_SELECT = """(pg_catalog.has_table_privilege({relation}.oid, 'SELECT')
    OR pg_catalog.has_any_column_privilege({relation}.oid, 'SELECT'))"""

# Before 14, reltuples = 0 may also mean that nobody has counted; since then that is -1.
_OWN_ROWS = """CASE
      WHEN {relation}.relkind IN ('p', 'v') OR NOT {relation}.relispopulated OR {relation}.reltuples < 0 THEN NULL
      WHEN {relation}.reltuples > 0 OR {relation}.relpages > 0 THEN {relation}.reltuples::pg_catalog.float8
      WHEN {relation}.relkind <> 'f'
        AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 140000 THEN 0
    END"""

_NAMES = """
WITH RECURSIVE tree AS (
  SELECT i.inhparent AS root, i.inhrelid AS leaf
  FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
  WHERE {condition}
  UNION
  SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.leaf
), below AS (
  SELECT t.root, pg_catalog.count(*) FILTER (WHERE k.relkind <> 'p') AS relations, pg_catalog.sum({leaf_rows}) AS rows
  FROM tree t JOIN pg_catalog.pg_class k ON k.oid = t.leaf GROUP BY t.root
), relation AS (
  SELECT c.*, {own_rows} AS own_rows FROM pg_catalog.pg_class c
  WHERE {condition} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
), schema AS MATERIALIZED (
  {own_schemas}
)
SELECT c.oid, n.nspname, c.relname, c.relkind, pg_catalog.left(d.description, {comment}),
  CASE WHEN c.own_rows IS NOT NULL OR b.rows IS NOT NULL
    THEN (coalesce(c.own_rows, 0) + coalesce(b.rows, 0))::pg_catalog.int8 END,
  pg_catalog.pg_table_is_visible(c.oid), coalesce(b.relations, 0),
  c.relrowsecurity AND pg_catalog.row_security_active(c.oid), c.relispopulated, c.relispartition
FROM relation c
JOIN schema n ON n.oid = c.relnamespace
LEFT JOIN below b ON b.root = c.oid
LEFT JOIN pg_catalog.pg_description d
  ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0
WHERE {may_select}
ORDER BY n.nspname, c.relname
"""


def own_schemas() -> str:
    """Return the query for oid and name of the schemas that the role may enter, without the server's own."""
    return f"""SELECT s.oid, s.nspname FROM pg_catalog.pg_namespace s
  WHERE s.nspname NOT IN ('pg_catalog', 'information_schema') AND s.nspname NOT LIKE 'pg\\_%'
    AND {_MAY_ENTER.format(schema="s.oid")}"""


def _names(condition: str) -> str:
    return _NAMES.format(
        condition=condition,
        comment=LONGEST_COMMENT,
        own_rows=_OWN_ROWS.format(relation="c"),
        leaf_rows=_OWN_ROWS.format(relation="k"),
        own_schemas=own_schemas(),
        may_select=_MAY_SELECT.format(relation="c"),
    )


TABLES = _names("NOT c.relispartition")
"""One row a relation that may be read, but no partitions: oid, schema, name, kind, comment, estimated rows, visible,
relations below it, filtered by row-level security, populated, is a partition."""


def partitions(names: Sequence[str]) -> str:
    """Rows as in `TABLES`, for the partitions that have one of these names."""
    return _names(f"c.relispartition AND c.relname IN ({_literals(names)})")


def details(oids: Sequence[int], names: Sequence[str]) -> str:
    """Everything about some relations in one statement; rows of part, oid, JSON object, each part in its own order.

    `names` are the same relations': pg_stats has no oid, and only through a name does it use an index. A relation
    that is gone, or may not be read any more, has no row `relation`.
    """
    parts = {
        "relation": _relation(oids),
        "column": _columns(oids),
        "values": _frequent_values(oids, names),
        "key": _foreign_keys(oids),
        "index": _indexes(oids),
    }
    selects = (f"SELECT '{part}' AS part, d.* FROM ({sql}) AS d(oid, place, data)" for part, sql in parts.items())
    return f"SELECT u.part, u.oid, u.data FROM ({' UNION ALL '.join(selects)}) AS u ORDER BY u.oid, u.part, u.place"


def _relation(oids: Sequence[int]) -> str:
    def relatives(wanted: str, given: str, order: str) -> str:
        return f"""coalesce((
    SELECT pg_catalog.json_agg({_reference("q")}) FROM (
      SELECT k.oid, k.relname, m.nspname FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class k ON k.oid = i.{wanted} JOIN pg_catalog.pg_namespace m ON m.oid = k.relnamespace
      WHERE i.{given} = c.oid ORDER BY {order} LIMIT {MOST_CHILDREN}) AS q), '[]')"""

    return f"""
SELECT c.oid, 0, pg_catalog.json_build_object(
  'parents', {relatives("inhparent", "inhrelid", "i.inhseqno")},
  'children', {relatives("inhrelid", "inhparent", "m.nspname, k.relname")},
  'partition_key', (
    SELECT CASE p.partstrat WHEN 'r' THEN 'RANGE' WHEN 'l' THEN 'LIST' ELSE 'HASH' END
      || ' (' || {_attribute_list("p.partattrs::pg_catalog.int2[]", "p.partrelid")} || ')'
    FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = c.oid),
  'server', (
    SELECT s.srvname FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver
    WHERE f.ftrelid = c.oid))
FROM pg_catalog.pg_class c
WHERE c.oid IN ({_list(oids)}) AND {_may_read("c")}
"""


def _columns(oids: Sequence[int]) -> str:
    """`e` is the column's type or, of an array, its element's; `base` is what `e` is when its domains are opened."""
    return f"""
SELECT a.attrelid, a.attnum, pg_catalog.json_build_object(
  'name', a.attname,
  'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
  'stands_for', pg_catalog.left(CASE e.typtype
    WHEN 'd' THEN pg_catalog.format_type(base.oid, base.modifier)
    WHEN 'c' THEN {fields_of("e.typrelid")}
    WHEN 'r' THEN (
      SELECT 'range of ' || pg_catalog.format_type(r.rngsubtype, NULL) FROM pg_catalog.pg_range r
      WHERE r.rngtypid = e.oid AND e.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace)
    END, {LONGEST_TYPE}),
  'nullable', NOT (a.attnotnull OR t.typnotnull),
  'primary_key', coalesce(a.attnum = ANY (k.indkey), false),
  'comment', pg_catalog.left(d.description, {LONGEST_COMMENT}),
  'enum_values', coalesce((
    SELECT pg_catalog.json_agg(l.enumlabel ORDER BY l.enumsortorder) FROM (
      SELECT l.enumlabel, l.enumsortorder FROM pg_catalog.pg_enum l
      WHERE l.enumtypid IN (base.oid, base.element) ORDER BY l.enumsortorder LIMIT {MOST_LABELS}) AS l), '[]'),
  'generated', CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END,
  'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
  'readable', coalesce(pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT'), false))
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_type e
  ON e.oid = CASE WHEN t.typtype = 'b' AND t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
CROSS JOIN LATERAL (
  WITH RECURSIVE opened AS (
    SELECT e.oid, e.typelem AS element, e.typbasetype AS inner_type, e.typtypmod AS inner_modifier, -1 AS modifier,
      0 AS depth
    UNION ALL
    SELECT y.oid, y.typelem, y.typbasetype, y.typtypmod, o.inner_modifier, o.depth + 1
    FROM opened o JOIN pg_catalog.pg_type y ON y.oid = o.inner_type)
  SELECT o.oid, o.element, o.modifier FROM opened o ORDER BY o.depth DESC LIMIT 1) AS base
LEFT JOIN pg_catalog.pg_index k ON k.indrelid = a.attrelid AND k.indisprimary
LEFT JOIN pg_catalog.pg_description d
  ON d.objoid = a.attrelid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = a.attnum
WHERE a.attrelid IN ({_list(oids)}) AND a.attnum > 0 AND NOT a.attisdropped
"""


def _frequent_values(oids: Sequence[int], names: Sequence[str]) -> str:
    """The most common values of short text columns with few distinct ones."""
    return f"""
SELECT c.oid, a.attnum, pg_catalog.json_build_object('column', s.attname, 'values', coalesce(
  (SELECT pg_catalog.json_agg(v.value ORDER BY v.place)
   FROM pg_catalog.unnest(s.most_common_vals::pg_catalog.text::pg_catalog.text[]) WITH ORDINALITY AS v(value, place)
   WHERE v.place <= {FREQUENT_VALUES} AND pg_catalog.length(v.value) <= {_LONGEST_VALUE}), '[]'))
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.inherited = (c.relkind = 'p')
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.oid IN ({_list(oids)}) AND s.tablename IN ({_literals(names)})
  AND t.typcategory = 'S' AND s.most_common_vals IS NOT NULL
  AND s.avg_width <= {_LONGEST_VALUE} AND s.n_distinct > -0.5
  AND (CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * c.reltuples ELSE s.n_distinct END) <= {_MOST_DISTINCT}
"""


def _foreign_keys(oids: Sequence[int]) -> str:
    """Keys whose target may be read. One to a partitioned table has copies to its partitions, which say nothing."""
    return f"""
SELECT k.conrelid, pg_catalog.row_number() OVER (ORDER BY k.conrelid, k.conkey, k.conname),
  pg_catalog.json_build_object(
    'columns', {_attribute_names("k.conkey", "k.conrelid")},
    'referenced', {_attribute_names("k.confkey", "k.confrelid")},
    'target', (SELECT {_reference("q")} FROM (SELECT c.oid, c.relname, n.nspname) AS q))
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conrelid IN ({_list(oids)}) AND {_may_read("c")}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.oid = k.conparentid AND o.conrelid = k.conrelid)
"""


def _indexes(oids: Sequence[int]) -> str:
    """A line each, such as `nome_idx (nome), unique`."""
    return f"""
SELECT i.indrelid, pg_catalog.row_number() OVER (ORDER BY i.indisprimary DESC, x.relname),
  pg_catalog.to_json(x.relname || ' ('
    || {_attribute_list("(i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1]", "i.indrelid")} || ')'
    || CASE WHEN i.indisprimary THEN ', primary key' WHEN i.indisunique THEN ', unique' ELSE '' END
    || CASE WHEN i.indpred IS NOT NULL THEN ', partial' ELSE '' END)
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid IN ({_list(oids)}) AND i.indislive
"""


def fields_of(relation: str) -> str:
    """Return the expression for the fields of a composite type whose pg_class oid is `relation`: `(rua text, …)`."""
    return f"""'(' || (
      SELECT pg_catalog.string_agg(
        pg_catalog.quote_ident(f.attname) || ' ' || pg_catalog.format_type(f.atttypid, f.atttypmod), ', '
        ORDER BY f.attnum)
      FROM pg_catalog.pg_attribute f WHERE f.attrelid = {relation} AND f.attnum > 0 AND NOT f.attisdropped) || ')'"""


def _may_read(relation: str) -> str:
    schema = _MAY_ENTER.format(schema=f"{relation}.relnamespace")
    return f"{schema} AND {_MAY_SELECT.format(relation=relation)}"


def _attribute_names(numbers: str, relation: str) -> str:
    return f"""(SELECT pg_catalog.json_agg(a.attname ORDER BY u.place)
    FROM pg_catalog.unnest({numbers}) WITH ORDINALITY AS u(attnum, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = {relation} AND a.attnum = u.attnum)"""


def _attribute_list(numbers: str, relation: str) -> str:
    """The columns as one text; an expression, whose number is 0, is only said to be one."""
    return f"""(SELECT pg_catalog.string_agg(coalesce(a.attname::pg_catalog.text, 'expression'), ', ' ORDER BY u.place)
      FROM pg_catalog.unnest({numbers}) WITH ORDINALITY AS u(attnum, place)
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = {relation} AND a.attnum = u.attnum AND u.attnum > 0)"""


def _reference(row: str) -> str:
    return (
        f"pg_catalog.json_build_object('schema', {row}.nspname, 'name', {row}.relname, "
        f"'visible', coalesce(pg_catalog.pg_table_is_visible({row}.oid), false))"
    )


def _literals(names: Sequence[str]) -> str:
    # standard_conforming_strings is on in every transaction of ours
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names)


def _list(oids: Sequence[int]) -> str:
    return ", ".join(str(int(oid)) for oid in oids)
