"""A geometry's text as a value: PostGIS's EWKT, as a guarded result shows it, or hexadecimal EWKB, as arrays hold it.

Both become (SRID, M or not, shape); a shape is its kind with its parts, in the end the coordinates of its vertices.
EWKT carries 15 decimals at most, so that is how far coordinates count: a femtometre of metres, all that a double holds
of degrees. Geometries that cover the same ground with other vertices are not equal: it is the EWKB that counts.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Hashable, Iterator
from typing import Final

_EWKT = re.compile(r"(?:SRID=(\d+);)?([A-Z]+.*)", re.DOTALL)
_TOKEN = re.compile(r"[(),]|[A-Z]{3,}|[^\s(),]+")
_HEXADECIMAL = re.compile(r"0[01](?:[0-9A-Fa-f]{2}){8,}")
_DECIMALS: Final = 15
_KINDS: Final = {
    1: "POINT",
    2: "LINESTRING",
    3: "POLYGON",
    4: "MULTIPOINT",
    5: "MULTILINESTRING",
    6: "MULTIPOLYGON",
    7: "GEOMETRYCOLLECTION",
    8: "CIRCULARSTRING",
    9: "COMPOUNDCURVE",
    10: "CURVEPOLYGON",
    11: "MULTICURVE",
    12: "MULTISURFACE",
    15: "POLYHEDRALSURFACE",
    16: "TIN",
    17: "TRIANGLE",
}
_PARTS: Final = {
    "MULTIPOINT": "POINT",
    "MULTILINESTRING": "LINESTRING",
    "MULTIPOLYGON": "POLYGON",
    "GEOMETRYCOLLECTION": "",
    "COMPOUNDCURVE": "LINESTRING",
    "CURVEPOLYGON": "LINESTRING",
    "MULTICURVE": "LINESTRING",
    "MULTISURFACE": "POLYGON",
    "POLYHEDRALSURFACE": "POLYGON",
    "TIN": "TRIANGLE",
}
"""What the parts of a kind are where EWKT doesn't say it."""
_LINES: Final = frozenset({"LINESTRING", "CIRCULARSTRING"})
_RINGED: Final = frozenset({"POLYGON", "TRIANGLE"})
_HAS_Z, _HAS_M, _HAS_SRID = 0x80000000, 0x40000000, 0x20000000


def geometry(text: str) -> Hashable | None:
    """Return what a geometry is equal by; None when the text is neither EWKT nor EWKB, or was cut."""
    try:
        if _HEXADECIMAL.fullmatch(text):
            return _Binary(bytes.fromhex(text)).geometry()
        match = _EWKT.fullmatch(text)
        return _Words(int(match[1] or 0), match[2]).geometry() if match else None
    except (ValueError, KeyError, StopIteration, struct.error, RecursionError):
        return None


def _coordinate(value: float) -> float | str:
    return "NaN" if math.isnan(value) else round(value, _DECIMALS) + 0.0  # no negative zero


class _Words:
    """Reads EWKT. Raises ValueError, KeyError or StopIteration for anything else."""

    def __init__(self, srid: int, text: str) -> None:
        self._srid = srid
        self._tokens: Iterator[str] = iter(_TOKEN.findall(text))
        self._next = next(self._tokens)
        self._with_m = False

    def geometry(self) -> Hashable:
        shape = self._tagged()
        if self._next:
            raise ValueError(self._next)
        return (self._srid, self._with_m, shape)

    def _take(self, wanted: str = "") -> str:
        token = self._next
        if wanted and token != wanted:
            raise ValueError(token)
        self._next = next(self._tokens, "")
        return token

    def _tagged(self) -> Hashable:
        kind = self._take()
        if kind not in _KINDS.values() and kind.endswith("M"):
            kind, self._with_m = kind[:-1], True
        return (kind, self._body(kind))

    def _body(self, kind: str) -> Hashable:
        if self._next == "EMPTY":
            self._take()
            return ()
        if kind in _LINES:
            return self._list(self._vertex)
        if kind in _RINGED:
            return self._list(lambda: self._body("LINESTRING"))
        if kind == "POINT":
            return self._list(self._vertex)
        return self._list(lambda: self._part(_PARTS[kind]))

    def _part(self, usual: str) -> Hashable:
        if self._next == "(" or (usual and self._next == "EMPTY"):
            if not usual:
                raise ValueError(self._next)
            return (usual, self._body(usual))
        if usual == "POINT":  # MULTIPOINT(1 1,2 2), as PostGIS wrote it until 3.3
            return (usual, (self._vertex(),))
        return self._tagged()

    def _list(self, item: Callable[[], Hashable]) -> tuple[Hashable, ...]:
        self._take("(")
        items = [item()]
        while self._next == ",":
            self._take()
            items.append(item())
        self._take(")")
        return tuple(items)

    def _vertex(self) -> Hashable:
        values = []
        while self._next not in ("", "(", ")", ","):
            values.append(_coordinate(float(self._take())))
        if not 2 <= len(values) <= 4:
            raise ValueError(self._next)
        return tuple(values)


class _Binary:
    """Reads EWKB. Raises struct.error, KeyError or ValueError for anything else."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._order = "<"

    def geometry(self) -> Hashable:
        self._order = "<" if self._data[0] else ">"
        (flags,) = struct.unpack_from(f"{self._order}I", self._data, 1)
        srid = struct.unpack_from(f"{self._order}I", self._data, 5)[0] if flags & _HAS_SRID else 0
        shape = self._shape()
        if self._at != len(self._data):
            raise ValueError
        return (srid, bool(flags & _HAS_M) and not flags & _HAS_Z, shape)

    def _count(self) -> int:
        (value,) = struct.unpack_from(f"{self._order}I", self._data, self._at)
        self._at += 4
        return int(value)

    def _shape(self) -> Hashable:
        self._order = "<" if self._data[self._at : self._at + 1] == b"\x01" else ">"
        self._at += 1
        flags = self._count()
        if flags & _HAS_SRID:
            self._at += 4
        dimensions = 2 + bool(flags & _HAS_Z) + bool(flags & _HAS_M)
        kind = _KINDS[flags & 0x0FFFFFFF]
        if kind == "POINT":
            vertex = self._vertex(dimensions)
            return (kind, () if set(vertex) == {"NaN"} else (vertex,))
        if kind in _LINES:
            return (kind, self._vertices(dimensions))
        if kind in _RINGED:
            return (kind, tuple(self._vertices(dimensions) for _ in range(self._count())))
        return (kind, tuple(self._shape() for _ in range(self._count())))

    def _vertices(self, dimensions: int) -> tuple[Hashable, ...]:
        return tuple(self._vertex(dimensions) for _ in range(self._count()))

    def _vertex(self, dimensions: int) -> tuple[float | str, ...]:
        values = struct.unpack_from(f"{self._order}{dimensions}d", self._data, self._at)
        self._at += 8 * dimensions
        return tuple(_coordinate(value) for value in values)
