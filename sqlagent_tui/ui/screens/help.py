"""F1: the keys, the panes, and what the demo model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from sqlagent_tui.ui.keymap import TABLES, Key, key_name
from sqlagent_tui.ui.messages import Messages


class HelpScreen(ModalScreen[None]):
    """A scrolling sheet over the app."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q,question_mark", "dismiss", show=False)]

    def __init__(
        self,
        messages: Messages,
        keymap: Mapping[str, str],
        *,
        intro: str,
        tables: Sequence[str],
        sections: Sequence[str],
    ) -> None:
        """`intro` is the key of a message, `tables` names tables of keys, `sections` messages with a title."""
        super().__init__()
        self._messages = messages
        self._keymap = keymap
        self._intro, self._tables, self._sections = intro, tables, sections

    def compose(self) -> ComposeResult:
        """Sections of keys, then what the program does and does not."""
        t = self._messages
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = Content(t("help.title"))
            sheet.border_subtitle = Content(t("help.close"))
            with VerticalScroll(can_focus=True):
                yield Static(Content(t(self._intro)), classes="paragraph", markup=False)
                for table in self._tables:
                    yield Static(Content.styled(t(f"help.{table}"), "bold $primary"), classes="heading", markup=False)
                    yield Static(self._key_lines(TABLES[table]), classes="paragraph", markup=False)
                for section in self._sections:
                    yield Static(
                        Content.styled(t(f"help.{section}_title"), "bold $primary"),
                        classes="heading",
                        markup=False,
                    )
                    yield Static(Content(t(f"help.{section}")), classes="paragraph", markup=False)

    def _key_lines(self, keys: tuple[Key, ...]) -> Content:
        lines = []
        for key in keys:
            chosen = self._keymap.get(key.id, key.keys).split(",")
            names = " / ".join(key_name(part) for part in chosen)
            lines.append(Content.assemble((names.ljust(22), "bold"), (self._messages(f"tip.{key.id}"), "$muted")))
        return Content("\n").join(lines)
