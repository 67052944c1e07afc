"""Tokenised trajectories and the packed micro-batches cut out of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor

from sqlagent_tui.distill.corpus_file import Trajectory, read_trajectories
from sqlagent_tui.distill.student import Packed

TRAIN_SPLIT: Final = "train"
LOOKAHEAD: Final = 64
"""How many waiting trajectories the packer may choose from to fill a micro-batch to the brim."""
CACHE_FORMAT: Final = 1
COPY_LENGTHS: Final = (48, 384)

Tokens = npt.NDArray[np.uint16]
Flags = npt.NDArray[np.bool_]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tokenised:
    """Trajectories of one split, end to end: `tokens` and `trained` (sum of lengths,), `offsets` (count + 1,).

    `trained[i]` says that token i is one the model has to write itself.
    """

    tokens: Tokens
    trained: Flags
    offsets: Offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Offsets:
        """Tokens of each trajectory."""
        lengths: Offsets = np.diff(self.offsets)
        return lengths

    @property
    def targets(self) -> Offsets:
        """Trained tokens of each trajectory that have a token before them."""
        sums = np.concatenate([[0], np.cumsum(self.trained)])
        targets: Offsets = sums[self.offsets[1:]] - sums[self.offsets[:-1] + 1]
        return targets

    def only(self, indices: npt.NDArray[np.int64]) -> Tokenised:
        """The same of some trajectories."""
        pieces = [slice(self.offsets[i], self.offsets[i + 1]) for i in indices]
        lengths = [piece.stop - piece.start for piece in pieces]
        return Tokenised(
            np.concatenate([self.tokens[piece] for piece in pieces]),
            np.concatenate([self.trained[piece] for piece in pieces]),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        )


@dataclass(frozen=True)
class Shape:
    """The fixed shape of a micro-batch: tokens, rows that are predicted, sequences."""

    tokens: int
    rows: int
    sequences: int


@dataclass(frozen=True)
class MicroBatch:
    """A packed batch, the tokens after its rows, and each row's weight (0 for filler), all of one fixed shape."""

    packed: Packed
    targets: Tensor
    weights: Tensor
    sequence_of_row: Tensor


def load_corpus(paths: Sequence[Path], tokenizer: Tokenizer, cache: Path) -> dict[str, Tokenised]:
    """Tokenise corpus files split by split, once: the result of each file is kept in the folder `cache`."""
    parts: dict[str, list[Tokenised]] = {}
    for path in paths:
        for split, part in _load_file(path, tokenizer, cache).items():
            parts.setdefault(split, []).append(part)
    return {split: _join(found) for split, found in parts.items()}


