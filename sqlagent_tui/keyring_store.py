"""Secrets in the system's keyring: only when one is wanted, and only imported then.

On a machine without a keyring (a server, usually) the package `keyring` is missing or finds no backend; some backends
wait for a desktop that isn't there, and can't be told to stop. So nothing here runs unless a password was saved with
`--keyring` or a model server asks for a key, and nobody waits for an answer longer than they choose.

Secrets go by the name of a saved connection or the origin of a model server; no name holds `://`, every origin does.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any, Final

from sqlagent_tui.errors import UsageError

SERVICE: Final = "sqlagent-tui"
UNLOCK_SECONDS: Final = 60.0
"""Within which people type the password of a keyring."""
_NONE_WORKS: Final = ("No keyring works on this machine.", "Keep the password in ~/.pgpass, or type it each time.")


def require() -> None:
    """Raise UsageError when no keyring works here."""
    _backend()


def keep(name: str, secret: str) -> None:
    """Put the secret of `name` into the keyring. Raises UsageError."""
    backend = _backend()
    try:
        backend.set_password(SERVICE, name, secret)
    except Exception:  # noqa: BLE001 - every backend raises errors of its own, whose texts may hold what it was given
        raise UsageError(*_NONE_WORKS) from None


def fetch(name: str, *, seconds: float = UNLOCK_SECONDS) -> str | None:
    """Return the secret of `name`; None when it isn't there, no keyring works here or none answers in `seconds`."""
    found: list[object] = []

    def ask() -> None:
        with suppress(Exception):  # as above; there are other ways to be given a secret
            found.append(_backend().get_password(SERVICE, name))

    asking = threading.Thread(target=ask, daemon=True, name="keyring")
    asking.start()
    asking.join(seconds)
    secret = found[0] if found else None
    return secret if isinstance(secret, str) else None


def forget(name: str) -> None:
    """Take the secret of `name` out of the keyring, if it is there."""
    with suppress(Exception):  # as above; what isn't there needs no removal
        _backend().delete_password(SERVICE, name)


def _backend() -> Any:
    try:
        import keyring
    except ImportError:
        raise UsageError(
            "The package keyring is not installed.", "Install sqlagent-tui[keyring], or keep the password in ~/.pgpass."
        ) from None
    backend = keyring.get_keyring()
    if backend.priority <= 0:  # the backends that stand for "none"
        raise UsageError(*_NONE_WORKS)
    return backend
