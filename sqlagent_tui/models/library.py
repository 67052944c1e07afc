"""The user's model files: add, list, choose, find, remove. Reads headers; never loads a model.

`models/NAME.gguf` is a model, `NAME.gguf.json` beside it says where it came from, and `.partial/` holds the same for
downloads that are not complete.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

import sqlagent_tui
from sqlagent_tui import paths
from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.errors import ModelError, UsageError
from sqlagent_tui.models.download import Partial
from sqlagent_tui.models.gguf import ModelFile, describe, require_usable
from sqlagent_tui.models.origins import Origin, forget_origin, read_origin, write_origin

__all__ = ["STUDENT", "ModelEntry", "ModelFile", "ModelLibrary", "describe", "student_path"]

STUDENT: Final = "student"
"""The name of the model that comes with the package."""
CHOICE_FILE: Final = "model.toml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PARTIAL = ".partial"
_CHUNK = 4 << 20


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the library."""

    name: str
    path: Path
    file: ModelFile | None
    """None when the file can't be read; `problem` then says why."""
    chosen: bool
    origin: Origin = Origin()
    problem: str = ""


def student_path() -> Path:
    """Where the bundled model lies; it may be missing from a source tree."""
    return Path(sqlagent_tui.__file__).parent / "demo" / "student.gguf"


