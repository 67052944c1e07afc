"""Which model answers: the library's, with size, quantisation and context."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.model_choice import ModelChoice
from sqlagent_tui.ui.text import safe_line, shorten
from sqlagent_tui.ui.told import told

SHOWN = 300
"""Characters of each text of a file."""


class ModelsScreen(ModalScreen[ModelChoice]):
    """Dismissed with the model to change to, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False)]

    def __init__(self, messages: Messages, read: Callable[[], Sequence[ModelChoice]]) -> None:
        """`read` reads the headers of files: it is called in a thread."""
        super().__init__()
        self._messages = messages
        self._read = read
        self._choices: tuple[ModelChoice, ...] = ()
        self._list = OptionList(id="models", markup=False)
        self._foot = Static(markup=False, id="models-foot")

    def compose(self) -> ComposeResult:
        """The list, and how to get another model."""
        with Vertical(classes="sheet -models") as sheet:
            sheet.border_title = Content(self._messages("models.title"))
            sheet.border_subtitle = Content(self._messages("models.keys"))
            yield self._list
            yield self._foot

    def on_mount(self) -> None:
        """Read the library."""
        self._foot.update(Content.styled(self._messages("models.reading"), "$muted"))
        self._list.focus()
        self.run_worker(self._fill())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the model."""
        event.stop()
        self.dismiss(self._choices[event.option_index])

    async def _fill(self) -> None:
        self._choices = tuple(await asyncio.to_thread(self._read))
        self._list.add_options([Option(self._shown(item), disabled=bool(item.problem)) for item in self._choices])
        at = next((index for index, choice in enumerate(self._choices) if choice.current), 0)
        self._list.highlighted = at if self._choices else None
        more = self._messages("models.more" if self._choices else "models.none")
        self._foot.update(Content.styled(more, "$muted"))

    def _shown(self, choice: ModelChoice) -> Content:
        t = self._messages
        mark = ("● ", "$success") if choice.current else ("  ", "")
        facts = [choice.summary or (t("models.server") if choice.server else "")]
        if choice.size >= 1e9:
            facts.append(f"{t.number(choice.size / 1e9, 2)} GB")
        elif choice.size:
            facts.append(f"{t.number(choice.size / 1e6, 1)} MB")
        if choice.context:
            facts.append(t("model.context", size=choice.context))
        below = [
            (told(t, choice.problem), "$warning"),
            ("" if choice.problem else " · ".join(filter(None, facts)), "dim"),
            (choice.source, "dim"),
        ]
        return Content.assemble(
            mark,
            (_line(choice.name), "bold"),
            *((f"\n    {_line(text)}", style) for text, style in below if text),
        )


def _line(text: str) -> str:
    return safe_line(shorten(text, SHOWN))
