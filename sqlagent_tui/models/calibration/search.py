"""Which settings are the fastest: one after the other, each with the best of those before it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec.structs import replace

from sqlagent_tui.models.calibration.contest import Best, Contest, Measure, Work
from sqlagent_tui.models.calibration.result import FAILED, Calibration, Choice, told
from sqlagent_tui.models.calibration.trials import TrialFailed
from sqlagent_tui.models.settings import EngineSettings

MARGIN: Final = 0.08
"""Of the time. What saves less doesn't replace the settings so far: the machine may only have been busy."""
ALL_CORES_MARGIN: Final = 0.16
"""A thread on the last core, which is everybody else's, must save more."""
QUIET_SHARE: Final = 0.8
"""Of the time of as many cores as there are threads; who gets less has busy neighbours."""
STOP_SECONDS: Final = 0.08
"""A computation stops between two operations only, so none may take longer."""
READING_SECONDS: Final = 0.4
"""How long a trial's prompt should take."""
_SHORT, _LONG = 64, 512
_TOO_LONG = "not measured, as that would take longer than is worth while"


class MachineBusy(Exception):  # noqa: N818 - a finding, not an error
    """Others use the cores: whatever was measured now would be chance."""


class Search:
    """One search, within `budget` seconds or a little more.

    `cores` are those that may be used; `largest`: the share of the layers' time that their largest operation takes;
    `quiet`: give up when others keep the cores busy; `clock` tells monotonic seconds.
    """

    def __init__(
        self,
        measure: Measure,
        *,
        cores: int,
        budget: float,
        largest: float = 0.0,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._contest = Contest(measure, clock)
        self._cores = cores
        self._budget = budget
        self._largest = largest
        self._quiet = quiet
        self._clock = clock
        self._started = clock()
        self._defaults = self._settings = EngineSettings()
        self._choices: list[Choice] = []
        self._best = Best()
        """Of the settings so far."""

    def run(self) -> Calibration:
        """Search.

        Raises `TrialFailed` when not even the defaults can be measured, `MachineBusy`, and whatever `measure` raises.
        """
        first = Work(_SHORT // 2, 2)
        self._contest.attempt(self._defaults, first)  # the first time, weights are still on their way into memory
        self._best = self._contest.attempt(self._defaults, first)
        if self._quiet and self._contest.cores < QUIET_SHARE * self._defaults.threads_batch:
            raise MachineBusy
        if self._contest.gpu:
            why = "the model is computed on the GPU, for which the other settings matter little"
            self._choices.append(Choice(setting="gpu_layers", value=self._defaults.gpu_layers, why=why))
            return self._calibration(self._best)
        fitting = int(READING_SECONDS / max(self._best.read, 1e-9)) // _SHORT * _SHORT
        work = Work(min(max(fitting, _SHORT), _LONG), 4)
        self._choose("extra_buffers", [True], _turn, work, 0.4)
        self._threads(work, 0.65)
        # What flash attention costs grows with what stands before; what a large batch saves needs one that is filled.
        self._choose("flash_attention", [True], _turn, Work(_LONG, work.written), 0.8)
        self._ubatch(0.9)
        return self._confirmed(work)

    def _calibration(self, before: Best) -> Calibration:
        return Calibration(
            settings=self._settings,
            choices=tuple(self._choices),
            read_seconds=self._best.read,
            write_seconds=self._best.write,
            saved=1 - self._best.turn / before.turn,
            seconds=self._clock() - self._started,
        )

    def _threads(self, work: Work, until: float) -> None:
        """Choose threads for writing and for reading from the same trials."""
        usual = self._defaults.threads
        counts = [count for count in dict.fromkeys([self._cores, max(1, self._cores // 2)]) if count != usual]
        others = [replace(self._settings, threads=count, threads_batch=count) for count in counts]
        found = self._measured(others, work, until) if others else []
        for setting, cost in (("threads", _write), ("threads_batch", _read)):
            self._decide(setting, counts, found, cost, "there is nothing else to choose" if not others else _TOO_LONG)

    def _ubatch(self, until: float) -> None:
        """Choose how many tokens are computed together, of what can still be stopped soon."""
        larger = [size for size in (256, _LONG) if size * self._best.read * self._largest <= STOP_SECONDS]
        others = [self._with("n_ubatch", size) for size in larger]
        found = self._measured(others, Work(_LONG, 1), until) if others else []
        self._decide("n_ubatch", larger, found, _read, _TOO_LONG if larger else "more would hold up a cancel")

    def _choose(
        self, setting: str, values: Sequence[Any], cost: Callable[[Best], float], work: Work, until: float
    ) -> None:
        """Choose between the present value of a setting and `values`."""
        others = [self._with(setting, value) for value in values]
        self._decide(setting, values, self._measured(others, work, until), cost, _TOO_LONG)

    def _with(self, setting: str, value: Any) -> EngineSettings:
        settings = replace(self._settings, **{setting: value})
        return replace(settings, n_batch=max(settings.n_batch, settings.n_ubatch))

    def _measured(self, others: Sequence[EngineSettings], work: Work, until: float) -> list[Best | TrialFailed]:
        """Compare the settings so far with others; nothing when that can't be done `until` a share of the budget."""
        deadline = self._started + until * self._budget
        if self._clock() + 2 * (1 + len(others)) * self._best.seconds(work) > deadline:
            return []
        return self._contest.run(self._settings, others, work, deadline)

    def _decide(
        self,
        setting: str,
        values: Sequence[Any],
        found: Sequence[Best | TrialFailed],
        cost: Callable[[Best], float],
        otherwise: str,
    ) -> None:
        """Take the cheapest value, if it clearly is; note why. `found` begins with the present value's."""
        chosen, most, notes = getattr(self._settings, setting), 0.0, []
        if found:
            usual, *rest = found
            assert isinstance(usual, Best)  # else there is no calibration
            winner = usual
            for value, best in zip(values, rest, strict=True):
                if isinstance(best, TrialFailed):
                    notes.append(f"{told(value)} {FAILED}: {best}")
                    continue
                saved = 1 - cost(best) / cost(usual)
                notes.append(f"{told(value)} takes {abs(saved):.0%} {'less' if saved > 0 else 'more'} time")
                margin = ALL_CORES_MARGIN if "threads" in setting and value == self._cores else MARGIN
                if saved >= max(margin, most):
                    chosen, most, winner = value, saved, best
            self._best = winner
        why = "; ".join(notes) or otherwise
        self._choices.append(Choice(setting=setting, value=chosen, saved=most, why=why))
        self._settings = self._with(setting, chosen)

    def _confirmed(self, work: Work) -> Calibration:
        """Compare what was chosen with the defaults, which win again if all together save too little."""
        if self._settings == self._defaults:
            return self._calibration(self._best)
        if (self._settings.n_ubatch, self._settings.flash_attention) != (
            self._defaults.n_ubatch,
            self._defaults.flash_attention,
        ):
            work = Work(_LONG, work.written)  # a short prompt would not show their effect
        before, after = self._contest.run(self._defaults, [self._settings], work, self._started + self._budget)
        assert isinstance(before, Best)
        if isinstance(after, Best) and after.turn <= (1 - MARGIN) * before.turn:
            self._best = after
            return self._calibration(before)
        self._settings, self._best = self._defaults, before
        why = "what was better alone was not clearly so together"
        self._choices = [
            Choice(setting=choice.setting, value=getattr(self._defaults, choice.setting), why=f"{choice.why}; {why}")
            if choice.saved
            else choice
            for choice in self._choices
        ]
        return self._calibration(before)


def _turn(best: Best) -> float:
    return best.turn


def _read(best: Best) -> float:
    return best.read


def _write(best: Best) -> float:
    return best.write
