"""`bench inspect`: lays out the panes of the inspection, routes its keys, and leaves the work to its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import ClassVar, Final

import msgspec
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from sqlagent_tui.bench.inspection import Case
from sqlagent_tui.errors import ExitCode, SqlagentError
from sqlagent_tui.ui.base import STYLES, BaseApp
from sqlagent_tui.ui.delivery import Delivery
from sqlagent_tui.ui.inspect import words
from sqlagent_tui.ui.inspect.cases import CasesPane
from sqlagent_tui.ui.inspect.listing import View, tallies
from sqlagent_tui.ui.inspect.services import InspectServices
from sqlagent_tui.ui.inspect.workers import CaseReader, CaseRunner
from sqlagent_tui.ui.inspect.workspace import PANES, InspectPane, InspectWorkspace
from sqlagent_tui.ui.keymap import INSPECT, INSPECT_TABLES, bindings
from sqlagent_tui.ui.notices import (
    CaseExecuted,
    CaseRead,
    DatabaseReady,
    PartFailed,
    PartProgress,
    PasswordWanted,
    TurnFailed,
    UiEvent,
)
from sqlagent_tui.ui.told import error_told, told
from sqlagent_tui.ui.widgets.tabs import PaneTabs

SETTLE_SECONDS: Final = 0.08
"""How long the cursor must rest on a case before it is read: a held key passes many."""


class InspectApp(BaseApp):
    """A list of questions, and everything about the one under the cursor."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH: ClassVar[list[str | PurePath]] = [STYLES, Path(__file__).with_name("inspect.tcss")]
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(INSPECT))

    def __init__(self, services: InspectServices, notes: Sequence[str] = ()) -> None:
        super().__init__(services.look, notes)
        self._inspected = services.run
        self._reader = CaseReader(services, self.bridge)
        self._runner = CaseRunner(services, self.bridge)
        self._delivery = Delivery(self, self.bridge, self.handle_all)
        failures = any(case.failed for case in services.run.cases)
        self.view = View(failures=failures)
        self.case: Case | None = None
        self.read: CaseRead | None = None
        """What the folder holds of `case`; None while it is being read."""
        self._timer: Timer | None = None
        self._connected = self._executing = False
        self._why_kept = ""
        self._thinking_open = self._detailed = False

    def compose(self) -> ComposeResult:
        """The workspace, or a sentence where the terminal is too small for it."""
        self.work = InspectWorkspace(self.messages, self._inspected, keymap=self.keymap_of_user)
        self.too_small = Static(id="too-small", markup=False)
        yield self.too_small
        yield self.work

    def on_mount(self) -> None:
        """Show the list, then begin to open the database."""
        self._fit()
        self._list()
        self.work.cases.list.focus()
        self._delivery.start()
        self._reader.start()
        self._runner.start()
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self.tell_notes()
        self.work.status.database(self.messages("inspect.opening"))
        self._runner.open()

    def close(self) -> None:
        """Let go of the database."""
        self._runner.close()

    @property
    def settled(self) -> bool:
        """Nothing is read, run or about to be."""
        return self._delivery.at_rest and self._timer is None and not self._executing

    # What the workers report

    async def handle_all(self, events: Iterable[UiEvent]) -> None:
        """Show it, in order."""
        for event in events:
            await self._handle(event)

    async def _handle(self, event: UiEvent) -> None:
        match event:
            case CaseRead() if event.case is self.case:
                await self._show(event)
            case CaseExecuted() if event.case is self.case:
                await self._executed(event)
            case PartProgress():
                self.work.status.database(told(self.messages, event.message), fraction=event.fraction)
            case DatabaseReady():
                self._connected = True
                self.work.status.database(event.info.database, state="ready")
                self._execute()
            case PartFailed():
                await self._no_database(error_told(self.messages, event.error))
            case PasswordWanted():
                from sqlagent_tui.ui.screens.password import PasswordScreen

                self.push_screen(PasswordScreen(self.messages, event.role), event.answer.put)
            case TurnFailed():
                self.notify(str(error_told(self.messages, event.error)), severity="error", markup=False)
            case _:
                pass

    async def _show(self, read: CaseRead) -> None:
        self.read = read
        await self.work.facts.show(read.case, read.events)
        await self.work.steps.show(read.events, read.problem)
        self.work.steps.open_thinking(self._thinking_open)
        self.work.steps.detail(self._detailed)
        await self.work.results.show(read.case, read.sides, "kept", self._why_kept)
        self._execute()

    async def _executed(self, event: CaseExecuted) -> None:
        self._executing = False
        self.work.status.state("ready")
        outcome, t = event.outcome, self.messages
        if self.read is None:
            return
        if outcome is None:
            await self.work.results.show(event.case, self.read.sides, "kept", t("inspect.cancelled"))
        elif isinstance(outcome, SqlagentError):
            await self.work.results.show(event.case, self.read.sides, "kept", error_told(t, outcome).message)
        else:
            await self.work.results.show(event.case, outcome, "executed")

    async def _no_database(self, error: SqlagentError) -> None:
        self._why_kept = error.message
        self.work.status.database(self.messages("inspect.no_database"), state="failed")
        self.notify(f"{error.message} {error.remedy}", severity="warning", markup=False)
        if self.case is not None and self.read is not None:
            await self.work.results.show(self.case, self.read.sides, "kept", self._why_kept)

    def _execute(self) -> None:
        """Run the statements of the case on the screen, where there are any."""
        case = self.case
        if not self._connected or case is None or self.read is None or case.verdict.gold_error:
            return
        if case.golds or case.answer.sql is not None:
            self._executing = True
            self.work.status.state("running")
            self._runner.execute(case)

    # The list

    def _list(self) -> None:
        chosen = self.view.choose(self._inspected.cases)
        self.work.cases.show(chosen, title=words.view(self.messages, self.view), total=len(self._inspected.cases))
        self.work.tabs.mark("cases", str(len(chosen)))

    def _change_view(self, view: View | None) -> None:
        if view is not None and view != self.view:
            self.view = view
            self._list()

    def on_cases_pane_pointed(self, event: CasesPane.Pointed) -> None:
        """Look at another case, once the cursor rests."""
        if event.case is self.case and event.case is not None:
            return
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SETTLE_SECONDS, self._settle)

    async def _settle(self) -> None:
        self._timer = None
        case = self.work.cases.current
        if case is self.case and case is not None:
            return
        if self._executing:
            self._executing = False
            self._runner.cancel()
        self.case, self.read = case, None
        await self.work.facts.show(case)
        await self.work.steps.clear()
        await self.work.results.reading()
        if case is not None:
            self._reader.read(case)

    def on_cases_pane_opened(self) -> None:
        """Go on to what there is to say about it."""
        self.action_pane("facts")

    def on_cases_pane_searched(self, event: CasesPane.Searched) -> None:
        """Narrow the list to what has these words."""
        self._change_view(msgspec.structs.replace(self.view, search=event.text))
        if event.done:
            self.work.cases.stop_searching(clear=False)

    # Keys

    def action_move(self, by: int) -> None:
        """J and K: what the arrows do where the keyboard is."""
        focused: Widget = self.focused or self.work.cases.list
        direction = "down" if by > 0 else "up"
        act = getattr(focused, f"action_cursor_{direction}", None) or getattr(focused, f"action_scroll_{direction}")
        act()

    def action_failure(self, by: int) -> None:
        """Go to the next case that failed, wherever the keyboard is."""
        cases, at = self.work.cases.cases, self.work.cases.list.highlighted
        start = -1 if at is None else at
        places = range(start + 1, len(cases)) if by > 0 else range(start - 1, -1, -1)
        found = next((place for place in places if cases[place].failed), None)
        if found is None:
            self.notify(self.messages("inspect.no_next" if by > 0 else "inspect.no_previous"), markup=False)
        else:
            self.work.cases.point(found)

    def action_open(self) -> None:
        """Enter: one pane further."""
        self.action_pane({"cases": "facts", "facts": "results"}.get(self.work.current, self.work.current))

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        pane: InspectPane | None = next((pane for pane in PANES if pane == name), None)
        if pane is not None:
            self.work.go(pane)

    def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        """Go to the pane that was clicked."""
        self.action_pane(event.pane)

    def action_cycle(self, by: int) -> None:
        """Tab: the next place that takes the keyboard."""
        self.work.cycle(by)

    def action_search(self) -> None:
        """Write what to look for."""
        self.work.go("cases")
        self.work.cases.search()

    def action_narrow(self) -> None:
        """Choose which cases are listed."""
        from sqlagent_tui.ui.inspect.narrowing import NarrowingScreen

        cases = self._inspected.cases
        failed = sum(case.failed for case in cases)
        screen = NarrowingScreen(self.messages, self.view, tallies(cases), failed=failed, total=len(cases))
        self.push_screen(screen, self._change_view)

    def action_all(self) -> None:
        """Failures only, or all."""
        self._change_view(msgspec.structs.replace(self.view, failures=not self.view.failures))

    def action_copy_sql(self) -> None:
        """Copy the model's statement, or where it wrote none the gold one."""
        case = self.case
        sql = (case.answer.sql or case.verdict.sql or next(iter(case.golds), None)) if case is not None else None
        if sql:
            self.taking.copy(sql)
        else:
            self.notify(self.messages("inspect.no_sql"), markup=False)

    def action_export(self) -> None:
        """Write the case into a file."""
        case, read, results, t = self.case, self.read, self.work.results.results, self.messages
        if case is None or read is None or results is None:
            return

        def write(path: Path) -> str:
            from sqlagent_tui.ui.export import write_new
            from sqlagent_tui.ui.inspect.markdown import to_markdown

            lines = to_markdown(t, self._inspected.head, case, read.events, results)
            return t("inspect.exported", path=str(write_new(path, lines)))

        name = f"{case.name.replace('/', '-').replace('#', '-')}.md"
        self.taking.save_as(name, write, title=t("inspect.export_title"), hint=t("inspect.export_hint"))

    def action_thinking(self) -> None:
        """Unfold or fold the model's thinking."""
        self._thinking_open = not self._thinking_open
        self.work.steps.open_thinking(self._thinking_open)

    def action_details(self) -> None:
        """Show or hide what the tools told the model."""
        self._detailed = not self._detailed
        self.work.steps.detail(self._detailed)

    def action_again(self) -> None:
        """Run the statements once more."""
        if not self._connected:
            self.notify(self.messages("inspect.no_database"), markup=False)
        elif not self._executing:
            self._execute()

    def action_retreat(self) -> None:
        """Esc: leave the search, else stop what runs, else go back to the list, else forget the search."""
        if self.focused is self.work.cases.field:
            self.work.cases.stop_searching(clear=True)
        elif self._executing:
            self._runner.cancel()
        elif self.work.current != "cases":
            self.work.go("cases")
        else:
            self.work.cases.stop_searching(clear=True)

    def action_help(self) -> None:
        """Show the keys."""
        from sqlagent_tui.ui.screens.help import HelpScreen

        sections = ("inspect_marks", "inspect_results")
        self.push_screen(
            HelpScreen(
                self.messages, self.keymap_of_user, intro="help.inspect_intro", tables=INSPECT_TABLES, sections=sections
            )
        )

    async def action_quit(self) -> None:
        """Quit now."""
        self.exit(ExitCode.OK)

    # The screen

    def on_resize(self) -> None:
        """Show what fits the new size."""
        self.call_after_refresh(self._fit)

    def on_descendant_focus(self) -> None:
        """A click may have moved the keyboard to another pane."""
        self.work.follow_focus()

    def _fit(self) -> None:
        self.work.show()
        small = self.messages("too_small", width=self.size.width, height=self.size.height)
        self.too_small.update(Content(small))
