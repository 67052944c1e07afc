"""The names of what the screen is divided into."""

from __future__ import annotations

from typing import Final, Literal, get_args

Pane = Literal["conversation", "schema", "trace", "grid"]
Input = Literal["question", "sql"]
"""What is written below the panes: a question, or SQL of one's own."""
PANES: Final[tuple[Pane, ...]] = get_args(Pane)
SINGLE_PANE_BELOW: Final = 120
"""Columns."""
