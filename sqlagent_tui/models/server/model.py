"""The model as the app sees it, on a server."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPResponse
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.messages import Delta, Generation, Message, PromptProgress, Usage
from sqlagent_tui.agent.parser import Parsed
from sqlagent_tui.agent.protocols import GenerationOptions, ModelInfo
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.server import failures, http, stream
from sqlagent_tui.models.server.address import Address
from sqlagent_tui.models.server.answer import AnswerReader, Habits
from sqlagent_tui.models.server.client import Client, Reply, read
from sqlagent_tui.models.server.counting import TokenCounter
from sqlagent_tui.models.server.key import from_environment
from sqlagent_tui.models.server.messages import to_openai
from sqlagent_tui.models.server.probe import Offer, probe
from sqlagent_tui.models.server.requests import Abilities, payload

KEY_VARIABLE: Final = "SQLAGENT_API_KEY"
TIMEOUT_SECONDS: Final = 300.0
_SLACK: Final = 64
_COUNTED: Final = {
    "exact": "counts tokens itself",
    "approximate": "counts tokens, but not those of its template",
    "estimated": "token counts are estimates",
}


class ServerModel:
    """A model behind an OpenAI-compatible API. Open it with `ServerModel.open`.

    The conversation is sent anew with each step: keeping what was evaluated is the server's business. A budget for
    thinking is not: by this API only the whole answer can be bounded.
    """

    def __init__(self, client: Client, offer: Offer, *, context_size: int, key_variable: str) -> None:
        self.offer = offer
        self._client = client
        self._context_size = min(filter(None, (context_size, offer.context_size)), default=0)
        self._key_variable = key_variable
        self._habits = Habits()
        self._abilities = Abilities()
        self._counter = TokenCounter(client, offer)
        self._counted: tuple[list[dict[str, Any]], list[dict[str, Any]], int] | None = None

    @classmethod
    def open(
        cls,
        address: Address,
        *,
        key_variable: str = KEY_VARIABLE,
        context_size: int = 0,
        timeout: float = TIMEOUT_SECONDS,
        cancel: CancelToken | None = None,
    ) -> Self:
        """Find out what the server is. Nothing is kept open.

        `key_variable` names the environment variable with the API key; `context_size` bounds what the server tells,
        or stands for it; `timeout` in seconds bounds its silences. Raises `ModelError`, `UsageError`, `Cancelled`.
        """
        client = Client(address, from_environment(key_variable), timeout)
        offer = probe(client, address.model, key_variable, cancel or CancelToken())
        return cls(client, offer, context_size=context_size, key_variable=key_variable)

    @property
    def info(self) -> ModelInfo:
        """Name and context size of the model, and what serves it."""
        offer = self.offer
        server = " ".join(filter(None, [offer.kind, offer.version]))
        counted = _COUNTED[self._counter.counting]
        return ModelInfo(
            name=failures.line(offer.model),
            context_size=self._context_size,
            description=f"{server} at {self._client.address.origin}, {counted}",
            warning=self._warning(),
        )

    @property
    def key_source(self) -> str:
        """Where the API key is from; empty when none is sent."""
        return self._client.key.source if self._client.key else ""

    def count_tokens(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> int:
        """Return how many prompt tokens these messages cost; an estimate where the server doesn't count."""
        self._check_open()
        return self._count(to_openai(messages, self._habits.thoughts), [dict(tool) for tool in tools])

    def generate(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        options: GenerationOptions,
        cancel: CancelToken,
    ) -> Iterator[Delta]:
        """Yield deltas; the last one is a `Generation`.

        Raises `ModelError` when the server can't go on, and `Cancelled` as soon as the token is set, which closes
        the connection, and so does closing the iterator: the server then stops.
        """
        self._check_open()
        cancel.raise_if_cancelled()
        turns, schemas = to_openai(messages, self._habits.thoughts), [dict(tool) for tool in tools]
        prompt = self._count(turns, schemas)
        room = self._room(prompt)
        while True:
            run = _Run(self, turns, schemas, prompt, options.max_tokens)
            request = payload(self.offer, turns, schemas, options, room, self._abilities, self._habits)
            try:
                path = f"{self._client.address.path}/chat/completions"
                with self._client.open("POST", path, request, cancel) as response:
                    if response.status == 200:
                        yield from run.answer(response, cancel)
                        return
                    reply = read(response)
            except http.NotConnectedError as failure:
                raise failures.unreachable(failure) from None
            except http.ConnectionLostError as failure:
                address, timeout = self._client.address, self._client.timeout
                raise failures.broke_off(failure, address, timeout, run.begun) from None
            if not self._simplify(reply):
                raise failures.refused(self._client, reply, self._key_variable, self.offer.model)

    def close(self) -> None:
        """End what is under way. Idempotent; from any thread."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._client.closed:
            raise ModelError("The model is closed.", "Open it again.")

    def _warning(self) -> str:
        address = self._client.address
        if self._client.key is None or address.scheme == "https" or address.local:
            return ""
        return f"The API key and everything asked go to {address.origin} unencrypted: use https, or a tunnel."

    def _count(self, turns: list[dict[str, Any]], tools: list[dict[str, Any]]) -> int:
        known = self._counted
        if known is None or known[:2] != (turns, tools):
            known = self._counted = (turns, tools, self._counter.count(turns, tools))
        return known[2]

    def _room(self, prompt: int) -> int | None:
        """Tokens left for an answer; None: nobody knows."""
        size = self._context_size
        if size and prompt >= size:
            raise ModelError(
                f"The prompt needs {prompt} tokens, but the server's context holds {size}.",
                "Start the server with a larger context, or ask about fewer tables.",
            )
        return size - prompt if size else None

    def _simplify(self, reply: Reply) -> bool:
        """Ask for less next time, when a refusal may be due to what not every server knows. It had begun nothing."""
        if reply.status not in (400, 422):
            return False
        told = failures.detail(reply.json(), self._client)
        return not failures.too_long(told) and self._abilities.give_up_something(told)


class _Run:
    """One streamed answer."""

    def __init__(
        self,
        model: ServerModel,
        turns: list[dict[str, Any]],
        tools: list[dict[str, Any]],
        prompt: int,
        max_tokens: int,
    ) -> None:
        self._model = model
        self._max_chunks = max_tokens + _SLACK
        self._turns, self._tools, self._prompt = turns, tools, prompt
        self._reader = AnswerReader(model._habits)
        self._started = time.monotonic()
        self._first = 0.0
        self._finish: str | None = None
        self._counts: stream.Counts | None = None
        self._timings: stream.Timings | None = None

    @property
    def begun(self) -> bool:
        """Whether something of the answer has come."""
        return bool(self._first)

    def answer(self, response: HTTPResponse, cancel: CancelToken) -> Iterator[Delta]:
        """Yield what comes, and the whole at its end. Raises `ModelError`, `Cancelled`."""
        client = self._model._client
        yield PromptProgress(0, self._prompt)
        for chunk in _chunks(response, client):
            if chunk.error:
                raise failures.reported(client, chunk.error)
            yield from self._take(chunk)
            if self._reader.chunks > self._max_chunks:  # it doesn't keep to max_tokens, and may never end
                self._finish = "length"
                break
        cancel.raise_if_cancelled()
        self._model._check_open()
        if self._finish is None:
            raise failures.cut_short(client.address)
        yield from self._reader.flush()
        parsed = self._reader.finish(self._finish == "length")
        yield self._generation(parsed)

    def _take(self, chunk: stream.Chunk) -> Iterator[Delta]:
        self._counts = chunk.usage or self._counts
        self._timings = chunk.timings or self._timings
        if progress := chunk.prompt_progress:
            yield PromptProgress(progress.processed - progress.cache, progress.total - progress.cache)
        for choice in chunk.choices or ():
            self._finish = choice.finish_reason or self._finish
            delta = choice.delta or choice.message
            pieces = self._reader.add(delta) if delta else []
            if self._reader.chunks and not self._first:
                self._first = time.monotonic()
            yield from pieces

    def _generation(self, parsed: Parsed) -> Generation:
        return Generation(
            thinking=parsed.thinking,
            text=parsed.text,
            raw_calls=parsed.raw_calls,
            unclosed_call=parsed.unclosed,
            stop="length" if self._finish == "length" else "end",
            usage=self._usage(),
        )

    def _usage(self) -> Usage:
        """The server's figures, where it gives any."""
        ended = time.monotonic()
        first = self._first or ended
        counts, timings = self._counts or stream.Counts(), self._timings
        details = counts.prompt_tokens_details or stream.PromptDetails()
        self._model._counter.learn(self._turns, self._tools, counts.prompt_tokens)
        cached, generated = details.cached_tokens, counts.completion_tokens
        prompt, seconds = counts.prompt_tokens, ended - first
        if timings is not None:
            cached = timings.cache_n if cached is None else cached
            generated = generated or timings.predicted_n
            prompt = prompt or timings.prompt_n + (cached or 0)
            seconds = timings.predicted_ms / 1000 or seconds
        return Usage(
            prompt_tokens=prompt or self._prompt,
            cached_tokens=cached or 0,
            generated_tokens=self._reader.chunks if generated is None else generated,
            seconds=ended - self._started,
            generation_seconds=seconds,
            first_token_seconds=first - self._started,
        )


def _chunks(response: HTTPResponse, client: Client) -> Iterator[stream.Chunk]:
    """Read a stream, or a whole answer from a server that doesn't stream. Raises `ModelError`."""
    reply_kind = response.headers.get_content_type() if "Content-Type" in response.headers else ""
    try:
        if reply_kind == "text/event-stream":
            for data in stream.events(response):
                if data == stream.DONE:
                    return
                yield stream.decode_chunk(data)
        else:
            reply = read(response)
            if reply.json() is None:
                raise failures.not_openai(client.address, reply)
            yield stream.decode_chunk(reply.body)
    except (msgspec.DecodeError, UnicodeError):
        raise failures.garbled(client.address) from None
