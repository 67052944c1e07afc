"""A training run on disk: everything that a resume needs, written atomically."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sqlagent_tui.distill.student import Student, StudentConfig

FORMAT = 1


@dataclass(frozen=True)
class Position:
    """Where a run stands. `cursor` counts the micro-batches of `epoch` used; `data` names the set of trajectories."""

    step: int = 0
    elapsed: float = 0.0
    tokens: int = 0
    epoch: int = 0
    cursor: int = 0
    data: str = ""


@dataclass(frozen=True)
class Checkpoint:
    """Weights, AdamW's two moments (all flat, in the order of the model's parameters), position and loss curve.

    Every random choice of a run follows from `seed`, the epoch and the step, so no generator's state is kept.
    """

    config: StudentConfig
    weights: Tensor
    first_moment: Tensor
    second_moment: Tensor
    position: Position
    seed: int
    curve: list[dict[str, Any]]


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write to a file beside `path`, flush it to disk and put it in place, so that a crash leaves the old one whole."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        torch.save(
            {
                "format": FORMAT,
                "config": asdict(checkpoint.config),
                "weights": checkpoint.weights,
                "first_moment": checkpoint.first_moment,
                "second_moment": checkpoint.second_moment,
                "position": asdict(checkpoint.position),
                "seed": checkpoint.seed,
                "curve": checkpoint.curve,
            },
            file,
        )
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises ValueError for one of another format."""
    found = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"{path.name} is not a checkpoint of this version")
    return Checkpoint(
        StudentConfig(**found["config"]),
        found["weights"],
        found["first_moment"],
        found["second_moment"],
        Position(**found["position"]),
        found["seed"],
        found["curve"],
    )


def flatten(student: Student) -> Tensor:
    """All parameters in one new vector."""
    return torch.cat([parameter.detach().reshape(-1) for parameter in student.parameters()])


def attach(student: Student, flat: Tensor) -> None:
    """Make the student's parameters views into `flat`."""
    offset = 0
    for parameter in student.parameters():
        parameter.data = flat[offset : offset + parameter.numel()].view(parameter.shape)
        offset += parameter.numel()


def student_of(checkpoint: Checkpoint) -> Student:
    """The model with a checkpoint's weights."""
    student = Student(checkpoint.config)
    attach(student, checkpoint.weights.clone())
    return student
