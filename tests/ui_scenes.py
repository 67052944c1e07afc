"""Turns as the loop would report them, without a server or a model: for pictures that must never change."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from typing import Any, NoReturn

import msgspec
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from sqlagent_tui.agent.events import (
    AnswerReady,
    DecisionMade,
    EvidenceGathered,
    FormatErrorFound,
    StatementFinished,
    StatementStarted,
    StepFinished,
    StepStarted,
    TextDelta,
    ToolCallFinished,
    ToolCallStarted,
    TurnEnded,
    TurnStarted,
)
from sqlagent_tui.agent.messages import Usage
from sqlagent_tui.agent.protocols import DatabaseInfo, ModelInfo
from sqlagent_tui.agent.results import (
    Column,
    ColumnInfo,
    ForeignKey,
    PlanEstimate,
    QueryResult,
    StatementError,
    TableInfo,
    TableName,
)
from sqlagent_tui.agent.roles import RoleFinding, RoleReport
from sqlagent_tui.assembly import Target
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.grid_data import GridData
from sqlagent_tui.ui.notices import (
    CatalogueReady,
    DatabaseReady,
    GridReady,
    ModelReady,
    OwnFinished,
    TablesDescribed,
    UiEvent,
)
from sqlagent_tui.ui.services import Place, Services

MODEL = ModelInfo(name="sqlagent-student", context_size=4096, description="qwen3 3,1M Q8_0")
DATABASE = DatabaseInfo(
    database="cadastro_ambiental",
    user="leitor",
    host="/run/demo",
    server_version="18.1",
    backend_pid=4242,
    read_only=True,
)
SUGGESTIONS = (
    "Quantos imóveis rurais existem em cada estado?",
    "Qual a área total embargada por bioma?",
    "Quais os dez municípios com mais autos de infração?",
    "Qual o valor médio das multas em 2023?",
    "Quantas licenças venceram no ano passado?",
)


def _never(*_arguments: Any) -> NoReturn:
    threading.Event().wait()
    raise AssertionError


def still_services(**changes: Any) -> Services:
    """Services whose parts never finish opening, under a clock that stands still."""
    given: dict[str, Any] = {
        "open_database": _never,
        "open_catalogue": _never,
        "open_model": _never,
        "ask": _never,
        "place": Place(target=Target(demo=True), suggestions=SUGGESTIONS),
        "clock": lambda: 1000.0,
    }
    return Services(**{**given, **changes})


async def play(app: SqlAgentApp, events: Iterable[UiEvent]) -> None:
    """Show `events` as if the workers had reported them."""
    await app.presenter.handle_all(events)


def opened() -> list[UiEvent]:
    """Everything is open."""
    return [DatabaseReady(DATABASE), ModelReady(MODEL), CatalogueReady(TABLES)]


def _table(oid: int, name: str, rows: int | None, comment: str | None, kind: Any = "table") -> TableName:
    return TableName(oid=oid, schema="public", name=name, kind=kind, comment=comment, estimated_rows=rows)


TABLES = (
    _table(1, "area_preservacao_permanente", 9_812, "Faixas de APP declaradas em cada imóvel"),
    _table(2, "auto_infracao", 3_204, "Autos de infração ambiental lavrados"),
    _table(3, "bioma", 6, "Biomas brasileiros"),
    _table(4, "embargo", 1_117, "Áreas embargadas"),
    _table(5, "estado", 27, "Unidades da federação"),
    _table(6, "imovel_rural", 12_000, "Imóveis rurais inscritos no cadastro"),
    _table(7, "licenca", 4_300, None),
    _table(8, "municipio", 853, "Municípios, com o código do IBGE"),
    _table(9, "proprietario", 8_455, "Pessoas e empresas donas de imóveis"),
    _table(10, "Relatório anual", 12, "Nome com espaço e acento"),
    _table(11, "reserva_legal", 11_204, "Reserva legal averbada"),
    _table(12, "resumo_por_estado", 27, "Totais por estado, atualizados à noite", "materialized view"),
    _table(13, "vw_imovel_situacao", None, "Imóvel com a situação mais recente", "view"),
    _table(14, "vistoria", 2_950, "Vistorias de campo"),
)
IMOVEL = TableInfo(
    table=TABLES[5],
    columns=(
        ColumnInfo(name="id", type="bigint", nullable=False, primary_key=True),
        ColumnInfo(name="codigo_car", type="text", nullable=False, comment="Código do CAR"),
        ColumnInfo(name="municipio_id", type="integer", nullable=False),
        ColumnInfo(name="bioma_id", type="smallint", nullable=False),
        ColumnInfo(name="area_ha", type="numeric(12,2)", nullable=False, comment="Área total em hectares"),
        ColumnInfo(
            name="situacao",
            type="situacao_imovel",
            nullable=False,
            comment="Situação do cadastro; pendente enquanto falta documento",
            enum_values=("ativo", "pendente", "suspenso", "cancelado"),
        ),
        ColumnInfo(name="data_inscricao", type="date"),
    ),
    foreign_keys=(ForeignKey(("municipio_id",), "municipio", ("id",)), ForeignKey(("bioma_id",), "bioma", ("id",))),
    indexes=("imovel_rural_pkey", "imovel_rural_municipio_idx"),
)

SQL = """SELECT e.nome AS estado, count(*) AS imoveis, round(sum(i.area_ha), 2) AS area_ha
FROM imovel_rural i
JOIN municipio m ON m.id = i.municipio_id
JOIN estado e ON e.id = m.estado_id
WHERE i.situacao = 'ativo'
GROUP BY e.nome
ORDER BY imoveis DESC"""
QUESTION = SUGGESTIONS[0]
USAGE = Usage(
    prompt_tokens=1_204, cached_tokens=900, generated_tokens=186, seconds=4.2, generation_seconds=3.9
)  # 48 tokens a second

_STATES = (
    ("Mato Grosso", "1842", "918204.51"),
    ("Pará", "1630", "871155.08"),
    ("Minas Gerais", "1411", "402817.90"),
    ("Rondônia", "988", "254110.37"),
    ("São Paulo", "874", "198344.02"),
    ("Goiás", "811", "301223.75"),
    ("Tocantins", "640", "288410.00"),
    ("Acre", "310", None),
    ("Não informado", "12", None),
)
ROWS = QueryResult(
    columns=(Column("estado", "text"), Column("imoveis", "bigint"), Column("area_ha", "numeric")),
    rows=_STATES,
    elapsed_ms=14.2,
)


def statement(
    number: int, sql: str, *, origin: Any = "agent", rows: int = 0, ms: float = 3.1, error: StatementError | None = None
) -> list[UiEvent]:
    """One statement of the trace, from beginning to end."""
    return [
        StatementStarted(statement_id=number, origin=origin, verb="query", backend_pid=4242, sql=sql),
        StatementFinished(
            statement_id=number, origin=origin, backend_pid=4242, elapsed_ms=ms, row_count=rows, error=error
        ),
    ]


def _begin(question: str, thought: str) -> list[UiEvent]:
    return [
        TurnStarted(turn_id="t", question=question, model=MODEL, database=DATABASE.database),
        StepStarted(step=1, context_tokens=1204, context_size=4096),
        TextDelta(step=1, kind="thinking", text=thought),
    ]


THOUGHT = (
    "A pergunta pede a contagem de imóveis por estado. A tabela imovel_rural guarda o município,\n"
    "e o município aponta para o estado. Vou conferir as colunas antes de escrever a consulta."
)


def thinking() -> list[UiEvent]:
    """A turn in the middle of its first thought."""
    return _begin(QUESTION, THOUGHT)


def _schema_call() -> list[UiEvent]:
    call: dict[str, Any] = {"step": 1, "call_id": "c1", "tool": "get_table_schema"}
    return [
        StepFinished(step=1, usage=USAGE),
        ToolCallStarted(**call, arguments={"table_names": ["imovel_rural", "municipio", "estado"]}),
        ToolCallFinished(**call, ok=True, content="imovel_rural (12000 linhas)\n  id bigint PK", elapsed_ms=3.4),
    ]


def _query_call(step: int, number: int, sql: str, error: StatementError | None = None) -> list[UiEvent]:
    call: dict[str, Any] = {"step": step, "call_id": f"c{number}", "tool": "execute_sql"}
    return [
        ToolCallStarted(**call, arguments={"sql": sql}),
        *statement(number, sql, rows=0 if error else 9, ms=12.6, error=error),
        ToolCallFinished(
            **call,
            ok=error is None,
            content=error.message if error else "estado | imoveis",
            error=error,
            row_count=None if error else 9,
            elapsed_ms=12.6,
        ),
    ]


def _end(outcome: Any, message: str = "") -> UiEvent:
    return TurnEnded(outcome=outcome, message=message, usage=USAGE, steps=3, seconds=4.6)


def answered(result: QueryResult = ROWS, sql: str = SQL, message: str | None = None) -> list[UiEvent]:
    """A turn that ends in an SQL answer."""
    text = message or "Contei os imóveis ativos por estado; a área soma apenas o que foi declarado."
    return [
        *_begin(QUESTION, THOUGHT),
        *_schema_call(),
        *_query_call(2, 2, sql),
        *_decided(result, sql, text),
    ]


def _decided(result: QueryResult, sql: str, message: str) -> list[UiEvent]:
    return [
        *statement(90, sql, origin="answer", rows=result.row_count, ms=14.2),
        DecisionMade(decision="sql", message=message, sql=sql),
        AnswerReady(sql=sql, result=result),
        EvidenceGathered(check="executed", level="ok", message="The final statement ran read-only on the server."),
        EvidenceGathered(check="nulls", level="note", message="area_ha: 2 NULL"),
        GridReady(result, GridData.build(result)),
        _end("sql"),
    ]


def recovered() -> list[UiEvent]:
    """A turn whose first query fails, and whose second works."""
    wrong = SQL.replace("i.area_ha", "i.area_total").replace("round(", "round(")
    error = StatementError(
        kind="database",
        sqlstate="42703",
        message="column i.area_total does not exist",
        hint='Perhaps you meant to reference the column "i.area_ha".',
        position=58,
    )
    return [
        *_begin(QUESTION, THOUGHT),
        FormatErrorFound(
            step=1, message="No tool was called. Call one of get_table_schema, execute_sql, final_answer."
        ),
        *_query_call(2, 2, wrong, error),
        *_query_call(3, 3, SQL),
        *_decided(ROWS, SQL, "Contei os imóveis ativos por estado."),
    ]


def clarification() -> list[UiEvent]:
    """A turn that ends in a question to the user."""
    return [
        *_begin("Quantos imóveis estão irregulares?", "Irregular pode significar embargado ou com cadastro pendente."),
        *_schema_call(),
        DecisionMade(
            decision="clarification",
            message="O que conta como irregular: imóvel com embargo vigente, ou com cadastro pendente ou suspenso?",
        ),
        _end("clarification"),
    ]


def unanswerable() -> list[UiEvent]:
    """A turn that ends in a refusal with its reason."""
    return [
        *_begin("Qual a previsão de chuva para amanhã?", "Não há nada sobre clima nas tabelas."),
        DecisionMade(
            decision="unanswerable",
            message="Este banco guarda o cadastro ambiental de imóveis rurais; nenhuma tabela tem dados de clima.",
        ),
        _end("unanswerable"),
    ]


HOSTILE = QueryResult(
    columns=(Column("nome [red]", "text"), Column("valor\x1b[31m", "text"), Column("qtd", "integer")),
    rows=(
        ("[/oops] [bold]markup[/bold]", "\x1b]52;c;ZXZpbA==\x07\x1b[2J", "1"),
        ("NULL", None, None),
        ("", "texto\tcom\ntrês\r\nlinhas", "-7"),
        ("\u202etxet desrever\u202c", "zero\u200bwidth\ufeff", "1000000"),
        ("[@click=app.quit]x[/]", "\\[escape] [#ff0000", "42"),
        ("漢字かな交じり文", "e\u0301 combina", "3"),
    ),
    elapsed_ms=1.0,
)


def hostile() -> list[UiEvent]:
    """A turn in which everything that can hold foreign text holds an attack."""
    sql = "SELECT '[/b]\x1b[31m\u202e' AS \"nome [red]\" -- \x07 [bold"
    error = StatementError(kind="database", sqlstate="22P02", message="invalid input: [/red]\x1b]0;owned\x07")
    return [
        *_begin("O que é [b]isto[/b]? \x1b[31m", "Penso [/nada] \x1b[5m \u202eodnanep"),
        *_query_call(2, 2, sql, error),
        *_query_call(3, 3, sql),
        *_decided(HOSTILE, sql, "Mensagem [link=x]hostil[/link] \x1b[0m\x9b31m"),
    ]


def described() -> list[UiEvent]:
    """The browser has read one table."""
    return [TablesDescribed(("imovel_rural",), (IMOVEL,))]


def own_failed() -> list[UiEvent]:
    """The user's own statement, which was the answer's, fails at a column."""
    error = StatementError(
        kind="database",
        sqlstate="42703",
        message="column i.area_ha does not exist",
        hint='Perhaps you meant to reference the column "i.area_total".',
        position=SQL.index("i.area_ha") + 1,
    )
    return [*statement(91, SQL, origin="user", error=error), OwnFinished(error)]


def costly() -> list[UiEvent]:
    """A turn whose statement isn't run for its cost."""
    error = StatementError(
        kind="costly",
        message="The planner expects a cost of 41,000,000, more than the limit of 10,000,000; it was not run.",
        estimate=PlanEstimate(cost=41_230_118.5, rows=311_000_000),
    )
    return [*_begin(QUESTION, THOUGHT), *_query_call(2, 2, SQL, error)]


