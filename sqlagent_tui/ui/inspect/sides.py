"""Both results of a case as the grids show them: differences in text, first where the rows' order doesn't count."""

from __future__ import annotations

from dataclasses import dataclass

from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.bench.inspection import Results
from sqlagent_tui.ui.grid_data import GridData
from sqlagent_tui.ui.inspect.marks import EXTRA, MISSING, marked


@dataclass(frozen=True, slots=True)
class Side:
    """Rows with their marks in a column of its own, and the same in the form that the grid draws."""

    result: QueryResult
    data: GridData


@dataclass(frozen=True, slots=True)
class Sides:
    """A case's results; None where there are no rows to show."""

    results: Results
    gold: Side | None
    predicted: Side | None

    @classmethod
    def of(cls, results: Results, *, ordered: bool) -> Sides:
        """Return both sides of `results`. Imports pyarrow: not for the screen's thread."""
        gold, predicted, between = results.gold, results.predicted, results.difference
        if between is not None and gold is not None and predicted is not None:
            gold = marked(gold, between.gold_rows, between.missing_columns, MISSING, ordered=ordered)
            predicted = marked(predicted, between.predicted_rows, between.extra_columns, EXTRA, ordered=ordered)
        return cls(results, *(None if side is None else Side(side, GridData.build(side)) for side in (gold, predicted)))
