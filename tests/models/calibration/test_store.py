from pathlib import Path

import pytest
from msgspec.structs import replace

from sqlagent_tui.models.calibration import store
from sqlagent_tui.models.calibration.machine import GPU_BACKENDS, gpu_backend, library_version, this_machine
from sqlagent_tui.models.calibration.result import Calibration, Choice
from sqlagent_tui.models.gguf import ModelFile, describe
from sqlagent_tui.models.settings import EngineSettings, Pins
from sqlagent_tui.models.setup import prepare
from tests.fix_models import make_gguf

FOUND = Calibration(
    settings=EngineSettings(threads=3, threads_batch=4, n_ubatch=256, extra_buffers=True, flash_attention=True),
    choices=(Choice(setting="threads", value=3, saved=0.2, why="3 takes 20% less time"),),
    read_seconds=0.01,
    write_seconds=0.1,
    saved=0.2,
    seconds=9.5,
)


@pytest.fixture
def file(tiny_gguf: Path) -> ModelFile:
    return describe(tiny_gguf)


def test_what_was_found_is_remembered_for_its_user_alone(file: ModelFile) -> None:
    assert store.recall(file) is None
    store.remember(file, FOUND)
    assert store.recall(file) == FOUND
    (written,) = store.folder().iterdir()
    assert written.stat().st_mode & 0o777 == 0o600
    assert store.folder().stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"machine":1}'])
def test_a_damaged_file_counts_for_nothing_and_is_replaced(file: ModelFile, damage: bytes) -> None:
    store.remember(file, FOUND)
    (written,) = store.folder().iterdir()
    written.write_bytes(damage)
    assert store.recall(file) is None
    store.remember(file, FOUND)
    assert store.recall(file) == FOUND


def test_another_format_counts_for_nothing(file: ModelFile) -> None:
    store.remember(file, replace(FOUND, format=FOUND.format + 1))
    assert store.recall(file) is None


def test_another_machine_or_build_is_measured_anew(file: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    store.remember(file, FOUND)
    here = this_machine()
    for elsewhere in (
        replace(here, cores=here.cores + 1),
        replace(here, features=here.features.replace("avx2", "")),
        replace(here, library="0.0.1"),
        replace(here, build=((here.build[0][0], 1, 1), *here.build[1:])),
    ):
        monkeypatch.setattr(store, "this_machine", lambda there=elsewhere: there)
        assert store.recall(file) is None


def test_a_fine_tune_of_the_same_make_shares_and_another_make_does_not(file: ModelFile, tmp_path: Path) -> None:
    store.remember(file, FOUND)
    assert store.recall(describe(make_gguf(tmp_path / "tuned.gguf", seed=8))) == FOUND
    assert store.recall(describe(make_gguf(tmp_path / "deeper.gguf", layers=3))) is None


def test_the_folder_stays_small(file: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_LIMIT", 3)
    for layers in range(6):
        store.remember(replace(file, layers=layers), FOUND)
    assert len(list(store.folder().iterdir())) == 3
    assert store.recall(replace(file, layers=5)) == FOUND


def test_a_model_is_loaded_with_what_was_found_and_pinned(file: ModelFile) -> None:
    assert prepare(file.path, context_size=512, pins=Pins()).settings == EngineSettings()
    store.remember(file, FOUND)
    assert prepare(file.path, context_size=512, pins=Pins()).settings == FOUND.settings
    pinned = prepare(file.path, context_size=512, pins=Pins(threads=1, extra_buffers=False))
    assert pinned.settings == replace(FOUND.settings, threads=1, threads_batch=1, extra_buffers=False)


def test_what_did_harm_after_all_is_not_used_again(file: ModelFile) -> None:
    store.distrust(file, "extra_buffers", "never mind")
    assert store.recall(file) is None
    store.remember(file, FOUND)
    store.distrust(file, "extra_buffers", "it crashed")
    changed = store.recall(file)
    assert changed is not None
    assert changed.settings == replace(FOUND.settings, extra_buffers=False)
    assert changed.choices[-1] == Choice(setting="extra_buffers", value=False, why="it crashed")
    assert changed.choices[0] == FOUND.choices[0]


def test_the_machine_is_known_without_loading_llama(file: ModelFile) -> None:
    import llama_cpp

    machine = this_machine()
    assert machine.processor
    assert machine.library == library_version() == llama_cpp.__version__
    assert any("ggml" in name and size > 0 for name, size, _ in machine.build)
    assert (gpu_backend() in GPU_BACKENDS) == bool(llama_cpp.llama_supports_gpu_offload())
