"""A small corpus of the real form, and a tokenizer trained on it."""

import json
import random
from pathlib import Path

import pytest

from sqlagent_tui.distill.tokenizer import train_tokenizer


def trajectory(number: int) -> dict[str, object]:
    chance = random.Random(number)
    name = "".join(chance.choice(["ba", "ção", "ri", "lho", "té", "mo"]) for _ in range(4)).capitalize()
    prompt = f"<|im_start|>user\nQuantos imóveis em {name}?<|im_end|>\n<|im_start|>assistant\n<think>\n"
    answer = (
        f"em {name}: m.nome = '{name}'\n</think>\n\n<tool_call>\n{{\"sql\": \"… '{name}'\"}}\n</tool_call><|im_end|>"
    )
    result = (
        f"\n<|im_start|>user\n<tool_response>\n{number}\n</tool_response><|im_end|>\n<|im_start|>assistant\n<think>\n"
    )
    segments = [(prompt, False), (answer, True), (result, False), (f"\n</think>\n\nSão {number}.<|im_end|>", True)]
    return {"id": str(number), "split": "values" if number % 10 == 0 else "train", "segments": segments}


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    path.write_text("".join(json.dumps(trajectory(n), ensure_ascii=False) + "\n" for n in range(120)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tokenizer_file(corpus: Path) -> Path:
    path = corpus.with_name("tokenizer.json")
    train_tokenizer([corpus], path)
    return path
