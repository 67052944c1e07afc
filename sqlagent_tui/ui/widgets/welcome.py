"""The first thing on the screen: what this is, how far the start has come, and what one could ask."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.notices import Part
from sqlagent_tui.ui.services import Place
from sqlagent_tui.ui.text import safe_line, shorten

PARTS: Final[tuple[Part, ...]] = ("database", "model", "catalogue")
_BAR: Final = 16
_MARKS: Final = {"waiting": ("◌", "$primary"), "ready": ("✓", "$success"), "failed": ("✗", "$error")}


class Welcome(Vertical):
    """A card with the start-up's lines and the example questions. What is read ahead gets a line once there is some."""

    class Picked(Message):
        """An example question was chosen."""

        def __init__(self, question: str) -> None:
            self.question = question
            super().__init__()

    def __init__(self, messages: Messages, place: Place) -> None:
        super().__init__(id="welcome")
        self._messages = messages
        self._suggestions: tuple[str, ...] = ()
        self._place = place
        self._student = True
        self._lines: dict[Part, tuple[str, str, float | None]] = dict.fromkeys(PARTS, ("waiting", "", None))
        self._parts = Static(markup=False, id="welcome-parts")

    def compose(self) -> ComposeResult:
        """Greeting, parts, examples."""
        t = self._messages
        greeting = Content.assemble(("sqlagent-tui", "bold $primary"), "  ", (t("welcome.subtitle"), "$muted"))
        yield Static(greeting, markup=False, id="welcome-title")
        yield self._parts
        self._demo = Static(Content.styled(t("welcome.demo"), "italic $muted"), markup=False, id="welcome-demo")
        self._heading = Static(Content.styled(t("welcome.examples"), "$muted"), markup=False, id="welcome-examples")
        self._examples = OptionList(id="suggestions", markup=False)
        yield self._demo
        yield self._heading
        yield self._examples
        self.offer(self._place)

    def offer(self, place: Place) -> None:
        """Begin again, with what may be asked there."""
        self._place, self._suggestions = place, place.suggestions
        self._demo.display = place.demo and self._student
        self._heading.display = self._examples.display = bool(place.suggestions)
        self._examples.clear_options()
        self._examples.add_options([Option(Content(safe_line(text))) for text in place.suggestions])
        self._examples.highlighted = 0 if place.suggestions else None
        self._lines.update(dict.fromkeys(("database", "catalogue"), ("waiting", "", None)))
        self._lines.pop("context", None)
        self._draw()

    def warn_of(self, *, student: bool) -> None:
        """Say what the demo's own model is worth, or not: another one answers."""
        self._student = student
        self._demo.display = self._place.demo and student

    def part(self, part: Part, state: str, text: str, fraction: float | None = None) -> None:
        """Show where a part stands: `waiting`, `ready` or `failed`."""
        self._lines[part] = (state, text, fraction)
        self._draw()

    def enter(self) -> None:
        """Give the keyboard to the examples, when there are any to see."""
        if self._suggestions and self.display:
            self._examples.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Ask the chosen example."""
        event.stop()
        self.post_message(self.Picked(self._suggestions[event.option_index]))

    def _draw(self) -> None:
        t = self._messages
        width = max(len(t(f"part.{part}")) for part in self._lines)
        lines = []
        for part, (state, text, fraction) in self._lines.items():
            mark, style = _MARKS[state]
            line = Content.assemble((f"{mark} ", style), t(f"part.{part}").ljust(width), "  ")
            if fraction is not None and state == "waiting":
                filled = round(fraction * _BAR)
                line += Content.assemble(("━" * filled, "$primary"), ("━" * (_BAR - filled), "$border-blurred"), " ")
            text = text or t("part.waiting")
            line += Content.styled(safe_line(shorten(text, 160)), "$error" if state == "failed" else "$muted")
            lines.append(line)
        self._parts.update(Content("\n").join(lines))
