"""Models of Qwen3's true shapes with random weights: speed depends on shapes and types only."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import gguf
import numpy as np

from sqlagent_tui.models.library import student_path
from tests.fix_models import QWEN3_TEMPLATE

VOCABULARY = 151_936
_HEAD = 128
_SCALE = 0.02 / 73
"""Of a Q8_0 block, so that weights spread like a trained model's."""


class Shape(NamedTuple):
    """One of Qwen3's dense models."""

    width: int
    layers: int
    heads: int
    kv_heads: int
    ffn: int


SHAPES = {
    "4b": Shape(2560, 36, 32, 8, 9728),
    "1.7b": Shape(2048, 28, 16, 8, 6144),
    "0.6b": Shape(1024, 28, 16, 8, 3072),
}


def make(path: Path, shape: Shape, kind: gguf.GGMLQuantizationType) -> Path:
    """Write a model of `shape`, its matrices as `kind` (F16 or Q8_0), its embedding tied; the student's words and
    fillers as vocabulary."""
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_name("Random")
    writer.add_context_length(40_960)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.ffn)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(_HEAD)
    writer.add_value_length(_HEAD)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if kind.name == "Q8_0" else gguf.LlamaFileType.MOSTLY_F16)
    silent = _add_vocabulary(writer)
    random = np.random.default_rng(11)

    def matrix(name: str, rows: int, columns: int) -> None:
        values = _random(random, rows, columns, kind)
        if name == "token_embd.weight":
            values[silent] = 0  # it writes text, never structure
        writer.add_tensor(name, values, raw_dtype=kind)

    def norm(name: str, size: int) -> None:
        writer.add_tensor(name, np.ones(size, np.float32))

    matrix("token_embd.weight", VOCABULARY, shape.width)
    norm("output_norm.weight", shape.width)
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        norm(block + "attn_norm.weight", shape.width)
        norm(block + "ffn_norm.weight", shape.width)
        norm(block + "attn_q_norm.weight", _HEAD)
        norm(block + "attn_k_norm.weight", _HEAD)
        matrix(block + "attn_q.weight", shape.heads * _HEAD, shape.width)
        matrix(block + "attn_k.weight", shape.kv_heads * _HEAD, shape.width)
        matrix(block + "attn_v.weight", shape.kv_heads * _HEAD, shape.width)
        matrix(block + "attn_output.weight", shape.width, shape.heads * _HEAD)
        matrix(block + "ffn_gate.weight", shape.ffn, shape.width)
        matrix(block + "ffn_up.weight", shape.ffn, shape.width)
        matrix(block + "ffn_down.weight", shape.width, shape.ffn)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _random(random: np.random.Generator, rows: int, columns: int, kind: gguf.GGMLQuantizationType) -> np.ndarray:
    if kind.name == "F16":
        return (random.standard_normal((rows, columns), np.float32) * 0.02).astype(np.float16)
    blocks = rows * columns // 32
    data = np.frombuffer(random.bytes(blocks * 34), np.uint8).reshape(blocks, 34).copy()
    data[:, :2] = np.frombuffer(np.float16(_SCALE).tobytes(), np.uint8)
    return data.reshape(rows, columns // 32 * 34)


def _add_vocabulary(writer: gguf.GGUFWriter) -> list[int]:
    """Give the model the student's tokens, merges and template; return the ids that mean structure or nothing."""
    fields = gguf.GGUFReader(student_path()).fields
    tokens = list(fields["tokenizer.ggml.tokens"].contents())
    types = list(fields["tokenizer.ggml.token_type"].contents())
    silent = [index for index, kind in enumerate(types) if kind != gguf.TokenType.NORMAL]
    silent += range(len(tokens), VOCABULARY)
    fillers = [f"⟨{number}⟩" for number in range(VOCABULARY - len(tokens))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*tokens, *fillers])
    writer.add_token_types([*types, *([gguf.TokenType.UNUSED] * len(fillers))])
    writer.add_token_merges(list(fields["tokenizer.ggml.merges"].contents()))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(QWEN3_TEMPLATE)
    return silent
