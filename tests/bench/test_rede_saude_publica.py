"""The health network: a database that is the same on every server and true to itself, and what is asked about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import psycopg
import pytest
from psycopg import conninfo as libpq

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.bench.databases import open_suite_database
from sqlagent_tui.bench.fingerprint import digest, fingerprint
from sqlagent_tui.bench.suite import find_suite
from sqlagent_tui.bench.validation import validate
from sqlagent_tui.config import Config
from sqlagent_tui.database.postgres import PostgresDatabase
from tests.fix_servers import Cluster

SUITE: Final = find_suite("rede_saude_publica")
ROWS: Final = "73bdd8ab7b412311"
"""Of all tables. It changes with data.sql and with nothing else."""

TABLES: Final = """
SELECT relname, obj_description(c.oid) FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
CODES: Final = """
SELECT attrelid::regclass || '.' || attname, col_description(attrelid, attnum)
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND atttypid = 'bpchar'::regtype
    AND atttypmod = 5
UNION SELECT table_column, col_description(split_part(table_column, '.', 1)::regclass, attnum)
FROM unnest(ARRAY['paciente.raca_cor', 'agendamento.situacao', 'atendimento.classificacao_risco',
    'internacao.motivo_saida']) AS table_column
JOIN pg_attribute ON attrelid = split_part(table_column, '.', 1)::regclass
    AND attname = split_part(table_column, '.', 2)
"""
IMPOSSIBLE: Final = {
    "a bed that is said to be taken without a patient, or the other way round": """
        SELECT id FROM leito l WHERE (situacao = 'O')
            <> EXISTS (SELECT FROM internacao i WHERE i.leito_id = l.id AND i.saida IS NULL)""",
    "two patients in one bed, or one patient in two": """
        SELECT a.id FROM internacao a JOIN internacao b ON b.id > a.id
            AND (b.leito_id = a.leito_id OR b.paciente_id = a.paciente_id)
            AND b.entrada < coalesce(a.saida, 'infinity') AND a.entrada < coalesce(b.saida, 'infinity')""",
    "somebody treated after death": """
        SELECT p.id FROM paciente p JOIN atendimento a ON a.paciente_id = p.id AND a.inicio::date > p.data_obito
        UNION ALL SELECT p.id FROM paciente p
            JOIN internacao i ON i.paciente_id = p.id AND i.entrada::date > p.data_obito
        UNION ALL SELECT p.id FROM paciente p
            JOIN aplicacao_vacina a ON a.paciente_id = p.id AND a.data_aplicacao > p.data_obito""",
    "a death in hospital that the patient's own record doesn't know": """
        SELECT i.id FROM internacao i JOIN paciente p ON p.id = i.paciente_id
        WHERE i.motivo_saida = 3 AND p.data_obito IS DISTINCT FROM i.saida::date""",
    "a record that was deleted as a duplicate and goes on living": """
        SELECT p.id FROM paciente p WHERE p.excluido_em IS NOT NULL AND (
            EXISTS (SELECT FROM atendimento a WHERE a.paciente_id = p.id)
            OR EXISTS (SELECT FROM internacao i WHERE i.paciente_id = p.id)
            OR EXISTS (SELECT FROM dispensacao d WHERE d.paciente_id = p.id))""",
    "a professional at work where they had no post": """
        SELECT a.id FROM atendimento a WHERE NOT EXISTS (SELECT FROM vinculo v
            WHERE v.profissional_id = a.profissional_id AND v.unidade_id = a.unidade_id
            AND a.inicio::date BETWEEN v.data_inicio AND coalesce(v.data_fim, DATE '2025-06-30'))""",
    "a booking that took place without an encounter, or the other way round": """
        SELECT g.id FROM agendamento g LEFT JOIN atendimento a ON a.agendamento_id = g.id
        WHERE (g.situacao = 2) <> (a.id IS NOT NULL)""",
    "a closed unit that goes on working": """
        SELECT u.id FROM unidade_saude u
            JOIN atendimento a ON a.unidade_id = u.id AND a.inicio::date > u.data_fechamento
        UNION ALL SELECT u.id FROM unidade_saude u
            JOIN vinculo v ON v.unidade_id = u.id AND u.data_fechamento IS NOT NULL AND v.data_fim IS NULL""",
    "a dose from a batch that had not come or was no longer good": """
        SELECT a.id FROM aplicacao_vacina a JOIN lote_vacina l ON l.id = a.lote_id
        WHERE a.data_aplicacao NOT BETWEEN l.data_recebimento AND l.validade""",
    "a batch of which more was used than came": """
        SELECT l.id FROM lote_vacina l JOIN aplicacao_vacina a ON a.lote_id = l.id
        GROUP BY l.id HAVING count(*) > l.quantidade""",
    "something that happened after today, bookings and expiry aside": """
        SELECT 'atendimento' FROM atendimento WHERE coalesce(fim, inicio) >= DATE '2025-07-01'
        UNION ALL SELECT 'internacao' FROM internacao WHERE coalesce(saida, entrada) >= DATE '2025-07-01'
        UNION ALL SELECT 'exame' FROM exame WHERE greatest(data_resultado, data_coleta) > DATE '2025-06-30'
        UNION ALL SELECT 'vinculo' FROM vinculo WHERE greatest(data_inicio, data_fim) > DATE '2025-06-30'
        UNION ALL SELECT 'paciente' FROM paciente WHERE greatest(data_cadastro, data_obito) > DATE '2025-06-30'
        UNION ALL SELECT 'dose' FROM aplicacao_vacina WHERE greatest(data_aplicacao, estornada_em) >= DATE '2025-07-01'
        UNION ALL SELECT 'dispensacao' FROM dispensacao WHERE data_dispensacao > DATE '2025-06-30'""",
}


