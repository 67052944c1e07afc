"""From understood parts to one canonical SQL statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlagent_tui.distill.fragments import Entity, Grouping
from sqlagent_tui.distill.joins import ALIASES, aliases_in, join_clause, join_path

Intent = Literal[
    "count",
    "count_by",
    "aggregate",
    "aggregate_by",
    "list",
    "list_attr",
    "top",
    "bottom",
    "extreme_max",
    "extreme_min",
    "latest",
    "earliest",
    "top_dim",
    "which_dim",
    "which_dim_least",
    "top_dim_measure",
    "having",
    "having_less",
    "count_distinct",
    "lookup",
]
DESCENDING: Final = frozenset(("top", "extreme_max", "latest"))
ASCENDING: Final = frozenset(("bottom", "extreme_min", "earliest"))
RANKED: Final = DESCENDING | ASCENDING


@dataclass(frozen=True)
class Condition:
    """One WHERE condition, its value already in it."""

    sql: str
    outer: str | None = None
    """For a subquery: the alias outside that it refers to; else the aliases are read from `sql`."""
    tables: tuple[str, ...] = ()
    """Tables used inside a subquery."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Aliases that the statement's FROM must offer."""
        return (self.outer,) if self.outer else aliases_in(self.sql)


@dataclass(frozen=True)
class Query:
    """What a question means. Which fields are set depends on the intent."""

    intent: Intent
    entity: Entity
    conditions: tuple[Condition, ...] = ()
    """In the question's order."""
    column: str | None = None
    """SQL of the attribute or measured column."""
    aggregate: str | None = None
    """sum, avg, max or min."""
    grouping: Grouping | None = None
    number: int | None = None
    """Limit, or the bound of HAVING."""

    @property
    def measure(self) -> str:
        """The aggregate expression; `count(*)` when nothing is measured."""
        return f"{self.aggregate}({self.column})" if self.aggregate else "count(*)"


def joined_aliases(query: Query) -> tuple[str, ...]:
    """The aliases of FROM and its joins, in order of joining."""
    wanted = [alias for condition in query.conditions for alias in condition.aliases]
    wanted += aliases_in(" ".join(filter(None, (_selected(query), _grouped(query)))))
    path = [query.entity.alias]
    for alias in wanted:
        path += [step for step in join_path(query.entity.alias, alias) if step not in path]
    return tuple(path)


def tables_of(query: Query) -> tuple[str, ...]:
    """Every table that the statement reads, subqueries included."""
    names = [ALIASES[alias] for alias in joined_aliases(query)]
    names += [table for condition in query.conditions for table in condition.tables]
    return tuple(dict.fromkeys(names))


def compose_sql(query: Query) -> str:
    """The one statement that answers `query`: fixed clause order, no more joins than needed, one line."""
    path = joined_aliases(query)
    grouped = _grouped(query)
    columns = ", ".join(
        filter(None, (f"{grouped} AS {query.grouping.name}" if query.grouping and grouped else "", _selected(query)))
    )
    parts = [f"SELECT {columns} FROM {ALIASES[path[0]]} {path[0]}"]
    parts += [join_clause(alias, path[:n]) for n, alias in enumerate(path) if n]
    if query.conditions:
        parts.append("WHERE " + " AND ".join(condition.sql for condition in query.conditions))
    return " ".join(parts) + _tail(query)


def _grouped(query: Query) -> str | None:
    return query.grouping.sql if query.grouping and query.intent != "count_distinct" else None


def _selected(query: Query) -> str:
    intent, label = query.intent, query.entity.label
    if intent == "count_distinct" and query.grouping:
        return f"count(DISTINCT {query.grouping.identity or query.grouping.sql})"
    if intent in ("lookup",):
        return str(query.column)
    if intent == "list":
        return label
    if intent == "list_attr" or intent in RANKED:
        return f"{label}, {query.column}"
    return query.measure


def _tail(query: Query) -> str:
    intent = query.intent
    if intent in ("count", "aggregate", "count_distinct", "lookup"):
        return ""
    if intent in ("list", "list_attr"):
        return " ORDER BY 1"
    if intent in DESCENDING:
        return f" ORDER BY 2 DESC NULLS LAST, 1 LIMIT {query.number or 1}"
    if intent in ASCENDING:
        return f" ORDER BY 2, 1 LIMIT {query.number or 1}"
    # Namesakes are different places and people.
    grouped = " GROUP BY 1" + (f", {query.grouping.identity}" if query.grouping and query.grouping.identity else "")
    if intent in ("having", "having_less"):
        sign = ">" if intent == "having" else "<"
        return f"{grouped} HAVING count(*) {sign} {query.number} ORDER BY 2 DESC, 1"
    if intent == "which_dim_least":
        return f"{grouped} ORDER BY 2, 1 LIMIT 1"
    last = " NULLS LAST" if query.aggregate else ""
    if intent in ("top_dim", "which_dim", "top_dim_measure"):
        return f"{grouped} ORDER BY 2 DESC{last}, 1 LIMIT {query.number or 1}"
    if query.grouping and query.grouping.chronological:
        return f"{grouped} ORDER BY 1"
    return f"{grouped} ORDER BY 2 DESC{last}, 1"
