"""Ordinary analytical SQL gives exactly what the server gives without the guard: names, types' text, order, rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo as libpq
from psycopg import pq

from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.config import Config
from sqlagent_tui.database.results import decode
from tests.fix_guard import Client, Guard
from tests.statements import Entry, read

FOLDER = Path(__file__).parent / "queries"
FAMILIES = sorted(path.stem for path in FOLDER.glob("*.sql"))
LIMITS = Config().limits.answer()
"""Those of the model's final answer, the cost gate among them."""
_LONGEST = 1_000_000
"""Characters of a value: more than any of these queries yields."""


def test_the_corpus_is_large_and_says_nothing_twice() -> None:
    texts = [entry.sql for family in FAMILIES for entry in read(FOLDER / f"{family}.sql")]
    assert len(texts) >= 350
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "postgis"])
def test_the_guard_changes_nothing_about_the_result(
    direct_guard: Guard, connect: Callable[..., Client], family: str
) -> None:
    _compare(direct_guard.reader, connect(direct_guard.reader, LIMITS), family)


def test_nor_about_geometries(postgis: str, connect: Callable[..., Client]) -> None:
    way = libpq.make_conninfo(postgis, options='-c search_path=public,"Geo"')
    _compare(way, connect(way, LIMITS), "postgis")


def _compare(way: str, client: Client, family: str) -> None:
    wrong = []
    with psycopg.connect(way, autocommit=True) as plain:
        has = {"postgis", *(["libxml"] if _has_xml(plain) else [])}
        for entry in read(FOLDER / f"{family}.sql"):
            if plain.info.server_version >= entry.since * 10_000 and (entry.needs is None or entry.needs in has):
                wrong += [f"{family}.sql:{entry.line}: {problem}" for problem in _problems(plain, client, entry)]
    assert not wrong, "\n".join(wrong)


def _problems(plain: psycopg.Connection, client: Client, entry: Entry) -> list[str]:
    expected = plain.pgconn.exec_(entry.sql.encode())
    if expected.status != pq.ExecStatus.TUPLES_OK or not expected.ntuples:
        return [f"the query is none: {decode(expected.error_message) or 'no rows'}"]
    result = client.run(entry.sql, max_value_chars=_LONGEST)
    if isinstance(result, StatementError):
        return [str(result)]
    names = [decode(expected.fname(field) or b"") for field in range(expected.nfields)]
    if [column.name for column in result.columns] != names:
        return [f"{result.columns} instead of {names}"]
    rows = []
    for row in range(expected.ntuples):
        values = (expected.get_value(row, field) for field in range(expected.nfields))
        rows.append(tuple(None if value is None else decode(value) for value in values))
    if result.truncated or result.shortened_values or (len(result.rows) != len(rows) and not entry.varies):
        return [f"{len(result.rows)} rows instead of {len(rows)}"]
    different = [] if entry.varies else [pair for pair in zip(result.rows, rows, strict=True) if pair[0] != pair[1]]
    return [f"{got} instead of {wanted}" for got, wanted in different]


def _has_xml(plain: psycopg.Connection) -> bool:
    try:
        plain.execute("SELECT '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        return False
    return True


def test_many_rows_in_many_chunks(reader: Client) -> None:
    result = reader.rows("SELECT g, 'v' || g, NULL::text FROM generate_series(1, 50000) g", max_rows=100_000)
    assert [row[0] for row in result.rows] == [str(number) for number in range(1, 50_001)]
    assert not result.truncated
