"""What is said of an answer without asking the model."""

import pytest

from sqlagent_tui.agent.evidence import gather, missing_numbers, unseen_values
from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.results import Column, QueryResult

ANSWER = QueryResult(columns=(Column("n", "bigint"),), rows=(("1",),))
IN_2023 = "SELECT count(*) FROM embargo b WHERE b.data_embargo >= '2023-01-01' AND b.data_embargo < '2024-01-01'"


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        ("Quantos embargos em 2023?", IN_2023),
        ("fiscais admitidos depois de 2015", "SELECT 1 FROM fiscal WHERE data_admissao >= '2016-01-01'"),
        ("projetos até 2020", "SELECT 1 WHERE inicio < '2021-01-01'"),
        ("os 5 maiores", "SELECT 1 ORDER BY 1 LIMIT 5"),
        ("multas acima de R$ 5.000.000,00", "SELECT 1 WHERE valor > 5000000"),
        ("mais de 1,5 milhão", "SELECT 1 WHERE valor > 1500000"),
        ("mais de R$ 50 mil", "SELECT 1 WHERE valor > 50000"),
        ("menos de 18 milha", "SELECT 1 WHERE area < 18000"),
        ("área > 150,75 hectares", "SELECT 1 WHERE area > 150.75"),
        ("desde 04/05/2022", "SELECT 1 WHERE dia >= '2022-05-04'"),
        ("no 2º semestre de 2022", "SELECT 1 WHERE dia >= '2022-07-01' AND dia < '2023-01-01'"),
        ("nos últimos 3 anos", "SELECT 1 WHERE dia >= current_date - interval '3 years'"),
        ("a Fazenda 3 Irmãos", "SELECT 1 WHERE nome = 'Fazenda 3 Irmãos'"),
        ("imóveis no Pará", "SELECT 1"),
        ("o CNPJ 12.345.678/0001-90", "SELECT 1 WHERE documento = '12.345.678/0001-90'"),
    ],
)
def test_a_statement_that_heeds_every_number_is_left_alone(question: str, sql: str) -> None:
    assert missing_numbers(question, sql) == []


@pytest.mark.parametrize(
    ("question", "sql", "missing"),
    [
        ("Quantos embargos foram aplicados em 2023 no Pará?", "SELECT count(*) FROM embargo", ["2023"]),
        ("entre R$ 16000 e R$ 61.000", "SELECT 1 WHERE valor > 16000", ["61.000"]),
        ("mais de 10 milhões", "SELECT 1 WHERE valor > 1000000", ["10 milhoes"]),
        ("os 5 de 2023, os 5", "SELECT 1", ["5", "2023"]),
        ("em 2023", "SELECT 1 WHERE dia > '2020-01-01'", ["2023"]),
    ],
)
def test_a_number_that_the_statement_ignores_is_named(question: str, sql: str, missing: list[str]) -> None:
    assert missing_numbers(question, sql) == missing


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 WHERE sem_acento(nome) = sem_acento('CASTANHEIRA')",
        "SELECT 1 WHERE nome ILIKE '%castanheira%'",
        "SELECT 1 WHERE nome = 'Alta Floresta d''Oeste'",
        "SELECT 1 WHERE motivo = 'DESMATAMENTO' AND dia >= current_date - interval '2 years'",
        "SELECT string_agg(nome, ' e também ') FROM t WHERE to_char(dia AT TIME ZONE 'America/Bahia', 'Mon') = 'OUT'",
        "SELECT date_trunc('month', dia), to_char(dia, 'MM') FROM t WHERE uf = upper('mt') AND dia > '2023-01-01'",
    ],
)
def test_values_that_were_mentioned_are_left_alone(sql: str) -> None:
    assert unseen_values(sql, "em Castanheira/MT e em Alta Floresta D'oeste?") == []


def test_a_value_that_nobody_mentioned_is_named() -> None:
    sql = "SELECT 1 WHERE sem_acento(m.nome) = sem_acento('Casheira') AND b = 'Casheira'"
    assert unseen_values(sql, "medidas de embargo em Castanheira") == ["Casheira"]
    assert unseen_values(sql, "…\nCasheira | 3") == []
    assert unseen_values("SELECT 1 WHERE nome IN ('Sorriso', 'Sinop')", "sorriso") == ["Sinop"]
    assert unseen_values("SELECT 1 WHERE nome not  like lower( '%sinopp%' )", "sinop") == ["sinopp"]


def asked(question: str, shown: str = "") -> list[Message]:
    return [Message(role="user", content=question), Message(role="tool", content=shown)]


def test_what_the_model_said_itself_is_no_source() -> None:
    messages = [*asked("em Castanheira"), Message(role="assistant", content="Casheira")]
    found = {
        item.check: item
        for item in gather("em Castanheira", messages, "SELECT 1 WHERE nome = 'Casheira'", ANSWER, tried=True)
    }
    assert (found["values"].level, found["values"].detail) == ("warning", "Casheira")
    sql = "SELECT 1 WHERE nome = 'Casheira'"
    shown = asked("em Castanheira", "Casheira")
    assert [item.check for item in gather("em Castanheira", shown, sql, ANSWER, tried=True)] == ["executed"]


def test_the_warning_says_which_number() -> None:
    found = {item.check: item for item in gather("em 2023?", asked("em 2023?"), "SELECT 1", ANSWER, tried=False)}
    assert found["numbers"].level == "warning"
    assert found["numbers"].detail == "2023"
    assert "2023" in found["numbers"].message
    assert set(found) == {"executed", "numbers", "tried"}
    assert [item.check for item in gather("em 2023?", asked("em 2023?"), IN_2023, ANSWER, tried=True)] == ["executed"]
