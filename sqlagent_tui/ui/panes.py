"""Which pane shows: all that fit, or the current one alone in a narrow terminal or when it is maximised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from textual.widget import Widget

    from sqlagent_tui.ui.widgets.conversation import Conversation
    from sqlagent_tui.ui.widgets.tabs import PaneTabs

Pane = Literal["conversation", "schema", "trace", "grid"]
PANES: Final[tuple[Pane, ...]] = get_args(Pane)
SINGLE_PANE_BELOW: Final = 120
"""Columns."""


class Panes:
    """The current pane and whether it is maximised. What a pane looks like is the style sheet's business."""

    def __init__(
        self,
        *,
        everything: Widget,
        tabs: PaneTabs,
        conversation: Conversation,
        targets: Mapping[Pane, Callable[[], Widget]],
        width: Callable[[], int],
    ) -> None:
        """`targets` tells which widget of a pane takes the keyboard, `width` the terminal's columns."""
        self._everything = everything
        self._tabs = tabs
        self._conversation = conversation
        self._targets = targets
        self._width = width
        self.current: Pane = "conversation"
        self.maximised = False

    @property
    def wide(self) -> bool:
        """Whether several panes fit beside each other."""
        return self._width() >= SINGLE_PANE_BELOW

    def go(self, pane: Pane, focused: Widget | None) -> None:
        """Go to a pane; where it has the keyboard already, give it the whole terminal, or take that back."""
        target = self._targets[pane]()
        again = self.current == pane and focused is not None and target in focused.ancestors_with_self
        self.maximised = not self.maximised if again and self.wide else self.maximised and self.current == pane
        self.current = pane
        self.show()
        target.focus()

    def reveal(self, pane: Pane) -> None:
        """Show a pane at its usual size and leave the keyboard where it is."""
        self.current, self.maximised = pane, False
        self.show()

    def minimise(self) -> bool:
        """Take a maximised pane's room back; returns whether there was any to take."""
        was, self.maximised = self.maximised, False
        if was:
            self.show()
        return was

    def show(self) -> None:
        """Bring the screen up to date."""
        single = not self.wide or self.maximised
        self._everything.set_class(single, "-single")
        for pane in PANES:
            self._everything.set_class(pane == self.current, f"-show-{pane}")
        self._tabs.show(self.current)
        self._conversation.show_previews(single)
