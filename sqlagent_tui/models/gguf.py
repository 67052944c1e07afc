"""Reads a GGUF file's header without loading the model, and without trusting a single length in it."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

from sqlagent_tui.errors import ModelError

# Type number: name, elements a block, bytes a block (ggml.h).
TENSOR_TYPES: Final[dict[int, tuple[str, int, int]]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
}
FILE_TYPES: Final[dict[int, str]] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4",
}
_SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_MAX_ENTRIES = 1 << 20
_MAX_ARRAY = 1 << 24
_MAX_TEXT = 1 << 24
_CHUNK = 1 << 20
_AGAIN = "Download or copy it again."


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a GGUF file says about itself. Texts are the file's own: untrusted."""

    path: Path
    size: int
    """Bytes."""
    name: str
    kind: str
    """`model`, or what else the file says to be: `adapter`, `mmproj`, …"""
    architecture: str
    quantization: str
    parameters: int
    context_length: int
    """Tokens that the model was trained with; 0 when the file doesn't say."""
    vocabulary: int
    tokenizer: str
    chat_template: str
    """Empty when the file has none."""
    layers: int
    heads: int
    """That attend, in each layer."""
    kv_bytes_per_token: int
    """Memory that each token of context costs, at 16 bits; 0 when the file doesn't say."""
    parts: int
    """Number of files that the model was split into."""
    licence: str = ""
    """As the file says; empty when it doesn't."""

    @property
    def summary(self) -> str:
        """Architecture, size and quantisation in a few words: `qwen3 4.0B Q8_0`."""
        size = f"{self.parameters / 1e9:.1f}B" if self.parameters >= 1e9 else f"{self.parameters / 1e6:.1f}M"
        return f"{self.architecture} {size} {self.quantization}"


def describe(path: Path) -> ModelFile:
    """Read the header and check it against the file's size.

    Raises `ModelError`, one sentence for each way in which a file can be wrong.
    """
    try:
        if path.is_dir():
            raise ModelError(f"{path.name} is a folder, not a model file.", "Name the .gguf file inside it.")
        size = path.stat().st_size
        with path.open("rb") as file:
            return _read(path, Cursor(file, size, path.name), size)
    except FileNotFoundError as error:
        raise ModelError(
            f"There is no model file at {path}.", "Check the path, or see `sqlagent-tui model list`."
        ) from error
    except OSError as error:
        raise ModelError(
            f"{path.name} can't be read: {error.strerror or 'unknown error'}.", "Check the file and its permissions."
        ) from error


def require_usable(file: ModelFile) -> None:
    """Raise `ModelError` when the file is sound, but no chat model that we could run."""
    if file.kind != "model":
        raise ModelError(
            f"{file.path.name} is no model of its own, but of type {file.kind}.", "Choose the model's file."
        )
    if file.parts > 1:
        raise ModelError(
            f"{file.path.name} is one of {file.parts} parts of a model.", "Merge them with llama-gguf-split --merge."
        )
    if not file.chat_template:
        raise ModelError(f"{file.path.name} has no chat template.", "Choose an instruction-tuned model with one.")


class Cursor:
    """Reads forward through a file's start, never past its end."""

    def __init__(self, file: BinaryIO, size: int, name: str) -> None:
        self._file = file
        self._size = size
        self._name = name
        self._data = bytearray()
        self.at = 0

    def need(self, count: int) -> None:
        """Have `count` bytes at hand. Raises `ModelError` when the file ends before them."""
        end = self.at + count
        if end > self._size:
            raise ModelError(f"{self._name} is cut off inside its header.", _AGAIN)
        while len(self._data) < end:
            chunk = self._file.read(max(_CHUNK, end - len(self._data)))
            if not chunk:
                raise ModelError(f"{self._name} is cut off inside its header.", _AGAIN)
            self._data += chunk

    def skip(self, count: int) -> None:
        """Pass over bytes."""
        self.need(count)
        self.at += count

    def number(self, layout: str) -> Any:
        """Read one number."""
        count = struct.calcsize(layout)
        self.need(count)
        (value,) = struct.unpack_from(layout, self._data, self.at)
        self.at += count
        return value

    def text(self) -> str:
        """Read a string."""
        count: int = self.number("<Q")
        if count > _MAX_TEXT:
            raise self.damaged()
        self.need(count)
        value = self._data[self.at : self.at + count].decode("utf-8", "replace")
        self.at += count
        return value

    def skip_texts(self, count: int) -> None:
        """Pass over `count` strings: a vocabulary has hundreds of thousands."""
        unpack = struct.Struct("<Q").unpack_from
        for _ in range(count):
            self.need(8)
            self.skip(8 + unpack(self._data, self.at)[0])

    def since(self, start: int) -> bytes:
        """The bytes between `start` and here."""
        return bytes(self._data[start : self.at])

    def damaged(self) -> ModelError:
        """The error for nonsense in the header."""
        return ModelError(f"{self._name} is damaged: its header makes no sense.", _AGAIN)


