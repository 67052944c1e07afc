"""The parts of a query as fixed SQL fragments: filters, groupings, and the tables that questions are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sqlagent_tui.distill.joins import ALIASES

Unit = Literal["ha", "km2", "reais", "modulos", "percent"]
ValueKind = Literal[
    "none",
    "municipio",
    "municipio_uf",
    "estado",
    "uf",
    "regiao",
    "bioma",
    "orgao",
    "fiscal",
    "atividade",
    "imovel",
    "proprietario",
]


@dataclass(frozen=True)
class Filter:
    """One condition that a question can name. `family` keeps two filters on the same thing apart."""

    key: str
    family: str
    sql: str
    value: ValueKind = "none"
    outer: str | None = None
    """For a subquery: the alias outside of it that it refers to."""
    tables: tuple[str, ...] = ()
    """Tables inside a subquery."""


@dataclass(frozen=True)
class Grouping:
    """One thing that rows can be grouped by."""

    key: str
    sql: str
    name: str
    chronological: bool = False
    identity: str | None = None
    """The key that tells namesakes apart, where `sql` is only a name."""

    @property
    def fragment(self) -> str:
        """How the plan writes it down."""
        return f"{self.sql} AS {self.name}" + (f", {self.identity}" if self.identity else "")


@dataclass(frozen=True)
class Entity:
    """One table that questions are about."""

    alias: str
    label: str
    """What a list shows."""
    date: str | None = None
    """The column that "recent" and plain years mean."""
    dates: tuple[str, ...] = ()
    """Other date columns, always asked with their own verb."""
    numbers: dict[str, Unit] = field(default_factory=dict)
    """Numeric columns; the first of a unit is the one meant by a bare number of that unit."""
    groupings: tuple[Grouping, ...] = ()
    filters: tuple[Filter, ...] = ()
    weight: float = 1.0

    @property
    def table(self) -> str:
        """The table's name."""
        return ALIASES[self.alias]
