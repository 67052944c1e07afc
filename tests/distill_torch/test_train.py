import json
import os
import signal
from pathlib import Path

import torch

from sqlagent_tui.distill import checkpoint as checkpoints
from sqlagent_tui.distill.schedule import Budget
from sqlagent_tui.distill.train import train
from sqlagent_tui.distill.worker import Options


def options(corpus: Path, tokenizer_file: Path, out: Path, steps: int, workers: int = 1) -> Options:
    return Options(
        corpora=(corpus,),
        tokenizer=tokenizer_file,
        out=out,
        budget=Budget(None, steps),
        warm_up=2,
        copy_seconds=0,
        micro_tokens=512,
        micro_batches=2,
        workers=workers,
        compiled=False,
    )


def quiet(_line: str) -> None:
    """Training narrates; tests needn't hear it."""


def test_a_resumed_run_ends_where_an_unbroken_one_does(corpus: Path, tokenizer_file: Path, tmp_path: Path) -> None:
    whole = train(options(corpus, tokenizer_file, tmp_path / "whole", 4), quiet)
    train(options(corpus, tokenizer_file, tmp_path / "broken", 1), quiet)  # one step is over before the rate falls
    resumed = train(options(corpus, tokenizer_file, tmp_path / "broken", 4), quiet)
    assert resumed.position.step == whole.position.step == 4
    assert resumed.position.tokens == whole.position.tokens
    assert torch.equal(resumed.weights, whole.weights)
    lines = [json.loads(line) for line in (tmp_path / "broken" / "curve.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["kind"] == "held_out"]
    assert losses[-1] < losses[0]


def test_workers_share_one_step(corpus: Path, tokenizer_file: Path, tmp_path: Path) -> None:
    alone = train(options(corpus, tokenizer_file, tmp_path / "alone", 2), quiet)
    shared = train(options(corpus, tokenizer_file, tmp_path / "shared", 2, workers=2), quiet)
    # Only the order of summation differs; AdamW's first steps turn a tiny gradient's sign into a step of full size.
    assert shared.position.tokens == alone.position.tokens
    assert (alone.weights - shared.weights).norm() < 0.02 * alone.weights.norm()


def test_a_signal_ends_a_run_with_a_checkpoint(corpus: Path, tokenizer_file: Path, tmp_path: Path) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("compiled"):
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    wanted = options(corpus, tokenizer_file, tmp_path, 1000)
    train(wanted, interrupt)
    assert signal.getsignal(signal.SIGTERM) is before
    found = checkpoints.load(wanted.checkpoint)
    assert found.position.step < 1000
    student = checkpoints.student_of(found)
    assert torch.equal(checkpoints.flatten(student), found.weights)
