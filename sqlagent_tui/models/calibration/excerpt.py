"""A model of the same make as another, but with few layers: what a setting does to one layer it does to all.

The whole of a large model would take minutes to measure, and its extra buffers as much memory as the model itself.
The excerpt's layers are the model's own first ones, so their types, shapes and values are true; of the vocabulary,
which is only looked up and multiplied with, some rows remain, and no texts.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.gguf import Cursor, Tensor, read_counts, read_tensor, read_value

LIMIT: Final = 384 << 20
"""Bytes of layers: more than most caches hold, so that weights come from memory as they do in the whole model."""
ROWS: Final = 4096
"""Of the vocabulary."""
_CHUNK = 4 << 20
_U32, _STRING = 4, 8


class Excerpt(NamedTuple):
    """What was taken."""

    layers: int
    of_layers: int
    share: float
    """Bytes of the excerpt's weights among those of the model's."""
    largest: float
    """Bytes of the largest matrix of a layer among those of all the excerpt's layers."""


class _Header(NamedTuple):
    entries: dict[str, bytes]
    """Metadata, key → the entry as it stands in the file."""
    values: dict[str, Any]
    """Of an array only its length."""
    tensors: list[Tensor]
    data_start: int
    alignment: int


def cut(source: Path, target: Path, limit: int = LIMIT) -> Excerpt:
    """Write an excerpt of the model file `source` to `target`: as many layers as `limit` bytes hold, one at least.

    Raises `ModelError` for a damaged file, and OSError.
    """
    with source.open("rb") as file, target.open("wb") as out:
        header = _read(source, file)
        architecture = header.values.get("general.architecture")
        layers = header.values.get(f"{architecture}.block_count")
        if not isinstance(layers, int) or layers < 1:
            raise ModelError(f"{source.name} doesn't say how many layers it has.", "Choose another model file.")
        first = sum(tensor.length for tensor in header.tensors if _layer(tensor) == 0)
        kept = max(1, min(layers, limit // max(1, first)))
        vocabulary = header.values.get("tokenizer.ggml.tokens", 0)
        rows = min(vocabulary, ROWS)
        wanted = [_cut_rows(tensor, vocabulary, rows) for tensor in header.tensors if _layer(tensor) < kept]
        changed = {
            f"{architecture}.block_count": _number(f"{architecture}.block_count", kept),
            f"{architecture}.vocab_size": _number(f"{architecture}.vocab_size", rows),
            "tokenizer.ggml.model": _text("tokenizer.ggml.model", "no_vocab"),
        }
        other = {key: raw for key, raw in header.entries.items() if not key.startswith("tokenizer.")}
        _write(out, list((other | changed).values()), wanted, header, file)
    in_layers = [tensor.length for tensor in wanted if _layer(tensor) >= 0]
    return Excerpt(
        layers=kept,
        of_layers=layers,
        share=sum(tensor.length for tensor in wanted) / max(1, sum(tensor.length for tensor in header.tensors)),
        largest=max(in_layers, default=0) / max(1, sum(in_layers)),
    )


def _read(path: Path, file: BinaryIO) -> _Header:
    size = path.stat().st_size
    cursor = Cursor(file, size, path.name)
    count, entries = read_counts(path, cursor, size)
    raw: dict[str, bytes] = {}
    values: dict[str, Any] = {}
    for _ in range(entries):
        start = cursor.at
        key = cursor.text()
        values[key] = read_value(cursor, cursor.number("<I"))
        raw[key] = cursor.since(start)
    tensors = [read_tensor(cursor) for _ in range(count)]
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment <= 0:
        raise cursor.damaged()
    return _Header(raw, values, tensors, _aligned(cursor.at, alignment), alignment)


def _write(out: BinaryIO, entries: Sequence[bytes], tensors: Sequence[Tensor], header: _Header, file: BinaryIO) -> None:
    out.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries)) + b"".join(entries))
    offset = 0
    for tensor in tensors:
        out.write(_packed(tensor.name) + struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape))
        out.write(struct.pack("<IQ", tensor.kind, offset))
        offset = _aligned(offset + tensor.length, header.alignment)
    for tensor in tensors:
        out.write(b"\0" * (_aligned(out.tell(), header.alignment) - out.tell()))
        file.seek(header.data_start + tensor.offset)
        left = tensor.length
        while left and (chunk := file.read(min(left, _CHUNK))):
            out.write(chunk)
            left -= len(chunk)


def _layer(tensor: Tensor) -> int:
    """The number of the layer that a tensor belongs to; -1 when to none."""
    kind, _, rest = tensor.name.partition(".")
    number = rest.partition(".")[0]
    return int(number) if kind == "blk" and number.isdecimal() else -1


def _cut_rows(tensor: Tensor, vocabulary: int, rows: int) -> Tensor:
    """Of a tensor with a row for each token, the first `rows`."""
    if _layer(tensor) < 0 and vocabulary and tensor.shape[-1:] == (vocabulary,):
        return tensor._replace(shape=(*tensor.shape[:-1], rows))
    return tensor


def _aligned(at: int, alignment: int) -> int:
    return -(-at // alignment) * alignment


def _packed(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _number(key: str, value: int) -> bytes:
    return _packed(key) + struct.pack("<II", _U32, value)


def _text(key: str, value: str) -> bytes:
    return _packed(key) + struct.pack("<I", _STRING) + _packed(value)
