"""What the command palette offers: the keys' actions, the themes and the example questions."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from textual.app import SystemCommand

from sqlagent_tui.ui.keymap import APP
from sqlagent_tui.ui.messages import Messages

_NOT_LISTED: Final = frozenset({"palette", "interrupt", "stop"})


def commands(
    messages: Messages,
    *,
    run: Callable[[str], Coroutine[Any, Any, Any]],
    themes: Mapping[str, str],
    choose_theme: Callable[[str], None],
    questions: Iterable[str],
    ask: Callable[[str], None],
    models: Callable[[], None] | None,
) -> Iterator[SystemCommand]:
    """Yield the commands; `run` runs an action of the app, `themes` maps names to titles.

    `models` opens the list of models; None: there is no choice.
    """
    for key in APP:
        if key.id not in _NOT_LISTED:
            yield SystemCommand(messages(f"key.{key.id}"), messages(f"tip.{key.id}"), partial(run, key.action))
    if models is not None:
        yield SystemCommand(messages("command.models"), messages("command.models_tip"), models)
    for name, title in themes.items():
        shown = messages("command.theme", title=title)
        yield SystemCommand(shown, messages("command.theme_tip"), partial(choose_theme, name))
    for question in questions:
        shown = messages("command.ask", question=question)
        yield SystemCommand(shown, messages("command.ask_tip"), partial(ask, question))
