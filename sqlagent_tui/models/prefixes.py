"""Between the context and the disk: which evaluated prefixes are worth keeping, and when one is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlagent_tui.models.engine import READ_AHEAD, Engine
from sqlagent_tui.models.prefix_store import Check, PrefixStore
from sqlagent_tui.models.tokens import common_start

WORTH: Final = 2e10
"""Tokens times parameters from which loading beats evaluating: a fifth of a second of one core, a disk's few dozen
milliseconds."""


class Prefixes:
    """The stored prefixes of an engine's model. They are loaded into its sequence `READ_AHEAD`."""

    def __init__(self, engine: Engine, store: PrefixStore) -> None:
        self._engine = engine
        self._store = store

    def restore(self, sequence: int, tokens: Sequence[int], check: Check) -> None:
        """Load the longest stored start of `tokens`, which `sequence` is about to hold, if that saves enough.

        `check` is asked every few milliseconds and may raise.
        """
        engine = self._engine
        known = max(common_start(held, tokens) for held in engine.held)
        if not self._is_worth_it(len(tokens) - known):
            return
        count = self._store.find(tokens)
        if not self._is_worth_it(count - known):
            return
        engine.adopt(sequence, tokens)  # makes room: what else it holds would be forgotten anyway
        engine.keep(READ_AHEAD, 0)
        if count + sum(map(len, engine.held)) <= engine.context_size:
            self._store.load(tokens[:count], lambda path: engine.load_state(READ_AHEAD, path, tokens[:count]), check)

    def keep(self, check: Check) -> None:
        """Store what is read ahead, unless it is stored or not worth it. `check` is asked as by `restore`."""
        engine, tokens = self._engine, self._engine.held[READ_AHEAD]
        if self._is_worth_it(len(tokens)) and self._store.find(tokens) < len(tokens):
            size = engine.state_size(READ_AHEAD)
            self._store.save(tokens, size, lambda path: engine.save_state(READ_AHEAD, path), check)

    def _is_worth_it(self, count: int) -> bool:
        return count * self._engine.parameters >= WORTH
