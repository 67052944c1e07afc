"""Attacks by the hundred, on two servers, in three roles, directly and through a pooler: nothing is changed, ever."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from sqlagent_tui.agent.results import QueryResult, StatementError
from tests.fingerprint import LOG_OF_CHANGES
from tests.fix_guard import Client
from tests.fix_target import Target
from tests.statements import Entry, read

FOLDER = Path(__file__).parent / "attacks"
FAMILIES = sorted(path.stem for path in FOLDER.glob("*.sql"))
_MILLISECONDS = {"exhaustion": 25}
"""Time given to each statement of a family whose statements all use it up."""


def test_the_suite_is_large_and_says_nothing_twice() -> None:
    texts = [entry.sql for family in FAMILIES for entry in read(FOLDER / f"{family}.sql")]
    assert len(texts) >= 1_000
    assert len(FAMILIES) >= 20
    assert len(set(texts)) == len(texts), [text for text in texts if texts.count(text) > 1]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("way", ["direct", "transaction"])
@pytest.mark.parametrize("role", ["reader", "owner", "superuser"])
def test_no_attack_leaves_anything(target: Target, role: str, way: str, family: str) -> None:
    client = target.client(role, way)
    entries = [entry for entry in read(FOLDER / f"{family}.sql") if target.has(entry)]
    session = _state_of_session(client)
    succeeded: list[str] = []
    changes = target.changes_by(lambda: succeeded.extend(_succeeding(target, client, entries, family)))
    if changes:
        pytest.fail("\n".join(_culprits(target, client, entries, family)) or f"together: {changes}")
    assert not succeeded, "\n".join(succeeded)
    assert client.rows("SELECT count(*) FROM conta").rows == (("200",),)
    assert _state_of_session(client) == session


def _succeeding(target: Target, client: Client, entries: list[Entry], family: str) -> Iterator[str]:
    """Run all; yield those that gave rows although they should have been refused."""
    for entry in entries:
        outcome = _run(target, client, entry, family)
        if isinstance(outcome, QueryResult) and not entry.harmless and family not in _MILLISECONDS:
            yield f"{family}.sql:{entry.line}: {entry.sql} → {outcome.rows[:1]}"


def _culprits(target: Target, client: Client, entries: list[Entry], family: str) -> Iterator[str]:
    for entry in entries:
        if changes := target.changes_by(partial(_run, target, client, entry, family)):
            yield f"{family}.sql:{entry.line}: {entry.sql} → {changes}"


def _run(target: Target, client: Client, entry: Entry, family: str) -> QueryResult | StatementError:
    limits = {"statement_timeout_ms": _MILLISECONDS[family]} if family in _MILLISECONDS else {}
    return client.run(target.fill(entry.sql), **limits)


def _state_of_session(client: Client) -> dict[str | None, str | None]:
    """What a statement could have left in the session that the next one runs in."""
    return dict(
        client.rows(
            "VALUES ('roles', concat_ws(' ', current_user, session_user)), "
            "('cursors', (SELECT string_agg(name, ' ') FROM pg_cursors WHERE is_holdable)), "
            "('prepared', (SELECT string_agg(name, ' ') FROM pg_prepared_statements)), "
            "('channels', (SELECT string_agg(c, ' ') FROM pg_listening_channels() c)), "
            "('temporary', pg_my_temp_schema()::text) "
            # Settings with a dot come into being with the library that they belong to.
            "UNION ALL SELECT name, setting FROM pg_settings WHERE name <> 'statement_timeout' AND name !~ '[.]'",
            max_rows=1_000,
        ).rows
    )


@pytest.mark.parametrize(
    ("change", "undo", "where"),
    [
        ("SELECT pg_advisory_lock(1)", "SELECT pg_advisory_unlock(1)", "locks"),
        ("UPDATE conta SET saldo = saldo WHERE id = 1", "", "conta"),
        ("SELECT nextval('contador')", "", "contador"),
        ("COMMENT ON TABLE conta IS 'x'", "", "pg_description"),
        ("ALTER ROLE CURRENT_USER SET work_mem = '1MB'", "ALTER ROLE CURRENT_USER RESET ALL", "pg_db_role_setting"),
        ("SELECT lo_create(99)", "SELECT lo_unlink(99)", "pg_largeobject_metadata"),
        ("CREATE TABLE nova ()", "DROP TABLE nova", "nova"),
        ("SELECT pg_logical_emit_message(false, 'x', 'y')", "", LOG_OF_CHANGES),
        ("SELECT pg_current_xact_id()", "", "next transaction"),
        ("SELECT pg_stat_reset()", "", "statistics were reset"),
        ("SELECT pg_reload_conf(), pg_sleep(0.2)", "", "configuration was loaded"),
        ("ALTER SYSTEM SET work_mem = '1MB'", "ALTER SYSTEM RESET ALL", "postgresql.auto.conf"),
        ("SELECT pg_create_physical_replication_slot('x')", "SELECT pg_drop_replication_slot('x')", "slots"),
        ("SELECT pg_replication_origin_create('x')", "SELECT pg_replication_origin_drop('x')", "pg_replication_origin"),
        (
            "BEGIN; DELETE FROM vazia; PREPARE TRANSACTION 'x'",
            "ROLLBACK PREPARED 'x'",
            "prepared transactions",
        ),
        ("BEGIN; LOCK TABLE conta IN SHARE MODE", "ROLLBACK", "locks"),
        ("BEGIN", "ROLLBACK", "connections"),
        ("COPY conta TO '{scratch}/copia'", "", "scratch/copia"),
        ("COPY (SELECT 1) TO PROGRAM 'touch {data}/fremd'", "", "files"),
        (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fingerprint'",
            "",
            "times cut",
        ),
    ],
)
def test_the_fingerprint_sees_changes(target: Target, change: str, undo: str, where: str) -> None:
    with psycopg.connect(target.guard.direct, autocommit=True) as admin:

        def run(sql: str) -> None:
            for statement in target.fill(sql).split("; "):
                admin.execute(statement.encode())

        assert where in target.changes_by(lambda: run(change))
        if undo:
            run(undo)


def _residue() -> list[tuple[str, str, str]]:
    """The table of docs/safety.md: statement, what remains, where."""
    text = (Path(__file__).parents[2] / "docs" / "safety.md").read_text("utf-8")
    rows = re.findall(r"^\| `(SELECT .+?)` \| .+? \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    assert len(rows) >= 5
    return rows


@pytest.mark.parametrize("role", ["reader", "superuser"])
@pytest.mark.parametrize(("sql", "remains", "where"), _residue(), ids=[row[0][7:] for row in _residue()])
def test_what_remains_is_what_the_document_says(target: Target, role: str, sql: str, remains: str, where: str) -> None:
    client = target.client(role, "direct")
    there = where == "every version" or where in target.extensions
    if not there and not (where == "15 and older" and target.major <= 15):
        assert target.changes_by(lambda: client.run(sql)) == {}
        return
    changes = target.changes_by(lambda: client.rows(sql))
    assert changes.keys() == set(remains.split(", "))


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM conta", "not DELETE"),
        ("COMMIT; DELETE FROM conta", "not COMMIT"),
        ("SELECT 1; DELETE FROM conta", "one statement"),
        ("WITH d AS (DELETE FROM conta RETURNING *) SELECT * FROM d", "Nothing may be changed"),
        ("WITH x AS (SELECT 1) DELETE FROM conta", "Nothing may be changed"),
        ("SELECT * INTO x FROM conta", "Nothing may be created"),
        ("SELECT apaga()", "declared VOLATILE"),
        ("EXPLAIN DELETE FROM conta", "not DELETE"),
        ("", "no statement"),
        (" -- only a comment", "no statement"),
    ],
)
def test_a_refusal_says_why(reader: Client, sql: str, words: str) -> None:
    error = reader.fails(sql)
    assert error.kind == "refused"
    assert words in error.message
    assert error.message.endswith(".")


def test_a_misspelt_statement_is_a_syntax_error_and_no_refusal(reader: Client) -> None:
    error = reader.fails("SELEC nome FROM conta")
    assert (error.kind, error.sqlstate, error.position) == ("database", "42601", 1)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
        "SELECT 1 WHERE 1 IN (" + ", ".join(map(str, range(20_000))) + ")",
        " UNION ALL ".join(["SELECT 1"] * 5_000),
        "SELECT " + " + ".join(["1"] * 20_000),
        "SELECT " + ", ".join(["1"] * 1_664),
        "SELECT " + ", ".join(["1"] * 1_665),
        "SELECT 1 AS " + "a" * 100_000,
        "SELECT '" + "x" * 5_000_000 + "'",
        "SELECT 1 /*" + "/*" * 50_000,
        "SELECT 1 " + ("/*" * 250 + " ") * 490,
        "SELECT 1 " + "+" * 200_000 + "1",
        "SELECT 1 " + "-+" * 100_000 + "1",
        "SELECT 1 " + "=" * 200_000 + "1",
        "SELECT " + "$a$ $b" * 40_000,
        "SELECT '" + "''" * 120_000,
        "SELECT U&'" + "\\0061" * 49_000 + "'",
        "SELECT 1 " + "--\n" * 80_000,
        "SELECT " + '"a".' * 5_000 + "b",
        "SELECT 'a' ~ '" + "(a|b)*" * 2_000 + "'",
        "SELECT to_tsquery('" + "a & " * 50_000 + "a')",
        "SELECT " + "NOT " * 20_000 + "true",
        "SELECT " + "'a' || " * 10_000 + "'a'",
        "WITH " + ", ".join(f"c{n} AS (SELECT {n})" for n in range(1_000)) + " SELECT * FROM c999",
        "SELECT * FROM " + ", ".join(f"conta c{n}" for n in range(60)),
        "SELECT " + "coalesce(" * 5_000 + "1" + ")" * 5_000,
        "SELECT '" + "[" * 50_000 + "'::jsonb",
    ],
    ids=lambda sql: f"{len(sql)} of {sql[7:24]}",
)
def test_oversized_statements_are_survived(target: Target, sql: str) -> None:
    client = target.client("reader", "direct")
    started = time.monotonic()
    assert target.changes_by(lambda: client.run(sql, statement_timeout_ms=200)) == {}
    assert time.monotonic() - started < 10.0, "no timeout reaches it"
    assert client.rows("SELECT 7").rows == (("7",),)
