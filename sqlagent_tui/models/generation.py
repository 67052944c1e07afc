"""One generation: evaluate what is new of the prompt, then write until the end. Runs in the child process."""

from __future__ import annotations

import codecs
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Final, Literal, NamedTuple, Protocol

from sqlagent_tui.agent.messages import Generation, Piece, Usage
from sqlagent_tui.agent.parser import CALL_CLOSE, CALL_OPEN, THINK_CLOSE, THINK_OPEN, Parsed, StreamParser
from sqlagent_tui.agent.protocols import GenerationOptions
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.conversation import Prompt
from sqlagent_tui.models.engine import Engine
from sqlagent_tui.models.sampler import Sampler
from sqlagent_tui.models.tokens import Part, PromptEncoder

END_THOUGHT: Final = f"\n{THINK_CLOSE}\n\n"
DELTA_SECONDS: Final = 0.04
PROGRESS_SECONDS: Final = 0.1
LOOP_TOKENS: Final = 192
"""So many tokens that repeat one pattern, at least four times over, are a loop."""
LOOP_PERIOD: Final = 128
CLOSING_TOKENS: Final = 96
"""Beyond the limit, for a call that was cut short to be brought to its end."""

Stop = Literal["end", "length", "thinking_budget"]


class Sink(Protocol):
    """Where a generation tells how it goes."""

    def progress(self, done: int, total: int) -> None:
        """`done` of `total` prompt tokens are evaluated."""

    def pieces(self, pieces: Sequence[Piece]) -> None:
        """These pieces were written."""


class Outcome(NamedTuple):
    """How a generation ended."""

    generation: Generation
    answer: Parsed | None
    """What was written, when the conversation can be continued after it; None when a thought was left open."""
    tokens: list[int]
    """Prompt and answer, as the model read and wrote them."""


