"""What the model did about a question, replayed from the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlagent_tui.agent.events import LoopEvent, StepFinished, TextDelta, TurnStarted
from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.told import error_told
from sqlagent_tui.ui.widgets.blocks import Line
from sqlagent_tui.ui.widgets.dialogue import Dialogue


class StepsPane(Dialogue):
    """The dialogue of one case: thoughts folded, tool calls, errors, decision, evidence."""

    def __init__(self, messages: Messages) -> None:
        super().__init__(messages, id="steps", title=messages("inspect.pane.steps"))

    async def show(self, events: Iterable[LoopEvent], problem: SqlagentError | None = None) -> None:
        """Show what was recorded, or why there is no record."""
        await self.clear()
        for event in replayed(events):
            if isinstance(event, TurnStarted):
                self.ask(event.question)
            self.handle(event)
        if problem is not None:
            self.fail(error_told(self._messages, problem), self._messages("inspect.no_record"))
        elif not self._column.children:
            self.add(Line(self._messages("inspect.not_asked")))
        self.scroll_home(animate=False)


def replayed(events: Iterable[LoopEvent]) -> Iterator[LoopEvent]:
    """Yield the loop's events as they came; a record has a step's text whole, at its end."""
    for event in events:
        if isinstance(event, StepFinished):
            if event.thinking:
                yield TextDelta(step=event.step, kind="thinking", text=event.thinking)
            if event.text:
                yield TextDelta(step=event.step, kind="text", text=event.text)
        yield event
