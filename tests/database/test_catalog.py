from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import StatementStarted
from sqlagent_tui.agent.results import ForeignKey, TableInfo, TableName, UnknownTable
from tests.fix_guard import NOBODY, READER, Client, Guard


def names(client: Client) -> dict[str, TableName]:
    return {table.reference: table for table in client.database.tables(CancelToken())}


def describe(client: Client, name: str) -> TableInfo:
    (found,) = client.database.describe([name], CancelToken())
    assert isinstance(found, TableInfo), found
    return found


def test_what_may_be_read_is_listed_in_one_statement(reader: Client) -> None:
    reader.events.clear()
    tables = reader.database.tables(CancelToken())
    started = [event for event in reader.events if isinstance(event, StatementStarted)]
    assert [event.origin for event in started] == ["schema"]
    assert [(table.schema, table.name) for table in tables] == sorted((table.schema, table.name) for table in tables)
    found = {table.reference: table.kind for table in tables}
    assert found == {
        '"Tabela Ímpar"': "table",
        '"d\'água \\"': "table",
        "conta": "table",
        "medida": "partitioned table",
        "meia": "table",
        "outro.conta": "table",
        "outro.filha": "table",
        "saldo_guardado": "materialized view",
        "saldo_total": "view",
        "tinta": "table",
        "vazia": "table",
    }


def test_comments_estimates_and_partitions(reader: Client) -> None:
    tables = names(reader)
    assert tables['"Tabela Ímpar"'].comment == "nomes difíceis; 'aspas' e [b]marcas[/b]"
    assert tables["conta"].comment is None
    assert tables["conta"].estimated_rows == 200
    assert tables["medida"].estimated_rows == 400
    assert tables["saldo_total"].estimated_rows is None
    assert not tables["outro.conta"].visible


def test_never_analysed_is_unknown(guard: Guard, reader: Client) -> None:
    with psycopg.connect(guard.owner, autocommit=True) as owner:
        owner.execute("CREATE TABLE nova (a int)")
        try:
            assert names(reader)["nova"].estimated_rows is None
        finally:
            owner.execute("DROP TABLE nova")


def test_columns(reader: Client) -> None:
    columns = {column.name: column for column in describe(reader, "tinta").columns}
    assert list(columns) == ["id", "cor", "clara", "cores", "marca", "serie", "conta_id", "preco", "livre", "dobro"]
    assert (columns["id"].primary_key, columns["id"].nullable) == (True, False)
    assert columns["cor"].enum_values == ("verde", "azul", "cor de rosa")
    assert columns["clara"].enum_values == ("verde", "azul", "cor de rosa")
    assert (columns["cores"].type, columns["cores"].enum_values) == ("cor[]", ("verde", "azul", "cor de rosa"))
    assert columns["marca"].type == "character varying(20)"
    assert columns["marca"].frequent_values == ("Coral", "Suvinil")
    assert columns["serie"].frequent_values == ()
    assert columns["preco"].type == "numeric(8,2)"
    odd = describe(reader, '"Tabela Ímpar"').columns
    assert [column.name for column in odd] == ["Coluna Á", 'com "aspas" dentro', "select"]
    assert odd[0].comment == "comentário"
    assert describe(reader, "d'água \\").columns[0].frequent_values == ("rio", "lago")
    assert describe(reader, "vazia").columns == ()
    assert [column.name for column in describe(reader, "saldo_total").columns] == ["total"]
    assert [column.name for column in describe(reader, "saldo_guardado").columns] == ["nome", "saldo"]


