"""Takes a published model into the library: downloads it, verifies it, and makes sure that it can be run."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlagent_tui.errors import ModelError, UsageError
from sqlagent_tui.models import hashes
from sqlagent_tui.models.download import Listener, Partial, download
from sqlagent_tui.models.gguf import describe, require_usable
from sqlagent_tui.models.hub import HubFile
from sqlagent_tui.models.library import ModelEntry, ModelLibrary, name_for
from sqlagent_tui.models.origins import forget_origin, write_origin
from sqlagent_tui.models.probe import require_loadable


def pull(
    library: ModelLibrary,
    file: HubFile,
    listen: Listener,
    name: str = "",
    *,
    pause: Callable[[float], None] = time.sleep,
) -> ModelEntry:
    """Download `file`, or what of it is missing, and return its entry in the library.

    What was already taken in isn't fetched again. Raises ModelError and UsageError; a file that proves useless doesn't
    get into the library and isn't kept.
    """
    name = name or name_for(file.name.rpartition("/")[2])
    target = library.place(name)
    if target.exists():
        entry = library.entry(name)
        if file.sha256 in (entry.origin.sha256, hashes.known(target)):
            return entry
        raise UsageError(
            f"There is already a model called {name}.", "Remove it first, or choose another name with --name."
        )
    partial = library.partial(name)
    path = download(file, partial, listen, pause=pause)
    _require_sense(partial)
    try:
        write_origin(target, partial.origin)
        path.replace(target)
        forget_origin(path)
        hashes.remember(target, target.stat(), file.sha256)
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise ModelError(f"{name} can't be taken in: {reason}.", "Check the data folder.") from error
    return library.entry(name)


def _require_sense(partial: Partial) -> None:
    try:
        require_usable(describe(partial.path))
        require_loadable(partial.path)
    except ModelError as error:
        partial.discard()
        raise ModelError(
            f"The download is complete, but can't be used: {error.message}", "It was deleted. Choose another file."
        ) from error
