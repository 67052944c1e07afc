"""Tool calls under a grammar, written by the real llama.cpp with random weights: whatever it dreams up can be read."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sqlagent_tui.agent.calls import read_call
from sqlagent_tui.agent.grammar import MAX_ENUMERATED, tool_grammar
from sqlagent_tui.agent.messages import Message, ToolCall
from sqlagent_tui.agent.parser import CALL_OPEN, THINK_CLOSE
from sqlagent_tui.agent.profile import default_profile, parse_profile
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.assembly import student_profile
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.library import student_path
from sqlagent_tui.models.writing import CLOSING_TOKENS
from tests.fix_engine import QUESTION, SYSTEM, Rig

PROFILE = default_profile()
TABLES = ("imovel_rural", "estado", '"Tabela Ímpar"', 'outro."d\'água \\"')
GRAMMAR = tool_grammar(PROFILE, TABLES)


@pytest.fixture
def rig(tiny_gguf: Path) -> Iterator[Rig]:
    rig = Rig(tiny_gguf)
    yield rig
    rig.engine.close()


@pytest.fixture
def student_rig() -> Iterator[Rig]:
    rig = Rig(student_path())
    yield rig
    rig.engine.close()


def wild(seed: int, grammar: str = GRAMMAR, **changes: int) -> GenerationOptions:
    options = GenerationOptions(
        sampling=Sampling(temperature=1, top_k=0, top_p=1, seed=seed),
        max_tokens=600,
        thinking_budget=6,
        grammar=grammar,
    )
    return msgspec.structs.replace(options, **changes)


def test_random_weights_write_only_calls_that_can_be_read(rig: Rig) -> None:
    seen: set[str] = set()
    for seed in range(24):
        generation = rig.answer(SYSTEM, QUESTION, options=wild(seed)).generation
        assert generation.text == ""
        whole = generation.raw_calls[:-1] if generation.unclosed_call else generation.raw_calls
        for raw in whole:
            json.loads(raw)  # strict, unlike read_call
            call = read_call(raw, PROFILE, "call_1")
            assert isinstance(call, ToolCall), raw
            assert set(call.arguments.get("table_names", ())) <= {*TABLES, TABLES[2].strip('"')}
            seen.add(call.tool)
        assert whole or generation.stop == "length"
    assert seen == {"get_table_schema", "execute_sql", "final_answer"}


def test_without_a_list_of_tables_any_name_can_be_asked_for(rig: Rig) -> None:
    for seed in range(12):
        generation = rig.answer(SYSTEM, QUESTION, options=wild(seed, tool_grammar(PROFILE))).generation
        for raw in generation.raw_calls[: -1 if generation.unclosed_call else None]:
            assert isinstance(read_call(raw, PROFILE, "call_1"), ToolCall), raw


def test_a_large_catalogue_is_not_spelt_out_nor_gone_through() -> None:
    names = iter([f"t{number}" for number in range(5_000)])
    assert tool_grammar(PROFILE, names) == tool_grammar(PROFILE)
    assert next(names) == f"t{MAX_ENUMERATED + 1}"
    spelt = tool_grammar(PROFILE, (f"t{number}" for number in range(MAX_ENUMERATED)))
    assert spelt != tool_grammar(PROFILE)
    assert f"t{MAX_ENUMERATED - 1}" in spelt


def test_the_thought_is_free_and_the_call_follows_it(rig: Rig) -> None:
    outcome = rig.answer(SYSTEM, QUESTION, options=wild(1))
    text = b"".join(rig.vocabulary.piece(token) for token in outcome.tokens).decode("utf-8", "replace")
    written = text.rpartition(THINK_CLOSE)[2]
    assert written.lstrip().startswith(CALL_OPEN)


def test_a_call_cut_short_is_brought_to_its_end(rig: Rig) -> None:
    ended = 0
    for seed in range(12):
        generation = rig.answer(SYSTEM, QUESTION, options=wild(seed, max_tokens=50)).generation
        assert generation.usage.generated_tokens <= 50 + CLOSING_TOKENS + 1
        if not generation.unclosed_call:
            ended += 1
            assert all(isinstance(read_call(raw, PROFILE, "call_1"), ToolCall) for raw in generation.raw_calls)
    assert ended >= 11  # an escape that random weights began takes the quote in


def test_the_same_seed_writes_the_same_call(rig: Rig) -> None:
    first, second = (rig.answer(SYSTEM, QUESTION, options=wild(5)).generation.raw_calls for _ in range(2))
    assert first == second


def test_a_call_that_a_trained_model_writes_anyway_is_left_as_it_is(student_rig: Rig) -> None:
    """Greedy, from the same prompt: where the grammar has no objection, it changes nothing."""
    profile = student_profile()
    system = Message(role="system", content="Agente SQL do banco cadastro_ambiental")
    question = Message(role="user", content="Quantos imóveis rurais existem em cada estado?")
    options = profile.options()
    free = student_rig.answer(system, question, options=options)
    constrained = msgspec.structs.replace(options, grammar=tool_grammar(profile))
    assert student_rig.answer(system, question, options=constrained).tokens == free.tokens
    assert len(free.generation.raw_calls) == 1


def test_names_of_a_profile_are_what_the_grammar_asks_for(rig: Rig) -> None:
    profile = parse_profile(
        """
        [decisions]
        sql = ["responder"]
        clarification = ["perguntar"]
        unanswerable = ["recusar"]
        [tools.final_answer]
        name = "fim"
        [tools.final_answer.arguments.message]
        name = "texto"
        """,
        "test",
    )
    grammar = tool_grammar(profile, TABLES)
    for word in ("responder", "perguntar", "recusar", "fim", "texto"):
        assert f'"\\"{word}\\""' in grammar
    assert "final_answer" not in grammar
    rig.answer(SYSTEM, QUESTION, options=wild(2, grammar))


def test_a_grammar_that_cannot_be_read_is_one_sentence(rig: Rig) -> None:
    with pytest.raises(ModelError, match="grammar of the tool calls"):
        rig.answer(SYSTEM, QUESTION, options=wild(1, "root ::= ("))
