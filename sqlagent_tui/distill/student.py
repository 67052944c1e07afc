"""The student: a small transformer of Qwen3's architecture, over packed sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own customary name)
from torch import Tensor, nn

from sqlagent_tui.distill.attention import HEAD_DIM, attention, native_library


@dataclass(frozen=True)
class StudentConfig:
    """Sizes of a student; the defaults make 5.5 million parameters."""

    vocab_size: int = 4096
    width: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 64
    ffn_width: int = 704
    rope_theta: float = 1e6
    norm_epsilon: float = 1e-6
    context: int = 4096

    @property
    def query_width(self) -> int:
        """Width of all query heads together."""
        return self.heads * self.head_dim

    @property
    def kv_width(self) -> int:
        """Width of all key heads together."""
        return self.kv_heads * self.head_dim


class Packed(NamedTuple):
    """Sequences one behind the other, without padding.

    `tokens` (T,) and `positions` (T,) int64, each sequence counting from 0; `starts` (S + 1,) int32: first token of
    each sequence, then T; `rows` (R,) int64: the tokens whose hidden states are wanted.
    """

    tokens: Tensor
    positions: Tensor
    starts: Tensor
    rows: Tensor


class Norm(nn.Module):
    """RMSNorm with a gain, computed in float32."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension; the result is float32."""
        wide = x.float()
        return wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon) * self.weight


class Layer(nn.Module):
    """One transformer layer; the matrices that read the same input are fused (q, k, v; gate, up)."""

    def __init__(self, config: StudentConfig, *, native: bool) -> None:
        super().__init__()
        self.config = config
        self.native = native
        self.attention_norm = Norm(config.width, config.norm_epsilon)
        self.qkv = nn.Parameter(torch.empty(config.query_width + 2 * config.kv_width, config.width))
        self.query_norm = Norm(config.head_dim, config.norm_epsilon)
        self.key_norm = Norm(config.head_dim, config.norm_epsilon)
        self.out = nn.Parameter(torch.empty(config.width, config.query_width))
        self.ffn_norm = Norm(config.width, config.norm_epsilon)
        self.gate_up = nn.Parameter(torch.empty(2 * config.ffn_width, config.width))
        self.down = nn.Parameter(torch.empty(config.width, config.ffn_width))

    def attend(self, x: Tensor, angles: tuple[Tensor, Tensor], starts: Tensor, dtype: torch.dtype) -> Tensor:
        """Causal attention's heads, before the output projection: (T, width) to (T, query_width)."""
        config = self.config
        qkv = linear(self.attention_norm(x), self.qkv, dtype)
        q, k, v = qkv.split([config.query_width, config.kv_width, config.kv_width], dim=-1)
        q = rotate(self.query_norm(q.unflatten(-1, (config.heads, config.head_dim))), angles).to(dtype)
        k = rotate(self.key_norm(k.unflatten(-1, (config.kv_heads, config.head_dim))), angles).to(dtype)
        v = v.unflatten(-1, (config.kv_heads, config.head_dim))
        return attention(q, k, v, starts, native=self.native).flatten(-2)

    def finish(self, x: Tensor, heads: Tensor, dtype: torch.dtype) -> Tensor:
        """Project the heads and add the feed-forward part; positions do not mix, so any subset of rows will do."""
        x = x + linear(heads, self.out, dtype)
        gate, up = linear(self.ffn_norm(x), self.gate_up, dtype).chunk(2, dim=-1)
        return x + linear(F.silu(gate) * up, self.down, dtype)


class Student(nn.Module):
    """Token ids to hidden states, read through the tied embedding."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Parameter(torch.empty(config.vocab_size, config.width))
        native = config.head_dim == HEAD_DIM and native_library() is not None
        self.layers = nn.ModuleList(Layer(config, native=native) for _ in range(config.layers))
        self.final_norm = Norm(config.width, config.norm_epsilon)
        half = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
        phase = torch.outer(torch.arange(config.context, dtype=torch.float64), config.rope_theta**-half)
        self.register_buffer("cosine", phase.cos().float(), persistent=False)
        self.register_buffer("sine", phase.sin().float(), persistent=False)

    def hidden(self, batch: Packed, dtype: torch.dtype) -> Tensor:
        """Normalised last hidden states (R, width) of the chosen rows; nothing is computed that they do not need."""
        angles = (self.cosine[batch.positions], self.sine[batch.positions])
        x = F.embedding(batch.tokens, self.embedding)
        for layer in self.layers[:-1]:
            x = layer.finish(x, layer.attend(x, angles, batch.starts, dtype), dtype)
        # Keys and values of the last layer come from all tokens, everything after them from the chosen rows only.
        last = self.layers[-1]
        heads = last.attend(x, angles, batch.starts, dtype)
        return self.final_norm(last.finish(x[batch.rows], heads[batch.rows], dtype))

    def logits(self, batch: Packed, dtype: torch.dtype = torch.float32) -> Tensor:
        """Float32 logits (R, vocab) of the chosen rows."""
        return linear(self.hidden(batch, dtype), self.embedding, dtype).float()

    def losses(self, batch: Packed, targets: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Cross-entropy (R,) in nats of each chosen row's `targets`, the tokens that follow."""
        return F.cross_entropy(self.logits(batch, dtype), targets, reduction="none")


def linear(x: Tensor, weight: Tensor, dtype: torch.dtype) -> Tensor:
    """A matrix product in `dtype`; weights stay float32 outside."""
    return F.linear(x.to(dtype), weight.to(dtype))


def rotate(x: Tensor, angles: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary positions in the half-split layout: dimension i turns with dimension i + head_dim / 2. x is (T, H, D)."""
    cosine, sine = angles[0][:, None, :], angles[1][:, None, :]
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
