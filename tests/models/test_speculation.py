"""Drafts from the context: what they may change (nothing) and what they save."""

import random
from collections.abc import Callable, Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlagent_tui.agent.grammar import tool_grammar
from sqlagent_tui.agent.messages import Message, ToolCall
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.assembly import student_profile
from sqlagent_tui.models.library import student_path
from sqlagent_tui.models.lookup import LONGEST, MAX_DRAFT, Draft, Lookup
from sqlagent_tui.models.speculation import DraftTuner, Speculation
from tests.fix_engine import Rig

PROFILE = student_profile()
TEXTS = st.lists(st.integers(0, 5), max_size=60)


@given(TEXTS, st.integers(0, 60))
def test_a_draft_is_what_followed_the_longest_match_last(text: list[int], cut: int) -> None:
    lookup = Lookup(text[:cut])
    lookup.extend(text[cut:])
    expected = None
    for size in range(LONGEST, 1, -1):
        starts = [i for i in range(size, len(text)) if text[i - size : i] == text[-size:]]
        if starts:
            expected = Draft(text[starts[-1] : starts[-1] + MAX_DRAFT], size)
            break
    assert lookup.draft() == expected


SIZES = (2, 4, 8, 16)


def trusting(share: float, cost: Callable[[int], float] = lambda size: 1 + size / 8) -> DraftTuner:
    """A tuner that has seen `share` of all drafted tokens come true, and what computations cost."""
    tuner = DraftTuner()
    dice = random.Random(1)
    for _ in range(200):
        for matched in (2, 3, 4):
            tuner.checked(matched, dice.random() < share)
    tuner.timed(1, 0.5)
    for size in SIZES:
        tuner.timed(size, 0.5 * cost(size))
    return tuner


def test_the_length_follows_what_came_true_and_what_it_costs() -> None:
    draft = Draft(list(range(MAX_DRAFT)), 4)
    assert trusting(0.0).length(draft) == 0
    assert trusting(1.0).length(draft) == MAX_DRAFT
    assert 0 < trusting(0.6).length(draft) < MAX_DRAFT
    assert trusting(0.9, cost=float).length(draft) == 0  # as dear as one by one: nothing can be gained
    assert trusting(0.9, cost=lambda size: 1.0).length(draft) == MAX_DRAFT


def test_longer_drafts_are_tried_when_shorter_ones_are_measured() -> None:
    tuner = DraftTuner()
    draft = Draft(list(range(MAX_DRAFT)), 4)
    for size, cost in zip(SIZES, (1.3, 1.6, 2.4, 4.0), strict=True):
        for _ in range(50):
            tuner.checked(4, True)
        tuner.timed(1, 1.0)
        assert tuner.length(draft) == size - 1
        tuner.timed(size, cost)
    assert tuner.length(draft) == MAX_DRAFT


def test_drafts_that_fail_are_given_up_and_taken_up_again() -> None:
    tuner = DraftTuner()
    speculation = Speculation(tuner, [], lambda token: False)
    dice = random.Random(2)
    tries = []
    for _ in range(3000):
        tries.append(bool(speculation.draft(100)))
        speculation.discard()
        speculation.wrote([dice.randrange(8)])
    assert sum(tries) < 300
    for token in list(range(10, 20)) * 12:
        speculation.draft(100)
        speculation.discard()
        speculation.wrote([token])
    assert speculation.draft(100)  # it learns from drafts that it didn't even try


def test_nothing_is_drafted_beyond_an_end() -> None:
    speculation = Speculation(trusting(1.0), [1, 2, 3, 9, 4, 1, 2], lambda token: token == 9)
    assert speculation.draft(100) == [3]
    assert speculation.discard() == 1
    assert speculation.draft(1) == []


@pytest.fixture
def student() -> Iterator[Rig]:
    rig = Rig(student_path())
    yield rig
    rig.engine.close()


def turn(rig: Rig, question: str, options: GenerationOptions) -> tuple[list[tuple[str, ...]], int]:
    """Calls of a short turn in which the second answer repeats the first's; and how many computations it took."""
    rig.conversation.forget()
    rig.engine.keep(0, 0)
    messages = [Message(role="system", content="Agente SQL do banco cadastro_ambiental")]
    messages.append(Message(role="user", content=question))
    calls = []
    count = 0
    decode = rig.engine._decode

    def counting(chunks):
        nonlocal count
        count += 1
        return decode(chunks)

    rig.engine._decode = counting
    try:
        for result in ("municipio: id, nome, estado_id\nestado: id, nome, sigla", "count\n469", None):
            generation = rig.answer(*messages, options=options).generation
            calls.append(generation.raw_calls)
            if result is None:
                break
            made = tuple(ToolCall(id="c", tool="t", arguments={}, raw=raw) for raw in generation.raw_calls)
            messages.append(
                Message(role="assistant", thinking=generation.thinking, content=generation.text, tool_calls=made)
            )
            messages.append(Message(role="tool", content=result))
    finally:
        del rig.engine._decode
    return calls, count


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_what_is_written_is_the_same_with_and_without(student: Rig, temperature: float, seed: int) -> None:
    options = GenerationOptions(
        sampling=Sampling(temperature=temperature, seed=seed),
        max_tokens=400,
        thinking_budget=250,
        grammar=tool_grammar(PROFILE, ()),
    )
    plain = msgspec.structs.replace(options, speculate=False)
    saved = 0
    for question in ("Quantos embargos foram aplicados em 2023 no Pará?", "Quantos imóveis há em cada estado?"):
        without, long = turn(student, question, plain)
        with_drafts, short = turn(student, question, options)
        assert with_drafts == without
        saved += long - short
    assert saved > 0


def test_recurrent_models_do_without(student: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(student.engine), "can_forget", property(lambda self: False))
    options = GenerationOptions(sampling=Sampling(temperature=0), max_tokens=400, thinking_budget=250)
    _, count = turn(student, "Quantos embargos há?", options)
    _, plain = turn(student, "Quantos embargos há?", msgspec.structs.replace(options, speculate=False))
    assert count == plain
