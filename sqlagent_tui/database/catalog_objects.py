"""What a database defines beside its relations: functions and types, by name, in one query.

Those of an extension are left out (PostGIS alone has hundreds), and so is what the role may not use. As in
`catalog_sql`, nothing here opens a relation; a function's defaults, which might, are not asked for. Nor are
procedures: CALL is no query.
"""

from __future__ import annotations

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.results import MOST_LABELS, SchemaObject
from sqlagent_tui.database.catalog import RunQuery, decode_all
from sqlagent_tui.database.catalog_sql import LONGEST_COMMENT, LONGEST_TYPE, fields_of, own_schemas


def read_objects(run: RunQuery, cancel: CancelToken) -> tuple[SchemaObject, ...]:
    """Return the database's own functions and types that the role may use, by schema and name."""
    return decode_all((row[0] for row in run(_OBJECTS, cancel).rows), SchemaObject)


def _object(schema: str, name: str, kind: str, visible: str, definition: str, comment: str) -> str:
    return f"""pg_catalog.json_build_object('schema', {schema}, 'name', {name}, 'kind', {kind}, 'visible', {visible},
    'definition', pg_catalog.left({definition}, {LONGEST_TYPE}),
    'comment', pg_catalog.left({comment}, {LONGEST_COMMENT}))"""


def _own(catalogue: str, oid: str) -> str:
    """Neither an extension's nor made along with something else, as a range's constructors are."""
    return f"""NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend e
    WHERE e.classid = 'pg_catalog.{catalogue}'::pg_catalog.regclass AND e.objid = {oid} AND e.deptype IN ('e', 'i'))"""


_FUNCTION_KIND = """CASE p.prokind
    WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function' ELSE 'function' END"""
_SIGNATURE = """'(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')'
      || coalesce(' -> ' || pg_catalog.pg_get_function_result(p.oid), '')
      || CASE p.provolatile WHEN 'v' THEN ' VOLATILE' ELSE '' END"""
_TYPE_KIND = """CASE t.typtype
    WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite type' ELSE 'range' END"""
_DEFINITION = f"""CASE t.typtype
    WHEN 'e' THEN (
      SELECT pg_catalog.string_agg(l.enumlabel, ', ' ORDER BY l.enumsortorder) FROM (
        SELECT e.enumlabel, e.enumsortorder FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid
        ORDER BY e.enumsortorder LIMIT {MOST_LABELS}) AS l)
    WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
      || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
    WHEN 'c' THEN {fields_of("t.typrelid")}
    ELSE (SELECT pg_catalog.format_type(r.rngsubtype, NULL) FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
    END"""

_OBJECTS = f"""
WITH schema AS MATERIALIZED ({own_schemas()}), object AS (
  SELECT 1 AS place, n.nspname, p.proname AS name, {
    _object(
        "n.nspname",
        "p.proname",
        _FUNCTION_KIND,
        "pg_catalog.pg_function_is_visible(p.oid)",
        _SIGNATURE,
        "d.description",
    )
} AS data
  FROM pg_catalog.pg_proc p
  JOIN schema n ON n.oid = p.pronamespace
  LEFT JOIN pg_catalog.pg_description d
    ON d.objoid = p.oid AND d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objsubid = 0
  WHERE p.prokind <> 'p' AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
    AND p.prorettype NOT IN ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
    AND {_own("pg_proc", "p.oid")}
  UNION ALL
  SELECT 2, n.nspname, t.typname, {
    _object("n.nspname", "t.typname", _TYPE_KIND, "pg_catalog.pg_type_is_visible(t.oid)", _DEFINITION, "d.description")
}
  FROM pg_catalog.pg_type t
  JOIN schema n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  LEFT JOIN pg_catalog.pg_description d
    ON d.objoid = t.oid AND d.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objsubid = 0
  WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
    AND pg_catalog.has_type_privilege(t.oid, 'USAGE') AND {_own("pg_type", "t.oid")}
)
SELECT o.data FROM object o ORDER BY o.place, o.nspname, o.name
"""
