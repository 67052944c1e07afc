"""`EngineSettings` as llama.cpp's own parameters. Imported in child processes only."""

from __future__ import annotations

from typing import Any

import llama_cpp.llama_cpp as lib

from sqlagent_tui.models.settings import EngineSettings


def model_parameters(settings: EngineSettings) -> Any:
    """Return `llama_model_params` for `settings`."""
    params = lib.llama_model_default_params()
    params.use_extra_bufts = settings.extra_buffers
    params.n_gpu_layers = settings.gpu_layers
    return params


def context_parameters(settings: EngineSettings, size: int) -> Any:
    """Return `llama_context_params` of a context of `size` tokens; keys and values take 16 bits each."""
    params = lib.llama_context_default_params()
    params.n_ctx = size
    params.n_batch = min(settings.n_batch, size)
    params.n_ubatch = min(settings.n_ubatch, size)
    params.n_threads = settings.threads
    params.n_threads_batch = settings.threads_batch
    params.flash_attn_type = _flash_attention(settings)
    params.type_k = params.type_v = lib.GGML_TYPE_F16
    params.no_perf = True
    return params


def uses_gpu(settings: EngineSettings) -> bool:
    """Whether layers go to a GPU."""
    return settings.gpu_layers != 0 and bool(lib.llama_supports_gpu_offload())


def _flash_attention(settings: EngineSettings) -> int:
    if settings.flash_attention is None and uses_gpu(settings):
        return int(lib.LLAMA_FLASH_ATTN_TYPE_AUTO)
    chosen = lib.LLAMA_FLASH_ATTN_TYPE_ENABLED if settings.flash_attention else lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return int(chosen)
