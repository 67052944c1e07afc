from pathlib import Path

from sqlagent_tui.agent.messages import Message
from sqlagent_tui.models.engine import N_SEQUENCES
from sqlagent_tui.models.settings import EngineSettings, Pins, default_threads, usable_cores
from tests.fix_engine import SYSTEM, Rig


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
    texts = set()
    for step in (16, 64):
        rig = Rig(tiny_gguf, settings=EngineSettings(threads=1, n_ubatch=step))
        assert rig.engine.prompt_step == step
        texts.add(rig.answer(SYSTEM, Message(role="user", content="abc " * 60)).generation.text)
        total = rig.heard.reports[0][1]
        assert {done for done, _ in rig.heard.reports} <= set(range(total + 1))
        assert rig.heard.reports[-1] == (total, total)
        rig.engine.close()
    assert len(texts) == 1


def test_every_sequence_has_room_beside_a_prompt(tiny_gguf: Path) -> None:
    rig = Rig(tiny_gguf, context_size=256, settings=EngineSettings(threads=1, n_ubatch=1024))
    assert rig.engine.prompt_step == 256 - N_SEQUENCES
    rig.engine.close()
