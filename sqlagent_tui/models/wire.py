"""What passes between the app and the process that runs the model: JSON frames with a four-byte length."""

from __future__ import annotations

import os
import select
import struct
from collections.abc import Callable
from typing import Any

import msgspec

from sqlagent_tui.agent.messages import Generation, Message, Piece
from sqlagent_tui.agent.protocols import GenerationOptions
from sqlagent_tui.models.settings import EngineSettings

_HEADER = struct.Struct("<I")
MAX_FRAME = 1 << 28
"""Bytes; a longer frame means that the stream is out of step."""


class Request(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The base of all requests. `id` grows; an abort names the request it is meant for."""

    id: int


class Load(Request, frozen=True, kw_only=True):
    """Load a model file; always the first request."""

    path: str
    context_size: int
    settings: EngineSettings
    sha256: str
    """Of the file, when it is known; else it is computed."""
    prefixes: str
    """The folder of evaluated prompt prefixes."""
    prefix_bytes: int
    """How much it may hold; 0: none are kept."""


class Generate(Request, frozen=True, kw_only=True):
    """Continue a conversation."""

    messages: list[Message]
    tools: list[dict[str, Any]]
    options: GenerationOptions
    sequence: int = 0
    """Which of the conversations that are held side by side."""


class Count(Request, frozen=True, kw_only=True):
    """Count the prompt tokens of a conversation."""

    messages: list[Message]
    tools: list[dict[str, Any]]
    sequence: int = 0


class ReadAhead(Request, frozen=True, kw_only=True):
    """Evaluate what prompts begin with that consist of these messages and a user's next one."""

    messages: list[Message]
    tools: list[dict[str, Any]]


class Abort(Request, frozen=True, kw_only=True):
    """Stop the request of this id."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The base of all replies; `id` is the request's."""

    id: int


class Loading(Reply, frozen=True, kw_only=True):
    """Loading advances; `fraction` from 0 to 1."""

    fraction: float


class Loaded(Reply, frozen=True, kw_only=True):
    """The model is ready."""

    context_size: int
    sha256: str


class Evaluating(Reply, frozen=True, kw_only=True):
    """Prompt evaluation advances."""

    done: int
    total: int


class Wrote(Reply, frozen=True, kw_only=True):
    """Newly generated text, told apart."""

    pieces: list[Piece]


class Finished(Reply, frozen=True, kw_only=True):
    """The end of a generation."""

    generation: Generation


class Counted(Reply, frozen=True, kw_only=True):
    """The answer to `Count`."""

    tokens: int


class HasReadAhead(Reply, frozen=True, kw_only=True):
    """The answer to `ReadAhead`."""


class Aborted(Reply, frozen=True, kw_only=True):
    """The request was stopped."""


class Failed(Reply, frozen=True, kw_only=True):
    """The request can't be answered; both texts are fit for a user's eyes."""

    message: str
    remedy: str


AnyRequest = Load | Generate | Count | ReadAhead | Abort
AnyReply = Loading | Loaded | Evaluating | Wrote | Finished | Counted | HasReadAhead | Aborted | Failed

FINAL = Loaded | Finished | Counted | HasReadAhead | Aborted | Failed
"""Replies after which no other comes for the same request."""

# JSON, not MessagePack: tool arguments may hold integers of any size.
_encoder = msgspec.json.Encoder()
_requests = msgspec.json.Decoder(AnyRequest)
_replies = msgspec.json.Decoder(AnyReply)


def send(fd: int, message: Request | Reply, patient: Callable[[], bool] = lambda: True) -> bool:
    """Write one frame; return whether it was written. Raises `OSError` when the other side is gone.

    While the pipe of a non-blocking `fd` is full, `patient` is asked every 20 ms whether to go on waiting. A short
    frame is then written whole or not at all; a long one may be left half written, which ends the conversation.
    """
    try:
        payload = _encoder.encode(message)
    except UnicodeEncodeError:  # lone surrogates, as undecodable command-line arguments have them
        payload = _encoder.encode(_printable(msgspec.to_builtins(message)))
    frame = memoryview(_HEADER.pack(len(payload)) + payload)
    while frame:
        try:
            frame = frame[os.write(fd, frame) :]
        except BlockingIOError:
            if not patient():
                return False
            room = select.poll()
            room.register(fd, select.POLLOUT)
            room.poll(20)
    return True


def receive_request(fd: int) -> AnyRequest | None:
    """Read one request; None when the other side is gone."""
    payload = _receive(fd)
    return None if payload is None else _requests.decode(payload)


def receive_reply(fd: int) -> AnyReply | None:
    """Read one reply; None when the other side is gone."""
    payload = _receive(fd)
    return None if payload is None else _replies.decode(payload)


def _receive(fd: int) -> bytes | None:
    header = _read_exactly(fd, _HEADER.size)
    if header is None:
        return None
    (size,) = _HEADER.unpack(header)
    return _read_exactly(fd, size) if size <= MAX_FRAME else None


def _read_exactly(fd: int, size: int) -> bytes | None:
    chunks = bytearray()
    while len(chunks) < size:
        chunk = os.read(fd, min(size - len(chunks), 1 << 20))
        if not chunk:
            return None
        chunks += chunk
    return bytes(chunks)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value
