"""One llama.cpp model and its context, by the low-level C API. Lives in the child process only: it may crash it.

Why not the library's own `Llama` class: it can't switch off the extra buffers that crash some CPUs (AMX), writes over
the terminal's file descriptors while loading, reads control tokens in untrusted text, and can't be interrupted.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import llama_cpp.llama_cpp as lib

from sqlagent_tui.agent.protocols import Sampling
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.parameters import context_parameters, model_parameters
from sqlagent_tui.models.sampler import Sampler
from sqlagent_tui.models.settings import EngineSettings
from sqlagent_tui.models.tokens import PromptEncoder

QUICK_SECONDS: Final = 0.02
_ABORTED: Final = 2
_WARNING: Final = 3
_ERROR: Final = 4
_NODES_PER_LAYER: Final = 32
"""A first guess, so that progress moves within the first batch; afterwards the nodes are counted."""


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


class Engine:
    """A loaded model with one sequence in its context.

    `aborted` is asked at every moment: while loading, at every node of a computation, between tokens.
    Raises `ModelError` when the file can't be loaded, `Aborted` when asked to stop.
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
        self._aborted = aborted
        self._node_hook: Callable[[], None] | None = None
        self.tokens: list[int] = []
        """What the context holds, position by position."""
        self._watched = True
        self._token_seconds = math.inf
        lib.llama_backend_init()
        self._settings = settings
        self._load(path, log, on_progress)
        self.vocab = lib.llama_model_get_vocab(self._model)
        self.vocab_size: int = lib.llama_vocab_n_tokens(self.vocab)
        self.context_size = self._make_context(context_size)
        self._piece_buffer = ctypes.create_string_buffer(256)

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
        params.n_seq_max = 1
        self._abort_callback = lib.ggml_abort_callback(self._on_node)
        params.abort_callback = self._abort_callback
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
        if self._context:
            lib.llama_free(self._context)
        if self._model:
            lib.llama_model_free(self._model)
        self._context = self._model = None

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

    def token_text(self, token: int) -> str:
        """A token's text as the vocabulary spells it; empty for none (-1)."""
        if not 0 <= token < self.vocab_size:
            return ""
        return (lib.llama_vocab_get_text(self.vocab, token) or b"").decode("utf-8", "replace")

    @property
    def bos(self) -> str:
        """Text of the token that begins a text."""
        return self.token_text(lib.llama_vocab_bos(self.vocab))

    @property
    def eos(self) -> str:
        """Text of the token that ends a text."""
        return self.token_text(lib.llama_vocab_eos(self.vocab))

    def encoder(self) -> PromptEncoder:
        """The tokeniser for prompts of trusted and untrusted parts."""
        marked = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_USER_DEFINED
        specials = {
            text: token
            for token in range(self.vocab_size)
            if lib.llama_vocab_get_attr(self.vocab, token) & marked and (text := self.token_text(token))
        }
        bos = lib.llama_vocab_bos(self.vocab) if lib.llama_vocab_get_add_bos(self.vocab) else None
        return PromptEncoder(specials, self.tokenize_plain, bos)

    def tokenize_plain(self, text: str) -> list[int]:
        """Tokenise without control tokens (llama.cpp still reads user-defined ones: see `PromptEncoder`)."""
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        buffer = (lib.llama_token * size)()
        count = lib.llama_tokenize(self.vocab, data, len(data), buffer, size, False, False)
        if count < 0:
            size = -count
            buffer = (lib.llama_token * size)()
            count = lib.llama_tokenize(self.vocab, data, len(data), buffer, size, False, False)
        return list(buffer[: max(count, 0)])

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; half characters included."""
        size = lib.llama_token_to_piece(self.vocab, token, self._piece_buffer, 256, 0, True)
        if size < 0:
            self._piece_buffer = ctypes.create_string_buffer(max(-size, 256))
            size = lib.llama_token_to_piece(self.vocab, token, self._piece_buffer, -size, 0, True)
        return self._piece_buffer.raw[: max(size, 0)]

    def ends_generation(self, token: int) -> bool:
        """Whether a model says with this token that it is done."""
        return bool(lib.llama_vocab_is_eog(self.vocab, token))

    def is_control(self, token: int) -> bool:
        """Whether a token is structure, never text."""
        return bool(lib.llama_vocab_is_control(self.vocab, token))

    def keep(self, count: int) -> None:
        """Forget all but the first `count` tokens of the context."""
        if count < len(self.tokens) and not lib.llama_memory_seq_rm(self._memory, 0, count, -1):
            # Recurrent models can't forget a part.
            lib.llama_memory_clear(self._memory, False)
            count = 0
        del self.tokens[count:]

    def evaluate(self, tokens: Sequence[int], on_progress: Callable[[int], None] | None = None) -> None:
        """Append `tokens` to the context; the last one's logits are then ready.

        `on_progress` is told the number of tokens done, also while a batch is under way. Raises `Aborted`, after
        which the context holds whatever batches were completed, and `ModelError`.
        """
        step = self._settings.n_ubatch
        for start in range(0, len(tokens), step):
            batch = tokens[start : start + step]
            if on_progress is None:
                self._decode(batch)
            else:
                self._decode_watched(batch, start, on_progress)
                on_progress(start + len(batch))

    def _decode_watched(self, batch: Sequence[int], start: int, on_progress: Callable[[int], None]) -> None:
        """Decode, guessing how far it is from the computation's nodes: a large model takes seconds for a batch."""
        nodes = 0

        def on_node() -> None:
            nonlocal nodes
            nodes += 1
            if nodes % 16 == 0:
                on_progress(start + min(len(batch) - 1, len(batch) * nodes // self._nodes_per_batch))

        self._node_hook = on_node
        try:
            self._decode(batch)
        finally:
            self._node_hook = None
        self._nodes_per_batch = nodes or self._nodes_per_batch

    def _decode(self, batch: Sequence[int]) -> None:
        if self._aborted():
            raise Aborted
        # Between the tokens of a small model it is soon enough; asking at every node would slow it by a tenth.
        self._watch(len(batch) > 1 or self._token_seconds > QUICK_SECONDS)
        array = (lib.llama_token * len(batch))(*batch)
        started = time.monotonic()
        status = lib.llama_decode(self._context, lib.llama_batch_get_one(array, len(batch)))
        if len(batch) == 1:
            self._token_seconds = time.monotonic() - started
        if status == 0:
            self.tokens.extend(batch)
            return
        lib.llama_memory_seq_rm(self._memory, 0, len(self.tokens), -1)
        if status == _ABORTED:
            raise Aborted
        raise ModelError(
            f"llama.cpp can't evaluate the prompt (code {status}).", "Try a smaller context, or another model file."
        )

    def _watch(self, watched: bool) -> None:
        """Have llama.cpp ask at every node whether to stop, or not."""
        if watched != self._watched:
            self._watched = watched
            callback = self._abort_callback if watched else lib.ggml_abort_callback()
            lib.llama_set_abort_callback(self._context, callback, None)

    def check_logits(self) -> None:
        """Raise `ModelError` when the model computes no numbers: that is how damaged weights show."""
        logits = lib.llama_get_logits_ith(self._context, -1)
        if not logits or math.isnan(sum(logits[: self.vocab_size])):
            raise ModelError(
                "The model computes no valid numbers: its file is damaged.", "Download or copy the model file again."
            )

    def sampler(self, sampling: Sampling) -> Sampler:
        """A chain that picks the next token."""
        return Sampler(self._context, self.vocab, self.vocab_size, sampling)


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
