"""Choosing the next token: llama.cpp's sampler chain, and a grammar that may forbid its choice."""

from __future__ import annotations

import ctypes
import math
from typing import Any, Final

import llama_cpp.llama_cpp as lib
import numpy as np

from sqlagent_tui.agent.protocols import Sampling
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.vocabulary import Vocabulary

PENALTY_WINDOW: Final = 256
"""Generated tokens that the repeat penalty looks back on."""


class Sampler:
    """A chain, and perhaps a grammar; free both with `close`. The same seed gives the same choices."""

    def __init__(self, context: Any, vocabulary: Vocabulary, sampling: Sampling) -> None:
        self._context, self._vocab, self._vocab_size = context, vocabulary.pointer, vocabulary.size
        self._grammar: Any = None
        self._chain: Any = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        links = []
        if sampling.repeat_penalty != 1.0:
            links.append(
                lib.llama_sampler_init_penalties(vocabulary.size, PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0)
            )
        if sampling.temperature <= 0:
            links.append(lib.llama_sampler_init_greedy())
        else:
            if sampling.top_k > 0:
                links.append(lib.llama_sampler_init_top_k(sampling.top_k))
            if sampling.top_p < 1:
                links.append(lib.llama_sampler_init_top_p(sampling.top_p, 1))
            if sampling.min_p > 0:
                links.append(lib.llama_sampler_init_min_p(sampling.min_p, 1))
            links.append(lib.llama_sampler_init_temp(sampling.temperature))
            # The highest seed means "a random one" to llama.cpp.
            links.append(lib.llama_sampler_init_dist(sampling.seed % 0xFFFFFFFF))
        for link in links:
            lib.llama_sampler_chain_add(self._chain, link)

    def sample(self, row: int) -> int:
        """Pick a token from the logits of a row of the last computation, and remember it."""
        token = int(lib.llama_sampler_sample(self._chain, self._context, row))
        return token if self._grammar is None else self._settle(token, row)

    def constrain(self, grammar: str, token: int, row: int) -> int:
        """Let nothing be written any more but what the grammar's `root` allows, from `token` on, sampled from `row`.

        Returns that token, or another one in its place. Raises `ModelError` for a grammar that can't be read.
        """
        self._grammar = lib.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
        if not self._grammar:
            self._grammar = None
            remedy = "Set constrain_calls = false in the profile."
            raise ModelError("The grammar of the tool calls can't be read.", remedy)
        return self._settle(token, row)

    @property
    def constrained(self) -> bool:
        """Whether a grammar has its say."""
        return self._grammar is not None

    def offer(self, token: int) -> bool:
        """Take `token` as the next one if the grammar allows it; return whether it was taken."""
        if not self._allows(token):
            return False
        self.accept(token)
        lib.llama_sampler_accept(self._grammar, token)
        return True

    def _settle(self, token: int, row: int) -> int:
        """Ask the grammar about the one candidate first: about the whole vocabulary takes a thousand times as long."""
        if not self._allows(token):
            token = self._choose_allowed(row)
        lib.llama_sampler_accept(self._grammar, token)  # a token that it forbids would end the process here
        return token

    def _allows(self, token: int) -> bool:
        data = (lib.llama_token_data * 1)(lib.llama_token_data(token, 1.0, 0.0))
        candidates = lib.llama_token_data_array(data, 1, -1, False)
        lib.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        return math.isfinite(data[0].logit)

    def _choose_allowed(self, row: int) -> int:
        data = (lib.llama_token_data * self._vocab_size)()
        table = np.ctypeslib.as_array(data)
        table["id"] = np.arange(self._vocab_size)
        logits = lib.llama_get_logits_ith(self._context, row)
        table["logit"] = np.ctypeslib.as_array(logits, shape=(self._vocab_size,))
        candidates = lib.llama_token_data_array(data, self._vocab_size, -1, False)
        lib.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        lib.llama_sampler_apply(self._chain, ctypes.byref(candidates))
        token = int(candidates.data[candidates.selected].id)
        self.accept(token)
        return token

    def accept(self, token: int) -> None:
        """Remember a token that was not sampled."""
        lib.llama_sampler_accept(self._chain, token)

    def close(self) -> None:
        """Free the chain and the grammar."""
        for sampler in (self._chain, self._grammar):
            if sampler:
                lib.llama_sampler_free(sampler)
        self._chain = self._grammar = None
