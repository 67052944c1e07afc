"""Both results, side by side where there is room, else one above the other."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from sqlagent_tui.bench.inspection import Case, Results
from sqlagent_tui.ui.inspect import words
from sqlagent_tui.ui.inspect.sides import Side, Sides
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe_line
from sqlagent_tui.ui.told import told
from sqlagent_tui.ui.widgets.grid import GridPane

Origin = Literal["kept", "executed"]
"""Whether rows are those that the run kept, or were fetched just now."""


class ResultsPane(Vertical):
    """A line that says what differs and where the rows come from, above a grid for each side."""

    def __init__(self, messages: Messages) -> None:
        super().__init__(id="results")
        self._messages = messages
        self._note = Static(markup=False, id="results-note")
        empty = messages("inspect.reading")
        self.gold = GridPane(messages, id="gold", title=messages("inspect.gold"), empty=empty)
        self.results: Results | None = None
        """What is shown."""
        self.predicted = GridPane(messages, id="predicted", title=messages("inspect.predicted"), empty=empty)

    def compose(self) -> ComposeResult:
        """The line, then the grids."""
        yield self._note
        with Container(id="grids"):
            yield self.gold
            yield self.predicted

    async def reading(self) -> None:
        """Say that rows are coming."""
        t, self.results = self._messages, None
        self._note.update("")
        await self.gold.clear(t("inspect.reading"), title=t("inspect.gold"))
        await self.predicted.clear(t("inspect.reading"), title=t("inspect.predicted"))

    async def show(self, case: Case, sides: Sides, origin: Origin, why: str = "") -> None:
        """Show both results; `why` says why they were not fetched just now."""
        t = self._messages
        results = self.results = sides.results
        self._note.update(self._line(results, origin, why))
        gold_title, predicted_title = t("inspect.gold"), t("inspect.predicted")
        await self._fill(self.gold, sides.gold, gold_title, self._no_gold(case, results))
        await self._fill(self.predicted, sides.predicted, predicted_title, self._no_prediction(case, results))

    async def _fill(self, pane: GridPane, side: Side | None, title: str, instead: str) -> None:
        if side is None:
            await pane.clear(instead, title=title)
        else:
            await pane.show(side.result, side.data, title=title)

    def _line(self, results: Results, origin: Origin, why: str) -> Content:
        t = self._messages
        parts: list[tuple[str, str] | str] = []
        if results.difference is not None and results.match is not None:
            same = results.match.relaxed
            mark, style = ("=", "$success") if same else ("≠", "$warning")
            parts += [(f"{mark} {words.differences(t, results.difference)}", style), "  "]
        parts.append((t(f"inspect.origin.{origin}"), "$muted"))
        if why:
            parts.append((f" ({safe_line(why)})", "$muted"))
        if results.changed:
            parts.append((f"  ! {t('inspect.changed')}", "$warning"))
        return Content.assemble(*parts)

    def _no_gold(self, case: Case, results: Results) -> str:
        t = self._messages
        if results.gold_fault:
            return told(t, results.gold_fault)
        return t("inspect.no_gold", expected=t(f"inspect.ending.{case.item.decision}"))

    def _no_prediction(self, case: Case, results: Results) -> str:
        t = self._messages
        if results.predicted_fault:
            return told(t, results.predicted_fault)
        if case.verdict.gold_error:
            return t("inspect.not_asked")
        return t("inspect.no_prediction", ended=t(f"inspect.ending.{case.answer.ending}"))
