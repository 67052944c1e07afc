"""What is left on the terminal after a bug: where it happened, and nothing that was in memory."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import Final

from sqlagent_tui.ui.text import safe

_SECRETS: Final = (
    (
        re.compile(
            r"(?i)(password|passwd|pwd|passfile|sslpassword|token|secret)(\s*[=:]\s*)('[^']*'|\"[^\"]*\"|[^\s&,;]+)"
        ),
        r"\1\2…",
    ),
    (re.compile(r"(?i)(\w+://[^\s:/@]*):[^\s@]*@"), r"\1:…@"),
)
FRAMES: Final = 8


def scrub(text: str) -> str:
    """Return `text` without what looks like a secret, fit for a terminal."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return safe(text)


def report(error: BaseException) -> str:
    """Return a short account of `error`: its type, its scrubbed message and the last frames, without any local."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([f"{type(error).__name__}: {scrub(str(error))}", *places])