ROLE = RoleReport(
    role="manutencao",
    findings=(
        RoleFinding(
            key="pg_read_server_files",
            level="danger",
            message="manutencao is a member of pg_read_server_files and may read files of the server.",
            remedy="REVOKE pg_read_server_files FROM manutencao.",
        ),
        RoleFinding(
            key="writable_relations",
            level="warning",
            message="manutencao may write to 14 tables and views: bioma, embargo, …",
            names=("bioma", "embargo", '"[/oops]\x1b[31m\u202e"'),
            count=14,
            remedy="REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA … FROM manutencao.",
        ),
        RoleFinding(
            key="temporary_tables",
            level="ok",
            message="manutencao may create temporary tables in cadastro_ambiental.",
            names=("cadastro_ambiental",),
            count=1,
            remedy="REVOKE TEMPORARY ON DATABASE cadastro_ambiental FROM PUBLIC and from manutencao.",
        ),
    ),
)


def with_role(role: RoleReport = ROLE) -> list[UiEvent]:
    """Everything is open, as a role that may do too much."""
    return [DatabaseReady(msgspec.structs.replace(DATABASE, user=role.role, role=role)), *opened()[1:]]


async def begin(app: SqlAgentApp, pilot: Pilot[int], question: str = QUESTION) -> None:
    """Everything is open, and `question` was sent."""
    await play(app, opened())
    app.work.prompt.text = question
    await pilot.press("enter")
    await pilot.pause()


async def settle(app: SqlAgentApp, pilot: Pilot[int], seconds: float = 30.0) -> None:
    """Wait until the workers are done and everything they reported is on the screen."""
    deadline = time.monotonic() + seconds
    await pilot.pause()
    while not app.settled:
        assert time.monotonic() < deadline, "the app did not come to rest"
        await asyncio.sleep(0.02)
    await pilot.pause()


def shown(widget: Widget) -> str:
    """The text of a widget and of all within it, as it stands on the screen."""
    return "\n".join(str(child.content) for child in widget.query(Static) if child.display)
