"""The corpus on disk: one whole trajectory a line, cut into trained and untrained segments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec


class Trajectory(msgspec.Struct, frozen=True):
    """One trajectory; the concatenated segment texts are what the model reads and writes.

    `split` is `train`, or the held-out set it belongs to; each segment is its text and whether the loss counts it.
    """

    id: str
    split: str
    segments: tuple[tuple[str, bool], ...]


def read_trajectories(path: Path) -> Iterator[Trajectory]:
    """Yield the trajectories of one JSON Lines file. Raises msgspec.DecodeError for a line of another form."""
    decoder = msgspec.json.Decoder(Trajectory)
    with path.open("rb") as lines:
        for line in lines:
            if line.strip():
                yield decoder.decode(line)


def read_texts(path: Path) -> Iterator[str]:
    """Yield every segment's text of the training split (the tokenizer must not see the held-out values)."""
    for trajectory in read_trajectories(path):
        if trajectory.split == "train":
            for text, _ in trajectory.segments:
                yield text
