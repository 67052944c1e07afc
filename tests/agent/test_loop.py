"""The loop, with a recorded model on the real database."""

import datetime
import json
import re
import threading
from collections.abc import Iterator

import msgspec
import pytest

from sqlagent_tui.agent import loop
from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import (
    AnswerReady,
    DecisionMade,
    EvidenceGathered,
    FormatErrorFound,
    LoopEvent,
    StepFinished,
    StepStarted,
    ToolCallFinished,
    ToolCallStarted,
    TurnEnded,
    TurnStarted,
)
from sqlagent_tui.agent.grammar import MAX_ENUMERATED, tool_grammar
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.profile import Profile, default_profile
from sqlagent_tui.agent.protocols import Limits, TurnLimits
from sqlagent_tui.agent.results import TableName
from sqlagent_tui.assembly import student_profile
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.models.scripted import ScriptedModel


@pytest.fixture(scope="module")
def database(demo_conninfo: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase.connect(demo_conninfo)
    yield database
    database.close()


def call(tool: str, **arguments: object) -> str:
    payload = json.dumps({"name": tool, "arguments": arguments})
    return f"pensando\n</think>\n\n<tool_call>\n{payload}\n</tool_call>"


def schema(*names: str) -> str:
    return call("get_table_schema", table_names=list(names))


def sql(text: str) -> str:
    return call("execute_sql", sql=text)


def final(decision: str, **arguments: object) -> str:
    return call("final_answer", decision=decision, **arguments)


def make_agent(
    database: PostgresDatabase, *script: str, limits: TurnLimits | None = None, context: int = 32_768
) -> Agent:
    return Agent(ScriptedModel(script, context_size=context), database, default_profile(), limits)


def run(agent: Agent, question: str = "Quantos estados?") -> list[LoopEvent]:
    events = list(agent.ask(question, CancelToken()))
    assert [isinstance(e, TurnStarted) for e in events].index(True) == 0
    assert sum(isinstance(e, TurnStarted) for e in events) == 1
    assert isinstance(events[-1], TurnEnded)
    assert sum(isinstance(e, TurnEnded) for e in events) == 1
    return events


def ended(events: list[LoopEvent]) -> TurnEnded:
    assert isinstance(events[-1], TurnEnded)
    return events[-1]


def shown_to_model(agent: Agent) -> list[str]:
    assert isinstance(agent.model, ScriptedModel)
    return [m.content for m in agent.model.prompts[-1] if m.role == "tool"]


COUNT = "SELECT count(*) FROM estado"


def test_schema_then_sql_then_an_answer(database: PostgresDatabase) -> None:
    agent = make_agent(database, schema("estado"), sql(COUNT), final("sql", sql=COUNT, message="São 27."))
    events = run(agent)
    assert [e.tool for e in events if isinstance(e, ToolCallStarted)] == [
        "get_table_schema",
        "execute_sql",
        "final_answer",
    ]
    assert all(e.ok for e in events if isinstance(e, ToolCallFinished))
    [answer] = [e for e in events if isinstance(e, AnswerReady)]
    assert (answer.sql, answer.result.rows) == (COUNT, (("27",),))
    schema_text, rows_text = shown_to_model(agent)
    assert "regiao regiao_brasil NOT NULL" in schema_text
    assert "[values: NORTE, NORDESTE, CENTRO_OESTE, SUDESTE, SUL]" in schema_text
    assert rows_text.startswith("count\n27\n(1 row, ")
    assert (ended(events).outcome, ended(events).message, ended(events).steps) == ("sql", "São 27.", 3)


def test_the_grammar_is_made_once_for_a_catalogue_and_of_no_more_names_than_it_takes(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [TableName(oid=number, schema="public", name=f"tabela_{number}", kind="table") for number in range(3_000)]
    made, taken = [], []

    def counted(profile: Profile, names: Iterator[str]) -> str:
        made.append(tool_grammar(profile, (taken.append(name) or name for name in names)))
        return made[-1]

    monkeypatch.setattr(database, "tables", lambda cancel: tables)
    monkeypatch.setattr(loop, "tool_grammar", counted)
    agent = make_agent(database, *[final("sql", sql=COUNT)] * 3, context=1_000_000)
    for _ in range(2):
        assert ended(run(agent)).outcome == "sql"
    assert (len(made), len(taken)) == (1, MAX_ENUMERATED + 1)
    monkeypatch.undo()
    monkeypatch.setattr(loop, "tool_grammar", counted)
    agent.forget()
    assert ended(run(agent)).outcome == "sql"
    assert len(made) == 2
    assert "imovel_rural" in made[1]
    assert agent.options(seed=None).grammar is made[1]


def test_the_final_sql_may_be_left_out(database: PostgresDatabase) -> None:
    events = run(make_agent(database, sql(COUNT), final("sql", message="ok")))
    assert next(e for e in events if isinstance(e, DecisionMade)).sql == COUNT


def test_an_sql_error_is_shown_to_the_model_and_mended(database: PostgresDatabase) -> None:
    wrong = "SELECT nom FROM estado"
    agent = make_agent(database, sql(wrong), sql(COUNT), final("sql", sql=COUNT))
    events = run(agent)
    failed = next(e for e in events if isinstance(e, ToolCallFinished) and not e.ok)
    assert failed.error is not None
    assert (failed.error.sqlstate, failed.error.position) == ("42703", 8)
    assert shown_to_model(agent)[0].startswith("ERROR 42703: ")
    assert 'HINT: Perhaps you meant to reference the column "estado.nome"' in shown_to_model(agent)[0]
    assert ended(events).outcome == "sql"


def test_a_final_statement_that_fails_is_no_answer(database: PostgresDatabase) -> None:
    events = run(make_agent(database, final("sql", sql="SELECT * FROM nada"), final("sql", sql=COUNT)))
    assert sum(isinstance(e, DecisionMade) for e in events) == 1
    assert next(e for e in events if isinstance(e, ToolCallFinished)).ok is False
    assert ended(events).outcome == "sql"


def test_a_statement_that_writes_is_a_result_that_says_no(database: PostgresDatabase) -> None:
    agent = make_agent(database, sql("DELETE FROM estado"), final("unanswerable", message="Só leitura."))
    events = run(agent)
    failed = next(e for e in events if isinstance(e, ToolCallFinished))
    assert failed.error is not None
    assert failed.error.kind == "refused"
    assert ended(events).outcome == "unanswerable"


def test_a_clarification_continues_the_same_conversation(database: PostgresDatabase) -> None:
    agent = make_agent(database, final("clarification", message="Qual região?"), sql(COUNT), final("sql", sql=COUNT))
    assert ended(run(agent, "Quantos estados há na região?")).outcome == "clarification"
    assert agent.awaiting_reply
    run(agent, "Todas")
    assert not agent.awaiting_reply
    assert isinstance(agent.model, ScriptedModel)
    first, second = [m.content for m in agent.model.prompts[1] if m.role == "user"]
    assert first.endswith("\n\nQuantos estados há na região?")
    assert second == "Todas"


def test_a_new_turn_forgets_the_open_clarification(database: PostgresDatabase) -> None:
    agent = make_agent(database, final("clarification", message="Qual?"), final("unanswerable", message="Não há."))
    run(agent, "primeira")
    list(agent.ask("segunda", CancelToken(), new_turn=True))
    assert isinstance(agent.model, ScriptedModel)
    (question,) = [m.content for m in agent.model.prompts[1] if m.role == "user"]
    assert question.endswith("\n\nsegunda")


@pytest.mark.parametrize("written", ["Não sei.", "</think>\n\n<tool_call>\n{oops\n</tool_call>", call("drop_table")])
def test_unusable_calls_are_told_to_the_model(database: PostgresDatabase, written: str) -> None:
    agent = make_agent(database, written, sql(COUNT), final("sql"))
    events = run(agent)
    assert sum(isinstance(e, FormatErrorFound) for e in events) == 1
    assert shown_to_model(agent)[0].startswith("ERROR: ")
    assert ended(events).outcome == "sql"


def test_too_many_unusable_calls_end_the_turn(database: PostgresDatabase) -> None:
    events = run(make_agent(database, *["nada"] * 9, limits=TurnLimits(max_format_errors=2)))
    assert (ended(events).outcome, ended(events).reason, ended(events).steps) == ("failed", "format", 3)


def test_a_call_that_fails_over_and_over_ends_the_turn(database: PostgresDatabase) -> None:
    events = run(make_agent(database, *[sql("SELECT nada FROM estado")] * 9))
    assert (ended(events).outcome, ended(events).reason) == ("failed", "repeats")
    assert sum(isinstance(event, ToolCallFinished) for event in events) == 3
    tries = [sql(f"SELECT nada_{n % 4} FROM estado") for n in range(8)]
    events = run(make_agent(database, *tries, final("unanswerable", message="não")))
    assert ended(events).outcome == "unanswerable"


def test_the_step_limit_ends_the_turn(database: PostgresDatabase) -> None:
    events = run(make_agent(database, *[sql(COUNT)] * 9, limits=TurnLimits(max_steps=4)))
    assert (ended(events).reason, ended(events).steps) == ("steps", 4)


def test_the_token_and_time_limits_end_the_turn(database: PostgresDatabase) -> None:
    few = run(make_agent(database, *[sql(COUNT)] * 9, limits=TurnLimits(max_tokens=5)))
    assert (ended(few).reason, ended(few).steps) == ("tokens", 1)
    late = run(make_agent(database, *[sql(COUNT)] * 9, limits=TurnLimits(max_seconds=0)))
    assert (ended(late).reason, ended(late).steps) == ("seconds", 0)


def test_an_empty_question_is_told(database: PostgresDatabase) -> None:
    assert ended(run(make_agent(database), "  \n")).reason == "empty"


def test_a_model_that_fails_ends_the_turn_with_a_sentence(database: PostgresDatabase) -> None:
    end = ended(run(make_agent(database, sql(COUNT))))
    assert (end.outcome, end.reason) == ("failed", "model")
    assert "used up" in end.message


def test_cancelling_reaches_a_running_statement(database: PostgresDatabase) -> None:
    agent = make_agent(database, sql("SELECT pg_sleep(60)"), sql(COUNT), final("sql"))
    token = CancelToken()
    events: list[LoopEvent] = []
    for event in agent.ask("espere", token):
        events.append(event)
        if isinstance(event, ToolCallStarted):
            threading.Timer(0.2, token.cancel).start()
    assert ended(events).outcome == "cancelled"
    assert ended(events).seconds < 30
    assert ended(run(agent)).outcome == "sql", "the connection is usable afterwards"


def test_old_results_are_shortened_before_the_prompt_overflows(database: PostgresDatabase) -> None:
    wide = "SELECT repeat('x', 190) FROM generate_series(1, 19)"
    script = [sql(wide)] * 6 + [final("sql")]
    events = run(make_agent(database, *script, context=5_000))
    steps = [e for e in events if isinstance(e, StepStarted)]
    assert ended(events).outcome == "sql"
    assert steps[-1].shortened_results > 0
    assert all(step.context_tokens <= 5_000 for step in steps)


def test_a_question_that_can_never_fit_is_told(database: PostgresDatabase) -> None:
    end = ended(run(make_agent(database, context=2_000), "quantos " * 2_500))
    assert (end.outcome, end.reason) == ("failed", "context")
    assert "4999 for the question, 0 for what the model wrote, 0 for results. Shorten the question." in end.message


def test_a_context_that_is_too_small_is_told_part_by_part(database: PostgresDatabase) -> None:
    agent = make_agent(database, context=300)
    end = ended(run(agent))
    assert (end.outcome, end.reason) == ("failed", "context")
    told = re.fullmatch(r"The prompt needs (\d+) tokens, but a context of 300 leaves 225 .*", end.message)
    assert told
    found = re.findall(r"(\d+) for ", end.message)
    needed, parts = int(told[1]), [int(count) for count in found]
    assert len(parts) == 6
    assert needed - 4 * 2 - len(parts) <= sum(parts) <= needed + len(parts)  # four a message, and what was rounded
    assert parts[1] > 0
    assert parts[-2:] == [0, 0]
    enough = re.search(r"(\d+) tokens or more", end.message)
    assert enough
    larger = ended(run(make_agent(database, final("unanswerable", message="Não há."), context=int(enough[1]))))
    assert larger.outcome == "unanswerable", larger.message


def test_limits_of_the_answer_are_not_those_of_the_trial(database: PostgresDatabase) -> None:
    rows = "SELECT generate_series(1, 5000)"
    limits = TurnLimits(statement=Limits(max_rows=10), answer=Limits(max_rows=4000))
    events = run(make_agent(database, sql(rows), final("sql"), limits=limits))
    assert next(e for e in events if isinstance(e, ToolCallFinished)).row_count == 10
    answer = next(e for e in events if isinstance(e, AnswerReady))
    assert (answer.result.row_count, answer.result.truncated) == (4000, True)
    assert "truncated" in {e.check for e in events if isinstance(e, EvidenceGathered)}


def test_limits_that_are_replaced_in_mid_turn_hold_for_the_next_statement(database: PostgresDatabase) -> None:
    rows = "SELECT generate_series(1, 50)"
    agent = make_agent(database, sql(rows), sql(rows), final("sql"))
    counts = []
    for event in agent.ask("Quantos?", CancelToken()):
        if isinstance(event, ToolCallFinished):
            counts.append(event.row_count)
            smaller = msgspec.structs.replace(agent.limits.statement, max_rows=7)
            answer = msgspec.structs.replace(agent.limits.answer, max_rows=9)
            agent.limits = msgspec.structs.replace(agent.limits, statement=smaller, answer=answer)
    assert counts == [50, 7, 9]


def asked(agent: Agent) -> tuple[str, str]:
    run(agent, "Quantos?")
    assert isinstance(agent.model, ScriptedModel)
    system, user = agent.model.prompts[0]
    return system.content, user.content


def test_the_model_is_told_the_real_day_or_the_one_that_stands_for_it(database: PostgresDatabase) -> None:
    model = ScriptedModel([sql(COUNT), final("sql")])
    day = datetime.date(2001, 2, 3)
    assert "Hoje é 2001-02-03" in asked(Agent(model, database, default_profile(), today=day))[1]
    before = datetime.date.today()
    _, prompt = asked(make_agent(database, sql(COUNT), final("sql")))
    assert any(f"Hoje é {day}" in prompt for day in (before, datetime.date.today()))


def test_the_student_is_told_no_day(database: PostgresDatabase) -> None:
    agent = Agent(ScriptedModel([sql(COUNT), final("sql")]), database, student_profile())
    assert asked(agent) == (f"Agente SQL do banco {database.info.database}", "Quantos?")


def test_usage_adds_up(database: PostgresDatabase) -> None:
    events = run(make_agent(database, sql(COUNT), final("sql")))
    steps = [e.usage for e in events if isinstance(e, StepFinished)]
    assert ended(events).usage.generated_tokens == sum(u.generated_tokens for u in steps) > 0
