"""Copying where there is no clipboard: through the terminal, and through tmux when we run inside it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.app import App

MAX_OSC52_BYTES: Final = 74_000
"""What the strictest common terminals still accept in one OSC 52 sequence."""

_TMUX_SECONDS: Final = 1.0


def copy(app: App[int], text: str) -> bool:
    """Copy `text`; return whether it was small enough to arrive for certain.

    OSC 52 reaches the terminal of the person, even over SSH; tmux swallows it unless set up, so it is told by its own
    command as well.
    """
    through_tmux = bool(os.environ.get("TMUX")) and _load_into_tmux(text)
    small = len(text.encode()) <= MAX_OSC52_BYTES
    if small:
        app.copy_to_clipboard(text)
    return small or through_tmux


def _load_into_tmux(text: str) -> bool:
    tmux = shutil.which("tmux")
    if tmux is None:
        return False
    try:
        subprocess.run(
            [tmux, "load-buffer", "-w", "-"],
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TMUX_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True
