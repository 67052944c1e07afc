"""Profiles: what a user may replace, and what is told when it can't be used."""

from pathlib import Path

import pytest

from sqlagent_tui.agent.profile import default_profile, load_profile, parse_profile
from sqlagent_tui.errors import UsageError


def test_a_file_only_says_what_differs() -> None:
    profile = parse_profile('name = "x"\n[sampling]\ntemperature = 0.1\n[tools.execute_sql]\nname = "rodar"', "x.toml")
    assert profile.name == "x"
    assert profile.sampling.temperature == 0.1
    assert profile.sampling.top_k == 20
    assert profile.tools["execute_sql"].name == "rodar"
    assert profile.find_tool("RODAR") == "execute_sql"
    assert profile.find_tool("execute_sql") == "execute_sql"


def test_the_prompt_opens_the_way_the_published_model_was_trained() -> None:
    prompt = default_profile().system_prompt
    assert "<database_profile>\n# Banco de Dados: {database}\n" in prompt


def test_schemas_use_the_profile_s_words() -> None:
    text = '[decisions]\nsql = ["resposta"]\n[tools.final_answer.arguments.decision]\nname = "decisao"'
    function = parse_profile(text, "x").tool_schemas()[2]["function"]
    assert isinstance(function, dict)
    assert function["parameters"]["properties"]["decisao"]["enum"] == ["resposta", "clarification", "unanswerable"]
    assert function["parameters"]["required"] == ["decisao"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "not valid TOML"),
        ("temperature = 1", "does not fit"),
        ("max_tokens = 'many'", "does not fit"),
        ("[tools.execute_sql.arguments.limit]\nname = 'limit'", "exactly the arguments"),
        ("[tools.drop]\nname = 'drop'\narguments = {}", "unknown tool"),
        ("[decisions]\nmaybe = ['x']", "does not fit"),
        ("[decisions]\nsql = []", "each of the three"),
    ],
)
def test_what_cannot_be_used_is_told(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_profile(text, "meu.toml")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: No such file"):
        load_profile(tmp_path / "none.toml")
