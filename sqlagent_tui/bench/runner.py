"""A run: every question asked, each sample in a conversation of its own, one verdict on the disk after another."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import LoopEvent, PromptEvaluated, TextDelta
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.profile import Profile
from sqlagent_tui.bench.golds import Golds
from sqlagent_tui.bench.judge import excluded, judge
from sqlagent_tui.bench.play import PlayedTurn, play_turn
from sqlagent_tui.bench.records import Verdict
from sqlagent_tui.bench.run_directory import RunConfig, RunDirectory
from sqlagent_tui.bench.seats import Seat
from sqlagent_tui.bench.suite import Item
from sqlagent_tui.errors import ModelError

_BROKEN_IN_A_ROW: Final = 3
"""Questions that fail one after the other, not by the model's doing, at which a run is given up."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One conversation that a run holds."""

    item: Item
    number: int
    """From 0."""


class Runner:
    """Holds the conversations of a run that aren't judged yet."""

    def __init__(
        self, directory: RunDirectory, items: Sequence[Item], golds: Golds, profile: Profile, seats: Sequence[Seat]
    ) -> None:
        self._directory = directory
        self._config: RunConfig = directory.head.config
        self._golds = golds
        self._profile = profile
        self._seats = seats
        done = {(verdict.item_id, verdict.sample) for verdict in directory.verdicts()}
        self._has_worked = bool(done)
        self.pending: list[Sample] = [
            Sample(item=item, number=number)
            for item in items
            for number in range(self._config.samples)
            if (item.id, number) not in done
        ]

    def run(self, stop: CancelToken, tell: Callable[[Verdict], None] = lambda verdict: None) -> None:
        """Hold them all; `tell` is told each verdict, when it is kept.

        Raises Cancelled after `stop` was set, and ModelError when model or database fail question after question; what
        was under way is then not judged, so that a resumed run asks it again.
        """
        broken: list[Verdict] = []
        with closing(self._verdicts(stop)) as verdicts:
            for verdict in verdicts:
                broken.append(verdict)
                if verdict.ending != "failed":
                    # Others go through, so it is these questions that don't.
                    for kept in broken:
                        self._keep(kept, tell)
                    broken.clear()
                elif len(broken) == _BROKEN_IN_A_ROW:
                    raise _given_up(broken)
        if broken and not self._has_worked:
            raise _given_up(broken)
        for kept in broken:
            self._keep(kept, tell)

    def _keep(self, verdict: Verdict, tell: Callable[[Verdict], None]) -> None:
        self._directory.append(verdict)
        self._has_worked = True
        tell(verdict)

    def _verdicts(self, stop: CancelToken) -> Generator[Verdict, None, None]:
        """Yield verdicts as they come, from as many threads as there are seats."""
        free: SimpleQueue[Seat] = SimpleQueue()
        for seat in self._seats:
            free.put(seat)
        giving_up = CancelToken()

        def hold(sample: Sample) -> Verdict:
            seat = free.get()
            try:
                return self._hold(sample, seat, giving_up)
            finally:
                free.put(seat)

        with ThreadPoolExecutor(len(self._seats)) as pool, stop.on_cancel(giving_up.cancel):
            futures: list[Future[Verdict]] = [pool.submit(hold, sample) for sample in self.pending]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                giving_up.cancel()

    def _hold(self, sample: Sample, seat: Seat, stop: CancelToken) -> Verdict:
        """Hold one conversation and judge it."""
        stop.raise_if_cancelled()
        item, config = sample.item, self._config
        if fault := self._golds.fault(item):
            return excluded(item, sample.number, fault)
        agent = Agent(seat.model, seat.database, self._profile, config.limits, today=config.suite.today)
        seed = config.sampling.seed + sample.number
        with closing(self._directory.journal(item.id, sample.number)) as journal:

            def record(event: LoopEvent) -> None:
                if not isinstance(event, TextDelta | PromptEvaluated):  # a step's text is whole in its StepFinished
                    journal.append(event)

            def play(text: str) -> PlayedTurn:
                return play_turn(agent, text, seed=seed, seconds=config.question_timeout, stop=stop, record=record)

            first = play(item.question)
            if first.broken:
                first = play(item.question)
            second = play(item.reply) if config.second_turn and item.reply and agent.awaiting_reply else None
        self._directory.write_trajectory(item.id, sample.number, agent.messages)
        return judge(item, sample.number, first, second, self._golds)


def _given_up(broken: Sequence[Verdict]) -> ModelError:
    count = len(broken)
    failed = "The question" if count == 1 else f"{count} questions in a row"
    return ModelError(f"{failed} could not be asked: {broken[-1].message}", "The run can be resumed after that.")
