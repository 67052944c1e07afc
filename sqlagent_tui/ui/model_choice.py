"""The models that the app can change to while it runs: those of the library, the command line's, a server's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.profile import Profile
from sqlagent_tui.agent.protocols import Model
from sqlagent_tui.config import Config
from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.services import Report

if TYPE_CHECKING:
    from sqlagent_tui.models.library import ModelEntry


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """One model in the list. Texts are a file's own: untrusted."""

    address: str
    """What opens it: a name of the library, a path or a URL."""
    name: str
    current: bool = False
    summary: str = ""
    """Architecture, parameters and quantisation."""
    size: int = 0
    """Bytes; 0 when there is no file."""
    context: int = 0
    """Tokens that it was trained with; 0 when unknown."""
    server: bool = False
    """It is on a server, which is asked about it when it is chosen."""
    source: str = ""
    problem: str = ""
    """Why it can't be used; empty when it can."""


class Models(Protocol):
    """What can answer, and how to change to it. All of it may take long: not for the screen's thread."""

    def choices(self, current: Model | None) -> Sequence[ModelChoice]:
        """Return the models, with the `current` one marked."""
        ...

    def open(self, address: str, report: Report, cancel: CancelToken) -> Model:
        """Load a model. Raises only `SqlagentError` and `Cancelled`."""
        ...

    def goes_on(self, old: Model, new: Model) -> bool:
        """Whether `new` can go on with a conversation that `old` began: both are spoken to in the same way."""
        ...


class LibraryModels:
    """The user's library, besides what the command line and the settings name."""

    def __init__(
        self,
        *,
        config: Config,
        named: str | None,
        open_named: Callable[[str, Report, CancelToken], Model],
        profile: Callable[[Model], Profile],
    ) -> None:
        self._config = config
        self._named = named
        self._open_named = open_named
        self._profile = profile

    def choices(self, current: Model | None) -> Sequence[ModelChoice]:
        """Return the models, with the `current` one marked."""
        from sqlagent_tui.models.library import ModelLibrary

        path = getattr(current, "path", None)
        found = [_choice(entry, path) for entry in ModelLibrary().list()]
        server = self._config.server.url
        if server:
            found.append(
                ModelChoice(address=server, name=server, server=True, current=current is not None and path is None)
            )
        if isinstance(path, Path) and not any(choice.current for choice in found):
            found.insert(0, ModelChoice(address=str(path), name=path.stem, current=True))
        named = self._named
        if named and Path(named).is_file() and not any(choice.current and choice.address == named for choice in found):
            found.insert(0, ModelChoice(address=named, name=Path(named).stem))
        return found

    def open(self, address: str, report: Report, cancel: CancelToken) -> Model:
        """Load a model. Raises only `SqlagentError` and `Cancelled`."""
        return self._open_named(address, report, cancel)

    def goes_on(self, old: Model, new: Model) -> bool:
        """Whether both models are spoken to with the same profile."""
        try:
            return self._profile(old) == self._profile(new)
        except SqlagentError:
            return False


def _choice(entry: ModelEntry, current: object) -> ModelChoice:
    file = entry.file
    return ModelChoice(
        address=entry.name,
        name=entry.name,
        current=isinstance(current, Path) and entry.path.exists() and current.exists() and entry.path.samefile(current),
        summary=file.summary if file else "",
        size=file.size if file else 0,
        context=file.context_length if file else 0,
        source=entry.origin.place,
        problem=entry.problem,
    )
