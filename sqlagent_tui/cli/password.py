"""The password that a server asks a command for."""

from __future__ import annotations

import getpass
import os


def ask_password(role: str) -> str | None:
    """Ask at the terminal, wherever standard input and output lead; None where there is none.

    Nothing of what is typed is shown. Raises KeyboardInterrupt at Ctrl+C.
    """
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return None
    return getpass.getpass(f"Password of {role}: " if role else "Password: ")
