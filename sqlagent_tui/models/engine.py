"""One llama.cpp model and its context, by the low-level C API. It lives in the child process only: it may crash it.

Why not the library's own `Llama` class: it can't switch off the extra buffers that crash some CPUs (AMX), writes over
the terminal's file descriptors while loading, reads control tokens in untrusted text, and can't be interrupted.
"""

from __future__ import annotations

import ctypes
import math
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import llama_cpp
import llama_cpp.llama_cpp as lib

from sqlagent_tui.agent.protocols import Sampling
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.batch import Batch, Chunk
from sqlagent_tui.models.parameters import context_parameters, model_parameters, uses_gpu
from sqlagent_tui.models.sampler import Sampler
from sqlagent_tui.models.settings import EngineSettings
from sqlagent_tui.models.tokens import common_start
from sqlagent_tui.models.vocabulary import Vocabulary

N_SEQUENCES: Final = 9
"""The conversation, samples beside it, and what is read ahead."""
READ_AHEAD: Final = N_SEQUENCES - 1
"""The sequence that holds what the next prompt begins with, whatever becomes of the conversation."""
QUICK_SECONDS: Final = 0.02
_QUICK_TOKENS: Final = 16
_FULL: Final = 1
_ABORTED: Final = 2
_WARNING: Final = 3
_ERROR: Final = 4
_NODES_PER_LAYER: Final = 32
"""A first guess, so that progress moves within the first batch; afterwards the nodes are counted."""
_PARAMETERS_THAT_MATTER: Final = (
    "n_ctx",  # some models choose their rope factors by it
    "rope_scaling_type",
    "rope_freq_base",
    "rope_freq_scale",
    "yarn_ext_factor",
    "yarn_attn_factor",
    "yarn_beta_fast",
    "yarn_beta_slow",
    "yarn_orig_ctx",
    "flash_attn_type",
    "type_k",
    "type_v",
    "swa_full",
    "kv_unified",
)
"""Of the context's parameters, for what is evaluated in it."""


class Aborted(Exception):  # noqa: N818 - not an error: the user asked for it
    """The work was stopped by the abort flag."""


