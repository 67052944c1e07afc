"""Changing the model while the app runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlagent_tui.agent.protocols import ModelInfo
    from sqlagent_tui.ui.app import SqlAgentApp
    from sqlagent_tui.ui.model_choice import ModelChoice


class Switching:
    """Lets the user choose a model and has the worker change to it. For the screen's thread only."""

    def __init__(self, app: SqlAgentApp) -> None:
        self._app = app
        self._messages = app.messages

    def choose(self) -> None:
        """Open the list of models, unless a sheet is open."""
        from sqlagent_tui.ui.screens.models import ModelsScreen

        app, models = self._app, self._app.services.models
        if models is not None and not app.sheets.any_open:
            app.push_screen(ModelsScreen(self._messages, lambda: models.choices(app.agent.model)), self._chosen)

    def switched(self, info: ModelInfo, goes_on: bool) -> None:
        """Say who answers now; a clarification that the new model can't take up is over."""
        key = "models.switched"
        if self._app.asking.replying and not goes_on:
            self._app.asking.start_afresh()
            key = "models.switched_afresh"
        self._app.notify(self._messages(key, name=info.name), markup=False)

    def _chosen(self, choice: ModelChoice | None) -> None:
        if choice is None:
            return
        if choice.current:
            self._app.notify(self._messages("models.already", name=choice.name), markup=False)
            return
        self._app.presenter.open("model")
        self._app.agent.switch_model(choice.address)
