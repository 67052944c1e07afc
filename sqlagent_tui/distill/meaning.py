"""What a drawn question means: its query, and the fragment that each of its spans stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlagent_tui.distill.conditions import Clause
from sqlagent_tui.distill.fragments import Entity, Grouping
from sqlagent_tui.distill.inventory import column_sql
from sqlagent_tui.distill.lexicon import Noun, Pattern, Phrase
from sqlagent_tui.distill.semantics import Condition, Query
from sqlagent_tui.distill.values import Value
from sqlagent_tui.distill.wording import Part

_FIXED_KEYS: Final = {
    "count": "count(*)",
    "count_by": "count(*)",
    "which_dim": "count(*) DESC LIMIT 1",
    "which_dim_least": "count(*) LIMIT 1",
    "extreme_max": "DESC LIMIT 1",
    "extreme_min": "ASC LIMIT 1",
    "count_distinct": "count(DISTINCT)",
}


@dataclass(frozen=True)
class Draft:
    """Everything drawn for a question, before it is typed."""

    intent: str
    pattern: Pattern
    entity: Entity
    noun: Noun
    clauses: dict[str, Clause]
    measure: tuple[str, str, Phrase] | None
    """The column's name in measures.toml, its aggregate or `attr`, and the words."""
    grouping: Grouping | None
    number: Value | None
    parts: list[Part]


def meaning(drawn: Draft, typed: Sequence[Part]) -> tuple[Query, dict[str, str]]:
    """The query, and what each tag's words stand for."""
    intent, entity, noun, measure, grouping = drawn.intent, drawn.entity, drawn.noun, drawn.measure, drawn.grouping
    clauses, number = drawn.clauses, drawn.number
    conditions = {tag: clause.condition(typed) for tag, clause in clauses.items()}
    if noun.where and intent != "lookup":
        conditions["noun"] = Condition(noun.where)
    order = list(dict.fromkeys(part.tag for part in typed if part.tag in conditions))
    column = column_sql(entity.table, measure[0]) if measure else None
    aggregate = measure[1] if measure and measure[1] != "attr" else None
    if intent in ("latest", "earliest"):
        column = f"{entity.alias}.{entity.date}"
    query = Query(
        intent=intent,  # type: ignore[arg-type]  # the keys of INTENT_WEIGHTS are intents
        entity=entity,
        conditions=tuple(conditions[tag] for tag in order if tag),
        column=column,
        aggregate=aggregate,
        grouping=grouping,
        number=int(number.sql) if number and number.sql else None,
    )
    fragments = {tag: condition.sql for tag, condition in conditions.items()}
    fragments["noun"] = f"{entity.table} {entity.alias}" + (f", {noun.where}" if noun.where else "")
    if measure:
        fragments["measure"] = query.measure if aggregate else str(column)
    if grouping:
        fragments["dim"] = grouping.fragment
    keyed = any(piece.slot and piece.key and piece.text in ("n", "k") for piece in drawn.pattern.pieces)
    fragments |= _key_fragments(query, keyed=keyed)
    return query, fragments


def _key_fragments(query: Query, *, keyed: bool) -> dict[str, str]:
    """What the key words, and a number outside of them, stand for."""
    intent, number = query.intent, query.number
    if intent in _FIXED_KEYS:
        return {"key": _FIXED_KEYS[intent]}
    if intent in ("list", "list_attr"):
        return {"key": query.entity.label}
    if intent in ("having", "having_less"):
        having = f"HAVING count(*) {'>' if intent == 'having' else '<'}"
        return {"key": f"{having} {number}"} if keyed else {"key": having, "number": str(number)}
    order = {
        "top": "DESC",
        "bottom": "ASC",
        "latest": f"{query.column} DESC",
        "earliest": f"{query.column} ASC",
        "top_dim": "count(*) DESC",
        "top_dim_measure": "DESC",
    }.get(intent)
    if order is None:
        return {}
    return {"key": f"{order} LIMIT {number}"} if keyed else {"key": order, "number": f"LIMIT {number}"}
