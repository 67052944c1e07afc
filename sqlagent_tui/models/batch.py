"""What one computation evaluates: a few tokens of each of several sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import llama_cpp.llama_cpp as lib


class Chunk(NamedTuple):
    """Tokens to be appended to a sequence."""

    sequence: int
    tokens: Sequence[int]
    outputs: int
    """How many of the last tokens' logits are wanted."""


class Batch:
    """llama.cpp's arrays for up to `size` tokens, used over and over; free them with `close`."""

    def __init__(self, size: int) -> None:
        self.arrays: Any = lib.llama_batch_init(size, 0, 1)

    def fill(self, chunks: Sequence[Chunk], ends: Sequence[int]) -> list[int]:
        """Take the chunks, the n-th at position `ends[n]` of its sequence; return where each one's outputs begin."""
        arrays = self.arrays
        tokens, positions, logits = arrays.token, arrays.pos, arrays.logits
        index = 0
        rows = []
        for chunk, end in zip(chunks, ends, strict=True):
            silent = len(chunk.tokens) - chunk.outputs
            rows.append(index + silent)
            for offset, token in enumerate(chunk.tokens):
                tokens[index] = token
                positions[index] = end + offset
                arrays.n_seq_id[index] = 1
                arrays.seq_id[index][0] = chunk.sequence
                logits[index] = offset >= silent
                index += 1
        arrays.n_tokens = index
        return rows

    def close(self) -> None:
        """Free the arrays."""
        lib.llama_batch_free(self.arrays)
