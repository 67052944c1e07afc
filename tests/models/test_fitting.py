import ctypes
import re
from pathlib import Path

import llama_cpp.llama_cpp as lib
import pytest
from msgspec.structs import replace

from sqlagent_tui.errors import ModelError
from sqlagent_tui.models import setup as preparation
from sqlagent_tui.models.fitting import PROCESS, judge, largest_context, need
from sqlagent_tui.models.gguf import ModelFile, describe
from sqlagent_tui.models.memory import Memory
from sqlagent_tui.models.parameters import context_parameters, model_parameters
from sqlagent_tui.models.settings import EngineSettings, Pins
from sqlagent_tui.models.setup import prepare
from tests.fix_models import make_gguf

GB = 10**9
LINES: list[str] = []
LISTEN = lib.llama_log_callback(lambda level, text, data: LINES.append((text or b"").decode()))


@pytest.fixture
def four_billion(tiny_gguf: Path) -> ModelFile:
    """The published model's header, of which alone the arithmetic knows."""
    return replace(
        describe(tiny_gguf),
        name="Qwen3 4B",
        size=4_280_000_000,
        parameters=4_020_000_000,
        vocabulary=151_936,
        layers=36,
        heads=32,
        kv_bytes_per_token=147_456,
        context_length=262_144,
        quantization="Q8_0",
    )


def test_the_parts_add_up(four_billion: ModelFile) -> None:
    needed = need(four_billion, 8192, EngineSettings())
    assert needed.weights == 4_280_000_000
    assert needed.context == 8192 * 147_456
    # llama-cpp-python 0.3.36: 140.75 MiB, with 512 tokens at once 563.01 MiB, with flash attention 76.69 MiB.
    assert needed.buffers == pytest.approx(140.75 * 2**20, rel=0.1)
    assert need(four_billion, 8192, EngineSettings(n_ubatch=512)).buffers == pytest.approx(563.01 * 2**20, rel=0.1)
    flash = need(four_billion, 8192, EngineSettings(flash_attention=True))
    assert 76.69 * 2**20 <= flash.buffers <= 100 * 2**20
    extra = need(four_billion, 8192, EngineSettings(extra_buffers=True))
    assert extra.fixed == needed.fixed + four_billion.size


@pytest.mark.parametrize("flash", [None, True])
@pytest.mark.parametrize("step", [64, 128])
def test_the_estimate_holds_what_llama_takes(tmp_path: Path, flash: bool | None, step: int) -> None:
    path = make_gguf(tmp_path / "wide.gguf", width=512, layers=2, ffn=256)
    settings = EngineSettings(flash_attention=flash, n_ubatch=step)
    lib.llama_log_set(LISTEN, ctypes.c_void_p(0))
    lib.llama_backend_init()
    model = lib.llama_model_load_from_file(str(path).encode(), model_parameters(settings))
    LINES.clear()
    context = lib.llama_init_from_model(model, context_parameters(settings, 4096))
    lib.llama_free(context)
    lib.llama_model_free(model)
    told = "".join(LINES)
    sizes = {kind: float(size) for kind, size in re.findall(r"(KV|compute) buffer size = +([\d.]+) MiB", told)}
    needed = need(describe(path), 4096, settings)
    assert needed.context == sizes["KV"] * 2**20
    assert sizes["compute"] * 2**20 <= needed.buffers <= (sizes["compute"] + 20) * 2**20


def test_plenty_is_nothing_to_talk_about(four_billion: ModelFile) -> None:
    assert judge(four_billion, 8192, EngineSettings(), Memory(16 * GB, 12 * GB)) == ("well", "", "")


def test_tight_is_a_warning_with_numbers(four_billion: ModelFile) -> None:
    verdict = judge(four_billion, 8192, EngineSettings(), Memory(8 * GB, 5 * GB))
    assert verdict.fits == "tight"
    assert verdict.message == (
        "Memory is tight: Qwen3 4B needs 5.8 GB of memory (4.3 GB of weights, 1.2 GB for a context of 8192 tokens, "
        "289 MB to compute), but this machine has 8.0 GB, of which 5.0 GB are free."
    )


def test_weights_that_never_stay_in_memory_do_not_fit(four_billion: ModelFile) -> None:
    verdict = judge(four_billion, 8192, EngineSettings(), Memory(5_500_000_000, 5 * GB))
    assert verdict.fits == "not"
    assert "set context_size = 6144 under [model]" in verdict.remedy
    assert judge(four_billion, 6144, EngineSettings(), Memory(5_500_000_000, 5 * GB)).fits == "tight"
    assert judge(four_billion, 7168, EngineSettings(), Memory(5_500_000_000, 5 * GB)).fits == "not"


def test_a_context_that_would_get_us_killed_does_not_fit(four_billion: ModelFile) -> None:
    verdict = judge(four_billion, 131_072, EngineSettings(), Memory(64 * GB, 10 * GB))
    assert verdict.fits == "not"
    offered = largest_context(four_billion, 131_072, EngineSettings(), Memory(64 * GB, 10 * GB))
    assert f"context_size = {offered} " in verdict.remedy
    assert judge(four_billion, offered, EngineSettings(), Memory(64 * GB, 10 * GB)).fits == "tight"


def test_a_smaller_file_is_offered_if_one_would_fit(four_billion: ModelFile) -> None:
    remedy = judge(four_billion, 8192, EngineSettings(), Memory(4 * GB, 3 * GB)).remedy
    assert remedy == (
        "Its Q4_K_M file, of about 2.5 GB, would fit. "
        "To try all the same: ignore_memory = true under [model] in config.toml."
    )
    assert judge(four_billion, 8192, EngineSettings(), Memory(2 * GB, GB)).remedy.startswith("Choose a smaller model.")


def test_whose_memory_it_is_is_told(four_billion: ModelFile) -> None:
    verdict = judge(four_billion, 8192, EngineSettings(), Memory(3 * GB, 2 * GB, limited=True))
    assert "but this process may use 3.0 GB, of which 2.0 GB are free" in verdict.message


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(
    tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "memory", lambda: Memory(PROCESS, PROCESS // 2))
    with pytest.raises(ModelError, match=r"Tiny needs \d+ MB of memory") as caught:
        prepare(tiny_gguf, context_size=2048, pins=Pins())
    assert "ignore_memory" in caught.value.remedy
    insisted = prepare(tiny_gguf, context_size=2048, pins=Pins(), ignore_memory=True)
    assert "needs" in insisted.warning


def test_a_copy_of_the_weights_is_made_only_where_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_gguf(tmp_path / "model.gguf")
    plain = need(describe(path), 512, EngineSettings()).total
    file = describe(path)
    monkeypatch.setattr(preparation, "memory", lambda: Memory(GB, plain + file.size // 2))
    monkeypatch.setattr(preparation.store, "recall", lambda file: Remembered())
    assert not prepare(path, context_size=512, pins=Pins()).settings.extra_buffers
    assert prepare(path, context_size=512, pins=Pins(extra_buffers=True)).settings.extra_buffers
    monkeypatch.setattr(preparation, "memory", lambda: Memory(GB, plain + file.size * 2))
    assert prepare(path, context_size=512, pins=Pins()).settings.extra_buffers


class Remembered:
    settings = EngineSettings(extra_buffers=True)
