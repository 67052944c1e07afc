"""An initialisation that already knows how to copy.

Without help, millions of tokens go by before so small a model learns to copy a name out of its context. So an
induction circuit is built in. Three groups of residual channels carry it: the identity (part of every token's
embedding), the predecessor (zero in the embedding) and one constant channel. In layer 0 a head that always looks one
position back writes the identity of the token before into the predecessor. In a later layer two heads look for
positions whose predecessor equals the current token, and write the token found there, which the tied embedding turns
into a prediction.

On random tokens with repeated stretches, an untrained student so made foresees nine repeated tokens in ten.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from sqlagent_tui.distill.student import Student, StudentConfig

EMBEDDING_STD: Final = 0.05
MATRIX_STD: Final = 0.02
CONSTANT: Final = 0.25
FAST_PAIRS: Final = 10
"""Rotary pairs that turn visibly from one position to the next; they tell distance one from all others."""
SLOW_PAIRS: Final = 16
"""Rotary pairs that hardly turn within a trajectory; they compare contents wherever they stand."""
LOOK_BACK_GAIN: Final = 3.0
MATCH_GAIN: Final = 2.5
PREDECESSOR_SCALE: Final = 0.08
PREDICTION_SCALE: Final = 0.25
MATCH_LAYER: Final = 2
CARRIED: Final = (0, 2)
"""Which 64-channel parts of the embedding the matching heads, one a key head, carry over.

Only one layer may match: it overwrites the identity that a later one would compare.
"""


@torch.no_grad()
def initialise(student: Student, seed: int = 0) -> None:
    """Fill all weights: small random numbers, with the circuit laid over them. Reproducible from `seed`."""
    config = student.config
    random = torch.Generator().manual_seed(seed)
    depth = (2 * config.layers) ** -0.5
    for layer in student.layers:
        for matrix, std in (
            (layer.qkv, MATRIX_STD),
            (layer.gate_up, MATRIX_STD),
            (layer.out, MATRIX_STD * depth),
            (layer.down, MATRIX_STD * depth),
        ):
            matrix.normal_(std=std, generator=random)
    student.embedding.normal_(std=EMBEDDING_STD, generator=random)
    dim = config.head_dim
    identity, predecessor, constant = slice(0, dim), slice(dim, 2 * dim), config.width - 1
    student.embedding[:, predecessor] = 0
    student.embedding[:, constant] = CONSTANT
    _look_back(student, identity, predecessor, constant)
    for group, part in enumerate(CARRIED):
        _match(student, group, slice(part * dim, (part + 1) * dim), identity, predecessor, random)


def _look_back(student: Student, identity: slice, predecessor: slice, constant: int) -> None:
    config, layer = student.config, student.layers[0]
    half = config.head_dim // 2
    query, key, value = _rows(config, 0)
    angle = config.rope_theta ** -(torch.arange(FAST_PAIRS) / half)
    layer.qkv[query] = 0
    layer.qkv[key] = 0
    layer.qkv[query.start : query.start + FAST_PAIRS, constant] = 1
    # Turned one position ahead, so that query and key agree best at distance one.
    layer.qkv[key.start : key.start + FAST_PAIRS, constant] = angle.cos()
    layer.qkv[key.start + half : key.start + half + FAST_PAIRS, constant] = angle.sin()
    for norm in (layer.query_norm.weight, layer.key_norm.weight):
        norm[:FAST_PAIRS] = LOOK_BACK_GAIN
        norm[half : half + FAST_PAIRS] = LOOK_BACK_GAIN
    _carry(layer.qkv, value, identity)
    layer.out[:, : config.head_dim] = 0
    layer.out[predecessor, : config.head_dim] = torch.eye(config.head_dim) * PREDECESSOR_SCALE


def _match(
    student: Student, group: int, carried: slice, identity: slice, predecessor: slice, random: torch.Generator
) -> None:
    config, layer = student.config, student.layers[MATCH_LAYER]
    dim, half = config.head_dim, config.head_dim // 2
    query, key, value = _rows(config, group)
    slow = torch.cat([torch.arange(half - SLOW_PAIRS, half), torch.arange(dim - SLOW_PAIRS, dim)])
    mixing = torch.linalg.qr(torch.randn(dim, dim, generator=random))[0][: len(slow)]
    layer.qkv[query] = 0
    layer.qkv[key] = 0
    layer.qkv[(query.start + slow)[:, None], torch.arange(identity.start, identity.stop)] = mixing
    layer.qkv[(key.start + slow)[:, None], torch.arange(predecessor.start, predecessor.stop)] = mixing
    layer.query_norm.weight[slow] = MATCH_GAIN
    layer.key_norm.weight[slow] = MATCH_GAIN
    _carry(layer.qkv, value, carried)
    head = group * (config.heads // config.kv_heads)
    columns = slice(head * dim, (head + 1) * dim)
    layer.out[:, columns] = 0
    layer.out[carried, columns] = torch.eye(dim) * PREDICTION_SCALE


def _rows(config: StudentConfig, group: int) -> tuple[slice, slice, slice]:
    """Rows of the fused matrix: the group's first query head, its key head, its value head."""
    dim = config.head_dim
    head = group * (config.heads // config.kv_heads)
    key, value = config.query_width + group * dim, config.query_width + config.kv_width + group * dim
    return slice(head * dim, (head + 1) * dim), slice(key, key + dim), slice(value, value + dim)


def _carry(matrix: Tensor, rows: slice, channels: slice) -> None:
    matrix[rows] = 0
    matrix[rows, channels] = torch.eye(rows.stop - rows.start)
