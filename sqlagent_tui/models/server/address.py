"""Where a model server is: `http(s)://host:port/v1#model-name`."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from sqlagent_tui.errors import UsageError

SCHEMES: Final = ("http://", "https://")
_EXAMPLE: Final = "Write it as http://host:port/v1, with #model-name where the server has several."


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A server's API, and optionally which of its models."""

    scheme: str
    host: str
    port: int
    path: str
    """Of the API, without a slash at its end: `/v1`."""
    model: str = ""
    """Empty: the server's only one."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read a URL. Without a path `/v1` is meant. Raises UsageError, which never repeats a secret in it."""
        try:
            parts = urlsplit(text.strip())
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise UsageError("The model server's address is not a URL.", _EXAMPLE) from None
        if "@" in parts.netloc:
            raise UsageError(
                "A model server's address must hold no user name or password: others can read it.",
                "Put an API key into an environment variable; `api_key_env` under [server] names it.",
            )
        if f"{parts.scheme}://" not in SCHEMES or not _usable(parts):
            raise UsageError("The model server's address is not a URL that can be used.", _EXAMPLE)
        path = parts.path.rstrip("/") or "/v1"
        path = path.removesuffix("/chat/completions")
        return cls(
            scheme=parts.scheme, host=parts.hostname or "", port=port, path=path, model=unquote(parts.fragment).strip()
        )

    @property
    def origin(self) -> str:
        """Scheme, host and port: whom a key is meant for."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.scheme == "https" else 80)
        return f"{self.scheme}://{host}" if usual else f"{self.scheme}://{host}:{self.port}"

    @property
    def root(self) -> str:
        """The path above `/v1`, where servers have what isn't OpenAI's."""
        return self.path.removesuffix("/v1")

    @property
    def local(self) -> bool:
        """Whether what is sent stays on this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return self.origin + self.path


def is_address(name: str) -> bool:
    """Whether what was given as a model's name is a server's URL."""
    return name.strip().lower().startswith(SCHEMES)


def _usable(parts: SplitResult) -> bool:
    """A host, no query, and nothing that would break the lines of a request."""
    return bool(parts.hostname) and not parts.query and f"{parts.hostname}{parts.path}".isascii() and _plain(parts.path)


def _plain(path: str) -> bool:
    return path.isprintable() and " " not in path
