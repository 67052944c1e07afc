"""Passwords of saved connections in the system's keyring: only on request, and only imported then.

On a machine without a keyring (a server, usually) the package `keyring` is missing or finds no backend; some backends
wait for a desktop that isn't there. So nothing here runs unless a connection was saved with `--keyring`.
"""

from __future__ import annotations

from typing import Any

from sqlagent_tui.errors import UsageError

_SERVICE = "sqlagent-tui"
_NONE_WORKS = ("No keyring works on this machine.", "Keep the password in ~/.pgpass, or type it each time.")


def require() -> None:
    """Raise UsageError when no keyring works here."""
    _keyring()


def keep(name: str, password: str) -> None:
    """Put the password of the saved connection `name` into the keyring. Raises UsageError."""
    keyring = _keyring()
    try:
        keyring.set_password(_SERVICE, name, password)
    except Exception:  # noqa: BLE001 - every backend raises errors of its own, whose texts may hold what it was given
        raise UsageError(*_NONE_WORKS) from None


def fetch(name: str) -> str | None:
    """Return the password of the saved connection `name`; None when it isn't there or no keyring works here."""
    try:
        password = _keyring().get_password(_SERVICE, name)
    except Exception:  # noqa: BLE001 - as above; the password is then asked for
        return None
    return password if isinstance(password, str) else None


def forget(name: str) -> None:
    """Take the password of the saved connection `name` out of the keyring, if it is there."""
    try:
        _keyring().delete_password(_SERVICE, name)
    except Exception:  # noqa: BLE001 - as above; what isn't there needs no removal
        return


def _keyring() -> Any:
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