class Writer:
    """Text on its way out: bytes to characters to pieces, sent in batches."""

    def __init__(self, inside_thinking: bool, sink: Sink) -> None:
        self.parser = StreamParser(inside_thinking)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._sink = sink
        self._waiting: list[Piece] = []
        self._sent = 0.0

    def write(self, data: bytes) -> None:
        """Take a token's bytes; half characters wait for their other half."""
        self._add(self.parser.feed(self._decoder.decode(data)))
        if time.monotonic() - self._sent >= DELTA_SECONDS:
            self._send()

    def close(self) -> Parsed:
        """Send the rest and return the whole."""
        self._add(self.parser.feed(self._decoder.decode(b"", final=True)))
        self._add(self.parser.flush())
        self._send()
        return self.parser.finish()

    def _add(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            if self._waiting and self._waiting[-1].kind == piece.kind:
                self._waiting[-1] = Piece(piece.kind, self._waiting[-1].text + piece.text)
            else:
                self._waiting.append(piece)

    def _send(self) -> None:
        if self._waiting:
            self._sink.pieces(self._waiting)
            self._waiting = []
            self._sent = time.monotonic()


class Generator:
    """Generates with an engine; knows its tags and end tokens."""

    def __init__(self, engine: Engine, encoder: PromptEncoder) -> None:
        self._engine = engine
        self._end_thought = encoder.encode([Part(END_THOUGHT, True)])
        tags = (THINK_OPEN, THINK_CLOSE, CALL_OPEN, CALL_CLOSE)
        opening = encoder.encode([Part(THINK_OPEN, True)])
        self._open_thought = opening[0] if len(opening) == 1 else -1
        # In this order: a quote closes a string, in which the brackets would only be text.
        closers = (encoder.encode([Part(text, False)]) for text in '"]}')
        self._closers = [ids[0] for ids in closers if len(ids) == 1]
        self._tags = {token for tag in tags if len(ids := encoder.encode([Part(tag, True)])) == 1 for token in ids}
        response = encoder.encode([Part("<tool_response>", True)])
        self._response = response[0] if len(response) == 1 else -1

    def run(self, prompt: Prompt, options: GenerationOptions, sink: Sink) -> Outcome:
        """Generate. Raises `Aborted`, and `ModelError` when the prompt doesn't fit or the model computes no numbers."""
        started = time.monotonic()
        cached = self._evaluate(prompt.tokens, sink)
        evaluated = time.monotonic()
        writer = Writer(prompt.inside_thinking, sink)
        with closing(self._engine.sampler(options.sampling)) as sampler:
            stop, written, first = self._write(writer, sampler, options)
        complete = not writer.parser.inside_thinking
        parsed = writer.close()
        ended = time.monotonic()
        usage = Usage(
            prompt_tokens=len(prompt.tokens),
            cached_tokens=cached,
            generated_tokens=len(written),
            seconds=ended - started,
            generation_seconds=ended - evaluated,
            first_token_seconds=first - started,
        )
        generation = Generation(
            thinking=parsed.thinking,
            text=parsed.text,
            raw_calls=parsed.raw_calls,
            unclosed_call=parsed.unclosed,
            stop=stop,
            usage=usage,
        )
        return Outcome(generation, parsed if complete else None, prompt.tokens + written)

    def _evaluate(self, tokens: list[int], sink: Sink) -> int:
        """Bring the context to `tokens`; return how many of them it held already."""
        engine = self._engine
        if len(tokens) >= engine.context_size:
            raise ModelError(
                f"The prompt needs {len(tokens)} tokens, but the model's context holds {engine.context_size}.",
                "Choose a larger context, or ask about fewer tables.",
            )
        same = _common_start(engine.tokens, tokens)
        engine.keep(min(same, len(tokens) - 1))  # the last token must be evaluated for its logits
        cached = len(engine.tokens)
        total = len(tokens) - cached
        reported = 0.0

        def report(done: int) -> None:
            nonlocal reported
            now = time.monotonic()
            if now - reported >= PROGRESS_SECONDS or done == total:
                reported = now
                sink.progress(done, total)

        report(0)
        engine.evaluate(tokens[cached:], report)
        engine.check_logits()
        return cached

    def _write(self, writer: Writer, sampler: Sampler, options: GenerationOptions) -> tuple[Stop, list[int], float]:
        """Write until the end; return why it stopped, the tokens, and when the first one came."""
        engine = self._engine
        written: list[int] = []
        thought = 0
        limit = options.max_tokens
        forced = closing = False
        first = 0.0
        while True:
            # A call that goes round and round, or on and on, is brought to its end.
            closer = next(filter(sampler.offer, self._closers), None) if closing else None
            token = sampler.sample() if closer is None else closer
            if self._calls_begin(token, writer, sampler, options, written):
                token = sampler.constrain(options.grammar, token)
            first = first or time.monotonic()
            if self._ends(token, writer.parser.inside_thinking):
                return "thinking_budget" if forced else "end", written, first
            pending = [token]
            writer.write(engine.piece(token))
            thought += writer.parser.inside_thinking
            spent = 0 < options.thinking_budget <= thought
            looping = _loops([*written[-LOOP_PERIOD * 4 :], token])
            if writer.parser.inside_thinking and (spent or looping):
                forced = True
                pending += self._end_of_thought(sampler, writer)
            elif sampler.constrained and not closing and (looping or len(written) + 1 >= limit):
                closing, limit = True, len(written) + CLOSING_TOKENS
            elif looping:
                return "length", [*written, token], first
            written += pending
            full = len(written) >= limit or len(engine.tokens) + len(pending) >= engine.context_size
            if full or (closing and writer.parser.after_call):
                return "length", written, first
            engine.evaluate(pending)

    def _end_of_thought(self, sampler: Sampler, writer: Writer) -> list[int]:
        """Write what ends a thought, as if the model had; return its tokens."""
        for token in self._end_thought:
            sampler.accept(token)
            writer.write(self._engine.piece(token))
        return self._end_thought

    def _calls_begin(
        self, token: int, writer: Writer, sampler: Sampler, options: GenerationOptions, written: Sequence[int]
    ) -> bool:
        """Whether the grammar takes over at this token: thoughts are free, also one that the model opens itself."""
        if not options.grammar or sampler.constrained or writer.parser.inside_thinking:
            return False
        return bool(written) or token != self._open_thought

    def _ends(self, token: int, thinking: bool) -> bool:
        """An end token; structure that only a prompt may hold; or a tool's result, invented by the model."""
        if self._engine.ends_generation(token):
            return True
        if token in self._tags:
            return False
        return self._engine.is_control(token) or (token == self._response and not thinking)


def _common_start(first: Sequence[int], second: Sequence[int]) -> int:
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))


def _loops(tokens: Sequence[int]) -> bool:
    """Whether the end of `tokens` goes round and round."""
    if len(tokens) < LOOP_TOKENS:
        return False
    last = tokens[-1]
    for period in range(1, LOOP_PERIOD + 1):
        if tokens[-1 - period] == last:
            size = max(LOOP_TOKENS, 4 * period)
            if size <= len(tokens) and tokens[-size:-period] == tokens[period - size :]:
                return True
    return False
