"""Tool calls: everything with one meaning is read, everything else is reported."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlagent_tui.agent.calls import MalformedCall, read_call
from sqlagent_tui.agent.messages import ToolCall
from sqlagent_tui.agent.profile import Profile, default_profile


@pytest.fixture(scope="module")
def profile() -> Profile:
    return default_profile()


@pytest.mark.parametrize(
    "raw",
    [
        '{"name": "execute_sql", "arguments": {"sql": "SELECT 1"}}',
        '{"name": "execute_sql", "arguments": {"sql": "SELECT 1",}}',
        '{"name": "execute_sql", "arguments": {"sql": "SELECT 1"}',
        '{"name": "execute_sql", "arguments": {"sql": "SELECT 1',
        '```json\n{"name": "execute_sql", "arguments": {"sql": "SELECT 1"}}\n```',
        '{"name": "run_query", "arguments": {"query": "SELECT 1"}}',
        '{"tool": "Execute-SQL", "parameters": {"consulta": "SELECT 1"}}',
        '{"name": "execute_sql", "arguments": "{\\"sql\\": \\"SELECT 1\\"}"}',
        '{"name": "execute_sql", "sql": "SELECT 1"}',
        "{'name': 'execute_sql', 'arguments': {'sql': 'SELECT 1'}}",
        'Claro: {"name": "execute_sql", "arguments": {"sql": "SELECT 1"}} pronto',
        "<function=execute_sql>\n<parameter=sql>\nSELECT 1\n</parameter>\n</function>",
    ],
)
def test_one_meaning_is_read(raw: str, profile: Profile) -> None:
    call = read_call(raw, profile, "call_1")
    assert isinstance(call, ToolCall), call
    assert (call.tool, call.arguments) == ("execute_sql", {"sql": "SELECT 1"})


def test_raw_line_breaks_inside_sql_are_kept(profile: Profile) -> None:
    call = read_call('{"name": "execute_sql", "arguments": {"sql": "SELECT 1\n-- dois\n, 2"}}', profile, "c")
    assert isinstance(call, ToolCall)
    assert call.arguments["sql"] == "SELECT 1\n-- dois\n, 2"


@pytest.mark.parametrize("names", ['["a", "b"]', '"a, b"', "\"['a', 'b']\""])
def test_table_names_in_any_form(names: str, profile: Profile) -> None:
    call = read_call('{"name": "get_table_schema", "arguments": {"tables": ' + names + "}}", profile, "c")
    assert isinstance(call, ToolCall)
    assert call.arguments == {"table_names": ["a", "b"]}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("", "not valid JSON"),
        ("SELECT 1", "not valid JSON"),
        ("[1, 2]", "not valid JSON"),
        ('{"arguments": {}}', 'no "name"'),
        ('{"name": "drop_table", "arguments": {}}', "no tool"),
        ('{"name": "execute_sql", "arguments": {"q": "SELECT 1"}}', "needs sql; it was given q"),
        ('{"name": "execute_sql", "arguments": [1]}', "must be a JSON object"),
        ('{"name": "execute_sql", "arguments": {"sql": {"a": 1}}}', "must be a string"),
        ('{"name": "get_table_schema", "arguments": {"table_names": []}}', "list of names"),
        ('{"name": "final_answer", "arguments": {}}', "needs decision"),
        ('{"name": "final_answer", "arguments": {"decision": "talvez"}}', "is no decision"),
        ('{"name": "final_answer", "arguments": {"decision": "clarification"}}', "needs a message"),
        ('{"name": "execute_sql", "arguments": {"sql": "' + "x" * 20_001 + '"}}', "longer than"),
    ],
)
def test_what_means_nothing_is_reported(raw: str, told: str, profile: Profile) -> None:
    call = read_call(raw, profile, "c")
    assert isinstance(call, MalformedCall), call
    assert told in call.message
    assert call.raw == raw


def test_decision_aliases_and_an_omitted_decision(profile: Profile) -> None:
    said = read_call('{"name": "final_answer", "arguments": {"type": "Clarify", "question": "Qual?"}}', profile, "c")
    assert isinstance(said, ToolCall)
    assert said.arguments == {"decision": "clarification", "message": "Qual?"}
    implied = read_call('{"name": "final_answer", "arguments": {"sql": "SELECT 1"}}', profile, "c")
    assert isinstance(implied, ToolCall)
    assert implied.arguments == {"sql": "SELECT 1", "decision": "sql"}


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert isinstance(read_call(text, default_profile(), "c"), ToolCall | MalformedCall)


@given(st.text(alphabet="{}[]\"',: \nanmeruts\\", max_size=80))
def test_no_json_like_text_raises(text: str) -> None:
    assert isinstance(read_call('{"name": "execute_sql"' + text, default_profile(), "c"), ToolCall | MalformedCall)
