"""`python -m sqlagent_tui.distill`: from questions to a student. Each subcommand imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path

import click

from sqlagent_tui.distill.evaluate_command import evaluate_command
from sqlagent_tui.distill.generate_command import generate_command
from sqlagent_tui.distill.student_command import student_command

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
RUN = Path("runs/student")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Teach a small model to be the agent: generate trajectories, train on them, export a GGUF file."""


@main.command("tokenizer")
@click.argument("corpora", nargs=-1, required=True, type=EXISTING)
@click.option("--out", type=click.Path(path_type=Path), default=RUN / "tokenizer.json", show_default=True)
def tokenizer_command(corpora: tuple[Path, ...], out: Path) -> None:
    """Train the tokenizer on CORPORA (JSON Lines)."""
    from sqlagent_tui.distill.tokenizer import train_tokenizer

    vocabulary = train_tokenizer(corpora, out).get_vocab_size()
    click.echo(f"{vocabulary} tokens in {out}", err=True)


@main.command("train")
@click.argument("corpora", nargs=-1, required=True, type=EXISTING)
@click.option("--tokenizer", type=EXISTING, default=RUN / "tokenizer.json", show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=RUN, show_default=True)
@click.option("--minutes", type=float, help="Training time over all resumes; the learning rate follows it.")
@click.option("--steps", type=int, help="Optimiser steps instead of a time.")
@click.option("--start", type=EXISTING, help="Begin with the weights of this student's GGUF file.")
@click.option("--rate", type=float, default=1.2e-3, show_default=True, help="Peak learning rate.")
@click.option("--copy-seconds", type=float, default=75.0, show_default=True, help="How long to practise copying first.")
@click.option("--micro-tokens", type=int, default=1024, show_default=True, help="Tokens of a micro-batch.")
@click.option("--micro-batches", type=int, default=4, show_default=True, help="Micro-batches of a step.")
@click.option("--workers", type=int, help="Processes; the default is one a core.")
@click.option("--compile/--no-compile", "compiled", default=True, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def train_command(
    corpora: tuple[Path, ...],
    tokenizer: Path,
    out: Path,
    minutes: float | None,
    steps: int | None,
    start: Path | None,
    rate: float,
    copy_seconds: float,
    micro_tokens: int,
    micro_batches: int,
    workers: int | None,
    compiled: bool,
    seed: int,
) -> None:
    """Train on CORPORA, or go on where OUT's checkpoint stands. SIGTERM ends it cleanly; the same command resumes."""
    from sqlagent_tui.distill.schedule import Budget
    from sqlagent_tui.distill.train import train
    from sqlagent_tui.distill.worker import Options, default_workers

    if (minutes is None) == (steps is None):
        raise click.UsageError("Say how long to train: either --minutes or --steps.")
    options = Options(
        corpora=corpora,
        tokenizer=tokenizer,
        out=out,
        budget=Budget(minutes * 60 if minutes is not None else None, steps),
        peak=rate,
        start=start,
        copy_seconds=copy_seconds,
        micro_tokens=micro_tokens,
        micro_batches=micro_batches,
        workers=workers or default_workers(),
        compiled=compiled,
        seed=seed,
    )
    train(options, lambda line: click.echo(line, err=True))


@main.command("export")
@click.argument("checkpoint", type=EXISTING, default=RUN / "checkpoint.pt")
@click.option("--tokenizer", type=EXISTING, default=RUN / "tokenizer.json", show_default=True)
@click.option("--template", type=EXISTING, default=Path(__file__).with_name("chat_template.jinja"))
@click.option("--type", "kind", type=click.Choice(["F16", "Q8_0"]), default="F16", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=RUN / "student.gguf", show_default=True)
def export_command(checkpoint: Path, tokenizer: Path, template: Path, kind: str, out: Path) -> None:
    """Write CHECKPOINT as a GGUF file."""
    from sqlagent_tui.distill.checkpoint import load, student_of
    from sqlagent_tui.distill.export import export

    export(student_of(load(checkpoint)), tokenizer, template.read_text(encoding="utf-8"), out, kind=kind)
    click.echo(f"{out} ({out.stat().st_size / 1e6:.1f} MB)", err=True)


@main.command("curve")
@click.argument("curve", type=EXISTING, default=RUN / "curve.jsonl")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=RUN / "curve.svg", show_default=True)
def curve_command(curve: Path, out: Path) -> None:
    """Draw a run's loss as SVG."""
    from sqlagent_tui.distill.curve import draw, read_curves

    out.write_text(draw(read_curves(curve)), encoding="utf-8")


for command in (generate_command, evaluate_command, student_command):
    main.add_command(command)

if __name__ == "__main__":
    main()
