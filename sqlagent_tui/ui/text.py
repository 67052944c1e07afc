"""Untrusted text made fit for a terminal. Every value of a database and every word of a model passes through here.

What comes back holds no control character, no escape sequence, no bidirectional override and no invisible
character: each is shown as what it is. What it does not do is escape markup: that is kept out by never using it.
"""

from __future__ import annotations

import unicodedata
from typing import Final

TAB: Final = "    "
LINE_BREAK_MARK: Final = "⏎"
SIGN: Final = "�"
"""Stands for a character that isn't shown."""

_BREAKS = ("\r\n", "\r")
_NAMES: Final = {0: "NUL", 7: "BEL", 8: "BS", 0x0B: "VT", 0x0C: "FF", 0x1B: "ESC", 0x7F: "DEL"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Joiners that ordinary words of several scripts, and emoji, are made of: they neither hide nor reorder anything.
_ALLOWED = frozenset("\u200c\u200d")


def safe(text: str) -> str:
    """Return `text` with everything made visible that a terminal would obey or hide; line feeds stay.

    What has a name is shown by it (`⟨ESC⟩`), the rest by its number (`⟨U+202E⟩`). Tabs become four spaces and CR LF one
    line feed. The result is printable apart from line feeds, and `safe` leaves it unchanged.
    """
    if text.isprintable():
        return text
    for line_break in _BREAKS:
        text = text.replace(line_break, "\n")
    return "".join(map(_visible, text))


def safe_line(text: str) -> str:
    """Return `safe(text)` on one line: line breaks are shown as `⏎`."""
    if text.isprintable():
        return text
    return safe(text).replace("\n", LINE_BREAK_MARK)


def safe_cells(line: str) -> str:
    """Return `line` with a sign for each character that a terminal would obey or hide; length and tabs stay."""
    if line.isprintable():
        return line
    return "".join(character if character == "\t" or _harmless(character) else SIGN for character in line)


def shorten(text: str, length: int) -> str:
    """Return `text`, cut to at most `length` characters with an ellipsis when it is longer."""
    return text if len(text) <= length else text[: max(length - 1, 0)] + "…"


def _visible(character: str) -> str:
    if character == "\n" or _harmless(character):
        return character
    if character == "\t":
        return TAB
    code = ord(character)
    if code in _NAMES:
        return f"⟨{_NAMES[code]}⟩"
    if unicodedata.category(character) in _HIDDEN:
        return f"⟨U+{code:04X}⟩"
    return " " if unicodedata.category(character) == "Zs" else character


def _harmless(character: str) -> bool:
    return character.isprintable() or character in _ALLOWED
