"""One generation: evaluate what is new of the prompt, then write until the end. Runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Generator as Steps
from contextlib import closing
from typing import Final, NamedTuple

from sqlagent_tui.agent.messages import Generation, Usage
from sqlagent_tui.agent.parser import Parsed
from sqlagent_tui.agent.protocols import GenerationOptions
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.batch import Chunk
from sqlagent_tui.models.conversation import Prompt
from sqlagent_tui.models.engine import READ_AHEAD, Engine
from sqlagent_tui.models.scheduler import Want
from sqlagent_tui.models.speculation import DraftTuner
from sqlagent_tui.models.tokens import PromptEncoder
from sqlagent_tui.models.writer import Sink, Writer
from sqlagent_tui.models.writing import Marks, Writing

PROGRESS_SECONDS: Final = 0.1


class Outcome(NamedTuple):
    """How a generation ended."""

    generation: Generation
    answer: Parsed | None
    """What was written, when the conversation can be continued after it; None when a thought was left open."""
    tokens: list[int]
    """Prompt and answer, as the model read and wrote them."""


class Generator:
    """Generates with an engine."""

    def __init__(self, engine: Engine, encoder: PromptEncoder) -> None:
        self._engine = engine
        self._marks = Marks(engine, encoder)
        self._tuner = DraftTuner()

    def run(self, sequence: int, prompt: Prompt, options: GenerationOptions, sink: Sink) -> Steps[Want, int, Outcome]:
        """Generate in `sequence`, as steps for a scheduler; they return the outcome.

        They raise `ModelError` when the prompt doesn't fit or the model computes no numbers.
        """
        started = time.monotonic()
        cached, row = yield from self.evaluate(sequence, prompt.tokens, sink)
        evaluated = time.monotonic()
        writer = Writer(prompt.inside_thinking, sink)
        with closing(self._engine.sampler(options.sampling)) as sampler:
            writing = Writing(self._engine, self._marks, self._tuner, sequence, prompt.tokens, writer, sampler, options)
            stop = yield from writing.run(row)
        complete = not writer.parser.inside_thinking
        parsed = writer.close()
        ended = time.monotonic()
        usage = Usage(
            prompt_tokens=len(prompt.tokens),
            cached_tokens=cached,
            generated_tokens=len(writing.written),
            seconds=ended - started,
            generation_seconds=ended - evaluated,
            first_token_seconds=writing.first - started,
        )
        generation = Generation(
            thinking=parsed.thinking,
            text=parsed.text,
            raw_calls=parsed.raw_calls,
            unclosed_call=parsed.unclosed,
            stop=stop,
            usage=usage,
        )
        return Outcome(generation, parsed if complete else None, prompt.tokens + writing.written)

    def read_ahead(self, tokens: list[int], sink: Sink) -> Steps[Want, int, None]:
        """Bring what is read ahead to `tokens`. Raises `ModelError`, as `run`."""
        if self._engine.adopt(READ_AHEAD, tokens) < len(tokens):
            yield from self.evaluate(READ_AHEAD, tokens, sink)

    def evaluate(self, sequence: int, tokens: list[int], sink: Sink) -> Steps[Want, int, tuple[int, int]]:
        """Bring `sequence` to `tokens`; return how many of them were held already, and the row of the last one."""
        engine = self._engine
        if len(tokens) >= engine.context_size:
            raise ModelError(
                f"The prompt needs {len(tokens)} tokens, but the model's context holds {engine.context_size}.",
                "Choose a larger context, or ask about fewer tables.",
            )
        # The last token must be evaluated for its logits.
        cached = engine.adopt(sequence, tokens[:-1])
        total = len(tokens) - cached
        told = 0.0

        def tell(done: int) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told >= PROGRESS_SECONDS or done == total:
                told = now
                sink.progress(done, total)

        tell(0)
        row = -1
        for start in range(cached, len(tokens), engine.prompt_step):
            part = tokens[start : start + engine.prompt_step]
            done = start - cached

            def on_part(fraction: float, done: int = done, size: int = len(part)) -> None:
                tell(done + min(size - 1, int(size * fraction)))

            last = start + len(part) == len(tokens)
            row = yield Want(Chunk(sequence, part, int(last)), prompt=True, on_part=on_part)
            tell(done + len(part))
        engine.check_logits(row)
        return cached, row
