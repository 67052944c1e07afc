"""The loop that writes: sample, tell, evaluate, until the model is done or has to be."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import Final, Literal

from sqlagent_tui.agent.parser import CALL_CLOSE, CALL_OPEN, THINK_CLOSE, THINK_OPEN
from sqlagent_tui.agent.protocols import GenerationOptions
from sqlagent_tui.models.batch import Chunk
from sqlagent_tui.models.engine import Engine
from sqlagent_tui.models.sampler import Sampler
from sqlagent_tui.models.scheduler import Want
from sqlagent_tui.models.speculation import DraftTuner, Speculation
from sqlagent_tui.models.tokens import Part, PromptEncoder
from sqlagent_tui.models.writer import Writer

END_THOUGHT: Final = f"\n{THINK_CLOSE}\n\n"
LOOP_TOKENS: Final = 192
"""So many tokens that repeat one pattern, at least four times over, are a loop."""
LOOP_PERIOD: Final = 128
CLOSING_TOKENS: Final = 96
"""Beyond the limit, for a call that was cut short to be brought to its end."""

Stop = Literal["end", "length", "thinking_budget"]


class Marks:
    """The tokens that structure an answer, in one model's vocabulary."""

    def __init__(self, engine: Engine, encoder: PromptEncoder) -> None:
        self._vocabulary = engine.vocabulary
        self.end_of_thought = encoder.encode([Part(END_THOUGHT, True)])
        self.open_thought = _single(encoder.encode([Part(THINK_OPEN, True)]))
        # In this order: a quote closes a string, in which the brackets would only be text.
        closers = (_single(encoder.encode([Part(text, False)])) for text in '"]}')
        self.closers = [token for token in closers if token >= 0]
        tags = (THINK_OPEN, THINK_CLOSE, CALL_OPEN, CALL_CLOSE)
        self._tags = {_single(encoder.encode([Part(tag, True)])) for tag in tags} - {-1}
        self._response = _single(encoder.encode([Part("<tool_response>", True)]))

    def ends(self, token: int, thinking: bool) -> bool:
        """An end token; structure that only a prompt may hold; or a tool's result, invented by the model."""
        if self._vocabulary.ends_generation(token):
            return True
        if token in self._tags:
            return False
        return self._vocabulary.is_control(token) or (token == self._response and not thinking)


class Writing:
    """One answer while it is written into `sequence`, after `prompt`."""

    def __init__(
        self,
        engine: Engine,
        marks: Marks,
        tuner: DraftTuner,
        sequence: int,
        prompt: Sequence[int],
        writer: Writer,
        sampler: Sampler,
        options: GenerationOptions,
    ) -> None:
        self.written: list[int] = []
        self.first = 0.0
        """When the first token came, on the monotonic clock."""
        self.speculation: Speculation | None = None
        """None before the first call."""
        self._engine = engine
        self._vocabulary = engine.vocabulary
        self._marks = marks
        self._tuner = tuner
        self._sequence = sequence
        self._prompt = prompt
        self._writer = writer
        self._sampler = sampler
        self._options = options
        self._alone = True
        """The last computation was for this answer only; with others' tokens in it, a draft is no longer cheap."""

    def run(self, row: int) -> Generator[Want, int, Stop]:
        """Write until the end, beginning with the logits at `row`; return why it stopped."""
        options, writer, sampler = self._options, self._writer, self._sampler
        thought = 0
        limit = options.max_tokens
        forced = closing = False
        while True:
            # A call that goes round and round, or on and on, is brought to its end.
            closer = next(filter(sampler.offer, self._marks.closers), None) if closing else None
            token = sampler.sample(row) if closer is None else closer
            if self._calls_begin(token):
                token = sampler.constrain(options.grammar, token, row)
            self.first = self.first or time.monotonic()
            if self._marks.ends(token, writer.parser.inside_thinking):
                return "thinking_budget" if forced else "end"
            pending = [token]
            writer.write(self._vocabulary.piece(token))
            thought += writer.parser.inside_thinking
            spent = 0 < options.thinking_budget <= thought
            looping = loops([*self.written[-LOOP_PERIOD * 4 :], token])
            if writer.parser.inside_thinking and (spent or looping):
                forced = True
                pending += self._close_thought()
            elif sampler.constrained and not closing and (looping or len(self.written) + 1 >= limit):
                closing, limit = True, len(self.written) + CLOSING_TOKENS
            elif looping:
                self.written.append(token)
                return "length"
            self.written += pending
            if len(self.written) >= limit or self._is_full() or (closing and writer.parser.after_call):
                return "length"
            if self.speculation and self.speculation.wrote(pending):
                row += 1
            else:
                row = yield from self._evaluate(pending)

    def _is_full(self) -> bool:
        return len(self._prompt) + len(self.written) >= self._engine.context_size

    def _close_thought(self) -> list[int]:
        """Write what ends a thought, as if the model had; return its tokens."""
        for token in self._marks.end_of_thought:
            self._sampler.accept(token)
            self._writer.write(self._vocabulary.piece(token))
        return self._marks.end_of_thought

    def _calls_begin(self, token: int) -> bool:
        """Whether the grammar takes over at this token: thoughts are free, also one that the model opens itself."""
        if not self._options.grammar or self._sampler.constrained or self._writer.parser.inside_thinking:
            return False
        return bool(self.written) or token != self._marks.open_thought

    def _evaluate(self, pending: Sequence[int]) -> Generator[Want, int, int]:
        """Evaluate what was written, and a draft of what may follow; return the row of the next token's logits."""
        held = self._engine.held[self._sequence]
        if self.speculation and (wrong := self.speculation.discard()):
            self._engine.keep(self._sequence, len(held) - wrong)
        draft = self._draft()
        tokens = [*pending, *draft]
        row = yield Want(Chunk(self._sequence, tokens, 1 + len(draft)))
        self._alone = self._engine.batch_tokens == len(tokens)
        if self._alone:
            self._tuner.timed(len(tokens), self._engine.batch_seconds)
        return row

    def _draft(self) -> list[int]:
        """What to try beyond what is written. Only within calls: thoughts hardly repeat anything."""
        wanted = self._options.speculate and self._alone and self._engine.can_forget
        if not wanted or self._writer.parser.inside_thinking:
            return []
        if self.speculation is None:
            text = [*self._prompt, *self.written]
            self.speculation = Speculation(self._tuner, text, lambda token: self._marks.ends(token, False))
        room = self._engine.context_size - len(self._prompt) - len(self.written)
        return self.speculation.draft(room)


def loops(tokens: Sequence[int]) -> bool:
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


def _single(tokens: Sequence[int]) -> int:
    """The one token; -1 when it is several."""
    return tokens[0] if len(tokens) == 1 else -1
