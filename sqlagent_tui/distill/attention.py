"""Causal attention over packed sequences: a native kernel where the processor has AVX512-BF16, torch's own elsewhere.

Packing (sequences one behind the other, no padding) keeps every shape of a training step fixed, so one compilation
serves all.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own customary name)
from torch import Tensor

HEAD_DIM: Final = 64
"""The only head dimension that the native kernel knows."""
SOURCE: Final = Path(__file__).with_name("attention.cpp")


@cache
def native_library() -> ctypes.CDLL | None:
    """The compiled kernel, or None where this processor or machine (no g++) cannot have it.

    Compiled once per source text. Raises subprocess.CalledProcessError where the compiler refuses it.
    """
    compiler = shutil.which("g++")
    if compiler is None or not _processor_has("avx512_bf16"):
        return None
    source = SOURCE.read_bytes()
    folder = Path(tempfile.gettempdir()) / f"sqlagent-tui-distill-{_user()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"attention-{hashlib.sha256(source).hexdigest()[:16]}.so"
    if not target.exists():
        partial = Path(tempfile.mkdtemp(dir=folder)) / target.name
        command = [compiler, "-O3", "-march=native", "-std=c++17", "-shared", "-fPIC", str(SOURCE), "-o", str(partial)]
        subprocess.run(command, check=True)
        partial.replace(target)
        partial.parent.rmdir()
    return ctypes.CDLL(str(target))


@torch.library.custom_op("sqlagent::packed_attention", mutates_args=())
def packed_attention(q: Tensor, k: Tensor, v: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
    """Causal attention within each sequence.

    q is (T, H, 64) and k, v are (T, G, 64) bfloat16; `starts` is (S + 1,) int32: first token of each sequence,
    then T. Returns the heads (T, H, 64) and the logarithms of the softmax sums (T, H) float32.
    """
    q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    heads, sums = torch.empty_like(q), torch.empty(q.shape[:2], dtype=torch.float32)
    _library().attention_forward(
        _at(q), _at(k), _at(v), _at(starts), len(starts) - 1, q.shape[1], k.shape[1], _scale(), _at(heads), _at(sums)
    )
    return heads, sums


@packed_attention.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
    return q.new_empty(q.shape), q.new_empty(q.shape[:2], dtype=torch.float32)


@torch.library.custom_op("sqlagent::packed_attention_backward", mutates_args=())
def packed_attention_backward(
    q: Tensor, k: Tensor, v: Tensor, heads: Tensor, grad: Tensor, sums: Tensor, starts: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of q, k and v, in their shapes."""
    q, k, v, grad = q.contiguous(), k.contiguous(), v.contiguous(), grad.contiguous()
    dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    _library().attention_backward(
        *(_at(x) for x in (q, k, v, heads, grad, sums, starts)),
        len(starts) - 1,
        q.shape[1],
        k.shape[1],
        _scale(),
        *(_at(x) for x in (dq, dk, dv)),
    )
    return dq, dk, dv


@packed_attention_backward.register_fake
def _(
    q: Tensor, k: Tensor, v: Tensor, heads: Tensor, grad: Tensor, sums: Tensor, starts: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    return q.new_empty(q.shape), k.new_empty(k.shape), v.new_empty(v.shape)


def _save(ctx: torch.autograd.function.FunctionCtx, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(*inputs, *output)


def _backward(
    ctx: torch.autograd.function.FunctionCtx, grad: Tensor, _sums_grad: Tensor
) -> tuple[Tensor, Tensor, Tensor, None]:
    q, k, v, starts, heads, sums = ctx.saved_tensors
    return *packed_attention_backward(q, k, v, heads, grad, sums, starts), None


packed_attention.register_autograd(_backward, setup_context=_save)


def reference_attention(q: Tensor, k: Tensor, v: Tensor, starts: Tensor) -> Tensor:
    """The same with torch's own operators, for any processor and any dtype; the kernel is tested against it."""
    heads = []
    for begin, end in itertools.pairwise(starts.tolist()):
        if end > begin:
            one, keys, values = (x[begin:end].transpose(0, 1)[None] for x in (q, k, v))
            found = F.scaled_dot_product_attention(one, keys, values, is_causal=True, enable_gqa=True)
            heads.append(found[0].transpose(0, 1))
    return torch.cat(heads)


def attention(q: Tensor, k: Tensor, v: Tensor, starts: Tensor, *, native: bool) -> Tensor:
    """Causal attention within each sequence; shapes as in `packed_attention`. `native`: use the kernel."""
    if native and q.dtype == torch.bfloat16:
        heads: Tensor = packed_attention(q, k, v, starts)[0]
        return heads
    return reference_attention(q, k, v, starts)


def _library() -> ctypes.CDLL:
    library = native_library()
    if library is None:
        raise RuntimeError("the native attention kernel needs an AVX512-BF16 processor and g++")
    return library


def _at(x: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(x.data_ptr())


def _scale() -> ctypes.c_float:
    return ctypes.c_float(HEAD_DIM**-0.5)


def _processor_has(flag: str) -> bool:
    try:
        return flag in Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"
