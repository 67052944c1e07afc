"""What the app's own threads report besides the loop's and the database's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Literal

from sqlagent_tui.agent.events import LoopEvent, TraceEvent
from sqlagent_tui.agent.protocols import DatabaseInfo, ModelInfo
from sqlagent_tui.agent.results import QueryResult, SchemaObject, StatementError, TableInfo, TableName, UnknownTable

if TYPE_CHECKING:
    from sqlagent_tui.bench.inspection import Case
    from sqlagent_tui.errors import SqlagentError
    from sqlagent_tui.ui.inspect.sides import Sides

Part = Literal["database", "model", "catalogue", "context"]


@dataclass(frozen=True, slots=True)
class PartProgress:
    """A part of the start-up advances; `fraction` is 0 to 1, None while nobody can tell."""

    part: Part
    message: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class PartFailed:
    """A part can't be had."""

    part: Part
    error: SqlagentError


@dataclass(frozen=True, slots=True)
class ModelReady:
    """The model is loaded."""

    info: ModelInfo


@dataclass(frozen=True, slots=True)
class ModelSwitched:
    """Another model answers from now on; `goes_on` says that it knows the conversation so far."""

    info: ModelInfo
    goes_on: bool


@dataclass(frozen=True, slots=True)
class ModelKept:
    """The model that was asked for can't be had, or isn't wanted any more; the one of before still answers."""

    error: SqlagentError | None
    """None: the user gave up waiting for it."""


@dataclass(frozen=True, slots=True)
class DatabaseReady:
    """The agent's connection stands."""

    info: DatabaseInfo


@dataclass(frozen=True, slots=True)
class ReadingAhead:
    """The model reads ahead what the next question's prompt begins with; `fraction` is 0 to 1."""

    fraction: float


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """It has, or was interrupted by a question or an error."""

    complete: bool


@dataclass(frozen=True, slots=True)
class CatalogueReady:
    """The names of all relations are known."""

    tables: Sequence[TableName]


@dataclass(frozen=True, slots=True)
class ObjectsRead:
    """The database's own functions and types are known."""

    objects: Sequence[SchemaObject]


@dataclass(frozen=True, slots=True)
class TablesDescribed:
    """Details for the schema browser, in the order of `names`."""

    names: tuple[str, ...]
    tables: Sequence[TableInfo | UnknownTable]


@dataclass(frozen=True, slots=True)
class DescribeFailed:
    """The details of `names` can't be had."""

    names: tuple[str, ...]
    error: SqlagentError


@dataclass(frozen=True, slots=True)
class GridReady:
    """Rows in the form that the grid shows; `view` is a `GridData`, made off the screen's thread."""

    result: QueryResult
    view: Any
    own: bool = False
    """The rows of the user's own statement, not of an answer."""


@dataclass(frozen=True, slots=True)
class OwnFinished:
    """The user's own statement ended; None: it was cancelled, as the server confirmed."""

    outcome: QueryResult | StatementError | None


@dataclass(frozen=True, slots=True)
class DatabasesListed:
    """The databases of the server that the role may connect to; none when nobody knows."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TurnFailed:
    """A turn ended by an error that the loop did not turn into events."""

    error: SqlagentError


@dataclass(frozen=True, slots=True)
class PasswordWanted:
    """A worker waits for the password of `role`; None in `answer` gives up."""

    role: str
    answer: SimpleQueue[str | None]


@dataclass(frozen=True, slots=True)
class JobDone:
    """A job of a worker is finished and all its events came before this one."""


@dataclass(frozen=True, slots=True)
class CaseRead:
    """What a run's folder holds of one of its cases."""

    case: Case
    events: Sequence[LoopEvent]
    sides: Sides
    problem: SqlagentError | None = None
    """Why there are no events."""


@dataclass(frozen=True, slots=True)
class CaseExecuted:
    """Both statements of a case ran once more, or why they did not; None: cancelled, as the server confirmed."""

    case: Case
    outcome: Sides | SqlagentError | None


Notice = (
    PartProgress
    | PartFailed
    | ModelReady
    | ModelSwitched
    | ModelKept
    | DatabaseReady
    | ReadingAhead
    | ReadAhead
    | CatalogueReady
    | ObjectsRead
    | TablesDescribed
    | DescribeFailed
    | DatabasesListed
    | GridReady
    | OwnFinished
    | TurnFailed
    | PasswordWanted
    | CaseRead
    | CaseExecuted
    | JobDone
)
UiEvent = LoopEvent | TraceEvent | Notice