@pytest.fixture(scope="module")
def reader(health_conninfo: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(health_conninfo, autocommit=True) as connection:
        yield connection


def rows(reader: psycopg.Connection, sql: str) -> list[tuple[object, ...]]:
    return reader.execute(sql.encode()).fetchall()


def test_the_rows_are_those_that_were_published(health_conninfo: str) -> None:
    with closing(PostgresDatabase.connect(health_conninfo)) as database:
        found = fingerprint(database, CancelToken())
    assert digest(found) == ROWS, found


def test_another_version_of_the_server_makes_the_same_rows(server_15: Cluster) -> None:
    with psycopg.connect(server_15.conninfo(), autocommit=True) as admin:
        admin.execute("CREATE ROLE saude LOGIN CREATEDB")
        try:
            way = libpq.make_conninfo(server_15.conninfo(), user="saude")
            with (
                open_suite_database(SUITE, lambda *_: None, server=way) as target,
                closing(target.connect(Config())) as database,
            ):
                assert digest(fingerprint(database, CancelToken())) == ROWS
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {SUITE.database.name} WITH (FORCE)".encode())
            admin.execute("DROP ROLE saude")


def test_nothing_is_drawn_from_the_clock_or_by_chance() -> None:
    texts = [(SUITE.folder / name).read_text("utf-8") for name in SUITE.database.scripts]
    texts += [gold for item in SUITE.items for gold in (*item.gold, *item.reply_gold)]
    code = re.sub(r"--[^\n]*", "", "\n".join(texts))
    drawn = r"\b(random|setseed|now|clock_timestamp|gen_random_uuid|hashtext\w*)\s*\(|\b(current|local)_?(date|time)"
    assert re.findall(drawn, code, re.IGNORECASE) == []


def test_what_made_the_rows_is_gone(reader: psycopg.Connection) -> None:
    schemas = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
    assert rows(reader, schemas) == [("public",)]
    assert rows(reader, "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == []


def test_tables_and_codes_are_explained(reader: psycopg.Connection) -> None:
    tables, codes = rows(reader, TABLES), rows(reader, CODES)
    assert len(tables) == 18
    assert [name for name, comment in tables if not comment] == []
    assert len(codes) == 11
    assert [name for name, comment in codes if " = " not in str(comment)] == []


@pytest.mark.parametrize("sql", IMPOSSIBLE.values(), ids=list(IMPOSSIBLE))
def test_the_network_is_possible(sql: str, reader: psycopg.Connection) -> None:
    assert rows(reader, sql) == []


def test_seasons_show(reader: psycopg.Connection) -> None:
    monthly = """SELECT extract(month FROM a.inicio)::int, count(*) FROM atendimento a JOIN cid c ON c.id = a.cid_id
        WHERE c.codigo = '{}' AND a.inicio < DATE '2025-01-01' GROUP BY 1"""
    dengue, pneumonia = (dict(rows(reader, monthly.format(code))) for code in ("A90", "J18.9"))
    assert sum(dengue[month] for month in (2, 3, 4)) > 5 * sum(dengue[month] for month in (8, 9, 10))
    assert sum(pneumonia[month] for month in (5, 6, 7)) > 2 * sum(pneumonia[month] for month in (12, 1, 2))


def test_its_golds_are_sound(health_conninfo: str) -> None:
    with closing(PostgresDatabase.connect(health_conninfo)) as database:
        result = validate(SUITE, database, Limits(max_rows=1_000), CancelToken())
    assert result.sound, result.faults
    # Months and shares may be written in several ways; nothing else is left to a reader to know.
    assert {fault.kind for fault in result.faults} == {"alternative"}


def test_every_table_is_asked_about_twice(reader: psycopg.Connection) -> None:
    words = Counter(word for item in SUITE.items if item.gold for word in set(re.findall(r"\w+", item.gold[0])))
    assert {name: words[str(name)] for name, _ in rows(reader, TABLES) if words[str(name)] < 2} == {}
