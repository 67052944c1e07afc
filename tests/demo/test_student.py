"""The student that is shipped, through the real engine, loop and database: what the demo promises of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import AnswerReady, FormatErrorFound, LoopEvent, ToolCallStarted, TurnEnded
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.assembly import choose_profile
from sqlagent_tui.config import Config
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.demo.suggestions import Suggestion, suggestions
from sqlagent_tui.distill.evaluate import Verdict, evaluate, read_items, rows_equal, summarise
from sqlagent_tui.models.gguf import describe
from sqlagent_tui.models.library import student_path
from sqlagent_tui.models.llama import LlamaModel

QUESTIONS = Path(__file__).with_name("student_questions.jsonl")
REPORT = Path(__file__).parents[2] / "docs" / "student" / "report.json"
TOLERANCE = 0.08
"""How far two hundred questions may lie below the twelve hundred of the report, of which they are a part."""

GOLD = {
    "Quantos imóveis rurais existem em cada estado?": """
        SELECT e.nome, count(*) FROM imovel_rural i JOIN municipio m ON m.id = i.municipio_id
        JOIN estado e ON e.id = m.estado_id GROUP BY e.id""",
    "Quais os 5 municípios com mais embargos no Pará?": """
        SELECT m.nome, count(*) FROM embargo b JOIN imovel_rural i ON i.id = b.imovel_id
        JOIN municipio m ON m.id = i.municipio_id JOIN estado e ON e.id = m.estado_id
        WHERE e.sigla = 'PA' GROUP BY m.id, m.nome ORDER BY 2 DESC, 1 LIMIT 5""",
    "Qual é a área média das fazendas por bioma?": """
        SELECT bi.nome, avg(i.area_ha) FROM imovel_rural i JOIN municipio m ON m.id = i.municipio_id
        JOIN bioma bi ON bi.id = m.bioma_id WHERE i.tipo = 'FAZENDA' GROUP BY bi.id""",
    "Quais municípios têm mais de 50 imóveis rurais?": """
        SELECT m.nome, count(*) FROM imovel_rural i JOIN municipio m ON m.id = i.municipio_id
        GROUP BY m.id HAVING count(*) > 50""",
    "Qual é o valor total das multas por estado?": """
        SELECT e.nome, sum(x.valor_multa) FROM auto_infracao x JOIN imovel_rural i ON i.id = x.imovel_id
        JOIN municipio m ON m.id = i.municipio_id JOIN estado e ON e.id = m.estado_id GROUP BY e.id""",
    "Quais fiscais fizeram mais de 40 vistorias?": """
        SELECT f.nome, count(*) FROM vistoria t JOIN fiscal f ON f.id = t.fiscal_id
        GROUP BY f.id HAVING count(*) > 40""",
    "Qual estado tem mais embargos?": """
        SELECT e.nome, count(*) FROM embargo b JOIN imovel_rural i ON i.id = b.imovel_id
        JOIN municipio m ON m.id = i.municipio_id JOIN estado e ON e.id = m.estado_id
        GROUP BY e.id ORDER BY 2 DESC LIMIT 1""",
    "Quais os 5 estados com mais autos de infração?": """
        SELECT e.nome, count(*) FROM auto_infracao x JOIN imovel_rural i ON i.id = x.imovel_id
        JOIN municipio m ON m.id = i.municipio_id JOIN estado e ON e.id = m.estado_id
        GROUP BY e.id ORDER BY 2 DESC, 1 LIMIT 5""",
    "Quantas vistorias foram feitas em março de 2023?": """
        SELECT count(*) FROM vistoria WHERE data_vistoria BETWEEN '2023-03-01' AND '2023-03-31'""",
    "Quantos embargos existem por motivo?": "SELECT motivo, count(*) FROM embargo GROUP BY motivo",
}
"""What the suggested questions mean, written by hand."""


@pytest.fixture(scope="module")
def database(demo_conninfo: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase.connect(demo_conninfo)
    yield database
    database.close()


@pytest.fixture(scope="module")
def student() -> Iterator[LlamaModel]:
    with LlamaModel.open(student_path()) as model:
        yield model


@pytest.fixture
def agent(student: LlamaModel, database: PostgresDatabase) -> Agent:
    return Agent(student, database, choose_profile(None, Config(), student.info.name))


def turn(agent: Agent, question: str) -> list[LoopEvent]:
    return list(agent.ask(question, CancelToken()))


def test_the_file_is_what_the_readme_says() -> None:
    file = describe(student_path())
    assert (file.architecture, file.quantization) == ("qwen3", "F16")
    assert 5e6 <= file.size <= 30e6
    assert 1e6 < file.parameters < 20e6
    assert file.chat_template


@pytest.mark.parametrize("suggestion", suggestions(), ids=lambda suggestion: suggestion.question)
def test_every_suggested_question_works(agent: Agent, database: PostgresDatabase, suggestion: Suggestion) -> None:
    events = turn(agent, suggestion.question)
    end = events[-1]
    assert isinstance(end, TurnEnded)
    assert end.outcome == suggestion.decision
    assert end.seconds < 15
    if suggestion.decision == "sql":
        gold = database.execute(GOLD[suggestion.question], origin="user", cancel=CancelToken())
        assert isinstance(gold, QueryResult)
        [answer] = [event for event in events if isinstance(event, AnswerReady)]
        assert rows_equal(gold, answer.result, any_columns=True), answer.sql
    else:
        assert suggestion.question not in GOLD


def test_the_tools_are_used_in_sight(agent: Agent) -> None:
    events = turn(agent, "Quantos imóveis rurais existem em cada estado?")
    tools = [event.tool for event in events if isinstance(event, ToolCallStarted)]
    assert tools == ["get_table_schema", "execute_sql", "final_answer"]
    assert not [event for event in events if isinstance(event, FormatErrorFound)]


def test_a_reply_to_a_clarification_is_understood(agent: Agent) -> None:
    first = turn(agent, "Quantos embargos existem no meu município?")
    assert isinstance(first[-1], TurnEnded)
    assert first[-1].outcome == "clarification"
    second = turn(agent, "Sinop")
    assert isinstance(second[-1], TurnEnded)
    assert second[-1].outcome == "sql"
    [answer] = [event for event in second if isinstance(event, AnswerReady)]
    assert "Sinop" in answer.sql


@pytest.fixture(scope="module")
def verdicts(student: LlamaModel, database: PostgresDatabase) -> list[Verdict]:
    """Two hundred held-out questions, the first of those that the report was made from."""
    agent = Agent(student, database, choose_profile(None, Config(), student.info.name))
    return list(evaluate(read_items(QUESTIONS), agent, database))


def test_two_hundred_held_out_questions_go_as_reported(verdicts: list[Verdict]) -> None:
    assert len(verdicts) == 200
    reported = json.loads(REPORT.read_text())
    for split, found in summarise(verdicts).items():
        assert found["accuracy"] >= reported[split]["accuracy"] - TOLERANCE, (split, found)


def test_no_tool_call_is_unusable(verdicts: list[Verdict]) -> None:
    assert [verdict.item.question for verdict in verdicts if verdict.malformed_calls] == []


def test_no_answer_takes_fifteen_seconds(verdicts: list[Verdict]) -> None:
    assert max(verdict.seconds for verdict in verdicts) < 15
