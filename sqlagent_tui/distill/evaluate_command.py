"""`python -m sqlagent_tui.distill evaluate`: the student's report."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.protocols import Database
from sqlagent_tui.assembly import OpenTarget, Target, choose_profile, open_model
from sqlagent_tui.config import Config
from sqlagent_tui.distill.evaluate import Item, Verdict, evaluate, read_items, summarise


@click.command("evaluate")
@click.argument("question_files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--model", "model_name", help="GGUF file; default: the bundled student.")
@click.option("--conninfo", help="A database that already holds the demo; default: the embedded one.")
@click.option("--split", "splits", multiple=True, help="Only these splits.")
@click.option("--limit", type=int, help="Questions per split at most.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for report.json and verdicts.jsonl.")
def evaluate_command(
    question_files: tuple[Path, ...],
    model_name: str | None,
    conninfo: str | None,
    splits: tuple[str, ...],
    limit: int | None,
    out: Path | None,
) -> None:
    """Answer the questions of QUESTION_FILES and print how many are right."""
    wanted = frozenset(splits) or frozenset({"values", "patterns", "handwritten"})
    items = [item for file in question_files for item in read_items(file, wanted)]
    items = _limited(items, limit)
    config = Config()
    with OpenTarget(Target(conninfo=conninfo, demo=conninfo is None), _quiet) as target:
        database = target.connect(config)
        model = open_model(model_name, config, _quiet, demo=True)
        try:
            agent = Agent(model, database, choose_profile(None, config, model.info.name))
            verdicts = _judged(items, agent, database)
        finally:
            model.close()
            database.close()
    summary = summarise(verdicts)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
        (out / "verdicts.jsonl").write_bytes(b"".join(msgspec.json.encode(v) + b"\n" for v in verdicts))
    click.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2).decode())


def _quiet(_sentence: str, _fraction: float | None) -> None:
    pass


def _limited(items: list[Item], limit: int | None) -> list[Item]:
    if limit is None:
        return items
    taken: dict[str, int] = {}
    kept = []
    for item in items:
        taken[item.split] = taken.get(item.split, 0) + 1
        if taken[item.split] <= limit:
            kept.append(item)
    return kept


def _judged(items: list[Item], agent: Agent, database: Database) -> list[Verdict]:
    verdicts: list[Verdict] = []
    handwritten = [item for item in items if item.split == "handwritten"]
    generated = [item for item in items if item.split != "handwritten"]
    # A person's gold may choose other columns than the student was taught to show; the expert's may not.
    for group, any_columns in ((generated, False), (handwritten, True)):
        for verdict in evaluate(group, agent, database, any_columns=any_columns):
            verdicts.append(verdict)
            if len(verdicts) % 50 == 0:
                right = sum(v.right for v in verdicts)
                click.echo(f"{len(verdicts)}/{len(items)}: {right} right", err=True)
    return verdicts
