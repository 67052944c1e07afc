from pathlib import Path

from sqlagent_tui.models.engine import Engine, Log
from sqlagent_tui.models.settings import EngineSettings, Pins, default_threads, usable_cores

LOG = Log(lambda line: None)  # llama.cpp keeps a pointer to it


def test_one_core_is_left_to_others() -> None:
    assert default_threads() == max(1, usable_cores() - 1)
    assert EngineSettings().threads == EngineSettings().threads_batch == default_threads()


def test_what_is_not_pinned_stays() -> None:
    measured = EngineSettings(threads=5, threads_batch=6, n_ubatch=256, extra_buffers=True)
    assert Pins().over(measured) == measured
    pinned = Pins(threads_batch=2, extra_buffers=False, gpu_layers=0).over(measured)
    assert pinned == EngineSettings(threads=5, threads_batch=2, n_ubatch=256, extra_buffers=False, gpu_layers=0)


def test_pinned_threads_are_meant_for_prompts_too() -> None:
    assert Pins(threads=3).over(EngineSettings()).threads_batch == 3
    assert Pins(threads=3, threads_batch=4).over(EngineSettings()).threads_batch == 4


def test_a_batch_holds_what_is_computed_together() -> None:
    assert Pins(n_ubatch=2048).over(EngineSettings()).n_batch == 2048


def test_a_smaller_step_computes_the_same(tiny_gguf: Path) -> None:
    told: dict[int, list[int]] = {}
    for step in (16, 64):
        with Engine(tiny_gguf, context_size=512, settings=EngineSettings(n_ubatch=step), log=LOG) as engine:
            done: list[int] = []
            engine.evaluate(list(range(1, 97)), done.append)
            engine.check_logits()
            told[step] = [count for count in done if count % step == 0]
    assert set(told[16]) >= {16, 32, 48, 64, 80, 96}
    assert 64 in told[64]
