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

_FAILED_IN_A_ROW: Final = 3
"""Conversations that fail one after the other, not by the model's doing, at which a run is given up."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One conversation that a run holds."""

    item: Item
    number: int
    """From 0."""


Judged = tuple[Sample, Verdict]


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

        What model or database fail at is held once more in the end, alone: a context that others have filled, or a
        busy server, is not the question's fault. Raises Cancelled after `stop` was set, and ModelError when they fail
        at one after the other; what isn't judged then is asked again by a resumed run.
        """
        failed = self._hold_all(self.pending, self._seats, stop, tell)
        failed = self._hold_all([sample for sample, _ in failed], self._seats[:1], stop, tell)
        if failed and not self._has_worked:
            raise _given_up(failed)
        for _, verdict in failed:
            self._keep(verdict, tell)

    def _hold_all(
        self, samples: Sequence[Sample], seats: Sequence[Seat], stop: CancelToken, tell: Callable[[Verdict], None]
    ) -> list[Judged]:
        """Hold `samples` and keep their verdicts; return those that failed, which aren't kept."""
        failed: list[Judged] = []
        in_a_row = 0
        with closing(self._verdicts(samples, seats, stop)) as judged:
            for sample, verdict in judged:
                if not _has_failed(verdict):
                    self._keep(verdict, tell)
                    in_a_row = 0
                    continue
                failed.append((sample, verdict))
                in_a_row += 1
                if in_a_row == _FAILED_IN_A_ROW:
                    raise _given_up(failed[-in_a_row:])
        return failed

    def _keep(self, verdict: Verdict, tell: Callable[[Verdict], None]) -> None:
        self._directory.append(verdict)
        self._has_worked = True
        tell(verdict)

    def _verdicts(
        self, samples: Sequence[Sample], seats: Sequence[Seat], stop: CancelToken
    ) -> Generator[Judged, None, None]:
        """Yield verdicts as they come, from as many threads as there are seats."""
        free: SimpleQueue[Seat] = SimpleQueue()
        for seat in seats:
            free.put(seat)
        giving_up = CancelToken()

        def hold(sample: Sample) -> Judged:
            seat = free.get()
            try:
                return sample, self._hold(sample, seat, giving_up)
            finally:
                free.put(seat)

        with ThreadPoolExecutor(len(seats)) as pool, stop.on_cancel(giving_up.cancel):
            futures: list[Future[Judged]] = [pool.submit(hold, sample) for sample in samples]
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
            second = play(item.reply) if config.second_turn and item.reply and agent.awaiting_reply else None
        self._directory.write_trajectory(item.id, sample.number, agent.messages)
        return judge(item, sample.number, first, second, self._golds)


def _has_failed(verdict: Verdict) -> bool:
    return verdict.ending == "failed" or (verdict.second is not None and verdict.second.ending == "failed")


def _given_up(failed: Sequence[Judged]) -> ModelError:
    count, last = len(failed), failed[-1][1]
    what = "A question" if count == 1 else f"{count} questions in a row"
    message = last.message if last.second is None else last.second.message
    return ModelError(f"{what} could not be asked: {message}", "The run can be resumed after that.")
