"""One way to the system's keyring, whatever state that is in."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import InitError, PasswordDeleteError

from sqlagent_tui import keyring_store
from sqlagent_tui.database.saved import is_name
from sqlagent_tui.errors import UsageError

SECRET = "s3gredo"


class Ring(KeyringBackend):
    """Keeps secrets in memory. `locked` is called before each use."""

    priority = 1.0

    def __init__(self, locked: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self._locked = locked

    def get_password(self, service: str, username: str) -> str | None:
        self._locked()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._locked()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._locked()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(f"there is no {username}")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def use(backend: KeyringBackend) -> None:
    keyring.set_keyring(backend)


def test_a_secret_is_kept_found_and_forgotten() -> None:
    ring = Ring()
    use(ring)
    keyring_store.require()
    keyring_store.keep("producao", SECRET)
    assert ring.kept == {("sqlagent-tui", "producao"): SECRET}
    assert keyring_store.fetch("producao") == SECRET
    assert keyring_store.fetch("http://gpu-box:8000") is None
    keyring_store.forget("producao")
    keyring_store.forget("producao")
    assert ring.kept == {}


def test_no_saved_connection_can_be_called_as_a_model_server_is() -> None:
    assert is_name("producao")
    assert not is_name("http://gpu-box:8000")


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
def test_a_backend_that_stands_for_none_is_none(backend: type[KeyringBackend]) -> None:
    use(backend())
    for use_it in (keyring_store.require, lambda: keyring_store.keep("producao", SECRET)):
        with pytest.raises(UsageError, match="No keyring works on this machine"):
            use_it()
    assert keyring_store.fetch("producao") is None
    keyring_store.forget("producao")


def test_a_backend_s_own_error_is_not_repeated() -> None:
    def locked() -> None:
        raise InitError(f"can't unlock for {SECRET}")

    use(Ring(locked))
    with pytest.raises(UsageError) as caught:
        keyring_store.keep("producao", SECRET)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert keyring_store.fetch("producao") is None
    keyring_store.forget("producao")


def test_nobody_waits_for_a_desktop_that_is_not_there() -> None:
    unlocked, asked = threading.Event(), threading.Event()

    def locked() -> None:
        asked.set()
        unlocked.wait()

    ring = Ring(locked)
    ring.kept["sqlagent-tui", "producao"] = SECRET
    use(ring)
    assert keyring_store.fetch("producao", seconds=0.05) is None
    assert asked.wait(10)
    unlocked.set()
    assert keyring_store.fetch("producao", seconds=10) == SECRET


def test_without_the_package_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match="not installed"):
        keyring_store.require()
    assert keyring_store.fetch("producao") is None
