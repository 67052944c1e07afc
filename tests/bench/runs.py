"""Runs for the tests: scripted models, and the folder that one is kept in."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.profile import Profile, default_profile
from sqlagent_tui.agent.protocols import Database, Limits, Model, TurnLimits
from sqlagent_tui.bench.golds import Golds
from sqlagent_tui.bench.records import Verdict
from sqlagent_tui.bench.run_directory import (
    DatabaseFacts,
    ModelFacts,
    ProfileFacts,
    RunConfig,
    RunDirectory,
    SuiteFacts,
)
from sqlagent_tui.bench.suite import Item, Suite

SUITE = Path(__file__).with_name("suite_small")
LIMITS = TurnLimits(answer=Limits(max_rows=100_000, max_value_chars=1_000_000))


def call(tool: str, **arguments: object) -> str:
    payload = json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)
    return f"penso\n</think>\n\n<tool_call>\n{payload}\n</tool_call>"


def oracle(items: Sequence[Item], samples: int = 1) -> list[str]:
    """What a model writes that knows the golds: tried first, then given as the answer."""
    script: list[str] = []
    for item in items:
        for _ in range(samples):
            script += _answered(item.gold[0]) if item.decision == "sql" else [declined(item.decision)]
            if item.reply:
                script += _answered(item.reply_gold[0])
    return script


def declined(decision: str) -> str:
    return call("final_answer", decision=decision, message="Por um motivo.")


def _answered(sql: str) -> list[str]:
    return [call("execute_sql", sql=sql), call("final_answer", decision="sql", sql=sql)]


def config_for(
    suite: Suite,
    items: Sequence[Item],
    model: Model,
    golds: Golds,
    *,
    profile: Profile | None = None,
    samples: int = 1,
    question_timeout: float = 60.0,
    name: str = "",
) -> RunConfig:
    profile = profile or default_profile()
    return RunConfig(
        suite=SuiteFacts(
            name=suite.name, title=suite.title, digest=suite.digest, today=suite.today or datetime.date(2024, 1, 1)
        ),
        items=tuple(item.id for item in items),
        model=ModelFacts(
            name=name or model.info.name, sha256=model.info.sha256, description="", context_size=model.info.context_size
        ),
        profile=ProfileFacts.of(profile),
        database=DatabaseFacts(name="cadastro_ambiental", server_version="18", fingerprint=golds.fingerprint),
        sampling=profile.sampling,
        samples=samples,
        second_turn=True,
        question_timeout=question_timeout,
        limits=LIMITS,
    )


def golds_of(items: Sequence[Item], database: Database) -> Golds:
    return Golds.run(items, database, LIMITS.answer, CancelToken())


def timeless(verdicts: Sequence[Verdict]) -> list[dict[str, object]]:
    """Verdicts without what differs from run to run, in the order of the questions."""
    import msgspec

    plain = [msgspec.to_builtins(verdict) for verdict in verdicts]
    for record in plain:
        for turn in (record, record.get("second") or {}):
            turn.pop("seconds", None)
    return sorted(plain, key=lambda record: (record["item_id"], record.get("sample", 0)))


def kept(directory: RunDirectory) -> list[str]:
    """Ids of what was judged, in the order of the file."""
    return [f"{verdict.item_id}#{verdict.sample}" for verdict in directory.verdicts()]
