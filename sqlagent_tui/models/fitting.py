"""Whether a model fits into memory, told before it is loaded, with numbers and with what would fit."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

from sqlagent_tui.models.calibration.machine import gpu_backend
from sqlagent_tui.models.gguf import ModelFile
from sqlagent_tui.models.memory import Memory
from sqlagent_tui.models.settings import EngineSettings

PROCESS: Final = 128 << 20
"""Bytes of the model's process itself: Python, llama.cpp's code, the vocabulary."""
_BUFFERS = 16 << 20
"""Bytes of small buffers."""
SMALLEST_CONTEXT: Final = 2048
"""Tokens; a smaller context is nothing that could be offered."""
_STEP = 1024
_SMALL: Final = "Q4_K_M"
_SMALL_BYTES_A_WEIGHT = 0.61
"""Of `_SMALL`, with the parts that it leaves larger."""


class Need(NamedTuple):
    """Bytes that a loaded model takes."""

    weights: int
    """Pages of the file, which the kernel may drop and read again."""
    context: int
    """Keys and values of all tokens."""
    buffers: int
    """What is computed with, and copies of weights that were laid out anew."""

    @property
    def fixed(self) -> int:
        """What can't be dropped."""
        return self.context + self.buffers + PROCESS

    @property
    def total(self) -> int:
        """Everything."""
        return self.weights + self.fixed


class Verdict(NamedTuple):
    """Whether a model fits."""

    fits: Literal["well", "tight", "not"]
    message: str = ""
    """Why not well, in one sentence with numbers."""
    remedy: str = ""


def need(file: ModelFile, context_size: int, settings: EngineSettings) -> Need:
    """Return what `file` takes in the processor's memory with a context of so many tokens."""
    context = min(context_size, file.context_length) if file.context_length else context_size
    # The largest result: a number for each word of the vocabulary, or each head's look at each earlier token.
    attention = 0 if settings.flash_attention else context * (file.heads + 1)
    buffers = 4 * min(settings.n_ubatch, context) * max(file.vocabulary, attention) + _BUFFERS
    on_gpu = settings.gpu_layers != 0 and bool(gpu_backend())
    return Need(
        weights=0 if on_gpu else file.size,
        context=0 if on_gpu else context * file.kv_bytes_per_token,
        buffers=buffers + (file.size if settings.extra_buffers and not on_gpu else 0),
    )


def judge(file: ModelFile, context_size: int, settings: EngineSettings, memory: Memory) -> Verdict:
    """Return whether `file` fits into `memory`.

    Weights that don't stay in memory are read from disk again for every token, so all of it must fit into the whole
    memory; and what isn't weights into that which is free, or the kernel ends the process. It is tight where the
    weights must push others out.
    """
    needed = need(file, context_size, settings)
    sizes = (
        f"{amount(needed.total)} of memory ({amount(needed.weights)} of weights, {amount(needed.context)} for a "
        f"context of {context_size} tokens, {amount(needed.buffers + PROCESS)} to compute)"
    )
    whose = "this process may use" if memory.limited else "this machine has"
    has = f"{whose} {amount(memory.total)}, of which {amount(memory.available)} are free"
    if needed.fixed > memory.available or needed.total > memory.total:
        remedy = _remedy(file, context_size, settings, memory)
        return Verdict("not", f"{file.name} needs {sizes}, but {has}.", remedy)
    if needed.total > memory.available:
        message = f"Memory is tight: {file.name} needs {sizes}, but {has}."
        return Verdict("tight", message, "It may be slow. Close other programs, or choose a smaller context or model.")
    return Verdict("well")


def largest_context(file: ModelFile, wanted: int, settings: EngineSettings, memory: Memory) -> int:
    """Return the largest context below `wanted` that fits; 0 when none does."""
    for size in range((wanted - 1) // _STEP * _STEP, SMALLEST_CONTEXT - 1, -_STEP):
        needed = need(file, size, settings)
        if needed.fixed <= memory.available and needed.total <= memory.total:
            return size
    return 0


def _remedy(file: ModelFile, context_size: int, settings: EngineSettings, memory: Memory) -> str:
    insist = "To try all the same: ignore_memory = true there."
    if size := largest_context(file, context_size, settings, memory):
        return f"A context of {size} tokens fits: set context_size = {size} under [model] in config.toml. {insist}"
    insist = insist.replace("there", "under [model] in config.toml")
    smaller = int(file.parameters * _SMALL_BYTES_A_WEIGHT)
    if smaller < 0.8 * file.size:
        shrunk = msgspec.structs.replace(file, size=smaller)
        if largest_context(shrunk, SMALLEST_CONTEXT + 1, settings, memory):
            return f"Its {_SMALL} file, of about {amount(smaller)}, would fit. {insist}"
    return f"Choose a smaller model. {insist}"


def amount(count: int) -> str:
    """Bytes in words."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
