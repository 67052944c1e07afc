"""The API key of a model server: from the environment, or from the keyring of the desktop."""

from __future__ import annotations

import os
from typing import Final

from sqlagent_tui import keyring_store
from sqlagent_tui.errors import UsageError

KEYRING_SECONDS: Final = 5.0
"""Nobody said that a keyring holds a key, so nobody waits long for one that doesn't answer."""
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
    text = keyring_store.fetch(origin, seconds=KEYRING_SECONDS)
    return ApiKey(text, "the keyring") if text and text.strip() else None
