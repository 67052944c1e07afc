"""What a result's column types are called, which of them are unbounded, and how their values become readable text."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from psycopg import pq

from sqlagent_tui.agent.results import Column
from sqlagent_tui.database.results import decode

TypeKey = tuple[int, int]
"""Type oid and modifier."""

# Base types of variable length whose text stays short, whatever they hold: numeric, inet, cidr.
_SHORT = frozenset({1700, 869, 650})
_BPCHAR = 1042
# bpchar, varchar, bit and varbit: bounded by their modifier, when they have one that isn't huge itself.
_LENGTH_TYPES = frozenset({_BPCHAR, 1043, 1560, 1562})
_LONGEST_MODIFIER = 4_096


class ValueType(msgspec.Struct, frozen=True):
    """One type of a result's column."""

    name: str
    """As `format_type` prints it: `numeric(12,2)`, `geometry(Point,4674)`, …"""
    unbounded: bool
    """A value's text may be of any length."""
    as_text: str = "{}::pg_catalog.text"
    """An SQL expression for the text of the value that stands in for `{}`."""


def lookup(wanted: Sequence[TypeKey]) -> str:
    """Return the query whose rows `read` takes, in the order of `wanted`.

    Its last column is PostGIS's own function that writes a geometry as EWKT, SRID first; the type's own text would be
    hexadecimal EWKB. What merely has the name of such a type or function isn't called: it must belong to the extension.
    """
    oids = ",".join(str(oid) for oid, _ in wanted)
    modifiers = ",".join(str(modifier) for _, modifier in wanted)
    return f"""
SELECT pg_catalog.format_type(u.oid, u.modifier), t.typlen, (
  SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname)
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_depend f
    ON f.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND f.objid = p.oid AND f.deptype = 'e'
  JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'
    AND d.refclassid = f.refclassid AND d.refobjid = f.refobjid
  JOIN pg_catalog.pg_extension e ON e.oid = f.refobjid AND e.extname = 'postgis'
  WHERE t.typname IN ('geometry', 'geography') AND p.proname = 'st_asewkt' AND p.pronargs = 1
    AND p.proargtypes[0] = t.oid AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') LIMIT 1)
FROM ROWS FROM (
  pg_catalog.unnest('{{{oids}}}'::pg_catalog.oid[]), pg_catalog.unnest('{{{modifiers}}}'::pg_catalog.int4[])
) WITH ORDINALITY AS u(oid, modifier, place)
LEFT JOIN pg_catalog.pg_type t ON t.oid = u.oid
ORDER BY u.place"""


def read(answer: pq.abc.PGresult, wanted: Sequence[TypeKey]) -> dict[TypeKey, ValueType]:
    """Return the types by their key, from the answer to `lookup(wanted)`."""
    types = {}
    for row, (oid, modifier) in enumerate(wanted):
        function = answer.get_value(row, 2)
        types[oid, modifier] = ValueType(
            name=decode(answer.get_value(row, 0) or b"???"),
            unbounded=_is_unbounded(oid, modifier, int(answer.get_value(row, 1) or b"-1")),
            as_text=_as_text(oid, decode(function) if function else None),
        )
    return types


def keys(described: pq.abc.PGresult) -> list[TypeKey]:
    """Return the type of each column of a described result."""
    return [(described.ftype(field), described.fmod(field)) for field in range(described.nfields)]


def columns(described: pq.abc.PGresult, types: Sequence[ValueType]) -> tuple[Column, ...]:
    """Return the columns of a described result, which have these types."""
    return tuple(Column(decode(described.fname(field) or b""), type_.name) for field, type_ in enumerate(types))


def _is_unbounded(oid: int, modifier: int, length: int) -> bool:
    if length >= 0 or oid in _SHORT:
        return False
    return not (oid in _LENGTH_TYPES and 0 < modifier <= _LONGEST_MODIFIER)


def _as_text(oid: int, function: str | None) -> str:
    if function:
        return function.replace("{", "{{").replace("}", "}}") + "({})"
    if oid == _BPCHAR:  # its cast to text would take the trailing blanks away
        return "pg_catalog.textin(pg_catalog.bpcharout({}))"
    return "{}::pg_catalog.text"
