"""How much a large catalogue costs, counted: statements sent, rows and bytes held."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import StatementFinished, StatementStarted
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import TableInfo, TableName, UnknownTable
from tests.fix_catalogue import Ways, database_of, many_tables
from tests.fix_guard import Client
from tests.fix_servers import Cluster

TABLES, COLUMNS, PARTITIONS = 1_000, 20, 100
NAME = f"grande_{os.getpid()}"


@pytest.fixture(scope="module")
def large(server_18: Cluster) -> Iterator[Ways]:
    reader = f"{NAME}_leitor"
    schema = many_tables(reader, tables=TABLES, columns=COLUMNS, partitions=PARTITIONS)
    with database_of(server_18, NAME, reader, schema) as ways:
        yield ways


@pytest.fixture
def client(large: Ways, connect: Callable[..., Client]) -> Client:
    return connect(large.reader)


def statements(client: Client) -> list[StatementFinished]:
    """What became of each statement since the last look."""
    started = sum(isinstance(event, StatementStarted) for event in client.events)
    finished = [event for event in client.events if isinstance(event, StatementFinished)]
    client.events.clear()
    assert started == len(finished)
    assert {event.origin for event in finished} <= {"schema", "setup"}
    return finished


def describe(client: Client, names: Sequence[str]) -> list[TableInfo | UnknownTable]:
    return list(client.database.describe(names, CancelToken()))


def test_names_are_one_statement_and_a_row_a_table(client: Client) -> None:
    statements(client)
    tables = client.database.tables(CancelToken())
    (names,) = statements(client)
    assert len(tables) == names.row_count == TABLES + 1
    assert names.bytes < 150 * names.row_count
    serie = next(table for table in tables if table.name == "serie")
    assert (serie.kind, serie.below) == ("partitioned table", PARTITIONS)


def test_details_are_one_statement_whatever_is_asked(client: Client) -> None:
    tables: Sequence[TableName] = client.database.tables(CancelToken())
    statements(client)
    for asked in (tables[:1], tables[:50]):
        infos = describe(client, [table.reference for table in asked])
        assert [info.table for info in infos if isinstance(info, TableInfo)] == list(asked)
        (details,) = statements(client)
        assert details.row_count == len(asked) * (COLUMNS + 1)
        assert details.bytes < 500 * details.row_count


def test_a_partition_costs_two_statements_more_and_an_invented_name_too(client: Client) -> None:
    client.database.tables(CancelToken())
    statements(client)
    (partition,) = describe(client, ["legado.serie_7"])
    assert isinstance(partition, TableInfo)
    assert [result.row_count for result in statements(client)] == [TABLES + 1, 1, COLUMNS + 1]
    (unknown,) = describe(client, ["legado.tabela_9999999"])
    assert isinstance(unknown, UnknownTable)
    assert len(unknown.suggestions) == 3
    assert [result.row_count for result in statements(client)] == [TABLES + 1, 0]


def test_bounds_meant_for_results_do_not_cut_the_catalogue(large: Ways, connect: Callable[..., Client]) -> None:
    client = connect(large.reader, Limits(max_rows=10, max_bytes=1_000, max_value_chars=5))
    assert len(client.database.tables(CancelToken())) == TABLES + 1
    (info,) = describe(client, ["legado.tabela_00001"])
    assert isinstance(info, TableInfo)
    assert len(info.columns) == COLUMNS


def test_the_check_of_the_role_is_one_statement_and_a_few_rows(client: Client) -> None:
    (_setup, check) = statements(client)
    assert check.row_count <= 3
    assert check.bytes < 500
    assert client.database.info.role.badge == "ok"
