"""A recorded trajectory, spoken again word by word: what each step evaluates, and what drafts save."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.parser import CALL_OPEN, StreamParser
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.models.batch import Chunk
from sqlagent_tui.models.sampler import Sampler
from sqlagent_tui.models.settings import EngineSettings
from sqlagent_tui.models.speculation import DraftTuner, Speculation
from sqlagent_tui.models.tokens import Part
from sqlagent_tui.models.writer import Writer
from sqlagent_tui.models.writing import Marks, Writing
from tests.benchmarks.engine.record import recorded
from tests.benchmarks.engine.rig import Bench, Quiet
from tests.fix_engine import drive

ROUNDS = 3


class Step(NamedTuple):
    """One answer of the trajectory."""

    call: str
    prompt_tokens: int
    evaluated: int
    new: int
    """Tokens that were not in the prompt and answer before."""
    call_tokens: int
    plain_seconds: float
    """For the call, one token at a time."""
    drafting_seconds: float
    drafted: int
    accepted: int


class Dictated:
    """A sampler that does its work, and then says what was recorded."""

    constrained = True

    def __init__(self, sampler: Sampler, tokens: Sequence[int]) -> None:
        self._sampler = sampler
        self._tokens = iter(tokens)

    def sample(self, row: int) -> int:
        """Pick a token, and return the recorded one."""
        self._sampler.sample(row)
        return next(self._tokens)


def steps(model: Path, settings: EngineSettings) -> list[dict[str, Any]]:
    """Speak the trajectory and measure each step."""
    bench = Bench(model, 8192, settings)
    record = recorded()
    tuner = DraftTuner()
    known = 0
    measured = []
    for index, message in enumerate(record.messages):
        if message.role != "assistant":
            continue
        before = record.messages[:index]
        prompt = bench.conversation.prompt(before, record.tools)
        cached, _ = drive(bench.engine, bench.generator.evaluate(0, prompt.tokens, Quiet()))
        text = _written(message)
        thought, opening, call = text.partition(CALL_OPEN)
        tokens = bench.encoder.encode([Part(thought, True)])
        bench.engine.evaluate([Chunk(0, tokens, 1)])
        start = [*prompt.tokens, *tokens]
        spoken = bench.encoder.encode([Part(opening + call + "<|im_end|>", True)])
        plain, drafting = [], []
        for _ in range(ROUNDS):  # by turns: the machine may be busier now than a minute ago
            plain.append(_speak(bench, tuner, start, spoken, drafts=False)[0])
            drafting.append(_speak(bench, tuner, start, spoken, drafts=True))
        seconds, speculation = min(drafting, key=lambda pair: pair[0])
        new = len(prompt.tokens) - known
        measured.append(
            Step(
                message.tool_calls[0].tool, len(prompt.tokens), len(prompt.tokens) - cached, new, len(spoken),
                min(plain), seconds, speculation.drafted, speculation.accepted,
            )._asdict()
        )  # fmt: skip
        held = [*start, *spoken[:-1]]
        drive(bench.engine, bench.generator.evaluate(0, held, Quiet()))
        parser = StreamParser(prompt.inside_thinking)
        parser.feed(text)
        parser.flush()
        bench.conversation.hold(before, record.tools, parser.finish(), held)
        known = len(held)
    bench.engine.close()
    return measured


def _written(message: Message) -> str:
    """An assistant's message as the model wrote it, after a prompt that opens the thought."""
    calls = "".join(f"<tool_call>{call.raw}</tool_call>" for call in message.tool_calls)
    return f"{message.thinking}\n</think>\n\n{calls}"


def _speak(
    bench: Bench, tuner: DraftTuner, start: list[int], spoken: list[int], *, drafts: bool
) -> tuple[float, Speculation]:
    """Write `spoken` after `start`, which is held; return the seconds and what was guessed."""
    engine = bench.engine
    options = GenerationOptions(sampling=Sampling(temperature=0), thinking_budget=0, speculate=drafts)
    engine.keep(0, len(start) - 1)
    (row,) = engine.evaluate([Chunk(0, start[-1:], 1)])
    sampler = engine.sampler(options.sampling)
    writing = Writing(
        engine,
        Marks(engine, bench.encoder),
        tuner,
        0,
        start,
        Writer(False, Quiet()),
        Dictated(sampler, spoken),
        options,
    )
    started = time.monotonic()
    stop = drive(engine, writing.run(row))
    seconds = time.monotonic() - started
    sampler.close()
    assert stop == "end", stop
    assert writing.written == spoken[:-1]
    return seconds, writing.speculation or Speculation(tuner, [], bool)