def fingerprint(data: Tokenised) -> str:
    """Names a set of trajectories, so that a resumed run notices another one."""
    digest = hashlib.sha256(data.offsets.tobytes())
    digest.update(data.tokens[:: max(1, len(data.tokens) // 4096)].tobytes())
    return digest.hexdigest()[:16]


def plan(data: Tokenised, shape: Shape, random: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """Deal all trajectories, shuffled, into micro-batches: a list of index arrays.

    Each batch takes the largest waiting trajectory that still fits. A trajectory larger than `shape` is left out.
    """
    lengths, targets = data.lengths.tolist(), data.targets.tolist()
    order = [int(i) for i in random.permutation(len(data)) if lengths[i] <= shape.tokens and targets[i] <= shape.rows]
    order.reverse()
    waiting: list[int] = []
    batches: list[npt.NDArray[np.int64]] = []
    while order or waiting:
        chosen: list[int] = []
        tokens, rows = shape.tokens, shape.rows
        while True:
            while order and len(waiting) < LOOKAHEAD:
                waiting.append(order.pop())
            # The trajectory that waited longest goes first, so that none waits for ever; the tightest fit last.
            fits = [i for i in waiting if lengths[i] <= tokens and targets[i] <= rows]
            if not fits or len(chosen) == shape.sequences:
                break
            pick = fits[0] if tokens > shape.tokens // 4 else max(fits, key=lengths.__getitem__)
            waiting.remove(pick)
            chosen.append(pick)
            tokens -= lengths[pick]
            rows -= targets[pick]
        batches.append(np.array(chosen, dtype=np.int64))
    return batches


def gather(data: Tokenised, indices: npt.NDArray[np.int64], shape: Shape) -> MicroBatch:
    """Pack the trajectories `indices`; every trained token but a trajectory's first is a target of weight 1."""
    pieces = [slice(data.offsets[i], data.offsets[i + 1]) for i in indices]
    tokens = [data.tokens[piece].astype(np.int64) for piece in pieces]
    return pack(tokens, [data.trained[piece] for piece in pieces], shape)


def pack(sequences: Sequence[npt.NDArray[np.int64]], trained: Sequence[Flags], shape: Shape) -> MicroBatch:
    """Lay sequences end to end and fill up to `shape` with a sequence of zeros that nothing is learnt from."""
    lengths = [len(sequence) for sequence in sequences]
    filler = shape.tokens - sum(lengths)
    starts = np.cumsum([0, *lengths])
    rows = [start + np.flatnonzero(flags[1:]) for start, flags in zip(starts[:-1], trained, strict=True)]
    owners = [np.full(len(found), n) for n, found in enumerate(rows)]
    tokens = np.concatenate([*sequences, np.zeros(filler, dtype=np.int64)])
    positions = np.concatenate([np.arange(length) for length in (*lengths, filler)])
    row = np.concatenate(rows)
    missing = shape.rows - len(row)
    bounds = np.full(shape.sequences + 2, shape.tokens, dtype=np.int32)
    bounds[: len(starts)] = starts
    packed = Packed(
        torch.from_numpy(tokens),
        torch.from_numpy(positions),
        torch.from_numpy(bounds),
        torch.from_numpy(np.concatenate([row, np.zeros(missing, dtype=np.int64)])),
    )
    targets = np.concatenate([tokens[row + 1], np.zeros(missing, dtype=np.int64)])
    weights = np.concatenate([np.ones(len(row), dtype=np.float32), np.zeros(missing, dtype=np.float32)])
    owner = np.concatenate([*owners, np.zeros(missing, dtype=np.int64)])
    return MicroBatch(packed, torch.from_numpy(targets), torch.from_numpy(weights), torch.from_numpy(owner))


def copying(shape: Shape, vocab: int, specials: int, random: np.random.Generator) -> MicroBatch:
    """Random tokens with stretches that were there before; all but the first of a repeated stretch are targets."""
    sequences: list[npt.NDArray[np.int64]] = []
    flags: list[Flags] = []
    tokens, rows = shape.tokens, shape.rows
    while tokens > COPY_LENGTHS[0] and len(sequences) < shape.sequences:
        sequence, repeated = _repetitive(int(random.integers(*COPY_LENGTHS)), vocab, specials, random)
        sequence, repeated = sequence[:tokens], repeated[:tokens]
        repeated[np.cumsum(repeated) > rows] = False
        sequences.append(sequence)
        flags.append(repeated)
        tokens -= len(sequence)
        rows -= int(repeated.sum())
    return pack(sequences, flags, shape)


def _repetitive(
    length: int, vocab: int, specials: int, random: np.random.Generator
) -> tuple[npt.NDArray[np.int64], Flags]:
    fresh = int(random.integers(16, max(17, length // 2)))
    sequence = list(random.integers(specials, vocab, size=fresh))
    repeated = [False] * fresh
    while len(sequence) < length:
        size = int(random.integers(2, 24))
        begin = int(random.integers(0, max(1, len(sequence) - size)))
        stretch = sequence[begin : begin + size]
        # A new token in front, so that a stretch's beginning can't be foreseen and its first token isn't asked for.
        sequence += [int(random.integers(specials, vocab)), *stretch]
        repeated += [False, False, *[True] * (len(stretch) - 1)]
    return np.array(sequence[:length], dtype=np.int64), np.array(repeated[:length], dtype=np.bool_)


def _load_file(path: Path, tokenizer: Tokenizer, cache: Path) -> dict[str, Tokenised]:
    stat = path.stat()
    name = f"{CACHE_FORMAT}:{path.resolve()}:{stat.st_size}:{stat.st_mtime_ns}:{tokenizer.to_str()}"
    folder = cache / hashlib.sha256(name.encode()).hexdigest()[:24]
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for split, part in _tokenise(path, tokenizer).items():
            np.save(folder / f"{split}.tokens.npy", part.tokens)
            np.save(folder / f"{split}.trained.npy", part.trained)
            np.save(folder / f"{split}.offsets.npy", part.offsets)
        (folder / "complete").touch()
    return {
        split: Tokenised(*(np.load(folder / f"{split}.{part}.npy", mmap_mode="r") for part in _PARTS))
        for split in sorted(file.name.removesuffix(".offsets.npy") for file in folder.glob("*.offsets.npy"))
    }


_PARTS: Final = ("tokens", "trained", "offsets")


def _tokenise(path: Path, tokenizer: Tokenizer) -> dict[str, Tokenised]:
    tokens: dict[str, list[Tokens]] = {}
    trained: dict[str, list[Flags]] = {}
    offsets: dict[str, list[int]] = {}
    for split, ids, flags in _encoded(path, tokenizer):
        tokens.setdefault(split, []).append(ids)
        trained.setdefault(split, []).append(flags)
        bounds = offsets.setdefault(split, [0])
        bounds.append(bounds[-1] + len(ids))
    return {
        split: Tokenised(np.concatenate(tokens[split]), np.concatenate(trained[split]), np.array(offsets[split]))
        for split in tokens
    }


def _encoded(path: Path, tokenizer: Tokenizer, chunk: int = 2048) -> Iterator[tuple[str, Tokens, Flags]]:
    pending: list[Trajectory] = []
    for trajectory in read_trajectories(path):
        pending.append(trajectory)
        if len(pending) == chunk:
            yield from _encode_chunk(pending, tokenizer)
            pending = []
    yield from _encode_chunk(pending, tokenizer)


def _encode_chunk(chunk: list[Trajectory], tokenizer: Tokenizer) -> Iterator[tuple[str, Tokens, Flags]]:
    encodings = iter(
        tokenizer.encode_batch_fast(
            [text for trajectory in chunk for text, _ in trajectory.segments], add_special_tokens=False
        )
    )
    for trajectory in chunk:
        ids = [(next(encodings).ids, flag) for _, flag in trajectory.segments]
        yield (
            trajectory.split,
            np.array([i for segment, _ in ids for i in segment], dtype=np.uint16),
            np.array([flag for segment, flag in ids for _ in segment], dtype=np.bool_),
        )


def _join(parts: list[Tokenised]) -> Tokenised:
    if len(parts) == 1:
        return parts[0]
    ends = np.cumsum([0, *(part.offsets[-1] for part in parts[:-1])])
    offsets = [part.offsets[1:] + end for part, end in zip(parts, ends, strict=True)]
    return Tokenised(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.trained for part in parts]),
        np.concatenate([np.zeros(1, dtype=np.int64), *offsets]),
    )
