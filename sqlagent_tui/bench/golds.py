"""What the gold statements give: each run once, and kept in the run's folder for whoever judges or inspects later."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Database, Limits
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.bench.files import read_bytes, write_whole
from sqlagent_tui.bench.suite import Item
from sqlagent_tui.errors import UsageError


class Gold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A gold statement and its rows, or why there are none."""

    sql: str
    result: QueryResult | None = None
    fault: str = ""
    """Why nothing can be judged by it, in one sentence; empty when it can."""


class Golds:
    """The gold statements of some questions, with their results."""

    def __init__(self, golds: Iterable[Gold]) -> None:
        self._by_sql: Mapping[str, Gold] = {gold.sql: gold for gold in golds}

    @classmethod
    def run(
        cls,
        items: Iterable[Item],
        database: Database,
        limits: Limits,
        cancel: CancelToken,
        tell: Callable[[int, int], None] = lambda done, total: None,
    ) -> Golds:
        """Run every gold statement of `items` once. Raises Cancelled."""
        statements = dict.fromkeys(sql for item in items for sql in (*item.gold, *item.reply_gold))
        golds: list[Gold] = []
        for sql in statements:
            tell(len(golds), len(statements))
            golds.append(_run(sql, database, limits, cancel))
        return cls(golds)

    @classmethod
    def read(cls, folder: Path) -> Golds:
        """Return what `write` kept. Raises UsageError when a file is damaged."""
        return cls(_read(path) for path in sorted(folder.glob("*.json")))

    @classmethod
    def read_one(cls, folder: Path, sql: str) -> Gold | None:
        """Return what `write` kept of one statement, None for nothing. Raises UsageError when its file is damaged."""
        path = _path(folder, sql)
        return _read(path) if path.exists() else None

    def write(self, folder: Path) -> None:
        """Keep each in a file named by its statement's SHA-256. Raises UsageError."""
        for gold in self._by_sql.values():
            write_whole(_path(folder, gold.sql), msgspec.json.encode(gold))

    def results(self, statements: Sequence[str]) -> list[QueryResult]:
        """Return the rows of statements without fault, in their order."""
        return [result for sql in statements if (result := self._by_sql[sql].result) is not None]

    def fault(self, item: Item) -> str:
        """Return why `item` can't be judged; empty when it can."""
        faults = (self._by_sql[sql].fault for sql in (*item.gold, *item.reply_gold))
        return next(filter(None, faults), "")

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all statements and their rows, in whatever order the server gave these."""
        digest = hashlib.sha256()
        for sql, gold in sorted(self._by_sql.items()):
            rows = sorted(map(msgspec.json.encode, gold.result.rows)) if gold.result else []
            digest.update(msgspec.json.encode((sql, len(rows))) + b"\n" + b"\n".join(rows))
        return digest.hexdigest()


def _path(folder: Path, sql: str) -> Path:
    return folder / f"{hashlib.sha256(sql.encode()).hexdigest()}.json"


def _read(path: Path) -> Gold:
    try:
        return msgspec.json.decode(read_bytes(path), type=Gold)
    except msgspec.DecodeError as error:
        raise UsageError(f"{path} is damaged: {error}.", "Begin a new run.") from None


def _run(sql: str, database: Database, limits: Limits, cancel: CancelToken) -> Gold:
    outcome = database.execute(sql, origin="user", cancel=cancel, limits=limits)
    if isinstance(outcome, StatementError):
        return Gold(sql=sql, fault=f"A gold statement fails: {outcome.message}")
    if outcome.truncated or outcome.shortened_values:
        return Gold(sql=sql, fault=f"A gold statement gives more than can be compared ({outcome.row_count} rows).")
    return Gold(sql=sql, result=outcome)
