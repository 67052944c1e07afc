"""An engine in this process, and all that makes it answer."""

from collections.abc import Generator as Steps
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from sqlagent_tui.agent.messages import Message, Piece
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.models.conversation import Conversation, Prompt
from sqlagent_tui.models.engine import Engine, Log
from sqlagent_tui.models.generation import Generator, Outcome
from sqlagent_tui.models.scheduler import Want
from sqlagent_tui.models.settings import EngineSettings
from sqlagent_tui.models.template import ChatTemplate
from sqlagent_tui.models.tokens import PromptEncoder

Result = TypeVar("Result")

SETTINGS = EngineSettings(threads=1, threads_batch=1)
LOG = Log(lambda line: None)
"""The only one of the process: llama.cpp tells the last."""
GREEDY = GenerationOptions(sampling=Sampling(temperature=0), max_tokens=24, thinking_budget=8)
WARM = GenerationOptions(sampling=Sampling(temperature=1, seed=3), max_tokens=40, thinking_budget=0)
SYSTEM = Message(role="system", content="Você consulta um banco de dados.")
QUESTION = Message(role="user", content="Quantos imóveis?")


class Heard:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.reports: list[tuple[int, int]] = []
        self.written: list[Piece] = []

    def progress(self, done: int, total: int) -> None:
        self.reports.append((done, total))

    def pieces(self, pieces: Sequence[Piece]) -> None:
        self.written += pieces


class Rig:
    """An engine and what belongs to it; `stop_after` aborts after so many questions whether to."""

    def __init__(self, path: Path, *, context_size: int = 4096, settings: EngineSettings = SETTINGS) -> None:
        self.path = path
        self.asked = 0
        self.stop_after: int | None = None
        self.engine = Engine(path, context_size=context_size, settings=settings, log=LOG, aborted=self._aborted)
        self.vocabulary = self.engine.vocabulary
        self.encoder: PromptEncoder = self.vocabulary.encoder()
        template = ChatTemplate(self.engine.chat_template, bos=self.vocabulary.bos, eos=self.vocabulary.eos)
        self.conversation = Conversation(template, self.encoder)
        self.generator = Generator(self.engine, self.encoder)
        self.heard = Heard()

    def _aborted(self) -> bool:
        self.asked += 1
        return self.stop_after is not None and self.asked > self.stop_after

    def prompt(self, *messages: Message) -> Prompt:
        return self.conversation.prompt(messages, [])

    def answer(self, *messages: Message, options: GenerationOptions = GREEDY) -> Outcome:
        self.heard = Heard()
        outcome = drive(self.engine, self.generator.run(0, self.prompt(*messages), options, self.heard))
        if outcome.answer is not None:
            self.conversation.hold(messages, [], outcome.answer, outcome.tokens)
        return outcome


def drive(engine: Engine, steps: Steps[Want, int, Result]) -> Result:
    """Run one task's steps to their end, alone."""
    try:
        want = next(steps)
        while True:
            (row,) = engine.evaluate([want.chunk], want.on_part)
            want = steps.send(row)
    except StopIteration as end:
        return end.value