class ModelLibrary:
    """The models under `data_dir/models`, and the choice among them, kept in the config folder.

    Every method may raise `ModelError` (a file) or `UsageError` (a name or a setting).
    """

    def __init__(self, data_dir: Path | None = None, config_dir: Path | None = None) -> None:
        self._folder = (data_dir or paths.data_dir()) / "models"
        self._choice = (config_dir or paths.config_dir()) / CHOICE_FILE

    def add(
        self,
        source: Path,
        name: str = "",
        *,
        on_progress: Callable[[float], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> ModelEntry:
        """Take a file into the library: linked where the file system can, else copied.

        `on_progress` is told fractions while copying. Refuses whatever couldn't be run, with a sentence for each
        reason. Raises `Cancelled`.
        """
        source = source.expanduser()
        file = describe(source)
        require_usable(file)
        name = name or name_for(source.name)
        target = self.place(name)
        if target.exists():
            if target.samefile(source):
                return self.entry(name)
            raise UsageError(f"There is already a model called {name}.", "Remove it first, or choose another name.")
        paths.private_dir(self._folder)
        try:
            _link_or_copy(source.resolve(), target, on_progress, cancel)
            write_origin(target, Origin(file=str(source.absolute()), size=file.size))
        except OSError as error:
            reason = error.strerror or "unknown error"
            raise ModelError(
                f"{source.name} can't be added: {reason}.", "Check the disk, or use the file by its path."
            ) from error
        return self.entry(name)

    def place(self, name: str) -> Path:
        """Return where the file of a model called `name` belongs. Raises `UsageError` for what can't be a name."""
        if not _NAME.fullmatch(name) or name.endswith("."):
            raise UsageError(f"{printable_name(name)} can't be a model's name.", "Use letters, digits, dots, dashes.")
        if name == STUDENT:
            raise UsageError(f"{STUDENT} is the name of the bundled model.", "Choose another name.")
        return self._folder / f"{name}.gguf"

    def partial(self, name: str) -> Partial:
        """Return the download of a model that isn't complete yet; it may not have begun."""
        return Partial(self._folder / _PARTIAL / f"{name}.gguf")

    def partials(self) -> dict[str, Partial]:
        """Return the downloads that were begun and not ended, by the names that they will have."""
        return {path.stem: Partial(path) for path in sorted((self._folder / _PARTIAL).glob("*.gguf"))}

    def list(self) -> tuple[ModelEntry, ...]:
        """Return every model, the bundled one first; damaged files too, with their problem."""
        found = sorted(path.stem for path in self._folder.glob("*.gguf")) if self._folder.is_dir() else []
        names = [*([STUDENT] if student_path().exists() else []), *found]
        chosen, _problem = self._read_choice()
        return tuple(self._entry(name, name == (chosen or STUDENT)) for name in names)

    def entry(self, name: str) -> ModelEntry:
        """Return one model by its name."""
        if not self._path(name).exists():
            raise self._unknown(name)
        chosen, _problem = self._read_choice()
        return self._entry(name, name == (chosen or STUDENT))

    def use(self, name: str) -> ModelEntry:
        """Make a model the one that is used when none is named. A damaged settings file is left as it is."""
        if not self._path(name).exists():
            raise self._unknown(name)
        require_usable(describe(self._path(name)))
        _chosen, problem = self._read_choice()
        if problem:
            raise UsageError(problem, f"Mend or delete {self._choice}.")
        self._write_choice(name)
        return self.entry(name)

    def remove(self, name: str) -> None:
        """Delete a model's file from the library, complete or not; a linked original stays."""
        path = self._path(name)
        if name == STUDENT:
            raise UsageError("The bundled model can't be removed.", "")
        partial = self.partial(name)
        if not (_NAME.fullmatch(name) and (path.exists() or path.is_symlink() or partial.path.exists())):
            raise self._unknown(name)
        chosen, problem = self._read_choice()
        try:
            path.unlink(missing_ok=True)
            forget_origin(path)
            partial.discard()
            if chosen == name and not problem:
                self._choice.unlink(missing_ok=True)
        except OSError as error:
            raise ModelError(f"{name} can't be removed: {error.strerror or 'unknown error'}.", "") from error

    def resolve(self, name: str | Path | None = None) -> Path:
        """Return the file for a name, a path, or (None) the chosen model, else the bundled one."""
        if name is None:
            chosen, _problem = self._read_choice()
            if chosen and self._path(chosen).exists():
                return self._path(chosen)
            if not student_path().exists():
                raise ModelError("No model is chosen.", "Get one: sqlagent-tui model pull.")
            return student_path()
        text = str(name)
        if not isinstance(name, Path) and _NAME.fullmatch(text) and self._path(text).exists():
            return self._path(text)
        path = Path(text).expanduser()
        if path.exists() or isinstance(name, Path) or os.sep in text or text.endswith(".gguf"):
            return path  # whoever opens it says what is wrong with it
        raise self._unknown(text)

    @property
    def problem(self) -> str:
        """What is wrong with the settings file; empty when nothing is. The bundled model is used then."""
        return self._read_choice()[1]

    def _path(self, name: str) -> Path:
        return student_path() if name == STUDENT else self._folder / f"{name}.gguf"

    def _entry(self, name: str, chosen: bool) -> ModelEntry:
        path = self._path(name)
        try:
            file = describe(path)
            require_usable(file)
        except ModelError as error:
            return ModelEntry(
                name=name, path=path, file=None, chosen=chosen, origin=read_origin(path), problem=error.message
            )
        return ModelEntry(name=name, path=path, file=file, chosen=chosen, origin=read_origin(path))

    def _unknown(self, name: str) -> ModelError:
        known = [entry.name for entry in self.list()]
        remedy = f"Known are: {', '.join(known)}." if known else "Get one: sqlagent-tui model pull."
        return ModelError(f"There is no model called {printable_name(name)}.", remedy)

    def _read_choice(self) -> tuple[str, str]:
        """Return the chosen name, if any, and what is wrong with the file, if anything."""
        try:
            with self._choice.open("rb") as file:
                value = tomllib.load(file).get("use", "")
        except FileNotFoundError:
            return "", ""
        except OSError as error:
            return "", f"{self._choice.name} can't be read: {error.strerror or 'unknown error'}."
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            return "", f"{self._choice.name} is damaged."
        if not isinstance(value, str) or (value and not _NAME.fullmatch(value)):
            return "", f"{self._choice.name} is damaged."
        return value, ""

    def _write_choice(self, name: str) -> None:
        paths.private_dir(self._choice.parent)
        scratch = self._choice.with_name(f"{CHOICE_FILE}.{os.getpid()}")
        try:
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(f"# The model that is used when none is named.\nuse = {json.dumps(name)}\n")
            scratch.replace(self._choice)
        except OSError as error:
            raise UsageError(f"The choice can't be saved: {error.strerror or 'unknown error'}.", "") from error


def printable_name(name: str) -> str:
    """A name as it may stand in a sentence."""
    return "".join(char for char in name if char.isprintable())[:80] or "(nothing)"


def name_for(file_name: str) -> str:
    """Return what a model is called when its user doesn't say."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", file_name.removesuffix(".gguf")).strip("-._") or "model"


def _link_or_copy(
    source: Path, target: Path, on_progress: Callable[[float], None] | None, cancel: CancelToken | None
) -> None:
    try:
        os.link(source, target)  # costs nothing, and survives the original's removal
        return
    except OSError:
        pass  # another disk, or a file system without links
    size = source.stat().st_size
    if shutil.disk_usage(target.parent).free < size:
        raise ModelError(f"The disk has no room for {size:,} bytes.", "Use the file by its path instead.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    done = 0
    try:
        with (
            source.open("rb") as reader,
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writer,
        ):
            while chunk := reader.read(_CHUNK):
                if cancel:
                    cancel.raise_if_cancelled()
                writer.write(chunk)
                done += len(chunk)
                if on_progress:
                    on_progress(min(done / max(size, 1), 1.0))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
