import contextlib
import struct
from pathlib import Path

import pytest
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, LlamaFileType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.gguf import FILE_TYPES, TENSOR_TYPES, describe, require_usable
from tests.fix_models import QWEN3_TEMPLATE, make_gguf


def changed(source: Path, target: Path, at: int, data: bytes) -> Path:
    content = bytearray(source.read_bytes())
    content[at : at + len(data)] = data
    target.write_bytes(content)
    return target


def test_reads_what_a_file_says(tiny_gguf: Path) -> None:
    file = describe(tiny_gguf)
    assert file.summary == f"qwen3 {file.parameters / 1e6:.1f}M {file.quantization}"
    assert (file.name, file.architecture, file.quantization, file.kind) == ("Tiny", "qwen3", "F16", "model")
    assert (file.context_length, file.vocabulary, file.layers, file.tokenizer) == (4096, 325, 2, "gpt2/qwen2")
    assert file.chat_template == QWEN3_TEMPLATE
    assert file.size == tiny_gguf.stat().st_size
    assert 100_000 < file.parameters < 130_000
    assert file.kv_bytes_per_token == 2 * 2 * (16 + 16) * 2
    require_usable(file)


def test_knows_the_types_that_the_format_knows() -> None:
    for number, (name, block, width) in TENSOR_TYPES.items():
        kind = GGMLQuantizationType(number)
        assert (kind.name, GGML_QUANT_SIZES[kind]) == (name, (block, width))
    for number, name in FILE_TYPES.items():
        assert name in LlamaFileType(number).name


def test_each_wrong_file_has_its_sentence(tiny_gguf: Path, tmp_path: Path) -> None:
    content = tiny_gguf.read_bytes()
    cases = {
        "empty": b"",
        "is not a GGUF file": b"PK\x03\x04" + content[4:],
        "not a GGUF": b"short",
        "cut off inside its header": content[:500],
        "cut off: it has": content[:-100],
        "big-endian": content[:4] + struct.pack(">I", 3) + content[8:],
        "GGUF version 99": content[:4] + struct.pack("<I", 99) + content[8:],
        "makes no sense": content[:8] + struct.pack("<Q", 1 << 60) + content[16:],
    }
    for sentence, data in cases.items():
        path = tmp_path / "wrong.gguf"
        path.write_bytes(data)
        with pytest.raises(ModelError, match=sentence) as caught:
            describe(path)
        assert caught.value.remedy


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model file at"):
        describe(tmp_path / "none.gguf")
    with pytest.raises(ModelError, match="is a folder"):
        describe(tmp_path)


def test_a_file_without_template_is_sound_but_not_usable(tmp_path: Path) -> None:
    file = describe(make_gguf(tmp_path / "bare.gguf", template=None))
    assert file.chat_template == ""
    with pytest.raises(ModelError, match="no chat template"):
        require_usable(file)


def test_a_hostile_name_is_made_printable(tiny_gguf: Path, tmp_path: Path) -> None:
    at = tiny_gguf.read_bytes().index(b"Tiny")
    assert describe(changed(tiny_gguf, tmp_path / "x.gguf", at, b"\x1b[2J")).name == "[2J"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_to_the_header_is_survived(tiny_gguf: Path, tmp_path: Path, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, 4000))
    junk = data.draw(st.binary(min_size=1, max_size=16) | st.sampled_from([b"\xff" * 8, b"\x00" * 8]))
    path = changed(tiny_gguf, tmp_path / "damaged.gguf", at, junk)
    with contextlib.suppress(ModelError):  # it may also be sound; anything else would be a crash
        describe(path)
