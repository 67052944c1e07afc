"""The real llama.cpp, in this process, on a tiny model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sqlagent_tui.agent.messages import Message, ToolCall
from sqlagent_tui.agent.parser import THINK_CLOSE
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.batch import Chunk
from sqlagent_tui.models.engine import Aborted, Engine
from sqlagent_tui.models.settings import N_UBATCH
from sqlagent_tui.models.tokens import Part
from sqlagent_tui.models.writer import Writer
from sqlagent_tui.models.writing import LOOP_TOKENS, loops
from tests.fix_engine import GREEDY, LOG, QUESTION, SETTINGS, SYSTEM, WARM, Heard, Rig
from tests.fix_models import CONTROL, TAGS, make_gguf


@pytest.fixture
def rig(tiny_gguf: Path) -> Iterator[Rig]:
    rig = Rig(tiny_gguf)
    yield rig
    rig.engine.close()


def as_message(generation) -> Message:
    calls = tuple(ToolCall(id="c", tool="t", arguments={}, raw=raw) for raw in generation.raw_calls)
    return Message(role="assistant", thinking=generation.thinking, content=generation.text, tool_calls=calls)


def test_knows_the_file(rig: Rig) -> None:
    assert rig.engine.context_size == 4096
    assert (rig.vocabulary.bos, rig.vocabulary.eos) == ("<|endoftext|>", "<|im_end|>")


def test_the_context_is_at_most_what_the_model_was_trained_with(tiny_gguf: Path) -> None:
    with Engine(tiny_gguf, context_size=1 << 20, settings=SETTINGS, log=LOG) as engine:
        assert engine.context_size == 4096


@pytest.mark.parametrize("tag", [*CONTROL, *TAGS])
def test_no_content_becomes_structure(rig: Rig, tag: str) -> None:
    ids = {rig.encoder.encode([Part(other, True)])[0] for other in (*CONTROL, *TAGS)}
    harmless = rig.prompt(SYSTEM, Message(role="user", content="x"), Message(role="tool", content="y"))
    hostile = rig.prompt(
        SYSTEM, Message(role="user", content=f"{tag}x{tag}"), Message(role="tool", content=f"{tag}\n{tag}{tag}y")
    )
    assert [token for token in hostile.tokens if token in ids] == [token for token in harmless.tokens if token in ids]
    assert b"".join(map(rig.vocabulary.piece, hostile.tokens)).decode().count(f"{tag}x{tag}") == 1


def test_llama_cpp_alone_would_read_such_tags(rig: Rig) -> None:
    (end,) = rig.encoder.encode([Part("</tool_response>", True)])
    assert end in rig.vocabulary.tokenize_plain("a</tool_response>b")


def test_text_survives_tokenising(rig: Rig) -> None:
    text = "São Paulo 🌳👩‍👩‍👧 — “água”\t\n\n  fim\ud800"
    assert b"".join(map(rig.vocabulary.piece, rig.vocabulary.tokenize_plain(text))).decode() == text.replace(
        "\ud800", "?"
    )


def test_characters_are_never_halved(rig: Rig) -> None:
    heard = Heard()
    writer = Writer(inside_thinking=False, sink=heard)
    tokens = rig.vocabulary.tokenize_plain("a🌳é👩‍👩‍👧b")
    assert len(tokens) > 12
    for token in tokens:
        writer.write(rig.vocabulary.piece(token))
    assert writer.close().text == "a🌳é👩‍👩‍👧b"
    assert "\ufffd" not in "".join(piece.text for piece in heard.written)


def test_the_same_seed_gives_the_same_text(rig: Rig, tiny_gguf: Path) -> None:
    first = rig.answer(SYSTEM, QUESTION, options=WARM).generation
    other = Rig(tiny_gguf)
    assert other.answer(SYSTEM, QUESTION, options=WARM).generation.thinking == first.thinking
    cold = GenerationOptions(sampling=Sampling(temperature=1, seed=4), max_tokens=40, thinking_budget=0)
    assert other.answer(SYSTEM, QUESTION, options=cold).generation.thinking != first.thinking
    other.engine.close()


def test_a_repeat_penalty_is_applied(rig: Rig) -> None:
    penal = GenerationOptions(sampling=Sampling(temperature=0, repeat_penalty=1.8), max_tokens=24, thinking_budget=8)
    free = rig.answer(SYSTEM, QUESTION)
    held = rig.answer(SYSTEM, QUESTION, options=penal)
    assert len(set(held.tokens[-16:])) > len(set(free.tokens[-16:]))


def test_each_step_evaluates_only_what_is_new(rig: Rig) -> None:
    messages = [SYSTEM, QUESTION]
    known = 0
    for step in range(4):
        prompt = rig.prompt(*messages)
        outcome = rig.answer(*messages)
        usage = outcome.generation.usage
        assert prompt.continues == (step > 0)
        assert usage.prompt_tokens == len(prompt.tokens)
        new = usage.prompt_tokens - known
        # At most one token more: a generation that is cut off leaves its last token unevaluated.
        assert new <= usage.prompt_tokens - usage.cached_tokens <= new + 1
        assert rig.heard.reports[0] == (0, usage.prompt_tokens - usage.cached_tokens)
        known = len(outcome.tokens)
        messages += [as_message(outcome.generation), Message(role="tool", content=f"resultado {step}")]


def test_a_continued_prompt_reads_like_a_rendered_one(rig: Rig, tiny_gguf: Path) -> None:
    messages = [SYSTEM, QUESTION]
    outcome = rig.answer(*messages)
    messages += [as_message(outcome.generation), Message(role="tool", content="12")]
    continued = rig.prompt(*messages)
    assert continued.continues
    assert continued.tokens[: len(outcome.tokens)] == outcome.tokens
    tail = b"".join(map(rig.vocabulary.piece, continued.tokens[len(outcome.tokens) :])).decode()
    assert tail == (
        "<|im_end|>\n<|im_start|>user\n<tool_response>\n12\n</tool_response><|im_end|>\n<|im_start|>assistant\n<think>\n"
    )


def test_a_new_question_is_rendered_anew_but_keeps_the_common_start(rig: Rig) -> None:
    outcome = rig.answer(SYSTEM, QUESTION)
    messages = (SYSTEM, QUESTION, as_message(outcome.generation), Message(role="user", content="E agora?"))
    assert not rig.prompt(*messages).continues
    usage = rig.answer(*messages).generation.usage
    assert len(rig.prompt(SYSTEM, QUESTION).tokens) - 8 < usage.cached_tokens < usage.prompt_tokens


def test_another_answer_than_the_models_own_is_rendered_anew(rig: Rig) -> None:
    rig.answer(SYSTEM, QUESTION)
    forged = Message(role="assistant", thinking="outra", content="coisa")
    assert not rig.prompt(SYSTEM, QUESTION, forged, Message(role="tool", content="12")).continues


def test_the_same_prompt_again_costs_one_token(rig: Rig) -> None:
    first = rig.answer(SYSTEM, QUESTION).generation
    again = rig.answer(SYSTEM, QUESTION).generation
    assert again.usage.prompt_tokens - again.usage.cached_tokens == 1
    assert again.text == first.text


def test_a_spent_thinking_budget_ends_the_thought(rig: Rig) -> None:
    generation = rig.answer(SYSTEM, QUESTION).generation
    assert generation.thinking
    assert generation.text
    assert THINK_CLOSE not in generation.thinking + generation.text
    outcome = rig.answer(SYSTEM, QUESTION)
    closing = rig.encoder.encode([Part(f"\n{THINK_CLOSE}\n\n", True)])
    start = len(rig.prompt(SYSTEM, QUESTION).tokens) + GREEDY.thinking_budget
    assert outcome.tokens[start : start + len(closing)] == closing


def test_without_a_budget_it_may_think_to_the_end(rig: Rig) -> None:
    outcome = rig.answer(SYSTEM, QUESTION, options=WARM)
    assert outcome.generation.stop == "length"
    assert outcome.generation.text == ""
    assert outcome.answer is None  # an open thought can't be continued
    assert outcome.generation.usage.generated_tokens == 40


def test_a_prompt_that_does_not_fit_is_refused(tiny_gguf: Path) -> None:
    rig = Rig(tiny_gguf, context_size=256)
    with pytest.raises(ModelError, match=r"needs \d+ tokens, but the model's context holds 256"):
        rig.answer(SYSTEM, Message(role="user", content="muito longa " * 100))
    assert rig.answer(SYSTEM, QUESTION).generation.stop == "length"
    rig.engine.close()


def test_the_end_of_the_context_ends_the_generation(tiny_gguf: Path) -> None:
    rig = Rig(tiny_gguf, context_size=256)
    options = GenerationOptions(sampling=Sampling(temperature=1, seed=1), max_tokens=10_000, thinking_budget=0)
    outcome = rig.answer(SYSTEM, QUESTION, options=options)
    assert outcome.generation.stop == "length"
    assert len(outcome.tokens) == 256
    rig.engine.close()


def test_an_abort_within_a_long_prefill_is_answered_at_once(rig: Rig) -> None:
    question = Message(role="user", content="quantos imóveis rurais existem em cada estado? " * 95)
    tokens = rig.prompt(SYSTEM, question).tokens
    assert len(tokens) > 2000
    once = GenerationOptions(sampling=Sampling(temperature=0), max_tokens=1)
    rig.asked = 0
    rig.answer(SYSTEM, question, options=once)
    whole = rig.asked
    fresh = rig.answer(SYSTEM, question)
    for share in (0.05, 0.3, 0.6, 0.95):
        rig.engine.keep(0, 0)
        rig.asked, rig.stop_after = 0, int(whole * share)
        with pytest.raises(Aborted):
            rig.answer(SYSTEM, question)
        assert rig.asked <= rig.stop_after + 2  # no further node was computed
        assert rig.engine.held[0] == tokens[: len(rig.engine.held[0])]
        assert len(rig.engine.held[0]) % N_UBATCH == 0
        rig.stop_after = None
        again = rig.answer(SYSTEM, question)  # the context is sound afterwards
        assert again.generation.text == fresh.generation.text
    assert whole > 200


def test_an_abort_while_writing(rig: Rig) -> None:
    rig.answer(SYSTEM, QUESTION)
    rig.asked, rig.stop_after = 0, 10
    with pytest.raises(Aborted):
        rig.answer(SYSTEM, QUESTION, options=WARM)
    rig.stop_after = None
    assert rig.answer(SYSTEM, QUESTION).generation.text


def test_an_abort_while_loading(tiny_gguf: Path) -> None:
    with pytest.raises(Aborted):
        Engine(tiny_gguf, context_size=512, settings=SETTINGS, log=LOG, aborted=lambda: True)


def test_progress_moves_within_a_batch(rig: Rig) -> None:
    parts: list[float] = []
    chunk = Chunk(0, rig.vocabulary.tokenize_plain("abc " * 40)[:N_UBATCH], 1)
    rig.engine.evaluate([chunk], parts.append)
    assert parts == sorted(parts)
    assert len(set(parts)) > 2
    rig.answer(SYSTEM, Message(role="user", content="abc " * 100))
    done = [done for done, _ in rig.heard.reports]
    assert done == sorted(done)
    assert rig.heard.reports[-1][0] == rig.heard.reports[-1][1]


def test_damaged_weights_are_noticed(tmp_path: Path) -> None:
    rig = Rig(make_gguf(tmp_path / "damaged.gguf", damaged=True))
    with pytest.raises(ModelError, match="damaged"):
        rig.answer(SYSTEM, QUESTION)
    rig.engine.close()


def test_an_unknown_architecture_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"can't load odd\.gguf: unknown model architecture: 'qwen9'"):
        Engine(make_gguf(tmp_path / "odd.gguf", architecture="qwen9"), context_size=512, settings=SETTINGS, log=LOG)


@pytest.mark.parametrize("period", [1, 3, 40, 100])
def test_going_round_and_round_is_noticed(period: int) -> None:
    loop = list(range(period)) * (max(LOOP_TOKENS, 4 * period) // period + 1)
    assert loops([7, 7, 9, *loop])
    assert not loops([*loop, 999])
    assert not loops(loop[: LOOP_TOKENS - 1])


def test_ordinary_text_is_no_loop() -> None:
    assert not loops([index * index % 97 + index for index in range(600)])
