"""How much a token's logits depend on what is computed beside it: the only way in which drafts can change a text."""

from __future__ import annotations

import random
from pathlib import Path

import llama_cpp.llama_cpp as lib
import numpy as np

from sqlagent_tui.models.batch import Chunk
from sqlagent_tui.models.settings import EngineSettings
from tests.benchmarks.engine.rig import Bench

TOKENS = 64
TOGETHER = 16


def ties(model: Path, settings: EngineSettings) -> dict[str, float]:
    """Compare the logits of `TOKENS` tokens computed one by one and sixteen at once.

    Returns the largest difference of any logit, how many choices changed, and the widest gap between the two likeliest
    tokens where one did.
    """
    bench = Bench(model, 1024, settings)
    dice = random.Random(9)
    tokens = [dice.randrange(300, 4000) for _ in range(TOKENS)]
    bench.engine.evaluate([Chunk(0, [dice.randrange(300, 4000) for _ in range(64)], 1)])
    single = _logits(bench, tokens, 1)
    together = _logits(bench, tokens, TOGETHER)
    bench.engine.close()
    changed = single.argmax(axis=1) != together.argmax(axis=1)
    best = np.sort(single, axis=1)[:, -2:]
    gaps = (best[:, 1] - best[:, 0])[changed]
    return {
        "largest difference of a logit": float(np.abs(single - together).max()),
        f"choices that changed, of {TOKENS}": float(changed.sum()),
        "widest gap between the two likeliest where one did": float(gaps.max()) if len(gaps) else 0.0,
        "median gap between the two likeliest": float(np.median(best[:, 1] - best[:, 0])),
    }


def _logits(bench: Bench, tokens: list[int], step: int) -> np.ndarray:
    """The logits after each token, `step` of them evaluated at once; the context is left as it was."""
    engine = bench.engine
    start = len(engine.held[0])
    rows = []
    for index in range(0, len(tokens), step):
        part = tokens[index : index + step]
        (first,) = engine.evaluate([Chunk(0, part, len(part))])
        for row in range(first, first + len(part)):
            pointer = lib.llama_get_logits_ith(engine._context, row)
            rows.append(np.ctypeslib.as_array(pointer, shape=(engine.vocabulary.size,)).copy())
    engine.keep(0, start)
    return np.stack(rows)
