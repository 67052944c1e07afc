"""The native kernel against torch's own attention. Where the processor cannot run it, only torch's own is left."""

import itertools

import torch
from torch import Tensor

from sqlagent_tui.distill.attention import attention, native_library, reference_attention

LENGTHS = (1, 2, 5, 6, 7, 63, 64, 65, 127, 0, 130, 191, 200)


def tensors(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    total = sum(LENGTHS)
    starts = torch.tensor([0, *itertools.accumulate(LENGTHS)], dtype=torch.int32)
    q, k, v, grad = (torch.randn(total, heads, 64, generator=random).to(dtype) for heads in (4, 2, 2, 4))
    return q, k, v, grad, starts


def run(native: bool, dtype: torch.dtype) -> list[Tensor]:
    q, k, v, grad, starts = tensors(torch.bfloat16)
    inputs = [x.to(dtype).requires_grad_() for x in (q, k, v)]
    heads = attention(*inputs, starts, native=native)
    return [heads.detach(), *torch.autograd.grad(heads, inputs, grad.to(dtype))]


def test_fastest_attention_agrees_with_float32() -> None:
    exact = run(native=False, dtype=torch.float32)
    for found, wanted in zip(run(native_library() is not None, torch.bfloat16), exact, strict=True):
        assert (found.float() - wanted).norm() / wanted.norm() < 0.01


def test_sequences_do_not_see_each_other_nor_the_future() -> None:
    q, k, v, _, starts = tensors(torch.bfloat16)
    native = native_library() is not None
    before = attention(q, k, v, starts, native=native)
    changed = int(starts[11]) + 20  # inside the sequence of 191 tokens
    k[changed], v[changed] = 9.0, -9.0
    after = attention(q, k, v, starts, native=native)
    differs = (before != after).flatten(1).any(1)
    assert not differs[:changed].any()
    assert differs[changed]
    assert not differs[int(starts[12]) :].any()


def test_reference_is_plain_softmax_attention() -> None:
    q, k, v, _, _ = tensors(torch.float32)
    q, k, v = q[:9], k[:9], v[:9]
    scores = torch.einsum("qhd,khd->hqk", q, k.repeat_interleave(2, 1)) / 8
    scores = scores.masked_fill(~torch.ones(9, 9, dtype=torch.bool).tril(), float("-inf"))
    wanted = torch.einsum("hqk,khd->qhd", scores.softmax(-1), v.repeat_interleave(2, 1))
    found = reference_attention(q, k, v, torch.tensor([0, 9], dtype=torch.int32))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
