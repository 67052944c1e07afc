"""Tiny random-weight models of Qwen3's shape, made on the spot: a real vocabulary, a real template, no sense."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

QWEN3_TEMPLATE = (Path(__file__).parent / "models" / "qwen3.jinja").read_text("utf-8")

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TAGS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")
_CORPUS = (
    "quantos imóveis rurais existem em cada estado? select count(*) from imovel_rural group by estado "
    "assistant user system tool name arguments sql execute final answer decision message table schema the of"
)


def make_gguf(
    path: Path,
    *,
    template: str | None = QWEN3_TEMPLATE,
    width: int = 64,
    layers: int = 2,
    ffn: int = 128,
    context: int = 4096,
    architecture: str = "qwen3",
    damaged: bool = False,
    quantized: bool = False,
    unused: int = 0,
    seed: int = 7,
) -> Path:
    """Write a model. `damaged`: one weight is no number; `quantized`: matrices in Q8_0, else in 16 bits; `unused`: more
    tokens, which no text is ever made of."""
    import gguf

    tokens, merges = _vocabulary()
    tokens += [f"unused{number}" for number in range(unused)]
    random = np.random.default_rng(seed)
    head, heads, kv_heads = 16, width // 16, max(1, width // 32)

    def weights(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float16)

    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("Tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(ffn)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*tokens, *CONTROL, *TAGS])
    writer.add_token_types(
        [gguf.TokenType.NORMAL] * len(tokens)
        + [gguf.TokenType.CONTROL] * len(CONTROL)
        + [gguf.TokenType.USER_DEFINED] * len(TAGS)
    )
    writer.add_token_merges(merges)
    writer.add_bos_token_id(len(tokens))
    writer.add_eos_token_id(len(tokens) + CONTROL.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    if template is not None:
        writer.add_chat_template(template)

    size = len(tokens) + len(CONTROL) + len(TAGS)
    output = weights(size, width) * 4
    output[len(tokens) - unused :] = 0  # it writes text, never structure
    if damaged:
        output[0, 0] = np.nan

    def add(name: str, values: np.ndarray) -> None:
        if quantized and values.ndim == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quantize(values.astype(np.float32), kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values)

    add("token_embd.weight", weights(size, width) * 8)
    add("output.weight", output)
    add("output_norm.weight", np.ones(width, np.float32))
    for layer in range(layers):
        name = f"blk.{layer}."
        add(name + "attn_norm.weight", np.ones(width, np.float32))
        add(name + "ffn_norm.weight", np.ones(width, np.float32))
        add(name + "attn_q.weight", weights(heads * head, width))
        add(name + "attn_k.weight", weights(kv_heads * head, width))
        add(name + "attn_v.weight", weights(kv_heads * head, width))
        add(name + "attn_output.weight", weights(width, heads * head))
        add(name + "attn_q_norm.weight", np.ones(head, np.float32))
        add(name + "attn_k_norm.weight", np.ones(head, np.float32))
        add(name + "ffn_gate.weight", weights(ffn, width))
        add(name + "ffn_up.weight", weights(ffn, width))
        add(name + "ffn_down.weight", weights(width, ffn))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _vocabulary() -> tuple[list[str], list[str]]:
    """A byte-level BPE: 256 bytes and what sixty merges make of them."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in visible}
    for byte in range(256):
        letters.setdefault(byte, chr(256 + sum(1 for other in letters if other not in visible)))
    tokens = [letters[byte] for byte in range(256)]
    words = [[letters[byte] for byte in (" " + word).encode()] for word in _CORPUS.split()]
    merges: list[str] = []
    for _ in range(60):
        pairs = Counter(pair for word in words for pair in pairwise(word))
        (left, right), _count = max(pairs.items(), key=lambda item: (item[1], item[0]))
        merges.append(f"{left} {right}")
        tokens.append(left + right)
        for word in words:
            at = 0
            while at < len(word) - 1:
                if (word[at], word[at + 1]) == (left, right):
                    word[at : at + 2] = [left + right]
                at += 1
    return tokens, merges


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 100,000 parameters: loads in no time."""
    return make_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def slow_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model large enough that evaluating 2,000 tokens takes a while."""
    return make_gguf(tmp_path_factory.mktemp("models") / "slow.gguf", width=256, layers=4, ffn=1024)


@pytest.fixture(scope="session")
def heavy_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a vocabulary of 30,000: a prompt of 1,500 tokens is worth storing once it is evaluated."""
    path = tmp_path_factory.mktemp("models") / "heavy.gguf"
    return make_gguf(path, width=256, layers=3, ffn=512, unused=30_000)
