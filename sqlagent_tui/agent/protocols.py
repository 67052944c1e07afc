"""What the loop is handed. Three small protocols; nothing here knows a driver, an engine or a screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.messages import Delta, Message, PromptProgress
from sqlagent_tui.agent.results import (
    Origin,
    QueryResult,
    SchemaObject,
    StatementError,
    TableInfo,
    TableName,
    UnknownTable,
    Verb,
)
from sqlagent_tui.agent.roles import RoleReport


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How the next token is chosen. Temperature 0 is greedy."""

    temperature: float = 0.6
    top_p: float = 0.95
    top_k: int = 20
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    seed: int = 0


class GenerationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one generation."""

    sampling: Sampling = Sampling()
    max_tokens: int = 4096
    thinking_budget: int = 2048
    """Tokens of thinking after which the model is made to answer; 0 means no limit."""
    grammar: str = ""
    """GBNF for what follows the thought, its root `root`; empty: anything. A backend without grammars ignores it."""
    speculate: bool = True
    """Evaluate guesses ahead. The text stays what it is, unless two tokens are all but equally likely."""


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which model answers."""

    name: str
    sha256: str = ""
    context_size: int = 0
    """Tokens that fit; 0 when unknown."""
    description: str = ""
    warning: str = ""
    """What a user should know of the way to it; one sentence."""


class Model(Protocol):
    """A chat model that streams. One generation at a time; not thread-safe, except through the cancel token."""

    @property
    def info(self) -> ModelInfo:
        """Name, hash and context size of the loaded model."""
        ...

    def count_tokens(self, messages: Sequence[Message], tools: Sequence[dict[str, object]]) -> int:
        """Return how many prompt tokens these messages cost, generation prompt included."""
        ...

    def generate(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, object]],
        options: GenerationOptions,
        cancel: CancelToken,
    ) -> Iterator[Delta]:
        """Yield deltas; the last one is a `Generation`.

        When `messages` continues the previous call's messages (plus the assistant message that came of it), only
        the new tokens are evaluated. Raises `ModelError` when the model can't go on and `Cancelled` within 100 ms
        of the token being set.
        """
        ...

    def close(self) -> None:
        """Let go of it, from any thread; what is under way ends. Idempotent."""
        ...


@runtime_checkable
class SampledModel(Model, Protocol):
    """A model that can answer several conversations at once, at little more than the cost of one."""

    def samples(self, count: int) -> Sequence[Model]:
        """Return `count` models, each for a thread of its own; what their prompts have in common is evaluated once.

        They end with this model; closing them does nothing. Raises `ModelError` when there are too many.
        """
        ...


@runtime_checkable
class Warming(Protocol):
    """What a model may also be able to do: evaluate ahead what a prompt will begin with."""

    def warm(
        self, messages: Sequence[Message], tools: Sequence[dict[str, object]], cancel: CancelToken
    ) -> Iterator[PromptProgress]:
        """Evaluate what every prompt begins with that consists of `messages` and a user's next one.

        Yields progress, none when nothing is left to do. What was evaluated when it is cancelled is not lost. Raises
        `ModelError`, and `Cancelled` within 100 ms of the token being set.
        """
        ...


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one statement. The server keeps to the first group, we to the second; the third is asked beforehand."""

    statement_timeout_ms: int = 30_000
    """0: none."""
    lock_timeout_ms: int = 2_000
    """0: none."""
    idle_timeout_ms: int = 60_000
    """How long the transaction may wait for us; the server then closes the connection. 0: none."""
    work_mem_mb: int | None = None
    """None: the server's own setting."""
    temp_file_limit_mb: int | None = None
    """Only where the role may set it and the server's own isn't smaller. None: the server's own setting."""
    parallel_workers: int = 0
    """`max_parallel_workers_per_gather`."""

    max_rows: int = 1_000
    max_value_chars: int = 4_096
    max_bytes: int = 128 * 1024 * 1024
    """That all rows held take up in this process, together."""

    max_cost: float | None = None
    """The planner's estimate, in its own units, above which a statement of the model isn't run. None: no bound."""
    max_estimated_rows: int | None = None
    """Rows that any step of the plan is estimated to yield, likewise."""


class TurnLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Where a turn is ended if the model doesn't end it."""

    max_steps: int = 16
    max_seconds: float = 1_800.0
    max_tokens: int = 40_000
    """Generated tokens of the whole turn."""
    max_format_errors: int = 3
    max_repeats: int = 2
    """How often a call that failed may be made again, word for word, and fail."""
    statement: Limits = Limits(max_rows=200)
    """Bounds of what the model tries out."""
    answer: Limits = Limits(max_rows=100_000)
    """Bounds of the final answer, whose rows the user sees."""


class DatabaseInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Where the statements go."""

    database: str
    user: str
    host: str
    server_version: str
    backend_pid: int
    read_only: bool
    """Verified on the server, not assumed."""
    role: RoleReport = RoleReport()
    """What the role may do beyond reading."""
    pooler: str | None = None
    """What stands between us and the server: `PgBouncer`, `a connection pooler`; None: nothing."""


class Database(Protocol):
    """A guarded, read-only way to one database. `execute` may be cancelled from any thread through the token."""

    @property
    def info(self) -> DatabaseInfo:
        """What was verified when the connection was made."""
        ...

    def execute(
        self,
        sql: str,
        *,
        origin: Origin,
        cancel: CancelToken,
        limits: Limits | None = None,
        verb: Verb = "query",
    ) -> QueryResult | StatementError:
        """Run one statement under the rule of READ ONLY … ROLLBACK. Raises `Cancelled`; never a driver's exception."""
        ...

    def tables(self, cancel: CancelToken) -> Sequence[TableName]:
        """Return every relation that the role may read, in schema and name order. Raises `DatabaseError`."""
        ...

    def objects(self, cancel: CancelToken) -> Sequence[SchemaObject]:
        """Return the database's own functions and types that the role may use. Raises `DatabaseError`."""
        ...

    def describe(self, names: Sequence[str], cancel: CancelToken) -> Sequence[TableInfo | UnknownTable]:
        """Return each named relation in detail, in the order asked for. Raises `DatabaseError`."""
        ...
