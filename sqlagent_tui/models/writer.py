"""Text on its way out of a generation: bytes to characters to pieces, sent in batches."""

from __future__ import annotations

import codecs
import time
from collections.abc import Sequence
from typing import Final, Protocol

from sqlagent_tui.agent.messages import Piece
from sqlagent_tui.agent.parser import Parsed, StreamParser

DELTA_SECONDS: Final = 0.04


class Sink(Protocol):
    """Where a generation tells how it goes."""

    def progress(self, done: int, total: int) -> None:
        """`done` of `total` prompt tokens are evaluated."""

    def pieces(self, pieces: Sequence[Piece]) -> None:
        """These pieces were written."""


class Writer:
    """Takes tokens' bytes and passes on what they say."""

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
