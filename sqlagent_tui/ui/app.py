"""The app: puts its parts together, and routes what the keys and the panes ask for to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from sqlagent_tui.errors import ExitCode
from sqlagent_tui.ui.agent_worker import AgentWorker
from sqlagent_tui.ui.asking import Asking
from sqlagent_tui.ui.base import BaseApp
from sqlagent_tui.ui.commands import commands
from sqlagent_tui.ui.heartbeat import Heartbeat
from sqlagent_tui.ui.hints import hints
from sqlagent_tui.ui.keymap import APP, bindings
from sqlagent_tui.ui.moving import Moving
from sqlagent_tui.ui.own_sql import OwnSql
from sqlagent_tui.ui.panes import PANES
from sqlagent_tui.ui.presenter import Presenter, Reactions
from sqlagent_tui.ui.services import Services
from sqlagent_tui.ui.sheets import Sheets
from sqlagent_tui.ui.stopping import Stopping
from sqlagent_tui.ui.switching import Switching
from sqlagent_tui.ui.user_worker import UserWorker
from sqlagent_tui.ui.widgets.keybar import Hint
from sqlagent_tui.ui.widgets.prompt import Prompt
from sqlagent_tui.ui.widgets.schema import SchemaPane
from sqlagent_tui.ui.widgets.sql_editor import SqlEditor
from sqlagent_tui.ui.widgets.tabs import PaneTabs
from sqlagent_tui.ui.widgets.welcome import Welcome
from sqlagent_tui.ui.widgets.workspace import Workspace


class SqlAgentApp(BaseApp):
    """Four panes, a prompt, a status line and a line of keys."""

    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(APP))

    def __init__(self, services: Services, notes: Sequence[str] = ()) -> None:
        """`notes` are told at the start."""
        self.services = services
        super().__init__(services.look, notes)
        self.agent = AgentWorker(services, self.bridge)
        self.user = UserWorker(services, self.bridge)

    def compose(self) -> ComposeResult:
        """The workspace, or a sentence where the terminal is too small for it."""
        services, t, clock = self.services, self.messages, self.services.clock
        work = self.work = Workspace(t, services, keymap=self.keymap_of_user, hints=self._hints)
        self.sheets = Sheets(
            self,
            t,
            services,
            self.keymap_of_user,
            change=lambda place: self.moving.go(place),
            list_databases=self.user.list_databases,
        )
        self.own = OwnSql(self, t, worker=self.user, work=work, clock=clock, changed=self._refresh_keys)
        self.presenter = Presenter(
            messages=t,
            work=work,
            bridge=self.bridge,
            clock=clock,
            reactions=Reactions(
                turn_over=lambda clarification: self.asking.turn_over(clarification),
                catalogue_wanted=self.user.load,
                connected=self.sheets.connected,
                opening_changed=self._refresh_keys,
                model_switched=lambda info, goes_on: self.switching.switched(info, goes_on),
                password_wanted=self.sheets.ask_password,
                superuser_refused=lambda: self.sheets.ask_superuser(self.moving.again),
                databases_listed=self.sheets.databases_listed,
                own_finished=self.own.finished,
            ),
        )
        self.asking = Asking(
            agent=self.agent,
            conversation=work.conversation,
            prompt=work.prompt,
            presenter=self.presenter,
            changed=self._refresh_keys,
        )
        self.moving = Moving(
            self,
            t,
            agent=self.agent,
            user=self.user,
            presenter=self.presenter,
            asking=self.asking,
            own=self.own,
            sheets=self.sheets,
            change=services.change_place,
        )
        self.switching = Switching(self)
        self.stopping = Stopping(
            self,
            t,
            work=work,
            presenter=self.presenter,
            asking=self.asking,
            moving=self.moving,
            own=self.own,
            taking=self.taking,
            clock=clock,
        )
        self.heartbeat = Heartbeat(
            self,
            t,
            bridge=self.bridge,
            presenter=self.presenter,
            own=self.own,
            status=work.status,
            clock=clock,
            trouble=services.trouble,
        )
        self.too_small = Static(id="too-small", markup=False)
        yield self.too_small
        yield work

    def on_mount(self) -> None:
        """Show the first frame, then start everything that takes time."""
        self.work.status.change(demo=self.services.place.demo)
        self._fit()
        self.work.prompt.focus()
        self.heartbeat.start()
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self.tell_notes()
        self.moving.start()

    @property
    def settled(self) -> bool:
        """No job runs or waits, and everything that was reported is on the screen."""
        return self.heartbeat.at_rest and self.asking.settled

    # What is written

    def on_prompt_sent(self, event: Prompt.Sent) -> None:
        """Ask, or remember the question until the turn under way is over."""
        self._submit(event.text)

    def on_prompt_empty(self) -> None:
        """Say what the prompt is for."""
        self.notify(self.messages("toast.empty_question"), markup=False)

    def on_welcome_picked(self, event: Welcome.Picked) -> None:
        """Ask an example question."""
        self.work.prompt.asked.add(event.question)
        self._submit(event.question, fresh=True)

    def on_prompt_past_history(self) -> None:
        """Go on upwards, into the examples."""
        self.work.conversation.welcome.enter()

    def _submit(self, question: str, *, fresh: bool = False) -> None:
        self.work.write("question")
        self.asking.submit(question, fresh=fresh)

    def on_sql_editor_run(self, event: SqlEditor.Run) -> None:
        """Run what the editor holds."""
        self.own.run(event.sql)

    # What the panes ask for

    def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        """Go to the pane that was clicked."""
        self.action_pane(event.pane)

    def on_schema_pane_details_wanted(self, event: SchemaPane.DetailsWanted) -> None:
        """Read the columns of relations."""
        self.user.describe(event.names)

    def on_schema_pane_name_chosen(self, event: SchemaPane.NameChosen) -> None:
        """Put a name where the user writes."""
        self.work.input.insert(event.name + " ")
        self.work.write()

    # Keys

    def action_pane(self, name: str) -> None:
        """Go to a pane; again, give it the whole terminal, or take that back."""
        pane = next((pane for pane in PANES if pane == name), None)
        if pane is not None:
            self.work.go(pane)

    def action_sql(self) -> None:
        """Write SQL; again, go back to the question."""
        if self.sheets.any_open:
            return
        if self.work.writing == "sql" and self.focused is self.work.input:
            self.work.go("conversation")
        else:
            self.own.write()

    def action_run_anyway(self) -> None:
        """Run the statement that was too costly to be run for the model."""
        self.own.run_anyway()

    def action_sheet(self, name: str) -> None:
        """Open a sheet over the app."""
        self.sheets.open(name)

    def action_thinking(self) -> None:
        """Unfold or fold the model's thinking."""
        self.work.toggle_thinking()

    def action_details(self) -> None:
        """Show or hide what the tools told the model, and whole statements in the trace."""
        self.work.toggle_details()

    def action_scroll_conversation(self, pages: int) -> None:
        """Scroll the conversation from the prompt."""
        self.work.conversation.page(pages)

    def action_follow(self) -> None:
        """Go to the conversation's end and stay there."""
        self.work.conversation.follow()

    def action_stop(self) -> None:
        """Esc: a step back, or stop what runs."""
        self.stopping.step_back()

    def action_interrupt(self) -> None:
        """Ctrl+C: copy, clear, stop or quit."""
        self.stopping.interrupt()

    async def action_quit(self) -> None:
        """Quit now; what still runs is told to stop and not waited for."""
        self.exit(ExitCode.OK)

    # The screen

    def on_resize(self) -> None:
        """Show what fits the new size."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        self.work.show()
        small = self.messages("too_small", width=self.size.width, height=self.size.height)
        self.too_small.update(Content(small))

    def on_descendant_focus(self) -> None:
        """The keys that can be used have changed."""
        self._refresh_keys()

    def _refresh_keys(self) -> None:
        self.work.keys.refresh()

    def _hints(self) -> list[Hint]:
        return hints(
            self.messages,
            self.keymap_of_user,
            place=self.work.place,
            busy=self.own.running if self.work.writing == "sql" else self.presenter.busy or self.presenter.opening,
            replying=self.asking.replying,
            panes_named=not self.work.wide,
        )

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Our commands for the palette, in our user's language."""
        return commands(
            self.messages,
            run=lambda action: self.run_action(action),
            themes=self.theme_titles,
            choose_theme=lambda name: setattr(self, "theme", name),
            questions=self.sheets.place.suggestions,
            ask=lambda question: self._submit(question, fresh=True),
            models=self.switching.choose if self.services.models else None,
        )
