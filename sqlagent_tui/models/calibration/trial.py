"""The scrap process that tries settings out: `python -m sqlagent_tui.models.calibration.trial`.

It reads one `Trial` a line and answers with one `Measured` a line. It may crash: that is an answer too.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as lib
import msgspec

from sqlagent_tui.models.calibration.trials import Measured, Trial
from sqlagent_tui.models.parameters import context_parameters, model_parameters, uses_gpu
from sqlagent_tui.models.settings import EngineSettings


class Subject:
    """The model that is measured. Raises `RuntimeError` when it can't be loaded."""

    def __init__(self, path: Path, settings: EngineSettings) -> None:
        started = time.monotonic()
        self._model: Any = lib.llama_model_load_from_file(str(path).encode(), model_parameters(settings))
        if not self._model:
            raise RuntimeError("llama.cpp can't load the excerpt")
        self.load_seconds = time.monotonic() - started
        self._vocabulary: int = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(self._model))

    def measure(self, trial: Trial) -> Measured:
        """Read a prompt and write some tokens, in a context of its own."""
        settings = trial.settings
        size = trial.prompt + trial.written + 1
        context: Any = lib.llama_init_from_model(self._model, context_parameters(settings, size))
        if not context:
            raise RuntimeError("no context can be set up")
        try:
            tokens = [(7919 * index + 1) % self._vocabulary for index in range(size)]
            started, processor = time.monotonic(), time.process_time()
            for start in range(0, trial.prompt, settings.n_ubatch):
                _decode(context, tokens[start : min(start + settings.n_ubatch, trial.prompt)])
            read = time.monotonic() - started
            processor = time.process_time() - processor
            logits: list[float | None] = list(lib.llama_get_logits_ith(context, -1)[: self._vocabulary])
            return Measured(
                load_seconds=self.load_seconds,
                read_seconds=read / trial.prompt,
                write_seconds=min(_decode(context, [token]) for token in tokens[trial.prompt : -1]),
                cores=processor / read,
                gpu=uses_gpu(settings),
                logits=logits,
            )
        finally:
            lib.llama_free(context)


def _decode(context: Any, tokens: Sequence[int]) -> float:
    """Evaluate a batch; return the seconds that it took."""
    array = (lib.llama_token * len(tokens))(*tokens)
    started = time.monotonic()
    status = lib.llama_decode(context, lib.llama_batch_get_one(array, len(tokens)))
    lib.llama_synchronize(context)
    if status:
        raise RuntimeError(f"llama.cpp can't evaluate (code {status})")
    return time.monotonic() - started


def main() -> None:
    """Answer until standard input ends. All trials of one process load the model in the same way."""
    silence = lib.llama_log_callback(lambda level, text, data: None)
    lib.llama_log_set(silence, ctypes.c_void_p(0))
    lib.llama_backend_init()
    subject: Subject | None = None
    for line in sys.stdin.buffer:
        trial = msgspec.json.decode(line, type=Trial)
        try:
            subject = subject or Subject(Path(trial.path), trial.settings)
            answer = subject.measure(trial)
        except RuntimeError as error:
            answer = Measured(failure=str(error))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
