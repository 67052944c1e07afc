"""Every kind of relation, type and restriction, on PostgreSQL 18 and on Debian's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import MOST_LABELS, ColumnInfo, ForeignKey, StatementError, TableInfo, TableName
from tests.fix_catalogue import Ways
from tests.fix_guard import Client


def names(client: Client) -> dict[str, TableName]:
    return {table.reference: table for table in client.database.tables(CancelToken())}


def describe(client: Client, name: str) -> TableInfo:
    (found,) = client.database.describe([name], CancelToken())
    assert isinstance(found, TableInfo), found
    return found


def columns(client: Client, name: str) -> dict[str, ColumnInfo]:
    return {column.name: column for column in describe(client, name).columns}


def test_partitions_are_folded_into_their_table(browser: Client) -> None:
    tables = names(browser)
    assert not [name for name in tables if "_20" in name or "regiao_" in name]
    assert (tables["medida"].kind, tables["medida"].below, tables["medida"].estimated_rows) == (
        "partitioned table",
        3,
        400,
    )
    assert (tables["muda"].below, tables["muda"].estimated_rows) == (1, None)
    medida = describe(browser, "medida")
    assert medida.partition_key == "RANGE (dia, expression)"
    assert medida.children == ("medida_2024", "medida_2025")
    assert medida.parents == ()


def test_a_partition_is_found_by_its_name(browser: Client) -> None:
    medida_2025 = describe(browser, "medida_2025")
    assert medida_2025.table.partition
    assert (medida_2025.table.kind, medida_2025.table.below) == ("partitioned table", 2)
    assert medida_2025.table.estimated_rows == 186
    assert medida_2025.partition_key == "HASH (posto)"
    assert medida_2025.parents == ("medida",)
    assert medida_2025.children == ('outro."Medida_2025_B"', "outro.medida_2025_a")
    b = describe(browser, 'outro."Medida_2025_B"')
    assert (b.table.partition, b.table.kind, b.parents) == (True, "table", ("medida_2025",))


def test_inheritance_counts_what_is_read_with_a_table(browser: Client) -> None:
    tables = names(browser)
    assert {name: (tables[name].below, tables[name].estimated_rows) for name in ("pessoa", "fiscal", "chefe")} == {
        "pessoa": (2, 123),
        "fiscal": (1, 23),
        "chefe": (0, 3),
    }
    assert (describe(browser, "pessoa").children, describe(browser, "fiscal").children) == (("fiscal",), ("chefe",))
    assert describe(browser, "chefe").parents == ("fiscal",)
    counted = browser.rows("SELECT count(*) FROM pessoa").rows
    assert counted == (("123",),)


def test_types_are_named_and_opened(browser: Client) -> None:
    tipos = columns(browser, "tipos")
    assert {name: (column.type, column.stands_for) for name, column in tipos.items()} == {
        "id": ("integer", None),
        "outro_id": ("integer", None),
        "cores": ("cor[]", None),
        "palida": ("cor_palida", "cor"),
        "palidas": ("cor_palida[]", "cor"),
        "muitas": ("muitas", None),
        "uf": ("sigla", "character varying(2)"),
        "casa": ("endereco", '(rua text, "Número" integer, sigla sigla)'),
        "casas": ("endereco[]", '(rua text, "Número" integer, sigla sigla)'),
        "area": ("outro.faixa", "range of numeric"),
        "areas": ("outro.faixa[]", "range of numeric"),
        "periodo": ("tstzrange", None),
        "quantia": ("numeric(8,2)[]", None),
        "matriz": ("integer[]", None),
        "dobro": ("integer", None),
        "caixa": ("box", None),
        "nome_interno": ("name", None),
    }
    for name in ("cores", "palida", "palidas"):
        assert tipos[name].enum_values == ("verde", "azul")
    assert tipos["muitas"].enum_values == tuple(f"m{n}" for n in range(MOST_LABELS))
    assert not tipos["palida"].nullable
    assert tipos["uf"].nullable


def test_generated_and_identity_columns(browser: Client) -> None:
    tipos = columns(browser, "tipos")
    assert (tipos["id"].identity, tipos["outro_id"].identity, tipos["cores"].identity) == ("always", "by default", None)
    assert (tipos["dobro"].generated, tipos["id"].generated) == ("stored", None)


def test_a_virtual_column(kinds: Ways, browser: Client) -> None:
    with psycopg.connect(kinds.owner, autocommit=True) as owner:
        if owner.info.server_version < 180_000:
            with pytest.raises(psycopg.errors.SyntaxError):
                owner.execute("CREATE TABLE virtual (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL)")
            return
        owner.execute("CREATE TABLE virtual (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL)")
        owner.execute("GRANT SELECT ON virtual TO PUBLIC")
        assert columns(browser, "virtual")["b"].generated == "virtual"
        owner.execute("DROP TABLE virtual")


def test_what_the_role_may_not_read_is_not_shown_as_usable(browser: Client) -> None:
    tables = names(browser)
    assert "sigilo" not in tables
    assert "trancado.cofre" not in tables
    assert "ficha" in tables
    ficha = columns(browser, "ficha")
    assert {name: column.readable for name, column in ficha.items()} == {"id": True, "cpf": False, "aberta": True}
    assert (ficha["aberta"].frequent_values, ficha["cpf"].frequent_values) == (("x",), ())
    # Every column said to be readable is, and the others are not.
    assert browser.rows("SELECT id, aberta FROM ficha").row_count == 100
    assert browser.fails("SELECT cpf FROM ficha").sqlstate == "42501"


def test_keys_point_to_what_may_be_read_and_not_to_partitions(browser: Client) -> None:
    assert describe(browser, "cidade").foreign_keys == (ForeignKey(("regiao_id",), "regiao", ("id",)),)


def test_row_level_security_is_said(kinds: Ways, browser: Client, connect: Callable[..., Client]) -> None:
    tables = names(browser)
    assert [name for name, table in tables.items() if table.filtered] == ["filtrada"]
    assert not names(connect(kinds.owner))["filtrada"].filtered


def test_views_and_foreign_tables(browser: Client) -> None:
    tables = names(browser)
    assert (tables["visao"].kind, tables["visao"].estimated_rows) == ("view", None)
    assert (tables["cheia"].kind, tables["cheia"].populated, tables["cheia"].estimated_rows) == (
        "materialized view",
        True,
        123,
    )
    assert (tables["oca"].populated, tables["oca"].estimated_rows) == (False, None)
    assert browser.fails("SELECT * FROM oca").sqlstate == "55000"
    assert (tables["remota"].kind, tables["remota"].estimated_rows) == ("foreign table", None)
    assert describe(browser, "remota").server == "Longe"
    assert "contador" not in tables


def test_indexes_name_their_key_columns_only(browser: Client) -> None:
    assert describe(browser, "pessoa").indexes == ("pessoa_nome (expression, id), partial",)


def test_functions_and_types_that_may_be_used(browser: Client) -> None:
    objects = browser.database.objects(CancelToken())
    assert [(item.reference, item.kind, item.definition, item.comment) for item in objects] == [
        ("outro.maior", "aggregate", "(integer) -> integer", None),
        ("soma", "function", "(a integer, b integer) -> integer", "soma dois"),
        ("soma", "function", "(a text) -> SETOF pessoa VOLATILE", None),
        ("outro.faixa", "range", "numeric", None),
        ("cor", "enum", "verde, azul", "cores de parede"),
        ("cor_clara", "domain", "cor", None),
        ("cor_palida", "domain", "cor_clara NOT NULL", None),
        ("endereco", "composite type", '(rua text, "Número" integer, sigla sigla)', None),
        ("muitas", "enum", ", ".join(f"m{n}" for n in range(MOST_LABELS)), None),
        ("sigla", "domain", "character varying(2)", None),
    ]
    assert browser.rows("SELECT soma(1, 2), outro.maior(v) FROM (VALUES (3), (5)) AS t(v)").rows == (("3", "5"),)


_DDL = {
    "pessoa": "LOCK TABLE pessoa IN ACCESS EXCLUSIVE MODE",
    "chefe": "ALTER TABLE chefe ADD COLUMN nova integer",
    "medida": "LOCK TABLE medida IN ACCESS EXCLUSIVE MODE",
    "medida_2024": "ALTER TABLE medida DETACH PARTITION medida_2024",
    "regiao": "ALTER TABLE regiao RENAME TO regiao_antiga",
    "cidade": "ALTER TABLE cidade DROP CONSTRAINT cidade_regiao_id_fkey",
    "visao": "CREATE OR REPLACE VIEW visao AS SELECT *, 1 AS um FROM pessoa",
    "cheia": "REFRESH MATERIALIZED VIEW cheia",
    "remota": "ALTER FOREIGN TABLE remota ADD COLUMN nova integer",
    "filtrada": "DROP POLICY so_meus ON filtrada",
    "ficha": "TRUNCATE ficha",
}
_ELSEWHERE = (
    "ALTER SEQUENCE contador RESTART",
    "ALTER TYPE cor RENAME VALUE 'azul' TO 'anil'",
    "ALTER DOMAIN sigla RENAME TO sigla_uf",
    "ALTER TYPE endereco ADD ATTRIBUTE cep text CASCADE",
    "DROP INDEX pessoa_nome",
    "DROP FUNCTION soma(integer, integer)",
    "ALTER SCHEMA outro RENAME TO outrora",
    "DROP TYPE outrora.faixa CASCADE",
    "COMMENT ON TABLE pessoa IS 'x'",
    "REVOKE SELECT ON pessoa FROM PUBLIC",
    "ALTER SERVER \"Longe\" OPTIONS (ADD a 'b')",
)


@pytest.fixture
def owner(kinds: Ways) -> Iterator[psycopg.Connection]:
    """In a transaction that is given up."""
    with psycopg.connect(kinds.owner) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def impatient(kinds: Ways, connect: Callable[..., Client]) -> Client:
    return connect(kinds.reader, Limits(lock_timeout_ms=30))


def test_the_catalogue_does_not_wait_behind_ddl(owner: psycopg.Connection, impatient: Client) -> None:
    before = names(impatient)
    described = {name: describe(impatient, name) for name in _DDL}
    for ddl in _DDL.values():
        owner.execute(ddl.encode())
    for name in _DDL:
        assert impatient.fails(f"SELECT * FROM {name}").sqlstate == "55P03", name  # readers wait for this lock
        assert describe(impatient, name) == described[name]
    assert names(impatient) == before


def test_nor_behind_ddl_on_types_and_other_objects(owner: psycopg.Connection, impatient: Client) -> None:
    everything = list(names(impatient))
    before = impatient.database.describe(everything, CancelToken())
    objects = impatient.database.objects(CancelToken())
    for ddl in _ELSEWHERE:
        owner.execute(ddl.encode())
    assert impatient.database.objects(CancelToken()) == objects
    assert impatient.database.describe([*everything, "nada"], CancelToken())[:-1] == before


def test_a_role_that_loses_its_rights_sees_it_at_once(kinds: Ways, browser: Client) -> None:
    assert "pessoa" in names(browser)
    with psycopg.connect(kinds.owner, autocommit=True) as owner:
        owner.execute("REVOKE SELECT ON cidade FROM PUBLIC, " + libpq_user(kinds.reader))
        try:
            (found,) = browser.database.describe(["cidade"], CancelToken())
            assert not isinstance(found, TableInfo)
            assert "cidade" not in names(browser)
            refused = browser.run("SELECT * FROM cidade")
            assert isinstance(refused, StatementError)
            assert refused.sqlstate == "42501"
        finally:
            owner.execute("GRANT SELECT ON cidade TO " + libpq_user(kinds.reader))


def libpq_user(conninfo: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(conninfo)["user"])
