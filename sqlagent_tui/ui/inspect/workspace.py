"""The whole screen of the inspection: status, panes, keys; and which pane shows where only one fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from textual.app import ComposeResult, RenderResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from sqlagent_tui.bench.inspection import InspectedRun
from sqlagent_tui.ui.inspect.cases import CasesPane
from sqlagent_tui.ui.inspect.facts import FactsPane
from sqlagent_tui.ui.inspect.results import ResultsPane
from sqlagent_tui.ui.inspect.steps import StepsPane
from sqlagent_tui.ui.keymap import shown_key
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.panes import SINGLE_PANE_BELOW
from sqlagent_tui.ui.text import safe_line, shorten
from sqlagent_tui.ui.widgets.keybar import Hint, KeyBar
from sqlagent_tui.ui.widgets.tabs import PaneTabs, Tab

InspectPane = Literal["cases", "facts", "results", "steps"]
PANES: Final[tuple[InspectPane, ...]] = get_args(InspectPane)
State = Literal["opening", "ready", "running", "failed"]

_KEYS: Final = {"cases": "inspect_list", "facts": "inspect_case", "results": "inspect_results",
                "steps": "inspect_steps"}  # fmt: skip
_STATES: Final[dict[State, tuple[str, str]]] = {
    "opening": ("◌", "$primary"),
    "ready": ("●", "$success"),
    "running": ("◌", "$primary"),
    "failed": ("○", "$warning"),
}
_HINTS: Final = (
    "inspect_help", "failure_next", "narrow", "search", "inspect_quit", "copy_sql", "export",
    "all_cases", "pane_next",
)  # fmt: skip
_OWN_HINTS: Final[dict[InspectPane, tuple[str, ...]]] = {
    "cases": ("case_open",), "facts": ("case_open",), "results": ("cell", "again"), "steps": ("unfold", "told_model"),
}  # fmt: skip


class InspectStatus(Widget):
    """One line: which run, how good, and what the database does."""

    def __init__(self, messages: Messages, run: InspectedRun) -> None:
        super().__init__(id="status")
        self._messages = messages
        self._left = _about(messages, run)
        self._text = ""
        self._state: State = "opening"
        self._fraction: float | None = None

    def database(self, name: str, *, state: State = "opening", fraction: float | None = None) -> None:
        """Show which database it is, or how its opening stands."""
        self._text, self._state, self._fraction = name, state, fraction
        self.refresh()

    def state(self, state: State) -> None:
        """Show what the database does."""
        self._state = state
        self.refresh()

    def render(self) -> RenderResult:
        """Draw the run on the left and the database on the right."""
        mark, style = _STATES[self._state]
        text = self._messages("inspect.running") if self._state == "running" else safe_line(shorten(self._text, 40))
        if self._fraction is not None:
            text += f" {self._fraction:.0%}".replace("%", " %")
        right = Content.styled(f"{mark} {text}", style)
        room = self.size.width - right.cell_length - 3
        left = self._left.truncate(max(room, 0), ellipsis=True)
        gap = self.size.width - left.cell_length - right.cell_length - 2
        return Content.assemble(" ", left, " " * max(gap, 1), right, " ")


class InspectWorkspace(Vertical):
    """Owns the panes and the current one."""

    def __init__(self, messages: Messages, run: InspectedRun, *, keymap: Mapping[str, str]) -> None:
        """`keymap` is what the user made of the keys."""
        super().__init__(id="everything")
        self._messages = messages
        self._keymap = keymap
        self.status = InspectStatus(messages, run)
        tabs = [Tab(pane, shown_key(_KEYS[pane], keymap), messages(f"inspect.tab.{pane}")) for pane in PANES]
        self.tabs = PaneTabs(tabs, current="cases")
        self.cases, self.facts = CasesPane(messages), FactsPane(messages)
        self.results, self.steps = ResultsPane(messages), StepsPane(messages)
        self.keys = KeyBar(self._hints)
        self.current: InspectPane = "cases"

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.status
        yield self.tabs
        with Horizontal(id="panes"):
            yield self.cases
            with Container(id="inspect-work"):
                yield self.facts
                yield self.steps
                yield self.results
        yield self.keys

    @property
    def wide(self) -> bool:
        """Whether all panes fit beside each other."""
        return self.app.size.width >= SINGLE_PANE_BELOW

    def go(self, pane: InspectPane) -> None:
        """Go to a pane; of the results, to the model's."""
        self._focus(pane, next(widget for owner, widget in reversed(self._places()) if owner == pane))

    def cycle(self, by: int) -> None:
        """Give the keyboard to the next place, in the order of reading."""
        places = self._places()
        here = next((n for n, (_, widget) in enumerate(places) if widget is self.app.focused), 0)
        self._focus(*places[(here + by) % len(places)])

    def _places(self) -> list[tuple[InspectPane, Widget]]:
        """What takes the keyboard, in the order of reading."""
        return [
            ("cases", self.cases.list),
            ("facts", self.facts),
            ("results", self.results.gold.target),
            ("results", self.results.predicted.target),
            ("steps", self.steps),
        ]

    def _focus(self, pane: InspectPane, widget: Widget) -> None:
        self.current = pane
        self.show()
        widget.focus()

    def follow_focus(self) -> None:
        """Where the keyboard is, is the current pane."""
        focused = self.app.focused
        around = focused.ancestors_with_self if focused is not None else []
        owners: dict[InspectPane, Widget] = {
            "cases": self.cases, "facts": self.facts, "results": self.results, "steps": self.steps,
        }  # fmt: skip
        self.current = next((pane for pane, widget in owners.items() if widget in around), self.current)
        self.tabs.show(self.current)
        self.keys.refresh()

    def show(self) -> None:
        """Bring the screen up to date."""
        self.set_class(not self.wide, "-single")
        for pane in PANES:
            self.set_class(pane == self.current, f"-show-{pane}")
        self.tabs.show(self.current)

    def _hints(self) -> list[Hint]:
        t = self._messages
        names = (_HINTS[0], *_OWN_HINTS.get(self.current, ()), *_HINTS[1:])
        shown = {name: (shown_key(name, self._keymap), t(f"key.{name}")) for name in names}
        both = f"{shown['failure_next'][0]}/{shown_key('failure_previous', self._keymap)}"
        return [*(shown | {"failure_next": (both, t("inspect.failures"))}).values()]


def _about(messages: Messages, run: InspectedRun) -> Content:
    t, config = messages, run.head.config
    judged = [case for case in run.cases if not case.verdict.gold_error]
    right = sum(case.verdict.right for case in judged)
    share = f"{right}/{len(judged)}"
    parts = [
        Content.styled(safe_line(shorten(config.suite.name, 40)), "bold $primary"),
        Content(t("inspect.right_of", share=share)),
    ]
    if run.missing:
        parts.append(Content.styled(t.count("inspect.missing", run.missing), "$warning"))
    parts.append(Content.styled(safe_line(shorten(config.model.name, 40)), "$secondary"))
    return Content.styled(" │ ", "$border-blurred").join(parts)
