"""Several generations in one context, by the real llama.cpp."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.protocols import Sampling
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.engine import Aborted
from sqlagent_tui.models.generation import Outcome
from sqlagent_tui.models.library import student_path
from sqlagent_tui.models.scheduler import Scheduler, Steps, Task
from tests.fix_engine import GREEDY, QUESTION, SYSTEM, WARM, Heard, Rig

LONG = Message(role="system", content="Você consulta um banco de dados. " * 20)


class Crew:
    """A scheduler, and what became of the tasks that it was given."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.scheduler = Scheduler(rig.engine)
        self.outcomes: dict[int, Outcome] = {}
        self.errors: dict[int, Exception] = {}
        self.stopped: set[int] = set()
        self.batches: list[int] = []

    def ask(self, sequence: int, *messages: Message, options=GREEDY) -> None:
        self.scheduler.add(
            Task(
                sequence=sequence,
                steps=self._steps(sequence, messages, options),
                fail=lambda error: self.errors.__setitem__(sequence, error),
                aborted=lambda: sequence in self.stopped,
            )
        )

    def _steps(self, sequence: int, messages: tuple[Message, ...], options) -> Steps:
        prompt = self.rig.prompt(*messages)
        self.outcomes[sequence] = yield from self.rig.generator.run(sequence, prompt, options, Heard())

    def run(self, steps: int = 100_000) -> None:
        while self.scheduler and steps:
            self.scheduler.step()
            self.batches.append(self.rig.engine.batch_tokens)
            steps -= 1


@pytest.fixture
def rig(tiny_gguf: Path) -> Iterator[Rig]:
    rig = Rig(tiny_gguf)
    yield rig
    rig.engine.close()


@pytest.fixture
def crew(rig: Rig) -> Crew:
    return Crew(rig)


def test_four_samples_evaluate_their_prompt_once(crew: Crew) -> None:
    for sample in range(1, 5):
        options = msgspec.structs.replace(WARM, sampling=Sampling(temperature=1, seed=sample))
        crew.ask(sample, LONG, QUESTION, options=options)
    crew.run()
    usages = [crew.outcomes[sample].generation.usage for sample in range(1, 5)]
    assert usages[0].cached_tokens == 0
    assert [usage.prompt_tokens - usage.cached_tokens for usage in usages[1:]] == [1, 1, 1]
    assert crew.batches.count(4) > 25  # of 40 tokens each: they are written side by side
    assert len({tuple(crew.outcomes[sample].tokens) for sample in range(1, 5)}) == 4


def test_a_sample_writes_what_it_would_have_written_alone(rig: Rig, crew: Crew) -> None:
    alone = [rig.answer(SYSTEM, Message(role="user", content=f"Pergunta {n}")).tokens for n in range(3)]
    for n in range(3):
        crew.ask(n + 1, SYSTEM, Message(role="user", content=f"Pergunta {n}"))
    crew.run()
    assert [crew.outcomes[n + 1].tokens for n in range(3)] == alone


def test_one_that_is_stopped_leaves_the_others_alone(crew: Crew) -> None:
    crew.ask(1, SYSTEM, QUESTION, options=WARM)
    crew.ask(2, SYSTEM, QUESTION, options=WARM)
    crew.run(steps=20)
    crew.stopped.add(1)
    crew.run()
    assert isinstance(crew.errors[1], Aborted)
    assert crew.outcomes[2].generation.usage.generated_tokens == WARM.max_tokens


def test_an_abort_within_a_computation_costs_the_others_nothing_but_time(rig: Rig, crew: Crew) -> None:
    crew.ask(2, SYSTEM, QUESTION, options=WARM)
    crew.run(steps=20)
    crew.ask(1, LONG, Message(role="user", content="x " * 900))
    crew.run(steps=1)
    rig.asked, rig.stop_after = 0, 3  # what the engine asks; the scheduler then finds whom it was about
    crew.run(steps=1)
    rig.stop_after = None
    crew.stopped.add(1)
    crew.run()
    assert isinstance(crew.errors[1], Aborted)
    assert 1 not in crew.outcomes
    alone = Rig(rig.path)
    assert crew.outcomes[2].tokens == alone.answer(SYSTEM, QUESTION, options=WARM).tokens
    alone.engine.close()


def test_others_write_on_while_a_long_prompt_is_evaluated(crew: Crew) -> None:
    crew.ask(1, SYSTEM, QUESTION, options=WARM)
    crew.run(steps=5)
    crew.ask(2, LONG, Message(role="user", content="x " * 900))
    crew.run(steps=4)
    assert crew.batches[-3:] == [129, 129, 129]


def test_a_failing_task_ends_alone(crew: Crew) -> None:
    crew.ask(1, SYSTEM, Message(role="user", content="x " * 5000))
    crew.ask(2, SYSTEM, QUESTION)
    crew.run()
    assert "context holds" in str(crew.errors[1])
    assert crew.outcomes[2].generation.usage.generated_tokens


def test_what_nobody_works_on_makes_room(tiny_gguf: Path) -> None:
    rig = Rig(tiny_gguf, context_size=256)
    crew = Crew(rig)
    for sample in (1, 2, 3):
        crew.ask(sample, SYSTEM, Message(role="user", content=f"{sample} " * 30))
        crew.run()
        assert sample in crew.outcomes
    rig.engine.close()


def test_too_many_for_the_context_are_told(tiny_gguf: Path) -> None:
    rig = Rig(tiny_gguf, context_size=256)
    crew = Crew(rig)
    endless = msgspec.structs.replace(WARM, max_tokens=1000)
    for sample in (1, 2, 3):
        crew.ask(sample, Message(role="user", content=f"{sample} " * 20), options=endless)
    crew.run()
    assert len(crew.outcomes) + len(crew.errors) == 3
    assert crew.outcomes
    for error in crew.errors.values():
        assert isinstance(error, ModelError)
        assert "256 tokens is full" in str(error)
    assert crew.errors
    rig.engine.close()


def test_the_student_answers_side_by_side_as_alone() -> None:
    rig = Rig(student_path())
    crew = Crew(rig)
    questions = ["Quantos embargos há no Pará?", "Liste os estados.", "Qual o telefone do dono?"]
    system = Message(role="system", content="Agente SQL do banco cadastro_ambiental")
    options = msgspec.structs.replace(GREEDY, max_tokens=300, thinking_budget=250)
    alone = []
    for question in questions:
        alone.append(rig.answer(system, Message(role="user", content=question), options=options).generation.raw_calls)
    for sequence, question in enumerate(questions, 1):
        crew.ask(sequence, system, Message(role="user", content=question), options=options)
    crew.run()
    assert [crew.outcomes[n].generation.raw_calls for n in (1, 2, 3)] == alone
    rig.engine.close()
