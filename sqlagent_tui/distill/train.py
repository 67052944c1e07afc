"""Training the student on the processor's cores: one process a core, all in step.

The workers share one flat vector of weights, each has one of gradients. A step's micro-batches are taken from a common
counter, so a worker that is held up takes fewer; then each worker updates its own stretch of the weights (AdamW),
reading everyone's gradients.

Measured on two Zen 4 cores (AVX512-BF16), 5.5M parameters, sequences of about 330 tokens, 60 % of them trained;
tokens/s of forward and backward: eager float32 3,000, eager bfloat16 4,600, compiled with torch's attention 6,600, with
the packed native attention 7,400 in one process of two threads and 8,500 to 9,000 in two processes. oneDNN's bfloat16
products reach 190 to 210 GFLOP/s a core against 70 to 90 in float32, and take two thirds of a step.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor

from sqlagent_tui.distill import checkpoint as checkpoints
from sqlagent_tui.distill.attention import native_library
from sqlagent_tui.distill.batches import TRAIN_SPLIT, Tokenised, fingerprint, load_corpus
from sqlagent_tui.distill.checkpoint import Checkpoint, Position
from sqlagent_tui.distill.induction import initialise
from sqlagent_tui.distill.restore import adopt, restore
from sqlagent_tui.distill.schedule import DECAY_FROM, learning_rate
from sqlagent_tui.distill.student import Student, StudentConfig
from sqlagent_tui.distill.tokenizer import load_tokenizer
from sqlagent_tui.distill.worker import EVALUATE, STOP, TRAIN, Options, Shared, Worker, help_along

COPY_EVERY: Final = 5
"""One step in so many holds a copying micro-batch, until the learning rate falls."""
CHECKPOINT_SECONDS: Final = 180.0
EVALUATION_SECONDS: Final = 240.0


def train(options: Options, say: Callable[[str], None]) -> Checkpoint:
    """Run, or resume, until the budget is spent or SIGTERM or SIGINT asks for an end.

    The checkpoint is on disk either way; it is also returned. Raises ValueError for a corpus without training data.
    """
    torch.set_num_threads(1)  # before anything is drawn: random numbers depend on how many threads share the work
    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer = load_tokenizer(options.tokenizer)
    data = load_corpus(options.corpora, tokenizer, options.out / "cache")
    if TRAIN_SPLIT not in data:
        raise ValueError("the corpus has no trajectories of the split 'train'")
    start = _start(options, data[TRAIN_SPLIT], tokenizer)
    options = replace(options, seed=start.seed)
    parameters = len(start.weights)
    context = multiprocessing.get_context("spawn")
    shared = Shared(
        weights=start.weights.clone().share_memory_(),
        gradients=torch.zeros(options.workers, parameters).share_memory_(),
        moments=torch.stack([start.first_moment, start.second_moment]).share_memory_(),
        order=torch.zeros(6, dtype=torch.float64).share_memory_(),
        sums=torch.zeros(options.workers, 8, dtype=torch.float64).share_memory_(),
        norms=torch.zeros(options.workers, dtype=torch.float64).share_memory_(),
        taken=context.Value("i", 0),
        barrier=context.Barrier(options.workers),
    )
    native_library()  # compiled once, before the workers ask for it
    helpers = [
        context.Process(target=help_along, args=(rank, options, start.config, shared), daemon=True)
        for rank in range(1, options.workers)
    ]
    for helper in helpers:
        helper.start()
    worker = Worker(0, options, start.config, shared, data)
    say(f"{parameters:,} parameters, {len(data[TRAIN_SPLIT]):,} trajectories, micro-batch {worker.shape}")
    try:
        finished = _lead(worker, start, options, shared, say)
    except BaseException:
        for helper in helpers:
            helper.terminate()
        raise
    for helper in helpers:
        helper.join()
    return finished


def _start(options: Options, data: Tokenised, tokenizer: Tokenizer) -> Checkpoint:
    name = fingerprint(data)
    if options.checkpoint.exists():
        found = checkpoints.load(options.checkpoint)
        if found.position.data != name:  # another corpus: begin an epoch of it
            return replace(found, position=replace(found.position, epoch=found.position.epoch + 1, cursor=0, data=name))
        return found
    if options.start is not None:
        student, its_tokenizer = restore(options.start)
        adopt(student, its_tokenizer, tokenizer)
    else:
        student = Student(StudentConfig())
        initialise(student, options.seed)
    weights = checkpoints.flatten(student)
    empty = torch.zeros_like(weights)
    return Checkpoint(student.config, weights, empty, empty.clone(), Position(data=name), options.seed, [])


def _lead(
    worker: Worker, start: Checkpoint, options: Options, shared: Shared, say: Callable[[str], None]
) -> Checkpoint:
    run = _Run(worker, start, options, shared, say)
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    before = [(number, signal.signal(number, stop)) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        began = time.monotonic()
        worker.warm()
        worker.wait()
        say(f"compiled in {time.monotonic() - began:.0f} s")
        run.loop(lambda: stopping)
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    shared.order[0] = STOP
    worker.wait()
    return run.checkpoint()


class _Run:
    """The leader's view: decides each step, keeps the clock, the curve and the checkpoint."""

    def __init__(
        self, worker: Worker, start: Checkpoint, options: Options, shared: Shared, say: Callable[[str], None]
    ) -> None:
        self.worker, self.options, self.shared, self.say = worker, options, shared, say
        self.position, self.curve = start.position, list(start.curve)
        self.seed, self.config = start.seed, start.config
        self.path = options.out / "curve.jsonl"
        self.path.write_text("".join(json.dumps(line) + "\n" for line in self.curve))

    def checkpoint(self) -> Checkpoint:
        """A snapshot, its tensors shared with the run."""
        shared = self.shared
        return Checkpoint(
            self.config, shared.weights, shared.moments[0], shared.moments[1], self.position, self.seed, self.curve
        )

    def loop(self, stopping: Callable[[], bool]) -> None:
        """Steps until the budget is spent, with evaluations and checkpoints in between and at the end."""
        saved = reported = time.monotonic()
        evaluated = self.position.elapsed
        window: list[Tensor] = []
        window_seconds = 0.0
        while self._done() < 1 and not stopping():
            began = time.monotonic()
            window.append(self._step())
            seconds = time.monotonic() - began
            window_seconds += seconds
            self.position = replace(self.position, elapsed=self.position.elapsed + seconds)
            if time.monotonic() - reported > 10 or self._done() >= 1:
                self._report(torch.stack(window).sum(0), window_seconds)
                window, window_seconds, reported = [], 0.0, time.monotonic()
            if self.position.elapsed - evaluated > EVALUATION_SECONDS:
                began = time.monotonic()
                self._evaluate()
                # Evaluations count as training time, or a run would outlast its budget.
                self.position = replace(self.position, elapsed=self.position.elapsed + time.monotonic() - began)
                evaluated = self.position.elapsed
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                checkpoints.save(self.options.checkpoint, self.checkpoint())
                saved = time.monotonic()
        if not stopping():
            self._evaluate()
        checkpoints.save(self.options.checkpoint, self.checkpoint())
        position = self.position
        self.say(f"saved at step {position.step}, {position.tokens / 1e6:.1f}M tokens, {self._done():.0%} of the run")

    def _done(self) -> float:
        return self.options.budget.done(self.position.step, self.position.elapsed)

    def _step(self) -> Tensor:
        position, wanted = self.position, self.options.micro_batches
        done = self._done()
        rate = learning_rate(self.options.peak, position.step, done, self.options.warm_up)
        if position.elapsed < self.options.copy_seconds:
            copies = wanted
        else:
            copies = 1 if wanted > 1 and done < DECAY_FROM and position.step % COPY_EVERY == 0 else 0
        data = wanted - copies
        if data and position.cursor + data > len(self.worker.batches(position.epoch)):
            position = replace(position, epoch=position.epoch + 1, cursor=0)
        self._order(TRAIN, rate, position.step, position.epoch, position.cursor, copies)
        self.worker.step()
        self.worker.wait()
        sums = self.shared.sums.sum(0)
        tokens = int(sums[2] + sums[5])
        self.position = replace(
            position, step=position.step + 1, cursor=position.cursor + data, tokens=position.tokens + tokens
        )
        return sums

    def _evaluate(self) -> None:
        for number, split in enumerate(self.worker.held_out):
            self._order(EVALUATE, number)
            self.worker.evaluate(split)
            self.worker.wait()
            loss, weight, count, right = self.shared.sums.sum(0)[:4].tolist()
            self._note(
                {"kind": "held_out", "split": split, "loss": loss / max(1.0, weight), "right": right / max(1.0, count)}
            )

    def _order(self, *order: float) -> None:
        self.shared.sums.zero_()
        self.shared.taken.value = 0
        self.shared.order[: len(order)] = torch.tensor(order, dtype=torch.float64)
        self.worker.wait()

    def _report(self, sums: Tensor, seconds: float) -> None:
        loss, weight, tokens, copy_loss, copy_weight, copy_tokens = sums[:6].tolist()
        line: dict[str, Any] = {"kind": "train"}
        if weight:
            line["loss"] = loss / weight
        if copy_weight:
            line["copy_loss"] = copy_loss / copy_weight
        line["rate"] = float(self.shared.order[1])
        line["tokens_per_second"] = (tokens + copy_tokens) / seconds
        self._note(line)

    def _note(self, line: dict[str, Any]) -> None:
        position = self.position
        head = {
            "step": position.step,
            "seconds": round(position.elapsed, 1),
            "tokens": position.tokens,
            "epoch": position.epoch,
        }
        line = head | {key: round(value, 6) if isinstance(value, float) else value for key, value in line.items()}
        self.curve.append(line)
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self.say(" ".join(f"{key} {value}" for key, value in line.items()))