class Log:
    """llama.cpp's log: keeps the last errors for a sentence and passes warnings on."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.errors: deque[str] = deque(maxlen=8)
        self._write = write
        self._level = _ERROR
        self._callback = lib.llama_log_callback(self._on_log)  # llama.cpp keeps the pointer, we the object
        lib.llama_log_set(self._callback, ctypes.c_void_p(0))

    def _on_log(self, level: int, text: bytes | None, _data: object) -> None:
        if level <= _ERROR:  # a higher one continues the line before it
            self._level = level
        line = (text or b"").decode("utf-8", "replace").strip()
        if self._level >= _WARNING and line:
            self._write(line + "\n")
        if self._level == _ERROR and line:
            self.errors.append(line)


class ContextFull(Exception):  # noqa: N818 - the scheduler makes room, or an error of it
    """The sequences together hold as many tokens as the context has room for."""


class Engine:
    """A loaded model and one context, shared by up to `N_SEQUENCES` sequences of tokens.

    What sequences have in common is held once. `aborted` is asked at every moment: while loading, at every node of a
    computation, between tokens. Raises `ModelError` when the file can't be loaded, `Aborted` when asked to stop.
    """

    def __init__(
        self,
        path: Path,
        *,
        context_size: int,
        settings: EngineSettings,
        log: Log,
        aborted: Callable[[], bool] = lambda: False,
        on_progress: Callable[[float], None] = lambda fraction: None,
    ) -> None:
        self._model: Any = None
        self._context: Any = None
        self._batch: Batch | None = None
        self._aborted = aborted
        self._node_hook: Callable[[], None] | None = None
        self.held: list[list[int]] = [[] for _ in range(N_SEQUENCES)]
        """Which tokens each sequence holds, position by position."""
        self.batch_tokens = 0
        """Tokens of the last computation."""
        self.batch_seconds = 0.0
        """How long it took."""
        self._watched = True
        self._token_seconds = math.inf
        self._settings = settings
        lib.llama_backend_init()
        self._load(path, log, on_progress)
        self.vocabulary = Vocabulary(self._model)
        self.context_size = self._make_context(context_size)
        most = int(lib.llama_n_batch(self._context))
        self.prompt_step = max(1, min(settings.n_ubatch, most - N_SEQUENCES))
        """Tokens of a prompt to be evaluated at once, so that each other sequence can have one more."""
        self._batch = Batch(most)

    def _load(self, path: Path, log: Log, on_progress: Callable[[float], None]) -> None:
        def progress(fraction: float, _data: object) -> bool:
            on_progress(fraction)
            return not self._aborted()

        params = model_parameters(self._settings)
        callback = lib.llama_progress_callback(progress)
        params.progress_callback = callback
        log.errors.clear()
        self._model = lib.llama_model_load_from_file(str(path).encode(), params)
        if not self._model:
            if self._aborted():
                raise Aborted
            raise _unloadable(path, log)

    def _make_context(self, context_size: int) -> int:
        trained: int = lib.llama_model_n_ctx_train(self._model)
        size = min(context_size, trained) if trained > 0 else context_size
        params = context_parameters(self._settings, size)
        params.n_seq_max = N_SEQUENCES
        params.kv_unified = True  # any sequence may take all the room there is, and a common start is held once
        self._abort_callback = lib.ggml_abort_callback(self._on_node)
        params.abort_callback = self._abort_callback
        self._parameters = params
        self._context = lib.llama_init_from_model(self._model, params)
        if not self._context:
            lib.llama_model_free(self._model)
            self._model = None
            raise ModelError(
                f"A context of {size} tokens can't be set up.", "Choose a smaller context or a smaller model."
            )
        self._memory = lib.llama_get_memory(self._context)
        layers: int = lib.llama_model_n_layer(self._model)
        self._nodes_per_batch = max(1, layers * _NODES_PER_LAYER)
        return min(size, int(lib.llama_n_ctx(self._context)))

    def _on_node(self, _data: object) -> bool:
        if self._node_hook:
            self._node_hook()
        return self._aborted()

    def close(self) -> None:
        """Free everything. The engine can't be used afterwards."""
        if self._batch:
            self._batch.close()
        if self._context:
            lib.llama_free(self._context)
        if self._model:
            lib.llama_model_free(self._model)
        self._batch = self._context = self._model = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def chat_template(self) -> str:
        """The file's chat template; empty when it has none."""
        return (lib.llama_model_chat_template(self._model, None) or b"").decode("utf-8", "replace")

    @property
    def can_forget(self) -> bool:
        """Whether the end of a sequence can be taken back: recurrent models only know their last state."""
        return not (lib.llama_model_is_recurrent(self._model) or lib.llama_model_is_hybrid(self._model))

    def keep(self, sequence: int, count: int) -> None:
        """Forget all but the first `count` tokens of a sequence."""
        held = self.held[sequence]
        if count < len(held) and not lib.llama_memory_seq_rm(self._memory, sequence, count, -1):
            lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)  # no part of it, so the whole
            count = 0
        del held[count:]

    def adopt(self, sequence: int, tokens: Sequence[int]) -> int:
        """Bring a sequence to the longest start of `tokens` that any sequence holds; return its length."""
        common = [common_start(held, tokens) for held in self.held]
        source = max(range(N_SEQUENCES), key=lambda each: (common[each], each == sequence))
        if source == sequence:
            self.keep(sequence, common[sequence])
        else:
            self.keep(sequence, 0)
            lib.llama_memory_seq_cp(self._memory, source, sequence, 0, common[source])
            self.held[sequence][:] = tokens[: common[source]]
        return len(self.held[sequence])

    @property
    def parameters(self) -> int:
        """Numbers that the model consists of."""
        return int(lib.llama_model_n_params(self._model))

    @property
    def evaluation_facts(self) -> dict[str, Any]:
        """What an evaluation depends on besides the model and the tokens: library, processor and settings."""
        return {
            "library": [llama_cpp.__version__, lib.llama_version(), lib.LLAMA_STATE_SEQ_VERSION],
            "processor": lib.llama_print_system_info(),
            "extra_buffers": self._settings.extra_buffers,
            "gpu_layers": self._settings.gpu_layers if uses_gpu(self._settings) else 0,
            **{name: getattr(self._parameters, name) for name in _PARAMETERS_THAT_MATTER},
        }

    def state_size(self, sequence: int) -> int:
        """Bytes that `save_state` needs, about."""
        return int(lib.llama_state_seq_get_size(self._context, sequence))

    def save_state(self, sequence: int, path: Path) -> int:
        """Write what a sequence holds to a file; return the number of bytes, 0 when that failed."""
        held = self.held[sequence]
        tokens = (lib.llama_token * len(held))(*held)
        return int(lib.llama_state_seq_save_file(self._context, os.fsencode(path), sequence, tokens, len(held)))

    def load_state(self, sequence: int, path: Path, tokens: Sequence[int]) -> bool:
        """Replace a sequence by what `save_state` wrote; return whether that are these tokens, else it is empty.

        llama.cpp trusts the file: it must be known to be whole.
        """
        self.keep(sequence, 0)
        found = (lib.llama_token * len(tokens))()
        count = ctypes.c_size_t()
        name = os.fsencode(path)
        if lib.llama_state_seq_load_file(
            self._context, name, sequence, found, len(tokens), ctypes.byref(count)
        ) and found[: count.value] == list(tokens):
            self.held[sequence][:] = tokens
            return True
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def evaluate(self, chunks: Sequence[Chunk], on_part: Callable[[float], None] | None = None) -> list[int]:
        """Append every chunk to its sequence, all in one computation.

        Returns the row of each chunk's first output; the others follow it. They are there until the next call.
        `on_part` is told fractions while a long computation is under way. Raises `Aborted`, `ContextFull` and
        `ModelError`; the sequences are then what they were before.
        """
        if on_part is None:
            return self._decode(chunks)
        nodes = 0

        def on_node() -> None:
            nonlocal nodes
            nodes += 1
            if nodes % 16 == 0:
                on_part(min(1.0, nodes / self._nodes_per_batch))

        self._node_hook = on_node
        try:
            rows = self._decode(chunks)
        finally:
            self._node_hook = None
        self._nodes_per_batch = nodes or self._nodes_per_batch
        return rows

    def _decode(self, chunks: Sequence[Chunk]) -> list[int]:
        assert self._batch is not None
        if self._aborted():
            raise Aborted
        size = sum(len(chunk.tokens) for chunk in chunks)
        # Between the tokens of a small model it is soon enough; asking at every node would slow it by a tenth.
        self._watch(size > _QUICK_TOKENS or self._token_seconds > QUICK_SECONDS)
        rows = self._batch.fill(chunks, [len(self.held[chunk.sequence]) for chunk in chunks])
        started = time.monotonic()
        status = lib.llama_decode(self._context, self._batch.arrays)
        self.batch_tokens, self.batch_seconds = size, time.monotonic() - started
        if size == 1:
            self._token_seconds = self.batch_seconds
        if status == 0:
            for chunk in chunks:
                self.held[chunk.sequence].extend(chunk.tokens)
            return rows
        for chunk in chunks:
            lib.llama_memory_seq_rm(self._memory, chunk.sequence, len(self.held[chunk.sequence]), -1)
        if status == _ABORTED:
            raise Aborted
        if status == _FULL:
            raise ContextFull
        raise ModelError(
            f"llama.cpp can't evaluate the prompt (code {status}).", "Try a smaller context, or another model file."
        )

    def _watch(self, watched: bool) -> None:
        """Have llama.cpp ask at every node whether to stop, or not."""
        if watched != self._watched:
            self._watched = watched
            callback = self._abort_callback if watched else lib.ggml_abort_callback()
            lib.llama_set_abort_callback(self._context, callback, None)

    def check_logits(self, row: int) -> None:
        """Raise `ModelError` when the model computes no numbers: that is how damaged weights show."""
        logits = lib.llama_get_logits_ith(self._context, row)
        if not logits or math.isnan(sum(logits[: self.vocabulary.size])):
            raise ModelError(
                "The model computes no valid numbers: its file is damaged.", "Download or copy the model file again."
            )

    def sampler(self, sampling: Sampling) -> Sampler:
        """A chain that picks the next token."""
        return Sampler(self._context, self.vocabulary, sampling)


def read_vocabulary(path: Path, log: Log) -> None:
    """Read all of a model but its weights, and let go of it. Raises `ModelError` for what llama.cpp doesn't know."""
    lib.llama_backend_init()
    params = lib.llama_model_default_params()
    params.vocab_only = True
    model = lib.llama_model_load_from_file(str(path).encode(), params)
    if not model:
        raise _unloadable(path, log)
    lib.llama_model_free(model)


def _unloadable(path: Path, log: Log) -> ModelError:
    return ModelError(
        f"llama.cpp can't load {path.name}{_reason(log.errors)}.", "Check the file, or choose another model."
    )


def _reason(errors: Sequence[str]) -> str:
    """The most telling of llama.cpp's last errors, as a clause."""
    for line in errors:
        text = line.rpartition("error loading model: ")[2]
        if text != line:
            return f": {_tidy(text)}"
    return f": {_tidy(errors[0])}" if errors else ""


def _tidy(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:200].rstrip(". ")
