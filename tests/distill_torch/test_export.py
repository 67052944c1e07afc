"""The exported file as llama.cpp itself reads it: same tokens, same predictions."""

from collections.abc import Iterator
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import pytest
import torch

import sqlagent_tui.distill
from sqlagent_tui.distill.corpus_file import read_trajectories
from sqlagent_tui.distill.export import export
from sqlagent_tui.distill.induction import initialise
from sqlagent_tui.distill.student import Packed, Student, StudentConfig
from sqlagent_tui.distill.tokenizer import encode, load_tokenizer

TEMPLATE = Path(sqlagent_tui.distill.__file__).with_name("chat_template.jinja").read_text(encoding="utf-8")
TEXTS = (
    "Quantos imóveis há em São José do Rio Preto?  12.345,67 ha",
    "aspas \"duplas\", 'simples', d'água, it's",
    "\n\n\n  linha\n\tTab   fim  \r\n\r\nx  ",
    "ção ñ € 😀 ½ ² a\u0301 e\u0301",
    "SELECT count(*)\nFROM imovel_rural i -- x\nWHERE area_ha >= 1000.50;",
    "<|im_start|>user\noi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n<tool_call>\n{}\n</tool_call><|im_end|>",
    "",
)

SILENT = llama_cpp.llama_log_callback(lambda _level, _text, _data: None)
"""Kept here: llama.cpp holds no reference to it."""


@pytest.fixture(scope="module")
def student() -> Student:
    student = Student(StudentConfig())
    initialise(student)
    return student


@pytest.fixture(scope="module")
def model(
    student: Student, tokenizer_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[llama_cpp.llama_model_p]:
    path = tmp_path_factory.mktemp("export") / "student.gguf"
    export(student, tokenizer_file, TEMPLATE, path)
    llama_cpp.llama_log_set(SILENT, None)
    llama_cpp.llama_backend_init()
    params = llama_cpp.llama_model_default_params()
    params.use_extra_bufts = False
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    assert model
    yield model
    llama_cpp.llama_model_free(model)


def llama_tokens(model: llama_cpp.llama_model_p, text: str) -> list[int]:
    data = text.encode()
    room = (llama_cpp.llama_token * (len(data) + 8))()
    vocab = llama_cpp.llama_model_get_vocab(model)
    return list(room[: llama_cpp.llama_tokenize(vocab, data, len(data), room, len(room), False, True)])


def llama_logits(model: llama_cpp.llama_model_p, ids: list[int]) -> np.ndarray:
    params = llama_cpp.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_threads, params.n_threads_batch = 512, 512, 1, 1
    context = llama_cpp.llama_init_from_model(model, params)
    batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for i, token in enumerate(ids):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, i, 1, True
        batch.seq_id[i][0] = 0
    assert llama_cpp.llama_decode(context, batch) == 0
    found = np.ctypeslib.as_array(llama_cpp.llama_get_logits(context), (len(ids), 4096)).copy()
    llama_cpp.llama_batch_free(batch)
    llama_cpp.llama_free(context)
    return found


def test_llama_cuts_texts_as_the_tokenizer_does(
    model: llama_cpp.llama_model_p, tokenizer_file: Path, corpus: Path
) -> None:
    tokenizer = load_tokenizer(tokenizer_file)
    for trajectory in read_trajectories(corpus):
        # Apart, as prompt and generation are: an empty thought begins with \n after the prompt's \n.
        for text, _ in trajectory.segments:
            assert llama_tokens(model, text) == encode(tokenizer, text)
    for text in TEXTS:
        assert llama_tokens(model, text) == encode(tokenizer, text)
        assert tokenizer.decode(encode(tokenizer, text), skip_special_tokens=False) == text


def test_llama_predicts_what_torch_predicts(
    model: llama_cpp.llama_model_p, student: Student, tokenizer_file: Path, corpus: Path
) -> None:
    tokenizer = load_tokenizer(tokenizer_file)
    ids = [
        i
        for trajectory in list(read_trajectories(corpus))[:3]
        for text, _ in trajectory.segments
        for i in encode(tokenizer, text)
    ]
    count = len(ids)
    packed = Packed(
        torch.tensor(ids), torch.arange(count), torch.tensor([0, count], dtype=torch.int32), torch.arange(count)
    )
    with torch.no_grad():
        wanted = student.logits(packed).numpy()
    found = llama_logits(model, ids)
    assert (found.argmax(1) == wanted.argmax(1)).mean() > 0.99
    assert np.abs(found - wanted).max() < 0.1


def test_the_file_says_what_it_is(student: Student, tokenizer_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "student.gguf"
    export(student, tokenizer_file, TEMPLATE, path, kind="Q8_0")
    reader = gguf.GGUFReader(path)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert fields["general.architecture"] == "qwen3"
    assert fields["general.license"] == "apache-2.0"
    assert fields["tokenizer.chat_template"] == TEMPLATE
    assert fields["qwen3.attention.key_length"] == fields["qwen3.attention.value_length"] == 64
    assert fields["qwen3.rope.freq_base"] == 1e6
    assert fields["tokenizer.ggml.add_bos_token"] is False
    tokens, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    assert fields["tokenizer.ggml.eos_token_id"] == tokens.index("<|im_end|>")
    assert kinds[tokens.index("<|im_start|>")] == gguf.TokenType.CONTROL
    assert kinds[tokens.index("<tool_call>")] == gguf.TokenType.USER_DEFINED
    names = {tensor.name: tensor.tensor_type for tensor in reader.tensors}
    assert "output.weight" not in names
    assert names["blk.0.attn_q_norm.weight"] == gguf.GGMLQuantizationType.F32
    assert names["blk.5.ffn_down.weight"] == gguf.GGMLQuantizationType.Q8_0
