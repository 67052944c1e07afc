"""What Esc and Ctrl+C take back: each does the first thing of its ladder that there is to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual.widgets import TextArea

from sqlagent_tui.errors import ExitCode

if TYPE_CHECKING:
    from textual.app import App

    from sqlagent_tui.ui.asking import Asking
    from sqlagent_tui.ui.messages import Messages
    from sqlagent_tui.ui.moving import Moving
    from sqlagent_tui.ui.own_sql import OwnSql
    from sqlagent_tui.ui.presenter import Presenter
    from sqlagent_tui.ui.taking import Taking
    from sqlagent_tui.ui.widgets.workspace import Workspace

QUIT_SECONDS: Final = 2.0
"""Within which Ctrl+C must be pressed again to quit."""


class Stopping:
    """Two keys, two ladders. For the screen's thread only."""

    def __init__(
        self,
        app: App[int],
        messages: Messages,
        *,
        work: Workspace,
        presenter: Presenter,
        asking: Asking,
        moving: Moving,
        own: OwnSql,
        taking: Taking,
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._messages = messages
        self._work = work
        self._presenter = presenter
        self._asking = asking
        self._moving = moving
        self._own = own
        self._taking = taking
        self._clock = clock
        self._quit_asked = -QUIT_SECONDS

    def step_back(self) -> None:
        """Esc: give a maximised pane's room back, else go back to where one writes, else stop what runs there."""
        work = self._work
        if work.minimise():
            return
        writing_sql, away = work.writing == "sql", self._app.focused is not work.input
        if away and not work.wide and work.current != "conversation":
            work.write()
        elif writing_sql and self._own.running:
            self._own.cancel()
        elif self._presenter.busy and not writing_sql:
            self._asking.cancel()
        elif away:
            work.write()
        elif writing_sql:
            work.go("conversation")
        elif self._presenter.opening:
            self._moving.give_up()
        elif self._own.running:
            self._own.cancel()
        elif self._asking.replying:
            self._asking.start_afresh()

    def interrupt(self) -> None:
        """Ctrl+C: copy what is selected, else clear the prompt, else stop what runs, else quit when pressed again."""
        app, prompt = self._app, self._work.prompt
        if selected := self._selected():
            self._taking.copy(selected)
            app.screen.clear_selection()
        elif prompt.text and self._work.writing == "question":
            prompt.text = ""
        elif self._own.running and self._work.writing == "sql":
            self._own.cancel()
        elif self._presenter.busy:
            self._asking.cancel()
        elif self._clock() - self._quit_asked < QUIT_SECONDS:
            app.exit(ExitCode.OK)
        else:
            self._quit_asked = self._clock()
            app.notify(self._messages("toast.quit_again"), timeout=QUIT_SECONDS, markup=False)

    def _selected(self) -> str:
        focused = self._app.focused
        return self._app.screen.get_selected_text() or (focused.selected_text if isinstance(focused, TextArea) else "")
