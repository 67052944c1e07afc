"""A search on machines made of arithmetic: what each setting costs is known, so what must be chosen is."""

import math
from collections.abc import Callable
from random import Random

import pytest

from sqlagent_tui.models.calibration.contest import error_of
from sqlagent_tui.models.calibration.result import Calibration, Choice
from sqlagent_tui.models.calibration.search import MachineBusy, Search
from sqlagent_tui.models.calibration.trials import Measured, TrialFailed
from sqlagent_tui.models.settings import EngineSettings, default_threads

Cost = Callable[[EngineSettings], float]
RIGHT: list[float | None] = [1.0, -2.0, 3.0]


class Machine:
    """Reads and writes a token in `read` and `write` seconds; `noise` multiplies a trial's time, never below 1."""

    def __init__(
        self, read: Cost = lambda s: 0.004, write: Cost = lambda s: 0.05, noise: Callable[[], float] = lambda: 1.0
    ) -> None:
        self.read, self.write, self.noise = read, write, noise
        self.now = 0.0
        self.trials: list[EngineSettings] = []
        self.cores = 99.0

    def __call__(self, settings: EngineSettings, prompt: int, written: int) -> Measured:
        self.trials.append(settings)
        read, write = self.read(settings) * self.noise(), self.write(settings) * self.noise()
        self.now += prompt * read + written * write
        return Measured(read_seconds=read, write_seconds=write, cores=self.cores, logits=RIGHT)

    def search(
        self, budget: float = 60, cores: int | None = None, quiet: bool = False, largest: float = 0.0
    ) -> Calibration:
        return Search(
            self,
            cores=cores or default_threads(),
            budget=budget,
            largest=largest,
            quiet=quiet,
            clock=lambda: self.now,
        ).run()


def choice(calibration: Calibration, setting: str) -> Choice:
    (found,) = [choice for choice in calibration.choices if choice.setting == setting]
    return found


def faster(setting: str, value: object, factor: float, usual: float) -> Cost:
    return lambda s: usual * (factor if getattr(s, setting) == value else 1)


def test_where_nothing_matters_the_defaults_stay() -> None:
    found = Machine().search()
    assert found.settings == EngineSettings()
    assert found.saved == 0
    assert {choice.setting for choice in found.choices} >= {"extra_buffers", "threads", "flash_attention", "n_ubatch"}


def test_what_is_clearly_faster_is_taken_and_its_effect_told() -> None:
    found = Machine(read=faster("extra_buffers", True, 0.4, 0.004)).search()
    assert found.settings == EngineSettings(extra_buffers=True)
    usual = 2500 * 0.004 + 800 * 0.05
    assert found.saved == pytest.approx(2500 * 0.004 * 0.6 / usual)
    assert choice(found, "extra_buffers").why == "on takes 12% less time"


def test_a_small_gain_is_no_reason() -> None:
    found = Machine(read=faster("n_ubatch", 512, 0.94, 0.004)).search()
    assert found.settings == EngineSettings()
    assert choice(found, "n_ubatch").why == "256 takes 0% more time; 512 takes 6% less time"


def test_a_larger_step_gets_a_batch_that_holds_it() -> None:
    found = Machine(read=faster("n_ubatch", 512, 0.5, 0.004)).search()
    assert found.settings.n_ubatch == 512 <= found.settings.n_batch


