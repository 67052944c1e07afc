"""A student read back from its file predicts what it did, and takes another vocabulary without losing words."""

from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

import sqlagent_tui.distill
from sqlagent_tui.distill.checkpoint import flatten
from sqlagent_tui.distill.export import export
from sqlagent_tui.distill.induction import initialise
from sqlagent_tui.distill.restore import adopt, restore
from sqlagent_tui.distill.student import Student, StudentConfig
from sqlagent_tui.distill.tokenizer import encode, load_tokenizer, train_tokenizer

TEMPLATE = Path(sqlagent_tui.distill.__file__).with_name("chat_template.jinja").read_text(encoding="utf-8")
TEXT = "<|im_start|>user\nQuantos imóveis em São Tomé?<|im_end|>\n<think>\n'São Tomé' 12.345,6"


@pytest.fixture(scope="module")
def exported(tokenizer_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Student, Path]:
    student = Student(StudentConfig(layers=3, ffn_width=128))
    initialise(student, seed=3)
    path = tmp_path_factory.mktemp("restore") / "student.gguf"
    export(student, tokenizer_file, TEMPLATE, path)
    return student, path


def test_weights_sizes_and_tokenizer_come_back(exported: tuple[Student, Path], tokenizer_file: Path) -> None:
    student, path = exported
    restored, tokenizer = restore(path)
    assert restored.config == student.config
    assert torch.allclose(flatten(restored), flatten(student), atol=1e-3, rtol=1e-3)
    original = load_tokenizer(tokenizer_file)
    assert tokenizer.get_vocab() == original.get_vocab()
    assert encode(tokenizer, TEXT) == encode(original, TEXT)


def test_quantised_and_foreign_files_are_refused(
    exported: tuple[Student, Path], tokenizer_file: Path, tmp_path: Path
) -> None:
    quantised = tmp_path / "q8.gguf"
    export(exported[0], tokenizer_file, TEMPLATE, quantised, kind="Q8_0")
    with pytest.raises(ValueError, match="quantised"):
        restore(quantised)
    writer = gguf.GGUFWriter(tmp_path / "other.gguf", "llama")
    writer.add_tensor("token_embd.weight", np.zeros((4, 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ValueError, match="not qwen3"):
        restore(tmp_path / "other.gguf")


def test_another_vocabulary_keeps_the_words_that_both_have(
    exported: tuple[Student, Path], corpus: Path, tmp_path: Path
) -> None:
    student, old = restore(exported[1])
    other = tmp_path / "other.jsonl"
    other.write_text(corpus.read_text(encoding="utf-8").replace("imóveis", "fazendas"), encoding="utf-8")
    new = train_tokenizer([other], tmp_path / "tokenizer.json")
    before = student.embedding.detach().clone()
    adopt(student, old, new)
    token = "<|im_end|>"
    assert torch.equal(student.embedding[new.token_to_id(token)], before[old.token_to_id(token)])
    fresh = next(token for token in new.get_vocab() if token not in old.get_vocab())
    pieces = old.encode(new.decode([new.token_to_id(fresh)])).ids
    assert torch.allclose(student.embedding[new.token_to_id(fresh)], before[pieces].mean(0))


def test_a_vocabulary_of_another_size_is_refused(exported: tuple[Student, Path], corpus: Path, tmp_path: Path) -> None:
    student, old = restore(exported[1])
    small = train_tokenizer([corpus], tmp_path / "tokenizer.json", vocab_size=600)
    with pytest.raises(ValueError, match="600 tokens"):
        adopt(student, old, small)


def test_a_name_is_cut_alike_after_a_space_and_after_a_quote(tokenizer_file: Path) -> None:
    tokenizer: Tokenizer = load_tokenizer(tokenizer_file)
    for name in ("Cascavel", "aceguá", "Lhorinço"):
        plain = encode(tokenizer, name)
        assert encode(tokenizer, f"em {name}")[-len(plain) :] == plain
        quoted = encode(tokenizer, f"('{name}')")
        assert any(quoted[at : at + len(plain)] == plain for at in range(len(quoted)))
