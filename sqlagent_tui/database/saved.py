"""The user's saved connections, `connections.toml`: names for conninfos, and never a password.

    [producao]
    conninfo = "host=db1 dbname=cadastro user=leitor"
    ssh = "bastiao"

A broken file is told and left alone. Changing it keeps whatever else is written in it, comments included.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sqlagent_tui.errors import UsageError
from sqlagent_tui.paths import config_dir, data_dir

_NAME = re.compile(r"\w[\w.-]{0,62}")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_HEADER = re.compile(r"\s*\[")


class SavedConnection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry; its name is the table's."""

    name: str
    conninfo: str = ""
    """Any libpq string or URI without secrets; empty: what the PG* environment says."""
    ssh: str | None = None
    """The SSH host that it is reached through."""
    keyring: bool = False
    """Whether its password was put into the system's keyring."""


def is_name(conninfo: str) -> bool:
    """Whether what was given as CONNINFO can only be the name of a saved connection: libpq needs `=` or `://`."""
    return bool(conninfo.strip()) and "=" not in conninfo and "://" not in conninfo


class SavedConnections:
    """Reads and changes the file; every call looks at it anew."""

    def __init__(self, file: Path | None = None, recent: Path | None = None) -> None:
        """`file` and `recent` (when each was last used) default to the usual ones."""
        self.file = file or config_dir() / "connections.toml"
        self._recent = recent or data_dir() / "connections-used.json"

    def all(self) -> tuple[SavedConnection, ...]:
        """Return all of them in the file's order. Raises UsageError when the file is broken."""
        return tuple(_parse(self._text(), self.file).values())

    def get(self, name: str) -> SavedConnection:
        """Return the one called `name`. Raises UsageError, also when somebody wrote a password into it."""
        found = _parse(self._text(), self.file)
        if name not in found:
            known = f"There are: {', '.join(found)}." if found else "Save it with: sqlagent-tui connection add."
            raise UsageError("There is no saved connection of that name.", known)  # which may be a mistyped secret
        _refuse_secrets(found[name])
        return found[name]

    def add(self, connection: SavedConnection, *, replace: bool = False) -> None:
        """Save. Raises UsageError for a bad name, a name that is taken, a bad conninfo and a password in it."""
        if not _NAME.fullmatch(connection.name):
            raise UsageError("That can't be the name of a connection.", "Use letters, digits, _ . and - only.")
        _refuse_secrets(connection)
        text = self._text()
        found = _parse(text, self.file)
        if connection.name in found:
            if not replace:
                raise UsageError(f"There is a saved connection “{connection.name}” already.", "--replace changes it.")
            text = _without(text, connection.name)
        gap = "\n" if text.strip() else ""
        self._write(f"{text}{gap}{_block(connection)}", {**found, connection.name: connection})

    def remove(self, name: str) -> SavedConnection:
        """Forget the one called `name`, and return it. Raises UsageError."""
        text = self._text()
        found = _parse(text, self.file)
        if name not in found:
            return self.get(name)  # which says that there is none
        removed = found.pop(name)
        self._write(_without(text, name), found)
        return removed

    def used(self, name: str) -> None:
        """Remember that `name` is used now; that this can't be written is no error."""
        times = {**self.last_used(), name: datetime.now(UTC)}
        with suppress(OSError):
            _write_privately(self._recent, msgspec.json.encode(times))

    def last_used(self) -> dict[str, datetime]:
        """Return when each was last used, as far as that is known."""
        try:
            return msgspec.json.decode(self._recent.read_bytes(), type=dict[str, datetime])
        except (OSError, msgspec.DecodeError):
            return {}

    def _text(self) -> str:
        try:
            return self.file.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise UsageError(
                f"The saved connections in {self.file} can't be read: {reason}.", "Mend the file."
            ) from None

    def _write(self, text: str, expected: dict[str, SavedConnection]) -> None:
        with suppress(UsageError):
            if _parse(text, self.file) == expected:
                try:
                    _write_privately(self.file, text.encode())
                except OSError as error:
                    raise UsageError(f"{self.file} can't be written: {error.strerror}.", "Check its rights.") from None
                return
        raise UsageError(f"{self.file} is laid out in a way that can't be changed here.", "Change it in an editor.")


def _parse(text: str, file: Path) -> dict[str, SavedConnection]:
    try:
        tables = tomllib.loads(text)
        return {
            name: msgspec.convert({"name": name, **_table(table)}, SavedConnection) for name, table in tables.items()
        }
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(
            f"The saved connections in {file} are not valid: {error}.", "Mend or remove the file."
        ) from None


def _table(table: object) -> dict[str, object]:
    if not isinstance(table, dict) or "name" in table:
        raise msgspec.ValidationError("each connection is a table, and its name the table's")
    return table


def _refuse_secrets(connection: SavedConnection) -> None:
    from sqlagent_tui.database.conninfo import secrets
    from sqlagent_tui.errors import DatabaseError

    try:
        found = secrets(connection.conninfo)
    except DatabaseError as error:
        raise UsageError(error.message, error.remedy) from None
    if found:
        raise UsageError(
            f"A saved connection holds no secrets, and this one has {found[0]}.",
            "Leave it out: it is asked for, or comes from ~/.pgpass or, with --keyring, from the keyring.",
        )


def _block(connection: SavedConnection) -> str:
    lines = [f"[{_key(connection.name)}]", f"conninfo = {_string(connection.conninfo)}"]
    if connection.ssh is not None:
        lines.append(f"ssh = {_string(connection.ssh)}")
    if connection.keyring:
        lines.append("keyring = true")
    return "\n".join(lines) + "\n"


def _without(text: str, name: str) -> str:
    """Take the table `name` out, from its header up to the next one."""
    own = re.compile(rf"""\s*\[\s*(["']?){re.escape(name)}\1\s*\]""")
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line):
            inside = own.match(line) is not None
        if not inside:
            kept.append(line)
    return "".join(kept)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write_privately(file: Path, data: bytes) -> None:
    """Write a file of mode 0600 so that a reader sees the old or the new one, never a part."""
    target = file.resolve()  # a link stays a link
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
