"""Hands each event to the panes that show it, and keeps the status line true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlagent_tui.agent.events import (
    AnswerReady,
    DecisionMade,
    EvidenceGathered,
    FormatErrorFound,
    PromptEvaluated,
    Reconnected,
    Reconnecting,
    StatementFinished,
    StatementStarted,
    StepFinished,
    StepStarted,
    TextDelta,
    ToolCallFinished,
    ToolCallStarted,
    TurnEnded,
    TurnStarted,
)
from sqlagent_tui.agent.protocols import DatabaseInfo, ModelInfo
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.assembly import is_student
from sqlagent_tui.errors import DatabaseError, ModelError, SqlagentError, SuperuserRefusedError
from sqlagent_tui.ui.bridge import Bridge
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.notices import (
    CaseExecuted,
    CaseRead,
    CatalogueReady,
    DatabaseReady,
    DatabasesListed,
    DescribeFailed,
    GridReady,
    JobDone,
    ModelKept,
    ModelReady,
    ModelSwitched,
    ObjectsRead,
    OwnFinished,
    Part,
    PartFailed,
    PartProgress,
    PasswordWanted,
    ReadAhead,
    ReadingAhead,
    TablesDescribed,
    TurnFailed,
    UiEvent,
)
from sqlagent_tui.ui.services import Place
from sqlagent_tui.ui.told import error_told, told
from sqlagent_tui.ui.widgets.status import Activity
from sqlagent_tui.ui.widgets.workspace import Workspace

_WRITING: dict[str, Activity] = {"thinking": "thinking", "text": "writing", "tool_call": "writing"}


@dataclass(frozen=True, kw_only=True)
class Reactions:
    """What the app does about a few events, besides showing them."""

    turn_over: Callable[[bool], None]
    """The turn ended; whether in a question to the user."""
    catalogue_wanted: Callable[[], None]
    """The catalogue could not be read before, and may be now."""
    connected: Callable[[DatabaseInfo], None]
    databases_listed: Callable[[Sequence[str]], None]
    model_switched: Callable[[ModelInfo, bool], None]
    opening_changed: Callable[[], None]
    """A part is being opened, or isn't any more."""
    password_wanted: Callable[[PasswordWanted], None]
    superuser_refused: Callable[[], None]
    own_finished: Callable[[QueryResult | StatementError | None], None]


