"""The figures of the published fine-tune's model card, to stand beside a run's: the same shape, other questions.

Source: the card of Boakpe/Qwen3-4B-Thinking-2507-Text-to-SQL-Agent-FT. Its 180 questions (90 SQL, 45 clarification,
45 unanswerable) and its database aren't public, and it doesn't define strict and relaxed.
"""

from __future__ import annotations

from typing import Final

import msgspec

LABEL: Final = "same shape, other questions"


class PublishedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One model's row in the card; shares from 0 to 1, None where the card has no such figure."""

    model: str
    overall: float
    strict_sql: float | None = None
    relaxed_sql: float
    non_sql: float
    clarification: float | None = None
    unanswerable: float | None = None
    easy: float | None = None
    medium: float | None = None
    hard: float | None = None
    expert: float | None = None
    pass_at_5: float | None = None
    """Of five samples at least one right."""
    pass_at_5_sql: float | None = None
    """Relaxed."""
    pass_at_5_non_sql: float | None = None
    runtime: str = ""


REGISTRY: Final = (
    PublishedRun(
        model="Qwen3-4B-Thinking-2507 base",
        overall=0.561,
        strict_sql=0.289,
        relaxed_sql=0.367,
        non_sql=0.756,
        clarification=0.711,
        unanswerable=0.800,
        easy=0.700,
        medium=0.433,
        hard=0.200,
        expert=0.000,
        runtime="2 h 42 min",
    ),
    PublishedRun(
        model="Qwen3-4B-Thinking FT",
        overall=0.789,
        strict_sql=0.344,
        relaxed_sql=0.700,
        non_sql=0.878,
        clarification=0.867,
        unanswerable=0.889,
        easy=0.800,
        medium=0.867,
        hard=0.633,
        expert=0.200,
        pass_at_5=0.917,
        pass_at_5_sql=0.878,
        pass_at_5_non_sql=0.956,
        runtime="2 h 1 min",
    ),
    PublishedRun(
        model="Qwen3.5-27B-Q3_K_M teacher",
        overall=0.750,
        strict_sql=0.400,
        relaxed_sql=0.700,
        non_sql=0.800,
        clarification=0.756,
        unanswerable=0.844,
        runtime="3 h 52 min",
    ),
)
"""On the environmental registry, 180 questions."""

OUT_OF_DOMAIN: Final = (
    PublishedRun(model="Qwen3-4B-Thinking-2507 base", overall=0.70, relaxed_sql=0.64, non_sql=0.76),
    PublishedRun(model="Qwen3-4B-Thinking FT", overall=0.75, relaxed_sql=0.72, non_sql=0.78),
    PublishedRun(model="Qwen3.5-27B-Q3_K_M teacher", overall=0.82, relaxed_sql=0.90, non_sql=0.74),
)
"""On the public health network, 100 questions; the card says "SQL" there, without strict or relaxed."""

BY_SUITE: Final = {"cadastro_ambiental": REGISTRY, "rede_saude_publica": OUT_OF_DOMAIN}


def beside(suite: str) -> tuple[PublishedRun, ...]:
    """Return the card's rows for the suite that copies its shape; none for any other suite."""
    return BY_SUITE.get(suite, ())
