"""The corpus: trajectories drawn, played and written by several processes, and the two held-out splits.

`train` never sees a held-out pattern or value; `values` uses seen patterns with held-out values; `patterns` uses at
least one held-out frame, phrase or thing in every question.
"""

from __future__ import annotations

import json
import multiprocessing
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlagent_tui.agent.results import QueryResult
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.distill.composition import Composed, Composer
from sqlagent_tui.distill.conditions import Mode
from sqlagent_tui.distill.expert import Expert, find_mistake, student_profile
from sqlagent_tui.distill.lexicon import Lexicon, load_lexicon
from sqlagent_tui.distill.refusals import RefusalComposer
from sqlagent_tui.distill.replies import ReplyComposer
from sqlagent_tui.distill.semantics import compose_sql, tables_of
from sqlagent_tui.distill.values import Names, load_names
from sqlagent_tui.errors import UsageError

Progress = Callable[[int, int], None]
_DECISIONS: Final = {"sql": 68.0, "clarification": 16.0, "unanswerable": 16.0}
_EVAL_DECISIONS: Final = {"sql": 60.0, "clarification": 20.0, "unanswerable": 20.0}
_MISTAKES: Final = 0.06
_REPLIES: Final = 0.12
_PLAN_ONLY: Final = 0.35
"""Of the SQL questions: cut after the plan, which is where a student goes wrong; the rest is copying."""
_VAGUE_FILTERS: Final = 0.3
"""Of the clarifications: ordinary questions one of whose filters is vague, so that only that word tells them apart."""
_KEEP_EMPTY: Final[dict[Mode, float]] = {"train": 0.5, "values": 0.1, "patterns": 0.1}
_CHUNK: Final = 500


@dataclass(frozen=True)
class _Task:
    mode: Mode
    start: int
    count: int
    seed: int


@dataclass(frozen=True)
class CorpusFiles:
    """Where the splits were written, and how many lines each has."""

    train: Path
    evaluation: Path
    counts: dict[str, int]


class Writer:
    """Makes the lines of one mode from one seed."""

    def __init__(self, lexicon: Lexicon, names: Names, expert: Expert, mode: Mode, seed: int) -> None:
        self._rng = random.Random(f"{mode}-{seed}")
        self._composer = Composer(lexicon, names, self._rng, mode)
        self._refusals = RefusalComposer(self._composer)
        self._replies = ReplyComposer(self._composer)
        self._expert = expert
        self._mode = mode

    def line(self, identity: str) -> dict[str, Any]:
        """One JSON Lines record."""
        weights = _DECISIONS if self._mode == "train" else _EVAL_DECISIONS
        decision = self._rng.choices(list(weights), list(weights.values()))[0]
        if self._mode == "values" and decision != "sql":
            decision = "sql"  # a held-out value means nothing where nothing is copied into SQL
        if decision == "sql":
            return self._sql_line(identity)
        if decision == "clarification" and self._mode == "train" and self._rng.random() < _VAGUE_FILTERS:
            refused = self._replies.vague()
        else:
            refused = self._refusals.compose(decision)
        segments = self._expert.refuse(refused.question, refused.plan, refused.decision, refused.message)
        expected = {"decision": refused.decision, "sql": None, "kind": refused.kind}
        return self._record(identity, refused.question, expected, segments)

    def _sql_line(self, identity: str) -> dict[str, Any]:
        while True:
            earlier = None
            if self._mode == "train" and self._rng.random() < _REPLIES:
                composed, earlier = self._replies.compose()
            else:
                composed = self._composer.compose()
            sql = compose_sql(composed.query)
            result = self._expert.execute(sql)
            if not isinstance(result, QueryResult):
                raise UsageError(f"The expert's statement fails: {result.message}: {sql}", "Correct the inventory.")
            if _is_empty(composed, result) and self._rng.random() > _KEEP_EMPTY[self._mode]:
                continue
            mistake = find_mistake(sql, self._rng) if self._mode == "train" and self._rng.random() < _MISTAKES else None
            if mistake is not None and isinstance(self._expert.execute(mistake.sql), QueryResult):
                mistake = None
            segments = self._expert.answer(
                composed.question,
                composed.plan,
                tables_of(composed.query),
                sql,
                result,
                earlier=earlier,
                mistake=mistake,
            )
            if self._mode == "train" and mistake is None and self._rng.random() < _PLAN_ONLY:
                segments = segments[:2]
            expected = {"decision": "sql", "sql": sql, "kind": composed.intent}
            return self._record(identity, composed.question, expected, segments)

    def _record(self, identity: str, question: str, expected: dict[str, Any], segments: object) -> dict[str, Any]:
        return {"id": identity, "split": self._mode, "question": question, "expected": expected, "segments": segments}


def generate(
    conninfo: str, out: Path, *, count: int, evaluation: int, seed: int, processes: int, progress: Progress
) -> CorpusFiles:
    """Write `train.jsonl` (`count` lines) and `eval.jsonl` (`evaluation` lines a split) into `out`.

    Raises UsageError when the phrase files hold something unusable and DatabaseError when the server can't be reached.
    """
    lexicon = load_lexicon()
    if lexicon.problems:
        raise UsageError(
            f"The phrase files hold {len(lexicon.problems)} mistakes, first: {lexicon.problems[0]}.", "Correct them."
        )
    out.mkdir(parents=True, exist_ok=True)
    tasks = [_Task("train", start, min(_CHUNK, count - start), seed) for start in range(0, count, _CHUNK)]
    tasks += [_Task(mode, 0, evaluation, seed) for mode in ("values", "patterns") if evaluation]
    counts: dict[str, int] = {}
    seen: set[str] = set()
    train, held = out / "train.jsonl", out / "eval.jsonl"
    done, total = 0, count + 2 * evaluation
    with train.open("w", encoding="utf-8") as train_file, held.open("w", encoding="utf-8") as held_file:
        for mode, question, line in _lines(conninfo, tasks, processes):
            done += 1
            key = f"{mode}|{question}"
            if key not in seen:
                seen.add(key)
                counts[mode] = counts.get(mode, 0) + 1
                (train_file if mode == "train" else held_file).write(line)
            if done % 1000 == 0:
                progress(done, total)
    return CorpusFiles(train, held, counts)


def _lines(conninfo: str, tasks: list[_Task], processes: int) -> Iterator[tuple[Mode, str, str]]:
    if processes <= 1:
        for task in tasks:
            yield from _play(conninfo, task)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        for chunk in pool.imap(partial(_play, conninfo), tasks):
            yield from chunk


_worker: dict[str, tuple[Lexicon, Names, Expert]] = {}


def _play(conninfo: str, task: _Task) -> list[tuple[Mode, str, str]]:
    if conninfo not in _worker:
        _worker[conninfo] = (
            load_lexicon(),
            load_names(conninfo),
            Expert(PostgresDatabase.connect(conninfo), student_profile()),
        )
    lexicon, names, expert = _worker[conninfo]
    writer = Writer(lexicon, names, expert, task.mode, task.seed * 1_000_003 + task.start)
    lines = []
    for number in range(task.start, task.start + task.count):
        record = writer.line(f"{task.mode}-{task.seed}-{number}")
        lines.append((task.mode, str(record["question"]), json.dumps(record, ensure_ascii=False) + "\n"))
    return lines


def _is_empty(composed: Composed, result: QueryResult) -> bool:
    if not result.rows:
        return True
    only = result.rows[0]
    return len(result.rows) == 1 and len(only) == 1 and only[0] in (None, "0")
