"""The three tools, run for the model: what they did, and the text that the model is shown."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.agent.messages import ToolCall
from sqlagent_tui.agent.profile import Profile
from sqlagent_tui.agent.protocols import Database, TurnLimits
from sqlagent_tui.agent.rendering import result_text, schema_text
from sqlagent_tui.agent.results import QueryResult, StatementError, UnknownTable


class ToolOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one call. `decision` is set when the turn is decided."""

    ok: bool
    content: str
    error: StatementError | None = None
    row_count: int | None = None
    elapsed_ms: float = 0.0
    decision: DecisionKind | None = None
    sql: str | None = None
    answer: QueryResult | None = None


class Toolbox:
    """Runs tool calls of one turn and remembers the last SQL that worked."""

    def __init__(
        self, database: Database, profile: Profile, limits: Callable[[], TurnLimits], cancel: CancelToken
    ) -> None:
        """Prepare; `limits` is asked before each statement."""
        self._database = database
        self._profile = profile
        self._limits = limits
        self._cancel = cancel
        self._tried: list[str] = []

    def run(self, call: ToolCall) -> ToolOutcome:
        """Run one call. Raises Cancelled, and DatabaseError when the catalogue can't be read."""
        if call.tool == "get_table_schema":
            return self._schema(call.arguments["table_names"])
        if call.tool == "execute_sql":
            return self._execute(call.arguments["sql"])
        return self._decide(call)

    def has_tried(self, sql: str) -> bool:
        """Whether the model has run this very statement, and it worked."""
        return sql in self._tried

    def _schema(self, names: list[str]) -> ToolOutcome:
        infos = self._database.describe(names, self._cancel)
        found = sum(not isinstance(info, UnknownTable) for info in infos)
        return ToolOutcome(ok=found > 0, content=schema_text(infos, self._profile.layout), row_count=found)

    def _execute(self, sql: str) -> ToolOutcome:
        result = self._database.execute(sql, origin="agent", cancel=self._cancel, limits=self._limits().statement)
        content = result_text(result, self._profile.layout)
        if isinstance(result, StatementError):
            return ToolOutcome(ok=False, content=content, error=result, elapsed_ms=result.elapsed_ms)
        self._tried.append(sql)
        return ToolOutcome(ok=True, content=content, row_count=result.row_count, elapsed_ms=result.elapsed_ms)

    def _decide(self, call: ToolCall) -> ToolOutcome:
        decision: DecisionKind = call.arguments["decision"]
        if decision != "sql":
            return ToolOutcome(ok=True, content="", decision=decision)
        sql = call.arguments.get("sql") or (self._tried[-1] if self._tried else None)
        if sql is None:
            name = self._profile.tools["final_answer"].arguments["sql"].name
            return ToolOutcome(ok=False, content=f"ERROR: the decision sql needs {name}: no statement has worked yet.")
        answer = self._database.execute(sql, origin="answer", cancel=self._cancel, limits=self._limits().answer)
        if isinstance(answer, StatementError):
            # A final statement that fails is no answer: the model sees why and goes on.
            content = result_text(answer, self._profile.layout)
            return ToolOutcome(ok=False, content=content, error=answer, elapsed_ms=answer.elapsed_ms)
        return ToolOutcome(
            ok=True,
            content="",
            row_count=answer.row_count,
            elapsed_ms=answer.elapsed_ms,
            decision="sql",
            sql=sql,
            answer=answer,
        )
