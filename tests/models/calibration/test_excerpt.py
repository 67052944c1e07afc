from pathlib import Path

import gguf
import numpy as np
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.calibration import excerpt
from sqlagent_tui.models.calibration.contest import error_of
from sqlagent_tui.models.calibration.trials import Trials
from sqlagent_tui.models.gguf import describe
from sqlagent_tui.models.settings import EngineSettings
from tests.fix_models import make_gguf


def tensors(path: Path) -> dict[str, np.ndarray]:
    return {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}


def test_the_first_layers_are_taken_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = make_gguf(tmp_path / "whole.gguf", layers=5)
    monkeypatch.setattr(excerpt, "ROWS", 100)
    all_tensors = tensors(whole)
    layer = sum(data.nbytes for name, data in all_tensors.items() if name.startswith("blk.0."))
    taken = excerpt.cut(whole, tmp_path / "part.gguf", limit=2 * layer + layer // 2)
    assert (taken.layers, taken.of_layers) == (2, 5)
    part = tensors(tmp_path / "part.gguf")
    assert set(part) == {name for name in all_tensors if not name.startswith(("blk.2.", "blk.3.", "blk.4."))}
    for name, data in part.items():
        rows = 100 if name in ("token_embd.weight", "output.weight") else len(all_tensors[name])
        assert np.array_equal(data, all_tensors[name][:rows]), name
    assert taken.largest == pytest.approx(
        max(data.nbytes for name, data in part.items() if name.startswith("blk.")) / (2 * layer)
    )
    assert taken.share == pytest.approx(
        sum(data.nbytes for data in part.values()) / sum(data.nbytes for data in all_tensors.values())
    )


def test_an_excerpt_of_everything_computes_what_the_model_computes(tmp_path: Path) -> None:
    whole = make_gguf(tmp_path / "whole.gguf", layers=3)
    excerpt.cut(whole, tmp_path / "part.gguf")
    file = describe(tmp_path / "part.gguf")
    assert (file.layers, file.tokenizer, file.chat_template) == (3, "no_vocab", "")
    logits = []
    for path in (whole, tmp_path / "part.gguf"):
        with Trials(path, CancelToken()) as trials:
            logits.append(trials(EngineSettings(threads=1, threads_batch=1), 40, 1).logits)
    assert error_of(logits[0], logits[1]) == 0


def test_one_layer_is_the_least(tmp_path: Path, tiny_gguf: Path) -> None:
    assert excerpt.cut(tiny_gguf, tmp_path / "part.gguf", limit=1).layers == 1


def test_a_full_disk_is_told(tiny_gguf: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        excerpt.cut(tiny_gguf, Path("/dev/full"))


def test_a_damaged_header_is_told(tmp_path: Path, tiny_gguf: Path) -> None:
    data = tiny_gguf.read_bytes()
    (tmp_path / "cut.gguf").write_bytes(data[: len(data) // 40])
    with pytest.raises(ModelError, match="cut off inside its header"):
        excerpt.cut(tmp_path / "cut.gguf", tmp_path / "part.gguf")
