"""The model's thinking, as it comes."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe, shorten

CHUNK: Final = 1_200
"""Characters after which a new widget takes over: drawing all of a long thought for every word would cost the model's
own processor."""

GLIMPSE: Final = 400
FIRST_WIDTH: Final = 72
"""Columns to count on before the first layout has told the true width."""


class Thinking(Vertical):
    """One line with the latest words, or all of it."""

    def __init__(self, messages: Messages, opened: bool) -> None:
        super().__init__(classes="block thinking")
        self._messages = messages
        self._opened = opened
        self._text = ""
        self._frozen = 0
        self._live = True
        self._head = Static(markup=False, classes="thinking-head")
        self._body = Vertical(classes="thinking-body")
        self._tail = Static(markup=False)

    def compose(self) -> ComposeResult:
        """Head and body."""
        yield self._head
        with self._body:
            yield self._tail

    def on_mount(self) -> None:
        """Draw what has come before there was a place for it."""
        self._draw()

    def add(self, text: str) -> None:
        """Append what the model has just thought."""
        self._text += text if self._text else text.lstrip()
        self._draw()

    def end(self) -> None:
        """The model has moved on."""
        if self._live:
            self._live = False
            self._text = self._text.rstrip()
            self._draw()

    def open(self, opened: bool) -> None:
        """Show all of it, or one line."""
        self._opened = opened
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Fold or unfold this one."""
        event.stop()
        self.open(not self._opened)

    def on_resize(self) -> None:
        """Show as many of the latest words as fit now."""
        self._draw()

    def _draw(self) -> None:
        t = self._messages
        title = t("thinking.live") if self._live else t("thinking.done")
        head = Content.styled(("▾ " if self._opened else "▸ ") + title, "$accent")
        self._body.display = self._opened and bool(self._text)
        if self._opened:
            head += Content.styled(f" · {t.count('thinking.words', len(self._text.split()))}", "$muted")
            self._grow()
        else:
            head += Content.styled("  " + self._glimpse(head.cell_length + 2), "italic $muted")
        self._head.update(head)

    def _grow(self) -> None:
        """Put the text that has come since the last time into the last widget, or into new ones."""
        if not self._tail.is_attached:
            return
        while len(self._text) - self._frozen > CHUNK:
            end = self._text.rfind("\n", self._frozen, self._frozen + CHUNK)
            if end <= self._frozen:
                end = self._text.rfind(" ", self._frozen, self._frozen + CHUNK)
            if end <= self._frozen:
                end = self._frozen + CHUNK - 1
            self._write(self._text[self._frozen : end + 1].rstrip())
            self._frozen = end + 1
            self._tail = Static(markup=False)
            self._body.mount(self._tail)
        self._write(self._text[self._frozen :])

    def _write(self, text: str) -> None:
        self._tail.update(Content.styled(safe(text), "italic $muted"))

    def _glimpse(self, used: int) -> str:
        """Return the latest words while they come, the first ones afterwards."""
        part = self._text[-GLIMPSE:] if self._live else self._text[:GLIMPSE]
        line = " ".join(safe(part).split())
        room = max((self.size.width or FIRST_WIDTH) - used, 8)
        if len(line) <= room:
            return line
        return "…" + line[len(line) - room + 1 :] if self._live else shorten(line, room)
