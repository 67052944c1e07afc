"""The API key of a model server: from the environment, or from the keyring of the desktop."""

from __future__ import annotations

import os
import threading
from typing import Final

from sqlagent_tui.errors import UsageError

KEYRING_SERVICE: Final = "sqlagent-tui"
KEYRING_SECONDS: Final = 5.0
_SIGN: Final = "•••"


class ApiKey:
    """A secret. Only `header` tells it; it has no other text."""

    __slots__ = ("_text", "source")

    def __init__(self, text: str, source: str) -> None:
        """`source` says where it is from. Raises UsageError when it can't be sent."""
        self._text = text.strip()
        self.source = source
        if not (self._text.isascii() and self._text.isprintable()) or " " in self._text:
            raise UsageError(
                f"The API key from {source} holds characters that no key has.", "Copy it again, without line breaks."
            )

    def header(self) -> str:
        """Return the value of the Authorization header."""
        return f"Bearer {self._text}"

    def hide(self, text: str) -> str:
        """Return `text` without the key, should somebody have repeated it."""
        return text.replace(self._text, _SIGN)

    def __repr__(self) -> str:
        return f"<API key from {self.source}>"


def from_environment(name: str) -> ApiKey | None:
    """Return the key in the environment variable `name`, if there is one."""
    text = os.environ.get(name, "").strip()
    return ApiKey(text, f"${name}") if text else None


def from_keyring(origin: str) -> ApiKey | None:
    """Return the key that the keyring holds for a server; None without a keyring, or when it has none."""
    found: list[str | None] = []
    # Some backends wait for a desktop that isn't there, and can't be told to stop.
    asking = threading.Thread(target=lambda: found.append(_ask_keyring(origin)), daemon=True, name="keyring")
    asking.start()
    asking.join(KEYRING_SECONDS)
    text = found[0] if found else None
    return ApiKey(text, "the keyring") if text and text.strip() else None


def _ask_keyring(origin: str) -> str | None:
    try:
        import keyring

        text = keyring.get_password(KEYRING_SERVICE, origin)
    except Exception:  # noqa: BLE001 - a machine without a desktop has no usable keyring, in many ways
        return None
    return text if isinstance(text, str) else None
