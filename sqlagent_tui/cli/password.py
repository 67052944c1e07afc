"""The password that a server asks a command for, and what else only a person at a terminal can say."""

from __future__ import annotations

import getpass
import os
import signal


def has_terminal() -> bool:
    """Whether somebody can be asked, by us or by ssh, wherever standard input and output lead."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def ask_password(role: str) -> str | None:
    """Ask at the terminal for the password of `role`; None where there is no terminal.

    Nothing of what is typed is shown. Raises KeyboardInterrupt at Ctrl+C.
    """
    return ask_hidden(f"Password of {role}: " if role else "Password: ") if has_terminal() else None


def ask_hidden(prompt: str) -> str:
    """Read a line from the terminal without showing it. Raises KeyboardInterrupt at Ctrl+C, and EOFError."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)  # elsewhere Ctrl+C may only set a token
    try:
        return getpass.getpass(prompt)
    finally:
        signal.signal(signal.SIGINT, previous)
