"""The corpus on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sqlagent_tui.distill.corpus_file import read_trajectories
from sqlagent_tui.distill.dataset import generate


@pytest.fixture(scope="module")
def corpus(demo_conninfo: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("corpus")
    files = generate(
        demo_conninfo, out, count=300, evaluation=40, seed=9, processes=1, progress=lambda _done, _total: None
    )
    assert files.counts["train"] > 280
    return out


def test_segments_concatenate_to_the_chat_form(corpus: Path) -> None:
    for trajectory in read_trajectories(corpus / "train.jsonl"):
        text = "".join(part for part, _ in trajectory.segments)
        assert text.startswith(
            "<|im_start|>system\nAgente SQL do banco cadastro_ambiental<|im_end|>\n<|im_start|>user\n"
        )
        assert text.endswith("\n</tool_call><|im_end|>")
        assert text.count("<|im_start|>") == text.count("<|im_end|>")
        assert text.count("<tool_call>") == text.count("</tool_call>")
        assert text.count("<think>") == text.count("</think>")
        assert trajectory.segments[-1][1]


def test_calls_are_json_and_training_begins_inside_of_the_thought(corpus: Path) -> None:
    for trajectory in read_trajectories(corpus / "train.jsonl"):
        for before, (text, trained) in zip(trajectory.segments, trajectory.segments[1:], strict=False):
            if not trained:
                continue
            assert before[0].endswith("<|im_start|>assistant\n<think>\n")
            call = json.loads(text.split("<tool_call>\n")[1].split("\n</tool_call>")[0])
            assert call["name"] in ("get_table_schema", "execute_sql", "final_answer")


def test_some_trajectories_recover_from_an_error_that_is_not_trained(corpus: Path) -> None:
    recovered = 0
    for trajectory in read_trajectories(corpus / "train.jsonl"):
        text = "".join(part for part, _ in trajectory.segments)
        if "<tool_response>\nERROR " in text:
            recovered += 1
            wrong = [part for part, trained in trajectory.segments if not trained and "execute_sql" in part]
            assert len(wrong) == 1
    assert recovered > 3


def test_the_held_out_splits_say_what_is_expected(corpus: Path) -> None:
    train = {json.loads(line)["question"] for line in (corpus / "train.jsonl").read_text("utf-8").splitlines()}
    splits: dict[str, set[str]] = {}
    for line in (corpus / "eval.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        assert record["question"] not in train
        assert (record["expected"]["sql"] is not None) == (record["expected"]["decision"] == "sql")
        splits.setdefault(record["split"], set()).add(record["expected"]["decision"])
    assert splits["patterns"] == {"sql", "clarification", "unanswerable"}
    assert splits["values"] == {"sql"}
