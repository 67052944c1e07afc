"""What the role may do beyond reading, with what takes each right away."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from sqlagent_tui.agent.protocols import DatabaseInfo
from sqlagent_tui.agent.roles import RoleFinding, RoleLevel
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.rights import right_in_words
from sqlagent_tui.ui.text import safe, safe_line, shorten

MARKS: Final[dict[RoleLevel, tuple[str, str]]] = {
    "danger": ("‼", "$error"), "warning": ("!", "$warning"), "note": ("·", "$muted"), "ok": ("✓", "$success"),
}  # fmt: skip
"""The sign of each level, and its colour."""
SHOWN: Final = 600
"""Characters of one finding: it may quote names of any length."""


class RoleScreen(ModalScreen[None]):
    """A scrolling sheet."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False)]

    def __init__(self, messages: Messages, info: DatabaseInfo) -> None:
        super().__init__()
        self._messages = messages
        self._info = info

    def compose(self) -> ComposeResult:
        """Who and where, the badge in words, then the findings, the worst first."""
        t, info = self._messages, self._info
        mark, style = MARKS[info.role.badge]
        with Vertical(classes="sheet -role") as sheet:
            sheet.border_title = Content(t("role_sheet.title"))
            sheet.border_subtitle = Content(t("help.close"))
            with VerticalScroll(can_focus=True):
                where = t("database.where", database=info.database, user=info.role.role or info.user)
                server = " · ".join(filter(None, (info.host, f"PostgreSQL {info.server_version}", info.pooler)))
                yield Static(Content.styled(safe_line(f"{where} · {server}"), "$muted"), markup=False)
                verdict = t(f"role_sheet.{info.role.badge}")
                yield Static(Content.styled(f"{mark} {verdict}", f"bold {style}"), classes="heading", markup=False)
                for finding in info.role.findings:
                    yield Static(self._finding(finding), classes="heading", markup=False)
                yield Static(Content.styled(t("role_sheet.doctor"), "$muted"), classes="heading", markup=False)

    def _finding(self, finding: RoleFinding) -> Content:
        mark, style = MARKS[finding.level]
        told = safe(shorten(right_in_words(self._messages, finding), SHOWN))
        content = Content.assemble((f"{mark} ", style), told)
        if finding.remedy:
            content += Content.styled(f"\n  → {safe(shorten(finding.remedy, SHOWN))}", "$muted")
        return content
