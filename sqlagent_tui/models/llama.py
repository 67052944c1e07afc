"""The model as the app sees it: conversations with the process that runs llama.cpp."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.messages import Delta, Message, PromptProgress
from sqlagent_tui.agent.protocols import GenerationOptions, Model, ModelInfo
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models import wire
from sqlagent_tui.models.host import AGAIN, DEFAULT_CONTEXT, PREFIX_BYTES, ModelHost
from sqlagent_tui.models.lane import Lane
from sqlagent_tui.models.settings import UNPINNED, Pins
from sqlagent_tui.models.setup import Setup

MAX_SAMPLES: Final = 7
"""Conversations that the context holds beside the main one."""


class Voice:
    """One of the conversations that a loaded model holds side by side, in a `sequence` of its context.

    One generation at a time: another thread's waits for its turn.
    """

    def __init__(self, host: ModelHost, sequence: int) -> None:
        self._host = host
        self._sequence = sequence
        self._lane = Lane()

    @property
    def info(self) -> ModelInfo:
        """Name, hash and context size of the loaded model."""
        return self._host.info

    def count_tokens(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> int:
        """Return how many prompt tokens these messages cost, generation prompt included. Raises `ModelError`."""
        host, cancel = self._host, CancelToken()
        with self._lane.taken(cancel):
            host.start(cancel)
            request = wire.Count(
                id=host.next_id(), messages=list(messages), tools=_plain(tools), sequence=self._sequence
            )
            for reply in host.ask(request, cancel):
                if isinstance(reply, wire.Counted):
                    return reply.tokens
        raise ModelError("The model process gave no answer.", AGAIN)

    def generate(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        options: GenerationOptions,
        cancel: CancelToken,
    ) -> Iterator[Delta]:
        """Yield deltas; the last one is a `Generation`.

        Only what is new is evaluated. Raises `ModelError` when the model can't go on, and `Cancelled` within 100 ms
        of the token being set. Closing the iterator early stops the model too.
        """
        host = self._host
        with self._lane.taken(cancel):
            host.start(cancel)
            request = wire.Generate(
                id=host.next_id(),
                messages=list(messages),
                tools=_plain(tools),
                options=options,
                sequence=self._sequence,
            )
            with closing(host.ask(request, cancel)) as replies:
                for reply in replies:
                    match reply:
                        case wire.Evaluating():
                            yield PromptProgress(reply.done, reply.total)
                        case wire.Wrote():
                            yield from reply.pieces
                        case wire.Finished():
                            yield reply.generation

    def close(self) -> None:
        """Do nothing: it ends with the model that it is a voice of."""


class LlamaModel(Voice):
    """A GGUF model in a child process. Open it with `LlamaModel.open`.

    `close` may be called from any thread, at any moment, and is instant. A crash of the child raises `ModelError`;
    the next call starts it again.
    """

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        context_size: int = DEFAULT_CONTEXT,
        pins: Pins = UNPINNED,
        ignore_memory: bool = False,
        calibrate_when_idle: bool = False,
        name: str = "",
        log: Path | None = None,
        prefix_bytes: int = PREFIX_BYTES,
        on_progress: Callable[[float], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Self:
        """Load a model file.

        The options are those of `ModelHost`; `on_progress` is told fractions from 0 to 1. Raises `ModelError`, and
        `Cancelled`.
        """
        host = ModelHost(
            path,
            context_size=context_size,
            pins=pins,
            ignore_memory=ignore_memory,
            calibrate_when_idle=calibrate_when_idle,
            name=name,
            log=log,
            prefix_bytes=prefix_bytes,
        )
        try:
            host.start(cancel or CancelToken(), on_progress)
        except BaseException:
            host.close()
            raise
        return cls(host, 0)

    @property
    def path(self) -> Path:
        """The model's file."""
        return self._host.path

    @property
    def setup(self) -> Setup | None:
        """What it was loaded with; None before."""
        return self._host.setup

    @property
    def pid(self) -> int | None:
        """The child's process id; None when it isn't running."""
        return self._host.pid

    def warm(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], cancel: CancelToken
    ) -> Iterator[PromptProgress]:
        """Evaluate, or load from disk, what prompts begin with that consist of `messages` and a user's next one.

        Yields progress, none when there is nothing to evaluate. What was evaluated when it is cancelled is kept.
        Raises as `generate`.
        """
        with self._lane.taken(cancel):
            self._host.start(cancel)
            request = wire.ReadAhead(id=self._host.next_id(), messages=list(messages), tools=_plain(tools))
            with closing(self._host.ask(request, cancel)) as replies:
                for reply in replies:
                    if isinstance(reply, wire.Evaluating):
                        yield PromptProgress(reply.done, reply.total)

    def samples(self, count: int) -> Sequence[Model]:
        """Return `count` models, each for a thread of its own; what their prompts have in common is evaluated once.

        They share this model's context and end with it. Raises `ModelError` when there are too many.
        """
        if count > MAX_SAMPLES:
            raise ModelError(f"{count} samples at once are too many.", f"Take {MAX_SAMPLES} at most.")
        return [Voice(self._host, sequence) for sequence in range(1, count + 1)]

    def close(self) -> None:
        """End the process at once. Idempotent; from any thread."""
        self._host.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _plain(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(tool) for tool in tools]