class Presenter:
    """The one place that knows which event concerns which widget."""

    def __init__(
        self,
        *,
        messages: Messages,
        work: Workspace,
        bridge: Bridge,
        clock: Callable[[], float],
        reactions: Reactions,
    ) -> None:
        self._messages = messages
        self._conversation, self._status, self._tabs = work.conversation, work.status, work.tabs
        self._schema, self._trace, self._grid = work.schema, work.trace, work.grid
        self._bridge = bridge
        self._clock = clock
        self._react = reactions
        self._first_token: tuple[float, int] | None = None
        self._step_tokens = 0
        self._pending: set[Part] = {"database", "model"}
        self._broken: set[str] = set()
        self._reconnecting = False
        self._ahead: float | None = None
        """How much of the next prompt's beginning is read, while it is."""
        self._turn_failed = False
        self.busy = False
        self.cancelling = False

    async def handle_all(self, events: Iterable[UiEvent]) -> None:
        """Show `events`, in order."""
        for event in events:
            await self.handle(event)

    async def handle(self, event: UiEvent) -> None:
        """Show one event."""
        match event:
            case StatementStarted() | StatementFinished():
                self._trace.handle(event)
                self._tabs.mark("trace", str(self._trace.count))
                if self._reconnecting:
                    self._reconnecting = False
                    self._activity("running")
                    self._rest()
            case Reconnecting():
                wait = self._messages.duration(event.wait_seconds * 1000)
                told = self._messages(
                    "database.reconnecting", wait=wait, attempt=event.attempt, attempts=event.attempts
                )
                self._reconnecting = True
                self._activity("starting", detail=told)
            case Reconnected():
                pass  # the statement that wanted the connection goes on
            case GridReady():
                title = self._messages("grid.own" if event.own else "pane.grid")
                await self._grid.show(event.result, event.view, title=title)
                rows = f"{event.result.row_count}{'+' if event.result.truncated else ''}"
                self._tabs.mark("grid", rows)
            case DatabasesListed():
                self._react.databases_listed(event.names)
            case OwnFinished():
                self._react.own_finished(event.outcome)
            case PartProgress():
                self._progress(event)
            case PartFailed():
                self._part_failed(event)
            case ModelReady() | DatabaseReady() | CatalogueReady():
                self._part_ready(event)
            case ReadingAhead() | ReadAhead():
                self._read_ahead(event)
            case ModelSwitched():
                self._part_ready(ModelReady(event.info))
                self._react.model_switched(event.info, event.goes_on)
            case ModelKept():
                self._model_kept(event)
            case ObjectsRead():
                self._schema.show_objects(event.objects)
            case TablesDescribed():
                self._schema.describe(event.names, event.tables)
            case DescribeFailed():
                self._schema.describe_failed(event.names, error_told(self._messages, event.error))
            case TurnFailed():
                self._conversation.fail(error_told(self._messages, event.error), self._error_title(event.error))
                self._end(clarification=False, failed=True)
                if isinstance(event.error, SuperuserRefusedError):
                    self._react.superuser_refused()
            case PasswordWanted():
                self._react.password_wanted(event)
            case JobDone() | CaseRead() | CaseExecuted():
                pass  # the latter two are the inspection's
            case _:
                self._conversation.handle(event)
                self._follow_turn(event)

    def begin(self) -> None:
        """A question is on its way to the worker."""
        self.busy, self.cancelling, self._turn_failed = True, False, False
        self._trace.begin_turn()
        self._activity("queued" if self._pending else "reading")

    @property
    def opening(self) -> bool:
        """Whether a part is being opened and no turn waits for it."""
        return bool(self._pending) and not self.busy

    def nowhere(self) -> None:
        """No database was chosen yet, so nothing is being opened."""
        self._pending.clear()
        self._opening_changed()

    def leave(self, place: Place) -> None:
        """The app goes to another database."""
        self._status.change(database=None, demo=place.demo)
        self._conversation.leave(place)
        self._schema.show(())
        self._broken.clear()
        self._pending |= {"database"} if self._status.status.model is not None else {"database", "model"}
        self._opening_changed()

    def open(self, part: Part) -> None:
        """A part is opened once more."""
        self._pending.add(part)
        self._opening_changed()

    def cancel(self) -> None:
        """The user wants the turn, or the opening, to stop; it has not yet."""
        self.cancelling = True
        self._activity("cancelling")

    def _follow_turn(self, event: UiEvent) -> None:
        match event:
            case TurnStarted():
                self._activity("reading")
            case StepStarted():
                self._first_token = None
                self._step_tokens = event.context_tokens
                self._status.change(context_used=event.context_tokens, context_size=event.context_size)
                self._activity("reading")
            case PromptEvaluated() if event.total:
                self._activity("reading", fraction=event.done / event.total)
            case TextDelta():
                self._measure()
                self._activity(_WRITING[event.kind])
            case StepFinished():
                used = event.usage.prompt_tokens + event.usage.generated_tokens
                self._status.change(context_used=used or self._step_tokens)
                if event.usage.generation_seconds:
                    self._status.change(tokens_per_second=event.usage.tokens_per_second)
            case ToolCallStarted():
                self._activity("running" if event.tool != "get_table_schema" else "reading")
            case ToolCallFinished() | FormatErrorFound() | DecisionMade() | AnswerReady() | EvidenceGathered():
                pass
            case TurnEnded():
                self._end(clarification=event.outcome == "clarification", failed=event.outcome == "failed")
            case _:
                pass

    def _measure(self) -> None:
        """Live speed and context use from the number of deltas, which is about the number of tokens."""
        now, deltas = self._clock(), self._bridge.deltas
        if self._first_token is None:
            self._first_token = (now, deltas)
            return
        seconds, tokens = now - self._first_token[0], deltas - self._first_token[1]
        if seconds > 0.2:
            self._status.change(tokens_per_second=round(tokens / seconds), context_used=self._step_tokens + tokens)

    def _end(self, *, clarification: bool, failed: bool) -> None:
        self.busy = self.cancelling = False
        self._turn_failed = failed
        self._activity("failed" if failed else "ready")
        self._react.turn_over(clarification)

    def _activity(self, activity: Activity, *, detail: str = "", fraction: float | None = None) -> None:
        if self.cancelling:
            activity, detail, fraction = "cancelling", "", None
        self._status.change(activity=activity, detail=detail, fraction=fraction)

    def _progress(self, event: PartProgress) -> None:
        self._conversation.welcome.part(event.part, "waiting", event.message, event.fraction)
        if event.part == "catalogue":
            self._schema.show_progress(event.message)
        if event.part in self._pending and not self.busy:
            self._activity("starting", detail=event.message, fraction=event.fraction)

    def _read_ahead(self, event: ReadingAhead | ReadAhead) -> None:
        t, welcome = self._messages, self._conversation.welcome
        if isinstance(event, ReadingAhead):
            self._ahead = event.fraction
            welcome.part("context", "waiting", t("part.reading_ahead"), event.fraction)
        else:
            self._ahead = None
            state, told = ("ready", "part.read_ahead") if event.complete else ("waiting", "part.interrupted")
            welcome.part("context", state, t(told))
        self._rest()

    def _part_ready(self, event: ModelReady | DatabaseReady | CatalogueReady) -> None:
        t, welcome = self._messages, self._conversation.welcome
        if isinstance(event, CatalogueReady):
            welcome.part("catalogue", "ready", t.count("catalogue.tables", len(event.tables)))
            self._schema.show(event.tables)
            self._broken.discard("catalogue")
            return
        if isinstance(event, ModelReady):
            self._status.change(model=event.info, context_size=event.info.context_size)
            welcome.warn_of(student=is_student(event.info.name))
            context = t("model.context", size=event.info.context_size) if event.info.context_size else ""
            welcome.part("model", "ready", " · ".join(filter(None, (event.info.name, event.info.description, context))))
            if event.info.warning:
                warning = told(t, event.info.warning)
                self._conversation.notify(warning, severity="warning", markup=False)
            self._opened("model")
        else:
            self._status.change(database=event.info)
            self._react.connected(event.info)
            where = t("database.where", database=event.info.database, user=event.info.user)
            welcome.part("database", "ready", f"{where} · PostgreSQL {event.info.server_version}")
            self._opened("database")
            if "catalogue" in self._broken:
                self._react.catalogue_wanted()

    def _opened(self, part: str) -> None:
        self._pending.discard(part)
        self._broken.discard(part)
        self._turn_failed = False
        self._opening_changed()

    def _opening_changed(self) -> None:
        if not self._pending and not self.busy:
            self.cancelling = False
        self._rest()
        self._react.opening_changed()

    def _rest(self) -> None:
        """Show what holds while no turn runs."""
        if self.busy:
            return
        if not self._pending and self._ahead is not None:
            self._activity("warming", fraction=self._ahead)
            return
        failed = self._turn_failed or self._broken & {"database", "model"}
        self._activity("starting" if self._pending else "failed" if failed else "ready")

    def _part_failed(self, event: PartFailed) -> None:
        error = error_told(self._messages, event.error)
        self._conversation.welcome.part(event.part, "failed", error.message)
        self._broken.add(event.part)
        if event.part == "catalogue":
            self._schema.failed(error)
            return
        self._pending.discard(event.part)
        if not self.busy:  # else the turn that needed it tells
            self._conversation.fail(error, self._messages(f"failed.{event.part}"))
            if isinstance(event.error, SuperuserRefusedError):
                self._react.superuser_refused()
        self._opening_changed()

    def _model_kept(self, event: ModelKept) -> None:
        if event.error is not None:
            self._conversation.fail(error_told(self._messages, event.error), self._messages("failed.switch"))
        elif (model := self._status.status.model) is not None:
            self._conversation.notify(self._messages("models.kept", name=model.name), markup=False)
        self._opened("model")

    def _error_title(self, error: SqlagentError) -> str:
        part = "database" if isinstance(error, DatabaseError) else "model" if isinstance(error, ModelError) else "turn"
        return self._messages(f"failed.{part}")