def test_keys_and_indexes(reader: Client) -> None:
    tinta = describe(reader, "tinta")
    assert tinta.foreign_keys == (ForeignKey(("conta_id",), "conta", ("id",)),)
    assert tinta.indexes == ("tinta_pkey (id), primary key", "tinta_marca (marca, expression), partial")
    assert describe(reader, "outro.filha").foreign_keys == (ForeignKey(("b", "a"), "outro.conta", ("ref_b", "ref_a")),)
    assert [column.name for column in describe(reader, "outro.conta").columns if column.primary_key] == [
        "ref_a",
        "ref_b",
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("conta", ("public", "conta")),
        ("CONTA", ("public", "conta")),
        ('"conta"', ("public", "conta")),
        (" public.conta ", ("public", "conta")),
        ('"public"."conta"', ("public", "conta")),
        ("outro.Conta", ("outro", "conta")),
        ("filha", ("outro", "filha")),
        ("Tabela Ímpar", ("public", "Tabela Ímpar")),
        ("tabela impar", ("public", "Tabela Ímpar")),
        ('public."tabela IMPAR"', ("public", "Tabela Ímpar")),
        ("saldo_tótal", ("public", "saldo_total")),
    ],
)
def test_a_name_is_found_however_it_is_written(reader: Client, asked: str, found: tuple[str, str]) -> None:
    table = describe(reader, asked).table
    assert (table.schema, table.name) == found


@pytest.mark.parametrize(
    ("asked", "suggestion"),
    [
        ("contas", "conta"),
        ("saldo_gardado", "saldo_guardado"),
        ("tabela_impar", '"Tabela Ímpar"'),
        ("outro.conto", "conta"),
    ],
)
def test_an_unknown_name_gets_the_nearest(reader: Client, asked: str, suggestion: str) -> None:
    (unknown,) = reader.database.describe([asked], CancelToken())
    assert isinstance(unknown, UnknownTable)
    assert unknown.name == asked
    assert suggestion in unknown.suggestions


def test_hostile_names_are_only_names(reader: Client) -> None:
    asked = [
        "",
        ".",
        "'; DROP TABLE conta; --",
        '"',
        "a.b.c.d",
        "x" * 10_000,
        "escondida",
        "trancado.cofre",
        "pg_class",
    ]
    found = reader.database.describe(asked, CancelToken())
    assert [type(each) for each in found] == [UnknownTable] * len(asked)


def test_several_in_the_order_asked_for(reader: Client) -> None:
    found = reader.database.describe(["tinta", "nada", "conta", "tinta"], CancelToken())
    assert [each.table.name if isinstance(each, TableInfo) else "?" for each in found] == [
        "tinta",
        "?",
        "conta",
        "tinta",
    ]


def test_a_table_made_anew_is_found_again(guard: Guard, reader: Client) -> None:
    with psycopg.connect(guard.owner, autocommit=True) as owner:
        owner.execute("CREATE TABLE refeita (a int)")
        assert [column.name for column in describe(reader, "refeita").columns] == ["a"]
        owner.execute("DROP TABLE refeita; CREATE TABLE refeita (b int)")
        assert [column.name for column in describe(reader, "refeita").columns] == ["b"]
        owner.execute("DROP TABLE refeita")
    assert isinstance(reader.database.describe(["refeita"], CancelToken())[0], UnknownTable)


def test_a_partly_readable_table_shows_no_values_of_what_is_closed(reader: Client) -> None:
    columns = {column.name: column for column in describe(reader, "meia").columns}
    assert columns["fechada"].frequent_values == ()


def test_ddl_locks_are_not_waited_for(guard: Guard, reader: Client) -> None:
    with psycopg.connect(guard.owner) as owner:
        owner.execute("LOCK TABLE conta, tinta, medida, saldo_total IN ACCESS EXCLUSIVE MODE")
        assert "conta" in names(reader)
        for name in ("conta", "tinta", "medida", "saldo_total"):
            assert describe(reader, name).columns
        owner.rollback()


def test_no_rights_is_an_empty_list(guard: Guard, connect: Callable[..., Client]) -> None:
    client = connect(guard.reader.replace(READER, NOBODY))
    assert client.database.info.user == NOBODY
    assert list(client.database.tables(CancelToken())) == []
