"""Training the student on the processor's cores: one process a core, all in step.

The workers share one flat vector of weights, each has one of gradients. A step's micro-batches are taken from a common counter, so a
worker that is held up takes fewer; then each worker updates its own stretch of the weights (AdamW), reading everyone's gradients.

Measured on two Zen 4 cores (AVX512-BF16), 5.5M parameters, packed sequences of about 330 tokens, 60 % of them trained; tokens/s of
forward and backward: eager float32 3,000, eager bfloat16 4,600, compiled with torch's attention 6,600, with the packed native
attention 7,400 in one process of two threads and 8,500 to 9,000 in two processes. oneDNN's bfloat16 products reach 190 to 210
GFLOP/s a core against 70 to 90 in float32, and take two thirds of a step.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import multiprocessing.synchronize
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from sqlagent_tui.distill import checkpoint as checkpoints
from sqlagent_tui.distill.attention import native_library
from sqlagent_tui.distill.batches import (
    TRAIN_SPLIT,
    MicroBatch,
    Shape,
    Tokenised,
    copying,
    fingerprint,
    gather,
    load_corpus,
    plan,
)
from sqlagent_tui.distill.checkpoint import Checkpoint, Position
from sqlagent_tui.distill.induction import initialise
from sqlagent_tui.distill.schedule import DECAY_FROM, Budget, learning_rate
from sqlagent_tui.distill.student import Student, StudentConfig
from sqlagent_tui.distill.tokenizer import SPECIAL_TOKENS, load_tokenizer

BETAS: Final = (0.9, 0.97)
EPSILON: Final = 1e-8
WEIGHT_DECAY: Final = 0.05
CLIP: Final = 1.0
COPY_WEIGHT: Final = 0.3
COPY_EVERY: Final = 5
"""One step in so many holds a copying micro-batch, until the learning rate falls."""
CHECKPOINT_SECONDS: Final = 180.0
EVALUATION_SECONDS: Final = 240.0
HELD_OUT: Final = 160
"""Trajectories of each held-out split that an evaluation reads."""
WAIT_SECONDS: Final = 900.0
TRAIN, EVALUATE, STOP = 0, 1, 2


@dataclass(frozen=True)
class Options:
    """A run: corpus files, tokenizer, output folder, budget and the knobs worth turning."""

    corpora: tuple[Path, ...]
    tokenizer: Path
    out: Path
    budget: Budget
    peak: float = 1.3e-3
    warm_up: int = 100
    copy_seconds: float = 75.0
    micro_tokens: int = 2048
    micro_batches: int = 4
    workers: int = 2
    compiled: bool = True
    seed: int = 0

    @property
    def checkpoint(self) -> Path:
        """Where the run is kept and resumed from."""
        return self.out / "checkpoint.pt"


@dataclass(frozen=True)
class Shared:
    """What the workers have in common, in shared memory."""

    weights: Tensor
    gradients: Tensor  # (workers, parameters)
    moments: Tensor  # (2, parameters)
    order: Tensor  # (6,) float64: action, learning rate, step, epoch, cursor, copying micro-batches
    sums: Tensor  # (workers, 8) float64: what a worker adds up in a step or an evaluation
    norms: Tensor  # (workers,) float64
    taken: Any  # a counter of micro-batches
    barrier: multiprocessing.synchronize.Barrier  # type: ignore[name-defined]  # typeshed has it in threading only


def train(options: Options, say: Callable[[str], None]) -> Checkpoint:
    """Run, or resume, until the budget is spent or SIGTERM or SIGINT asks for an end; the checkpoint is on disk either way."""
    options.out.mkdir(parents=True, exist_ok=True)
    data = load_corpus(options.corpora, load_tokenizer(options.tokenizer), options.out / "cache")
    if TRAIN_SPLIT not in data:
        raise ValueError("the corpus has no trajectories of the split 'train'")
    start = _start(options, data[TRAIN_SPLIT])
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
        context.Process(target=_help, args=(rank, options, start.config, shared), daemon=True)
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


class Worker:
    """One process's model, data and stretch of the weights."""

    def __init__(
        self, rank: int, options: Options, config: StudentConfig, shared: Shared, data: dict[str, Tokenised]
    ) -> None:
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        self.rank, self.options, self.shared = rank, options, shared
        self.train = data[TRAIN_SPLIT]
        self.targets = self.train.targets
        self.held_out = {
            split: part.only(np.arange(min(HELD_OUT, len(part)))) for split, part in sorted(data.items()) if split != TRAIN_SPLIT
        }
        self.shape = shape_for(self.train, options.micro_tokens)
        self.student = Student(config)
        checkpoints.attach(self.student, shared.weights)
        self._attach_gradients()
        self.losses = torch.compile(self.student.losses, fullgraph=True) if options.compiled else self.student.losses
        bounds = [len(shared.weights) * n // options.workers for n in range(options.workers + 1)]
        self.stretch = slice(bounds[rank], bounds[rank + 1])
        decayed = torch.cat(
            [torch.full((p.numel(),), WEIGHT_DECAY if p.dim() > 1 else 0.0) for p in self.student.parameters()]
        )
        self.decay = decayed[self.stretch]
        self._planned: tuple[int, list[Any]] = (-1, [])

    def warm(self) -> None:
        """Compile by running a batch once; weights stay as they are."""
        self._backward(copying(self.shape, self.student.config.vocab_size, len(SPECIAL_TOKENS), np.random.default_rng(0)), 0.0)

    def batches(self, epoch: int) -> list[Any]:
        """The epoch's micro-batches, as lists of trajectories; the same in every worker."""
        if self._planned[0] != epoch:
            self._planned = (epoch, plan(self.train, self.shape, np.random.default_rng([self.options.seed, epoch])))
        return self._planned[1]

    def step(self) -> None:
        """This worker's share of one optimiser step, as ordered by the leader."""
        _, rate, step, epoch, cursor, copies = self.shared.order.tolist()
        wanted = self.options.micro_batches
        batches = self.batches(int(epoch))[int(cursor) : int(cursor) + wanted - int(copies)]
        total = sum(int(self.targets[batch].sum()) for batch in batches)
        self.shared.gradients[self.rank].zero_()
        for number in self._take(len(batches) + int(copies)):
            if number < len(batches):
                batch = gather(self.train, batches[number], self.shape)
                loss = self._backward(batch, 1 / total)
                self._add(loss, float(batch.weights.sum()), int(batch.packed.starts[len(batches[number])]))
            else:
                random = np.random.default_rng([self.options.seed, 1 << 20, int(step), number])
                batch = copying(self.shape, self.student.config.vocab_size, len(SPECIAL_TOKENS), random)
                weight = float(batch.weights.sum())
                scale = COPY_WEIGHT if batches else 1 / copies
                loss = self._backward(batch, scale / weight)
                self._add(loss, weight, self.shape.tokens, at=3)
        self.wait()
        self._update(rate, int(step))

    def evaluate(self, split: str) -> None:
        """This worker's share of a held-out split; adds loss, tokens, trajectories, and those certainly right throughout."""
        data = self.held_out[split]
        batches = plan(data, self.shape, np.random.default_rng(0))
        for number in self._take(len(batches)):
            batch = gather(data, batches[number], self.shape)
            losses = self.losses(batch.packed, batch.targets, self._dtype()).detach()
            worst = torch.zeros(len(batches[number])).scatter_reduce(0, batch.sequence_of_row, losses * batch.weights, "amax")
            # A probability over one half is the largest one: greedy decoding would write this trajectory.
            right = float((worst < math.log(2)).sum())
            sums = self.shared.sums[self.rank]
            sums[:4] += torch.tensor(
                [float((losses * batch.weights).sum()), float(batch.weights.sum()), len(batches[number]), right]
            )

    def wait(self) -> None:
        """Until every worker is here."""
        self.shared.barrier.wait(WAIT_SECONDS)

    def _take(self, count: int) -> Any:
        while True:
            with self.shared.taken.get_lock():
                number = self.shared.taken.value
                self.shared.taken.value = number + 1
            if number >= count:
                return
            yield number

    def _add(self, loss: float, weight: float, tokens: int, at: int = 0) -> None:
        self.shared.sums[self.rank][at : at + 3] += torch.tensor([loss, weight, float(tokens)])

    def _dtype(self) -> torch.dtype:
        return torch.bfloat16

    def _backward(self, batch: MicroBatch, scale: float) -> float:
        loss = (self.losses(batch.packed, batch.targets, self._dtype()) * batch.weights).sum()
        (loss * scale).backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    @torch.no_grad()
    def _update(self, rate: float, step: int) -> None:
        gradient = self.shared.gradients[:, self.stretch].sum(0)
        self.shared.norms[self.rank] = gradient.square().sum()
        self.wait()
        gradient *= min(1.0, CLIP / (math.sqrt(float(self.shared.norms.sum())) + 1e-6))
        weights = self.shared.weights[self.stretch]
        first, second = self.shared.moments[0, self.stretch], self.shared.moments[1, self.stretch]
        first.lerp_(gradient, 1 - BETAS[0])
        second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        spread = second.sqrt().div_(math.sqrt(1 - BETAS[1] ** (step + 1))).add_(EPSILON)
        weights.mul_(1 - rate * self.decay)
        weights.addcdiv_(first, spread, value=-rate / (1 - BETAS[0] ** (step + 1)))

    def _attach_gradients(self) -> None:
        flat, offset = self.shared.gradients[self.rank], 0
        for parameter in self.student.parameters():
            parameter.grad = flat[offset : offset + parameter.numel()].view(parameter.shape)
            offset += parameter.numel()


def shape_for(data: Tokenised, tokens: int) -> Shape:
    """The micro-batch shape for a corpus: as many predicted rows as its trajectories need on average, and a little more."""
    share = float(data.targets.sum()) / float(data.lengths.sum())
    rows = min(tokens, math.ceil(tokens * share * 1.06 / 64) * 64)
    return Shape(tokens, rows, max(8, tokens // 48))


def _start(options: Options, data: Tokenised) -> Checkpoint:
    name = fingerprint(data)
    if options.checkpoint.exists():
        found = checkpoints.load(options.checkpoint)
        if found.position.data != name:  # another corpus: begin an epoch of it
            return replace(found, position=replace(found.position, epoch=found.position.epoch + 1, cursor=0, data=name))
        return found
    student = Student(StudentConfig())
    initialise(student, options.seed)
    weights = checkpoints.flatten(student)
    empty = torch.zeros_like(weights)
    return Checkpoint(student.config, weights, empty, empty.clone(), Position(data=name), options.seed, [])


def _help(rank: int, options: Options, config: StudentConfig, shared: Shared) -> None:
    """A helping worker's life. Signals are the leader's business."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    data = load_corpus(options.corpora, load_tokenizer(options.tokenizer), options.out / "cache")
    worker = Worker(rank, options, config, shared, data)
    worker.warm()
    worker.wait()
    splits = list(worker.held_out)
    while True:
        worker.wait()
        action = int(shared.order[0])
        if action == STOP:
            return
        if action == TRAIN:
            worker.step()
        else:
            worker.evaluate(splits[int(shared.order[1])])
        worker.wait()


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
        self.say(f"saved at step {self.position.step}, {self.position.tokens / 1e6:.1f}M tokens, {self._done():.0%} of the run")

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
            self._note({"kind": "held_out", "split": split, "loss": loss / max(1.0, weight), "right": right / max(1.0, count)})

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
        head = {"step": position.step, "seconds": round(position.elapsed, 1), "tokens": position.tokens, "epoch": position.epoch}
        line = head | {key: round(value, 6) if isinstance(value, float) else value for key, value in line.items()}
        self.curve.append(line)
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self.say(" ".join(f"{key} {value}" for key, value in line.items()))


def default_workers() -> int:
    """One for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
