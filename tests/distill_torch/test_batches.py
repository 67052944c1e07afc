import itertools
from pathlib import Path

import numpy as np

from sqlagent_tui.distill.batches import Shape, Tokenised, copying, fingerprint, gather, load_corpus, plan
from sqlagent_tui.distill.corpus_file import read_trajectories
from sqlagent_tui.distill.tokenizer import encode, load_tokenizer

SHAPE = Shape(tokens=512, rows=320, sequences=12)


def load(corpus: Path, tokenizer_file: Path) -> dict[str, Tokenised]:
    return load_corpus([corpus], load_tokenizer(tokenizer_file), corpus.with_name("cache"))


def test_tokens_are_those_of_the_segments_and_only_the_model_s_own_count(corpus: Path, tokenizer_file: Path) -> None:
    data = load(corpus, tokenizer_file)
    assert (len(data["train"]), len(data["values"])) == (108, 12)
    tokenizer = load_tokenizer(tokenizer_file)
    first = next(t for t in read_trajectories(corpus) if t.split == "train")
    pieces = [(encode(tokenizer, text), trained) for text, trained in first.segments]
    end = data["train"].offsets[1]
    assert data["train"].tokens[:end].tolist() == [i for ids, _ in pieces for i in ids]
    assert data["train"].trained[:end].tolist() == [trained for ids, trained in pieces for _ in ids]


def test_the_cache_is_read_and_another_corpus_has_another_name(corpus: Path, tokenizer_file: Path) -> None:
    once, again = (load(corpus, tokenizer_file)["train"] for _ in range(2))
    assert fingerprint(once) == fingerprint(again)
    assert fingerprint(once.only(np.arange(50))) != fingerprint(once)


def test_a_plan_deals_every_trajectory_once_and_fits(corpus: Path, tokenizer_file: Path) -> None:
    data = load(corpus, tokenizer_file)["train"]
    batches = plan(data, SHAPE, np.random.default_rng(3))
    assert sorted(int(i) for batch in batches for i in batch) == list(range(len(data)))
    assert all(
        data.lengths[batch].sum() <= SHAPE.tokens and data.targets[batch].sum() <= SHAPE.rows for batch in batches
    )
    again = plan(data, SHAPE, np.random.default_rng(3))
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))


def test_targets_are_the_trained_tokens(corpus: Path, tokenizer_file: Path) -> None:
    data = load(corpus, tokenizer_file)["train"]
    indices = np.array([4, 9])
    batch = gather(data, indices, SHAPE)
    count = int(batch.weights.sum())
    wanted = [
        int(t)
        for i in indices
        for t in np.array(data.tokens[data.offsets[i] : data.offsets[i + 1]])[
            np.array(data.trained[data.offsets[i] : data.offsets[i + 1]])
        ]
    ]
    assert batch.targets[:count].tolist() == wanted
    assert count == data.targets[indices].sum()
    assert batch.packed.tokens[batch.packed.rows[:count] + 1].tolist() == wanted
    assert len(batch.packed.tokens) == SHAPE.tokens
    assert batch.packed.starts[-1] == SHAPE.tokens


def test_copying_asks_only_for_what_was_there_before() -> None:
    batch = copying(SHAPE, 4096, 9, np.random.default_rng(0))
    starts, rows = batch.packed.starts.tolist(), batch.packed.rows[batch.weights > 0].tolist()
    assert rows
    for row in rows:
        begin = max(start for start in starts if start <= row)
        seen = batch.packed.tokens[begin : row + 1].tolist()
        pair = (seen[-1], int(batch.packed.tokens[row + 1]))
        assert pair in list(itertools.pairwise(seen))
