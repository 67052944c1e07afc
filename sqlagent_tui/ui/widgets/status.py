"""The line at the top: where we are, as whom, with which model, and what happens now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from sqlagent_tui.agent.protocols import DatabaseInfo, ModelInfo
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe_line, shorten

Activity = Literal[
    "starting", "warming", "ready", "queued", "reading", "thinking", "writing", "running", "cancelling", "failed"
]
SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPINS_PER_SECOND: Final = 8
BUSY: Final = frozenset({"starting", "warming", "queued", "reading", "thinking", "writing", "running", "cancelling"})
_STYLES: Final[dict[str, str]] = {"ready": "$success", "failed": "$error", "cancelling": "$warning"}
_BAR: Final = 6
WIDE: Final = 100


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the line tells."""

    database: DatabaseInfo | None = None
    model: ModelInfo | None = None
    activity: Activity = "starting"
    detail: str = ""
    fraction: float | None = None
    tokens_per_second: float = 0.0
    context_used: int = 0
    context_size: int = 0
    demo: bool = False
    frame: int = 0


class StatusLine(Widget):
    """Shows a `Status`; drops what matters least where the terminal is narrow."""

    def __init__(self, messages: Messages) -> None:
        super().__init__(id="status")
        self._messages = messages
        self.status = Status()

    def change(self, **changes: object) -> None:
        """Replace fields of the status and draw it again when that changes anything."""
        status = replace(self.status, **changes)  # type: ignore[arg-type]  # names are checked by `replace` itself
        if status != self.status:
            self.status = status
            self.refresh()

    def render(self) -> RenderResult:
        """Draw as many parts as fit: (text, how soon it may go) on the left, the state always on the right."""
        right = self._state()
        room = self.size.width - right.cell_length - 3
        left = self._left()
        separator = Content.styled(" │ ", "$border-blurred")
        while len(left) > 1 and sum(part.cell_length + 3 for _, part in left) - 3 > room:
            left.remove(max(left, key=lambda entry: entry[0]))
        line = separator.join([part for _, part in left]).truncate(max(room, 0), ellipsis=True)
        gap = self.size.width - line.cell_length - right.cell_length - 2
        return Content.assemble(" ", line, " " * max(gap, 1), right, " ")

    def _left(self) -> list[tuple[int, Content]]:
        t, status = self._messages, self.status
        parts: list[tuple[int, Content]] = []
        if status.database is None:
            parts.append((1, Content.styled(t("status.no_database"), "$muted")))
        else:
            info = status.database
            parts.append((1, Content.styled(safe_line(shorten(info.database, 40)), "bold $primary")))
            host = "" if info.host in ("", "localhost") or info.host.startswith("/") else f"@{shorten(info.host, 32)}"
            parts.append((6, Content.styled(safe_line(shorten(info.user, 24) + host), "$muted")))
            if info.role.superuser:
                parts.append((1, Content.styled(t("status.superuser"), "bold $error")))
            elif info.role.badge != "ok":
                length = "" if self.size.width >= WIDE else "short_"
                style = {"danger": "bold $error", "warning": "bold $warning"}.get(info.role.badge, "$muted")
                parts.append((2, Content.styled(t(f"status.role_{length}{info.role.badge}"), style)))
            if info.read_only:
                parts.append((3, Content.styled(t("status.read_only"), "$success")))
            else:
                parts.append((0, Content.styled(t("status.not_read_only"), "bold $error")))
        if status.model is not None:
            parts.append((7, Content.styled(safe_line(shorten(status.model.name, 28)), "$secondary")))
        if status.context_size:
            parts.append((4, self._context_bar()))
        if status.tokens_per_second:
            speed = t("status.speed", speed=t.number(status.tokens_per_second))
            parts.append((5, Content.styled(speed, "$muted")))
        if status.demo:
            parts.append((8, Content.styled(t("status.demo"), "italic $muted")))
        return parts

    def _context_bar(self) -> Content:
        used = min(self.status.context_used / self.status.context_size, 1.0)
        filled = min(round(used * _BAR + 0.49), _BAR) if used else 0
        style = "$error" if used > 0.9 else "$warning" if used > 0.75 else "$primary"
        return Content.assemble(
            (self._messages("status.context" if self.size.width >= WIDE else "status.context_short"), "$muted"),
            " ",
            ("━" * filled, style),
            ("━" * (_BAR - filled), "$border-blurred"),
            (f" {used:.0%}".replace("%", " %"), "$muted"),
        )

    def _state(self) -> Content:
        status, t = self.status, self._messages
        text = status.detail or t(f"state.{status.activity}")
        if status.fraction is not None:
            text += f" {status.fraction:.0%}".replace("%", " %")
        busy = status.activity in BUSY
        mark = SPINNER[status.frame % len(SPINNER)] if busy else "●"
        style = _STYLES.get(status.activity, "$primary")
        return Content.styled(f"{mark} {shorten(safe_line(text), 48)}", style)
