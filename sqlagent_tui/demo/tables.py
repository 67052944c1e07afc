"""What the generator hands to the loader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

TODAY: Final = date(2025, 6, 30)
"""The demo's fixed present: nothing in it happened later."""
FIRST_DAY: Final = date(2009, 1, 2)
SEED: Final = 20250630

Cell = str | int | bool | date | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table's rows, in the order in which they are loaded."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]


def table(name: str, columns: str, rows: Sequence[tuple[Cell, ...]]) -> Table:
    """A table from its columns' names separated by spaces."""
    return Table(name, tuple(columns.split()), rows)


def hundredths(amount: int) -> str:
    """`123456` → `1234.56`."""
    return f"{amount // 100}.{amount % 100:02d}"
