"""A model's vocabulary: text to tokens, tokens to bytes, and which of them are structure."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp.llama_cpp as lib

from sqlagent_tui.models.tokens import PromptEncoder


class Vocabulary:
    """What a loaded model's tokens mean. Lives as long as the model."""

    def __init__(self, model: Any) -> None:
        self.pointer = lib.llama_model_get_vocab(model)
        self.size: int = lib.llama_vocab_n_tokens(self.pointer)
        self._buffer = ctypes.create_string_buffer(256)

    def text(self, token: int) -> str:
        """A token's text as the vocabulary spells it; empty for none (-1)."""
        if not 0 <= token < self.size:
            return ""
        return (lib.llama_vocab_get_text(self.pointer, token) or b"").decode("utf-8", "replace")

    @property
    def bos(self) -> str:
        """Text of the token that begins a text."""
        return self.text(lib.llama_vocab_bos(self.pointer))

    @property
    def eos(self) -> str:
        """Text of the token that ends a text."""
        return self.text(lib.llama_vocab_eos(self.pointer))

    def encoder(self) -> PromptEncoder:
        """The tokeniser for prompts of trusted and untrusted parts."""
        marked = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_USER_DEFINED
        specials = {
            text: token
            for token in range(self.size)
            if lib.llama_vocab_get_attr(self.pointer, token) & marked and (text := self.text(token))
        }
        bos = lib.llama_vocab_bos(self.pointer) if lib.llama_vocab_get_add_bos(self.pointer) else None
        return PromptEncoder(specials, self.tokenize_plain, bos)

    def tokenize_plain(self, text: str) -> list[int]:
        """Tokenise without control tokens (llama.cpp still reads user-defined ones: see `PromptEncoder`)."""
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        buffer = (lib.llama_token * size)()
        count = lib.llama_tokenize(self.pointer, data, len(data), buffer, size, False, False)
        if count < 0:
            size = -count
            buffer = (lib.llama_token * size)()
            count = lib.llama_tokenize(self.pointer, data, len(data), buffer, size, False, False)
        return list(buffer[: max(count, 0)])

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; half characters included."""
        size = lib.llama_token_to_piece(self.pointer, token, self._buffer, len(self._buffer), 0, True)
        if size < 0:
            self._buffer = ctypes.create_string_buffer(-size)
            size = lib.llama_token_to_piece(self.pointer, token, self._buffer, -size, 0, True)
        return self._buffer.raw[: max(size, 0)]

    def ends_generation(self, token: int) -> bool:
        """Whether a model says with this token that it is done."""
        return bool(lib.llama_vocab_is_eog(self.pointer, token))

    def is_control(self, token: int) -> bool:
        """Whether a token is structure, never text."""
        return bool(lib.llama_vocab_is_control(self.pointer, token))