def test_what_shows_with_long_prompts_is_confirmed_with_long_prompts() -> None:
    class Steps(Machine):
        """A step costs the same however many tokens it holds."""

        def __call__(self, settings: EngineSettings, prompt: int, written: int) -> Measured:
            read = 0.2 * -(-prompt // settings.n_ubatch) / prompt
            self.now += prompt * read + written * 0.005
            return Measured(read_seconds=read, write_seconds=0.005, cores=99, logits=RIGHT)

    assert Steps().search().settings.n_ubatch == 512


def test_a_step_that_could_not_be_stopped_soon_is_not_tried() -> None:
    for largest, taken in ((0.03, 512), (0.06, 256), (0.1, 128)):
        machine = Machine(read=lambda s: 0.004 * (128 / s.n_ubatch) ** 0.5, write=lambda s: 0.005)
        found = machine.search(largest=largest)
        assert found.settings.n_ubatch == taken
        assert max(settings.n_ubatch for settings in machine.trials) == taken
    assert choice(found, "n_ubatch").why == "more would hold up a cancel"


def test_threads_are_chosen_apart_for_reading_and_writing() -> None:
    cores = 2 * default_threads() + 2
    half = cores // 2
    machine = Machine(read=lambda s: 0.01 / s.threads_batch, write=faster("threads", half, 0.7, 0.05))
    found = machine.search(cores=cores)
    assert (found.settings.threads, found.settings.threads_batch) == (half, cores)


def test_the_last_core_must_earn_its_keep() -> None:
    cores = default_threads() + 1
    for factor, taken in ((0.87, default_threads()), (0.8, cores)):
        found = Machine(write=faster("threads", cores, factor, 0.05)).search(cores=cores)
        assert found.settings.threads == taken


@pytest.mark.parametrize("failure", ["a crash (SIGILL)", "wrong"])
def test_a_failed_self_test_is_told_and_never_chosen(failure: str) -> None:
    class Broken(Machine):
        def __call__(self, settings: EngineSettings, prompt: int, written: int) -> Measured:
            measured = super().__call__(settings, prompt, written)
            if not settings.extra_buffers:
                return measured
            if failure == "wrong":
                return Measured(read_seconds=1e-6, write_seconds=1e-6, logits=[1.0, -2.0, 2.0])
            raise TrialFailed(failure)

    machine = Broken()
    found = machine.search()
    assert found.settings == EngineSettings()
    told = {"wrong": "it computes wrong numbers"}.get(failure, failure)
    assert choice(found, "extra_buffers").why == f"on failed its self-test: {told}"
    assert sum(settings.extra_buffers for settings in machine.trials) == 1


def test_when_not_even_the_defaults_work_there_is_no_calibration() -> None:
    def fails(settings: EngineSettings, prompt: int, written: int) -> Measured:
        raise TrialFailed("a crash (SIGSEGV)")

    with pytest.raises(TrialFailed, match="SIGSEGV"):
        Search(fails, cores=2, budget=10).run()


def test_noise_alone_rarely_changes_anything_and_never_for_the_worse() -> None:
    changed = 0
    for seed in range(200):
        random = Random(seed)
        machine = Machine(noise=lambda random=random: 1 + random.expovariate(4))  # type: ignore[misc]
        found = machine.search(cores=default_threads() + 1)
        changed += found.settings != EngineSettings()
    assert changed <= 20  # of 200 machines a quarter slower at random, with nothing to find


def test_a_great_gain_is_found_through_noise() -> None:
    for seed in range(50):
        random = Random(seed)
        machine = Machine(
            read=faster("extra_buffers", True, 0.4, 0.02), noise=lambda random=random: 1 + random.expovariate(4)
        )  # type: ignore[misc]
        assert machine.search().settings.extra_buffers


def test_what_is_only_better_alone_is_given_back() -> None:
    cores = default_threads() + 1

    def write(s: EngineSettings) -> float:
        fast = (0.5 if s.extra_buffers else 1) * (0.7 if s.threads == cores else 1)
        return 0.05 * (fast if s.threads_batch == s.threads else 1.2)

    def read(s: EngineSettings) -> float:
        return 0.004 * (1.3 if s.threads_batch == cores else 1)

    found = Machine(read=read, write=write).search(cores=cores)
    assert found.settings == EngineSettings()
    assert "not clearly so together" in choice(found, "threads").why


def test_time_is_bounded_and_what_it_did_not_reach_is_told() -> None:
    for read in (0.0001, 0.001, 0.01, 0.05):
        machine = Machine(read=lambda s, read=read: read, write=lambda s, read=read: 10 * read)  # type: ignore[misc]
        found = machine.search(budget=10, cores=default_threads() + 1)
        assert machine.now <= 10 + 2 * (64 + 40) * read
        assert found.seconds == machine.now
    assert choice(found, "n_ubatch").why.startswith("not measured")


def test_a_busy_machine_is_left_alone_unless_somebody_insists() -> None:
    machine = Machine()
    machine.cores = 0.5 * default_threads()
    with pytest.raises(MachineBusy):
        machine.search(quiet=True)
    assert len(machine.trials) == 2
    assert machine.search().settings == EngineSettings()


def test_on_a_gpu_nothing_else_is_measured() -> None:
    class Graphics(Machine):
        def __call__(self, settings: EngineSettings, prompt: int, written: int) -> Measured:
            measured = super().__call__(settings, prompt, written)
            return Measured(read_seconds=measured.read_seconds, write_seconds=0.01, gpu=True, logits=RIGHT)

    machine = Graphics()
    found = machine.search()
    assert found.settings == EngineSettings()
    assert len(machine.trials) == 2
    assert "GPU" in choice(found, "gpu_layers").why


def test_the_error_of_numbers() -> None:
    assert error_of([1.0, 2.0], [1.0, 2.0]) == 0
    assert error_of([0.0, 2.0], [0.0, 1.0]) == 1
    assert error_of([1.0, None], [1.0, 2.0]) == math.inf
    assert error_of([1.0], [1.0, 2.0]) == math.inf
    assert error_of([], []) == 0
