"""Questions that the demo offers its user, drawn from what the student was trained for."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sqlagent_tui.agent.events import DecisionKind


@dataclass(frozen=True)
class Suggestion:
    """One question and the decision that it ends in."""

    question: str
    decision: DecisionKind


@cache
def suggestions() -> tuple[Suggestion, ...]:
    """Every suggestion, in the order to show them."""
    text = files("sqlagent_tui.demo").joinpath("suggestions.toml").read_text("utf-8")
    return tuple(Suggestion(entry["question"], entry["decision"]) for entry in tomllib.loads(text)["suggestion"])
