"""A student read back from its GGUF file, so that a run can begin where another one ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import gguf
import torch
from tokenizers import Tokenizer

from sqlagent_tui.distill.student import Student, StudentConfig
from sqlagent_tui.distill.tokenizer import assemble

_FLOATS: Final = frozenset({gguf.GGMLQuantizationType.F16, gguf.GGMLQuantizationType.F32})


def restore(path: Path) -> tuple[Student, Tokenizer]:
    """Read what `export` wrote: the weights as float32 (rounded to F16 on the way) and the tokenizer.

    Raises ValueError for a file of another architecture or with quantised matrices.
    """
    reader = gguf.GGUFReader(path)
    if _field(reader, "general.architecture") != "qwen3":
        raise ValueError(f"{path.name} is no student: its architecture is not qwen3")
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    if any(tensor.tensor_type not in _FLOATS for tensor in reader.tensors):
        raise ValueError(f"{path.name} is quantised: begin with an F16 file")
    student = Student(_config(reader))

    def read(name: str) -> torch.Tensor:
        return torch.from_numpy(tensors[f"{name}.weight"].data.astype("float32"))

    with torch.no_grad():
        student.embedding.copy_(read("token_embd"))
        student.final_norm.weight.copy_(read("output_norm"))
        for n, layer in enumerate(student.layers):
            block = f"blk.{n}."
            layer.attention_norm.weight.copy_(read(f"{block}attn_norm"))
            layer.qkv.copy_(torch.cat([read(f"{block}attn_{part}") for part in "qkv"]))
            layer.query_norm.weight.copy_(read(f"{block}attn_q_norm"))
            layer.key_norm.weight.copy_(read(f"{block}attn_k_norm"))
            layer.out.copy_(read(f"{block}attn_output"))
            layer.ffn_norm.weight.copy_(read(f"{block}ffn_norm"))
            layer.gate_up.copy_(torch.cat([read(f"{block}ffn_gate"), read(f"{block}ffn_up")]))
            layer.down.copy_(read(f"{block}ffn_down"))
    return student, _tokenizer(reader)


def adopt(student: Student, old: Tokenizer, new: Tokenizer) -> None:
    """Give the student another vocabulary of the same size, in place.

    A token that both have keeps its embedding; another one begins as the mean of what the old tokenizer cuts its text
    into. Raises ValueError for a vocabulary of another size.
    """
    before, after = old.get_vocab(), new.get_vocab()
    if len(after) != len(student.embedding):
        raise ValueError(f"the tokenizer has {len(after)} tokens, the student {len(student.embedding)}")
    embedding = student.embedding.detach().clone()
    with torch.no_grad():
        for token, place in after.items():
            pieces = [before[token]] if token in before else old.encode(new.decode([place])).ids
            student.embedding[place] = embedding[pieces].mean(0) if pieces else 0


def _config(reader: gguf.GGUFReader) -> StudentConfig:
    return StudentConfig(
        vocab_size=len(_field(reader, "tokenizer.ggml.tokens")),
        width=_field(reader, "qwen3.embedding_length"),
        layers=_field(reader, "qwen3.block_count"),
        heads=_field(reader, "qwen3.attention.head_count"),
        kv_heads=_field(reader, "qwen3.attention.head_count_kv"),
        head_dim=_field(reader, "qwen3.attention.key_length"),
        ffn_width=_field(reader, "qwen3.feed_forward_length"),
        rope_theta=_field(reader, "qwen3.rope.freq_base"),
        # The file holds a float32; the same decimal as a double is what it was written from.
        norm_epsilon=float(f"{_field(reader, 'qwen3.attention.layer_norm_rms_epsilon'):.6g}"),
        context=_field(reader, "qwen3.context_length"),
    )


def _tokenizer(reader: gguf.GGUFReader) -> Tokenizer:
    tokens = _field(reader, "tokenizer.ggml.tokens")
    kinds = _field(reader, "tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in _field(reader, "tokenizer.ggml.merges")]
    unused = [token for token, kind in zip(tokens, kinds, strict=True) if kind == gguf.TokenType.UNUSED]
    vocabulary = {token: n for n, token in enumerate(tokens) if token not in unused}
    return assemble(vocabulary, merges, unused=unused)


def _field(reader: gguf.GGUFReader, name: str) -> Any:
    return reader.fields[name].contents()
