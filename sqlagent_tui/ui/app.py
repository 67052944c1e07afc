"""The app: lays out the panes, routes keys, and leaves the work to its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static, TextArea

from sqlagent_tui import crash
from sqlagent_tui.errors import ExitCode
from sqlagent_tui.ui.agent_worker import AgentWorker
from sqlagent_tui.ui.asking import Asking
from sqlagent_tui.ui.bridge import DRAINS_PER_SECOND, Bridge
from sqlagent_tui.ui.commands import commands
from sqlagent_tui.ui.hints import hints
from sqlagent_tui.ui.keymap import APP, bindings, split_keymap
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.moving import Moving
from sqlagent_tui.ui.own_sql import OwnSql
from sqlagent_tui.ui.panes import PANES, SINGLE_PANE_BELOW
from sqlagent_tui.ui.presenter import Presenter, Reactions
from sqlagent_tui.ui.services import Place, Services
from sqlagent_tui.ui.sheets import Sheets
from sqlagent_tui.ui.switching import Switching
from sqlagent_tui.ui.taking import Taking
from sqlagent_tui.ui.themes import DEFAULT_THEME, load_themes
from sqlagent_tui.ui.told import told
from sqlagent_tui.ui.user_worker import UserWorker
from sqlagent_tui.ui.widgets.grid import GridPane
from sqlagent_tui.ui.widgets.keybar import Hint
from sqlagent_tui.ui.widgets.prompt import Prompt
from sqlagent_tui.ui.widgets.schema import SchemaPane
from sqlagent_tui.ui.widgets.sql_editor import SqlEditor
from sqlagent_tui.ui.widgets.status import BUSY, SPINS_PER_SECOND
from sqlagent_tui.ui.widgets.tabs import PaneTabs
from sqlagent_tui.ui.widgets.welcome import Welcome
from sqlagent_tui.ui.widgets.workspace import Workspace

QUIT_SECONDS: Final = 2.0
TROUBLE_SECONDS: Final = 20.0


class SqlAgentApp(App[int]):
    """Four panes, a prompt, a status line and a line of keys."""

    TITLE = "sqlagent-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012 - Textual declares it as an instance's
        (0, "-tiny"), (40, "-narrow"), (SINGLE_PANE_BELOW, "-wide"), (160, "-huge"),
    ]  # fmt: skip
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-flat"), (10, "-low"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(APP))

    def __init__(self, services: Services, notes: Sequence[str] = ()) -> None:
        self.services = services
        self.messages = Messages.load(services.language)
        super().__init__()
        self._notes = list(notes)
        self._use_themes()
        self._keymap_of_user, unknown = split_keymap(services.keymap)
        self.set_keymap(self._keymap_of_user)
        if unknown:
            self._notes.append(self.messages("toast.unknown_keys", names=", ".join(unknown)))
        self.bridge = Bridge()
        self.agent = AgentWorker(services, self.bridge)
        self.user = UserWorker(services, self.bridge)
        self._taking = Taking(self, self.messages)
        self.sheets = Sheets(
            self,
            self.messages,
            services,
            self._keymap_of_user,
            change=self._go,
            list_databases=self.user.list_databases,
        )
        self._thinking_open = False
        self._detailed = False
        self._quit_asked = -QUIT_SECONDS
        self._draining = False
        self._troubled = False

    def compose(self) -> ComposeResult:
        """The workspace, or a sentence where the terminal is too small for it."""
        work = self.work = Workspace(self.messages, self.services, keymap=self._keymap_of_user, hints=self._hints)
        clock = self.services.clock
        self.own = OwnSql(worker=self.user, pane=work.sql, clock=clock, changed=self._refresh_keys)
        self.presenter = Presenter(
            messages=self.messages,
            work=work,
            bridge=self.bridge,
            clock=clock,
            reactions=Reactions(
                turn_over=lambda clarification: self.asking.turn_over(clarification),
                catalogue_wanted=self.user.load,
                connected=self.sheets.connected,
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
            agent=self.agent,
            user=self.user,
            presenter=self.presenter,
            asking=self.asking,
            sheets=self.sheets,
            change=self.services.change_place,
        )
        self.switching = Switching(self)
        self.too_small = Static(id="too-small", markup=False)
        yield self.too_small
        yield work

    def on_mount(self) -> None:
        """Show the first frame, then start everything that takes time."""
        self.work.status.change(demo=self.services.place.demo)
        self._fit()
        self.work.prompt.focus()
        self.set_interval(1 / DRAINS_PER_SECOND, self._drain)
        self.set_interval(1 / SPINS_PER_SECOND, self._spin)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        for note in self._notes:
            self.notify(note, severity="warning", markup=False)
        self.moving.start()

    def _go(self, place: Place) -> None:
        if self.presenter.busy or self.own.running:
            self.notify(self.messages("connections.busy"), severity="warning", markup=False)
        else:
            self.moving.go(place)

    async def _drain(self) -> None:
        if self._draining:
            return
        self._draining = True
        try:
            await self.presenter.handle_all(self.bridge.drain())
        finally:
            self._draining = False

    def _spin(self) -> None:
        trouble = self.services.trouble()
        if trouble and not self._troubled:
            self._troubled = True
            self.notify(told(self.messages, trouble), severity="warning", timeout=TROUBLE_SECONDS, markup=False)
        self.own.tick()
        if self.work.status.status.activity in BUSY:
            self.work.status.change(frame=int(self.services.clock() * SPINS_PER_SECOND))

    @property
    def settled(self) -> bool:
        """No job runs or waits, and everything that was reported is on the screen."""
        return self.bridge.idle and not self._draining and self.asking.settled

    # Asking

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

    # SQL of one's own

    def action_sql(self) -> None:
        """Write SQL; again, go back to the question."""
        if self.sheets.any_open:
            return
        if self.work.writing == "sql" and self.focused is self.work.input:
            self.action_pane("conversation")
            return
        if self.work.conversation.answer_sql:
            self.work.sql.editor.offer(self.work.conversation.answer_sql)
        self.work.write("sql")

    def on_sql_editor_run(self, event: SqlEditor.Run) -> None:
        """Run what the editor holds."""
        if not event.sql.strip():
            self.notify(self.messages("toast.empty_sql"), markup=False)
            return
        self._run_own(event.sql)

    def action_run_anyway(self) -> None:
        """Run the statement that was too costly to be run for the model."""
        sql = self.work.conversation.costly_sql
        if not sql:
            self.notify(self.messages("toast.nothing_costly"), markup=False)
        elif not self.own.running:
            self.work.sql.editor.load(sql)
            self._run_own(self.work.sql.editor.text)
        else:
            self.notify(self.messages("toast.own_running"), markup=False)

    def _run_own(self, sql: str) -> None:
        self.work.write("sql")
        self.own.run(sql)

    # Panes

    def action_pane(self, name: str) -> None:
        """Go to a pane; again, give it the whole terminal, or take that back."""
        pane = next((pane for pane in PANES if pane == name), None)
        if pane is not None:
            self.work.go(pane)

    def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        """Go to the pane that was clicked."""
        self.action_pane(event.pane)

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
            self._keymap_of_user,
            place=self.work.place,
            busy=self.own.running if self.work.writing == "sql" else self.presenter.busy,
            replying=self.asking.replying,
            panes_named=not self.work.wide,
        )

    # Keys

    def action_sheet(self, name: str) -> None:
        """Open a sheet over the app."""
        self.sheets.open(name)

    def action_thinking(self) -> None:
        """Unfold or fold the model's thinking."""
        self._thinking_open = not self._thinking_open
        self.work.conversation.open_thinking(self._thinking_open)

    def action_details(self) -> None:
        """Show or hide what the tools told the model, and whole statements in the trace."""
        self._detailed = not self._detailed
        self.work.conversation.detail(self._detailed)
        self.work.trace.detail(self._detailed)

    def action_stop(self) -> None:
        """Esc: give a maximised pane's room back, else go back to where one writes, else stop what runs there."""
        if self.work.minimise():
            return
        writing_sql, away = self.work.writing == "sql", self.focused is not self.work.input
        if away and not self.work.wide and self.work.current != "conversation":
            self.work.write()
        elif writing_sql and self.own.running:
            self.own.cancel()
        elif self.presenter.busy and not writing_sql:
            self.asking.cancel()
        elif away:
            self.work.write()
        elif writing_sql:
            self.action_pane("conversation")
        elif self.own.running:
            self.own.cancel()
        elif self.asking.replying:
            self.asking.start_afresh()

    def action_interrupt(self) -> None:
        """Ctrl+C: copy what is selected, else clear the prompt, else stop the turn, else quit when pressed again."""
        focused = self.focused
        selected = self.screen.get_selected_text() or (focused.selected_text if isinstance(focused, TextArea) else "")
        if selected:
            self._taking.copy(selected)
            self.screen.clear_selection()
        elif self.work.prompt.text and self.work.writing == "question":
            self.work.prompt.text = ""
        elif self.own.running and self.work.writing == "sql":
            self.own.cancel()
        elif self.presenter.busy:
            self.asking.cancel()
        elif self.services.clock() - self._quit_asked < QUIT_SECONDS:
            self.exit(ExitCode.OK)
        else:
            self._quit_asked = self.services.clock()
            self.notify(self.messages("toast.quit_again"), timeout=QUIT_SECONDS, markup=False)

    async def action_quit(self) -> None:
        """Quit now; what still runs is told to stop and not waited for."""
        self.exit(ExitCode.OK)

    def action_scroll_conversation(self, pages: int) -> None:
        """Scroll the conversation from the prompt."""
        if pages < 0:
            self.work.conversation.scroll_page_up(animate=False)
        else:
            self.work.conversation.scroll_page_down(animate=False)

    def action_follow(self) -> None:
        """Go to the conversation's end and stay there."""
        self.work.conversation.follow()

    # What the panes ask for

    def on_schema_pane_details_wanted(self, event: SchemaPane.DetailsWanted) -> None:
        """Read the columns of relations."""
        self.user.describe(event.names)

    def on_schema_pane_name_chosen(self, event: SchemaPane.NameChosen) -> None:
        """Put a name where the user writes."""
        self.work.input.insert(event.name + " ")
        self.work.write()

    def on_grid_pane_copied(self, event: GridPane.Copied) -> None:
        """Copy a value."""
        self._taking.copy(event.text)

    def on_grid_pane_cell_opened(self, event: GridPane.CellOpened) -> None:
        """Show a value whole."""
        self._taking.open_cell(event.column, event.value)

    def on_grid_pane_save_asked(self, event: GridPane.SaveAsked) -> None:
        """Ask where to, and save."""
        self._taking.save(event.result)

    # Themes, commands, the end

    def _use_themes(self) -> None:
        themes = load_themes(self.services.theme_folders)
        for file in themes.files:
            self.register_theme(file.theme())
        self.theme_titles = themes.titles
        wanted = self.services.theme
        self.theme = wanted if wanted in self.theme_titles else DEFAULT_THEME
        if wanted != self.theme:
            self._notes.append(self.messages("toast.no_theme", name=wanted))
        if themes.problems:
            self._notes.append(self.messages("toast.bad_themes", problems="; ".join(themes.problems)))

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

    def action_command_palette(self) -> None:
        """Open the palette, with its field in the user's language."""
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder=self.messages("command.search"), id="--command-palette"))

    def _fatal_error(self) -> None:
        """Leave a short account of a bug; Textual's own would print every local, passwords and data included."""
        import sys

        error = sys.exc_info()[1]
        account = crash.account(error) if error is not None else ""
        self._exit_renderables.append(Text(f"{self.messages('crash')}\n\n{account}"))
        self._close_messages_no_wait()
