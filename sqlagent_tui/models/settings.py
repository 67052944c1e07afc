"""How llama.cpp is set up: speed and memory depend on it, the meaning of an answer doesn't."""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

N_BATCH: Final = 512
N_UBATCH: Final = 128
"""Tokens evaluated at once: as fast as larger ones on most CPUs, with a quarter of their buffers."""
ALL_LAYERS: Final = -1


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_threads() -> int:
    """One core is left to everybody else: a busy neighbour would slow all threads down."""
    return max(1, usable_cores() - 1)


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a model and its context are made with. The defaults are safe on every machine."""

    threads: int = msgspec.field(default_factory=default_threads)
    """For one token at a time, which waits for memory."""
    threads_batch: int = msgspec.field(default_factory=default_threads)
    """For many tokens at once, which waits for arithmetic."""
    n_batch: int = N_BATCH
    """Tokens that one call may hand over."""
    n_ubatch: int = N_UBATCH
    """Tokens that are computed together; sizes the buffers."""
    flash_attention: bool | None = None
    """None: off on a CPU, where it slows writing after a long prompt by a quarter; llama.cpp's choice on a GPU."""
    extra_buffers: bool = False
    """Weights laid out anew for the CPU's matrix instructions. A library built by an older gcc crashes with them."""
    gpu_layers: int = ALL_LAYERS
    """How many go to the GPU; without effect where the library was built without one."""


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that a user insists on; None leaves one to us. Fields as in `EngineSettings`."""

    threads: int | None = None
    threads_batch: int | None = None
    n_ubatch: int | None = None
    flash_attention: bool | None = None
    extra_buffers: bool | None = None
    gpu_layers: int | None = None

    @property
    def pinned(self) -> dict[str, Any]:
        """The fields that are set. Pinned threads are meant for batches too, unless these have their own."""
        fields = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        if self.threads is not None:
            fields.setdefault("threads_batch", self.threads)
        return fields

    def over(self, settings: EngineSettings) -> EngineSettings:
        """Return `settings` with the pinned ones in place."""
        pinned = self.pinned
        wanted = msgspec.structs.replace(settings, **pinned)
        return msgspec.structs.replace(wanted, n_batch=max(wanted.n_batch, wanted.n_ubatch))


UNPINNED: Final = Pins()
