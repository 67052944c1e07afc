"""Writes a student as a GGUF file for llama.cpp: architecture `qwen3`, tokenizer `gpt2` with Qwen2's pre-tokeniser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, Literal

import gguf
import numpy as np
import numpy.typing as npt
from torch import Tensor

from sqlagent_tui.distill.student import Student
from sqlagent_tui.distill.tokenizer import CONTROL_TOKENS, END_OF_TEXT, END_OF_TURN, TAG_TOKENS

NAME: Final = "sqlagent-student-cadastro-ambiental"
DESCRIPTION: Final = (
    "A small text-to-SQL agent for the demo database cadastro_ambiental of sqlagent-tui, "
    "trained from scratch on synthetic trajectories."
)
LICENSE: Final = "apache-2.0"

Kind = Literal["F16", "Q8_0"]
_TYPES: Final = {"F16": gguf.GGMLQuantizationType.F16, "Q8_0": gguf.GGMLQuantizationType.Q8_0}
_FILE_TYPES: Final = {"F16": gguf.LlamaFileType.MOSTLY_F16, "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}


def export(student: Student, tokenizer: Path, template: str, destination: Path, *, kind: str = "F16") -> None:
    """Write `destination` from a student, its tokenizer.json and the text of its chat template.

    Matrices are stored as `kind` (F16 or Q8_0), norms as float32; the output matrix is the embedding. Raises KeyError
    for another kind, ValueError for a tokenizer of another size.
    """
    config = student.config
    destination.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(destination, "qwen3")
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(NAME)
    writer.add_description(DESCRIPTION)
    writer.add_license(LICENSE)
    writer.add_languages(["pt"])
    writer.add_file_type(_FILE_TYPES[kind])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.ffn_width)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    _add_tokenizer(writer, json.loads(tokenizer.read_text(encoding="utf-8")), config.vocab_size)
    writer.add_chat_template(template)
    for name, tensor in _tensors(student):
        values = tensor.detach().float().contiguous().numpy()
        _add(writer, name, values, gguf.GGMLQuantizationType.F32 if values.ndim == 1 else _TYPES[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add(writer: gguf.GGUFWriter, name: str, values: npt.NDArray[np.float32], kind: Any) -> None:
    if kind == gguf.GGMLQuantizationType.Q8_0:
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    elif kind == gguf.GGMLQuantizationType.F16:
        writer.add_tensor(name, values.astype(np.float16))
    else:
        writer.add_tensor(name, values)


def _tensors(student: Student) -> list[tuple[str, Tensor]]:
    """GGUF names and tensors, the fused matrices taken apart. The half-split rotary layout needs no permutation."""
    config = student.config
    found: list[tuple[str, Tensor]] = [("token_embd.weight", student.embedding)]
    for n, layer in enumerate(student.layers):
        query, key, value = layer.qkv.split([config.query_width, config.kv_width, config.kv_width])
        gate, up = layer.gate_up.split(config.ffn_width)
        parts = {
            "attn_norm": layer.attention_norm.weight,
            "attn_q": query,
            "attn_k": key,
            "attn_v": value,
            "attn_q_norm": layer.query_norm.weight,
            "attn_k_norm": layer.key_norm.weight,
            "attn_output": layer.out,
            "ffn_norm": layer.ffn_norm.weight,
            "ffn_gate": gate,
            "ffn_up": up,
            "ffn_down": layer.down,
        }
        found += [(f"blk.{n}.{name}.weight", tensor) for name, tensor in parts.items()]
    return [*found, ("output_norm.weight", student.final_norm.weight)]


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: dict[str, Any], size: int) -> None:
    ids: dict[str, int] = dict(tokenizer["model"]["vocab"])
    ids.update({added["content"]: added["id"] for added in tokenizer["added_tokens"]})
    tokens = [text for text, _ in sorted(ids.items(), key=lambda item: item[1])]
    if len(tokens) != size:
        raise ValueError(f"the tokenizer has {len(tokens)} tokens, the model {size}")
    kinds = dict.fromkeys((added["content"] for added in tokenizer["added_tokens"]), gguf.TokenType.UNUSED)
    kinds |= dict.fromkeys(CONTROL_TOKENS, gguf.TokenType.CONTROL)
    kinds |= dict.fromkeys(TAG_TOKENS, gguf.TokenType.USER_DEFINED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in tokens])
    merges = tokenizer["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_eos_token_id(ids[END_OF_TURN])
    writer.add_eot_token_id(ids[END_OF_TURN])
    writer.add_pad_token_id(ids[END_OF_TEXT])
    writer.add_add_bos_token(False)