def _read(path: Path, cursor: Cursor, size: int) -> ModelFile:
    tensors, entries = read_counts(path, cursor, size)
    meta: dict[str, Any] = {}
    for _ in range(entries):
        key = cursor.text()
        meta[key] = read_value(cursor, cursor.number("<I"))
    parameters, data_bytes, main_type = _tensors(path, cursor, tensors)
    alignment = _integer(meta, "general.alignment", 32)
    if alignment <= 0:
        raise cursor.damaged()
    needed = -(-cursor.at // alignment) * alignment + data_bytes if data_bytes else cursor.at
    if size < needed:
        raise ModelError(f"{path.name} is cut off: it has {size:,} of {needed:,} bytes.", _AGAIN)
    architecture = _text(meta, "general.architecture")
    if not architecture:
        raise ModelError(f"{path.name} names no model architecture.", "Choose another model file.")
    layers = _integer(meta, f"{architecture}.block_count")
    return ModelFile(
        path=path,
        size=size,
        name=printable(_text(meta, "general.name")) or path.stem,
        kind=printable(_text(meta, "general.type")) or "model",
        architecture=printable(architecture),
        quantization=FILE_TYPES.get(_integer(meta, "general.file_type", -1), main_type),
        parameters=parameters,
        context_length=_integer(meta, f"{architecture}.context_length"),
        vocabulary=_integer(meta, "tokenizer.ggml.tokens"),
        tokenizer="/".join(filter(None, [_text(meta, "tokenizer.ggml.model"), _text(meta, "tokenizer.ggml.pre")])),
        chat_template=_text(meta, "tokenizer.chat_template"),
        layers=layers,
        heads=_integer(meta, f"{architecture}.attention.head_count"),
        kv_bytes_per_token=layers * _kv_width(meta, architecture) * 2,
        parts=_integer(meta, "split.count", 1),
        licence=printable(_text(meta, "general.license")),
    )


def read_counts(path: Path, cursor: Cursor, size: int) -> tuple[int, int]:
    """Read the first bytes; return the numbers of tensors and of metadata entries. Raises `ModelError`."""
    _check_magic(path, cursor, size)
    tensors: int = cursor.number("<Q")
    entries: int = cursor.number("<Q")
    if tensors > _MAX_ENTRIES or entries > _MAX_ENTRIES:
        raise cursor.damaged()
    return tensors, entries


def _check_magic(path: Path, cursor: Cursor, size: int) -> None:
    if size == 0:
        raise ModelError(f"{path.name} is empty.", _AGAIN)
    if size < 24:
        raise ModelError(f"{path.name} is not a GGUF file.", "Choose a file in llama.cpp's GGUF format.")
    magic: int = cursor.number("<I")
    if magic != int.from_bytes(b"GGUF", "little"):
        raise ModelError(f"{path.name} is not a GGUF file.", "Choose a file in llama.cpp's GGUF format.")
    version: int = cursor.number("<I")
    if version & 0xFFFF == 0:
        raise ModelError(f"{path.name} was made for big-endian machines.", "Choose the little-endian file.")
    if version not in (2, 3):
        raise ModelError(f"{path.name} has GGUF version {version}, which is not known here.", "Choose a newer export.")


def read_value(cursor: Cursor, kind: int) -> Any:
    """Read one value; of an array only the number of elements."""
    if kind in _SCALARS:
        return cursor.number(_SCALARS[kind])
    if kind == _STRING:
        return cursor.text()
    if kind != _ARRAY:
        raise cursor.damaged()
    element: int = cursor.number("<I")
    count: int = cursor.number("<Q")
    if count > _MAX_ARRAY:
        raise cursor.damaged()
    if element == _STRING:
        cursor.skip_texts(count)
    elif element in _SCALARS:
        cursor.skip(count * struct.calcsize(_SCALARS[element]))
    else:
        raise cursor.damaged()
    return count


class Tensor(NamedTuple):
    """A tensor as the header describes it."""

    name: str
    shape: tuple[int, ...]
    """Elements along each dimension, the contiguous one first."""
    kind: int
    """Key in `TENSOR_TYPES`."""
    offset: int
    """Bytes from the start of the data section."""

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def length(self) -> int:
        """Bytes; 0 for a type that isn't known here."""
        _name, block, width = TENSOR_TYPES.get(self.kind, ("unknown", 1, 0))
        return self.elements // block * width


def read_tensor(cursor: Cursor) -> Tensor:
    """Read one tensor's description. Raises `ModelError`."""
    name = cursor.text()
    dimensions: int = cursor.number("<I")
    if dimensions > 8:
        raise cursor.damaged()
    shape = tuple(cursor.number("<Q") for _ in range(dimensions))
    return Tensor(name, shape, cursor.number("<I"), cursor.number("<Q"))


def _tensors(path: Path, cursor: Cursor, count: int) -> tuple[int, int, str]:
    """Return the number of parameters, the bytes of the data section, and the type that most bytes are of."""
    parameters = end = 0
    by_type: dict[str, int] = {}
    for _ in range(count):
        tensor = read_tensor(cursor)
        name = TENSOR_TYPES.get(tensor.kind, ("unknown",))[0]
        parameters += tensor.elements
        by_type[name] = by_type.get(name, 0) + tensor.length
        end = max(end, tensor.offset + tensor.length)
    if not count:
        raise ModelError(f"{path.name} holds no weights.", "Choose another model file.")
    return parameters, end, max(by_type, key=lambda name: by_type[name])


def _kv_width(meta: dict[str, Any], architecture: str) -> int:
    """Numbers that a token's keys and values take in one layer."""
    heads = _integer(meta, f"{architecture}.attention.head_count")
    kv_heads = _integer(meta, f"{architecture}.attention.head_count_kv", heads)
    default = _integer(meta, f"{architecture}.embedding_length") // heads if heads else 0
    key = _integer(meta, f"{architecture}.attention.key_length", default)
    value = _integer(meta, f"{architecture}.attention.value_length", default)
    return kv_heads * (key + value)


def printable(text: str) -> str:
    """What of a foreign text may stand in a sentence: one short line, no control characters."""
    return "".join(char for char in text if char.isprintable()).strip()[:200]


def _integer(meta: dict[str, Any], key: str, default: int = 0) -> int:
    value = meta.get(key, default)
    return value if isinstance(value, int) else default


def _text(meta: dict[str, Any], key: str) -> str:
    value = meta.get(key, "")
    return value if isinstance(value, str) else ""
