"""One training process: its model, its share of a step, its stretch of the weights."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sqlagent_tui.distill import checkpoint as checkpoints
from sqlagent_tui.distill.batches import (
    TRAIN_SPLIT,
    MicroBatch,
    Shape,
    Tokenised,
    copying,
    gather,
    load_corpus,
    plan,
)
from sqlagent_tui.distill.schedule import Budget
from sqlagent_tui.distill.student import Student, StudentConfig
from sqlagent_tui.distill.tokenizer import SPECIAL_TOKENS, load_tokenizer

BETAS: Final = (0.9, 0.97)
EPSILON: Final = 1e-8
WEIGHT_DECAY: Final = 0.05
CLIP: Final = 1.0
COPY_WEIGHT: Final = 0.3
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
    peak: float = 1.2e-3
    warm_up: int = 100
    copy_seconds: float = 75.0
    micro_tokens: int = 1024
    micro_batches: int = 4
    workers: int = 2
    compiled: bool = True
    seed: int = 0
    start: Path | None = None
    """A student's GGUF file whose weights a new run begins with."""

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
    barrier: Barrier


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
            split: part.only(np.arange(min(HELD_OUT, len(part))))
            for split, part in sorted(data.items())
            if split != TRAIN_SPLIT
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
        self._planned: tuple[int, list[npt.NDArray[np.int64]]] = (-1, [])

    def warm(self) -> None:
        """Compile by running a batch once; weights stay as they are."""
        self._backward(
            copying(self.shape, self.student.config.vocab_size, len(SPECIAL_TOKENS), np.random.default_rng(0)), 0.0
        )

    def batches(self, epoch: int) -> list[npt.NDArray[np.int64]]:
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
        """This worker's share of a held-out split: adds loss, tokens, trajectories, and those right throughout."""
        data = self.held_out[split]
        batches = plan(data, self.shape, np.random.default_rng(0))
        for number in self._take(len(batches)):
            batch = gather(data, batches[number], self.shape)
            losses = self.losses(batch.packed, batch.targets, self._dtype()).detach()
            worst = torch.zeros(len(batches[number])).scatter_reduce(
                0, batch.sequence_of_row, losses * batch.weights, "amax"
            )
            # A probability over one half is the largest one: greedy decoding would write this trajectory.
            right = float((worst < math.log(2)).sum())
            sums = self.shared.sums[self.rank]
            sums[:4] += torch.tensor(
                [float((losses * batch.weights).sum()), float(batch.weights.sum()), len(batches[number]), right]
            )

    def wait(self) -> None:
        """Until every worker is here."""
        self.shared.barrier.wait(WAIT_SECONDS)

    def _take(self, count: int) -> Iterator[int]:
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
        (loss * scale).backward()
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
    """The micro-batch shape for a corpus: the predicted rows that its trajectories need, and a little more."""
    share = float(data.targets.sum()) / float(data.lengths.sum())
    rows = min(tokens, math.ceil(tokens * share * 1.06 / 64) * 64)
    return Shape(tokens, rows, max(8, tokens // 48))


def help_along(rank: int, options: Options, config: StudentConfig, shared: Shared) -> None:
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


def default_workers() -> int:
    """One for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
