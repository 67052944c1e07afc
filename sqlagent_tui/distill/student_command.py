"""`python -m sqlagent_tui.distill student`: the whole way, from the demo database to a measured GGUF file.

Each stage leaves a file and is skipped when that is there, so the same command goes on after an interruption; training
goes on from its checkpoint.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import click


@click.command("student")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/student"), show_default=True
)
@click.option("--count", default=140_000, show_default=True, help="Training trajectories.")
@click.option("--minutes", default=105.0, show_default=True, help="Training time, over all resumes.")
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--start",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Begin with the weights of this student's GGUF file.",
)
@click.pass_context
def student_command(
    context: click.Context, out: Path, count: int, minutes: float, seed: int, start: Path | None
) -> None:
    """Generate trajectories, train the student on them, write student.gguf and measure it."""
    from sqlagent_tui.distill.__main__ import export_command, tokenizer_command, train_command
    from sqlagent_tui.distill.evaluate_command import evaluate_command
    from sqlagent_tui.distill.generate_command import generate_command

    out.mkdir(parents=True, exist_ok=True)
    corpus, tokenizer, gguf = out / "corpus", out / "tokenizer.json", out / "student.gguf"
    partial = out / "corpus.partial"

    def generate() -> None:
        shutil.rmtree(partial, ignore_errors=True)
        context.invoke(
            generate_command, out=partial, count=count, evaluation=600, seed=seed, processes=os.cpu_count() or 1
        )
        partial.rename(corpus)

    train, held_out = corpus / "train.jsonl", corpus / "eval.jsonl"
    _stage("corpus", corpus, generate)
    _stage("tokenizer", tokenizer, lambda: context.invoke(tokenizer_command, corpora=(train,), out=tokenizer))
    click.echo("training", err=True)
    context.invoke(
        train_command,
        corpora=(train, held_out),
        tokenizer=tokenizer,
        out=out,
        minutes=minutes,
        seed=seed,
        start=start,
        compiled=True,
    )
    _stage(
        "export",
        gguf,
        lambda: context.invoke(export_command, checkpoint=out / "checkpoint.pt", tokenizer=tokenizer, out=gguf),
    )
    questions = (held_out, Path(__file__).with_name("handwritten.jsonl"))
    _stage(
        "report",
        out / "report.json",
        lambda: context.invoke(evaluate_command, question_files=questions, model_name=str(gguf), out=out),
    )


def _stage(name: str, product: Path, work: Callable[[], object]) -> None:
    if product.exists():
        click.echo(f"{name}: {product} is there", err=True)
        return
    click.echo(name, err=True)
    work()
