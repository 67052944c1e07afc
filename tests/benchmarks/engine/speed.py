"""Prefill and decode: our engine, llama-cpp-python's `Llama`, and llama-bench, at the same settings."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.models.conversation import Prompt
from sqlagent_tui.models.settings import EngineSettings
from tests.benchmarks.engine.rig import Bench, Quiet
from tests.fix_engine import drive

PROMPT = 256
WRITTEN = 32
Speeds = dict[str, float]
"""Tokens a second, by "prefill" and "decode"; the latter after a prompt of `PROMPT` tokens."""


def _prompt() -> list[int]:
    dice = random.Random(5)
    return [dice.randrange(300, 4000) for _ in range(PROMPT)]


def ours(model: Path, settings: EngineSettings) -> Speeds:
    """Our engine, with sampling, parsing and all."""
    bench = Bench(model, 1024, settings)
    options = GenerationOptions(sampling=Sampling(temperature=0), max_tokens=WRITTEN, thinking_budget=0)
    _warm_up(lambda tokens: drive(bench.engine, bench.generator.evaluate(0, tokens, Quiet())))
    outcome = drive(bench.engine, bench.generator.run(0, Prompt(_prompt(), True, False), options, Quiet()))
    usage = outcome.generation.usage
    bench.engine.close()
    # The last token is written, not evaluated.
    return {
        "prefill": (PROMPT - usage.cached_tokens) / (usage.seconds - usage.generation_seconds),
        "decode": (usage.generated_tokens - 1) / usage.generation_seconds,
    }


def llama(model: Path, settings: EngineSettings) -> Speeds:
    """The library's own high-level class. It can't switch the extra buffers off, so its defaults are replaced."""
    import llama_cpp

    defaults = llama_cpp.llama_model_default_params

    def without_extra_buffers():
        params = defaults()
        params.use_extra_bufts = settings.extra_buffers
        return params

    llama_cpp.llama_cpp.llama_model_default_params = without_extra_buffers
    model_ = llama_cpp.Llama(
        str(model),
        n_ctx=1024,
        n_batch=settings.n_batch,
        n_ubatch=settings.n_ubatch,
        n_threads=settings.threads,
        n_threads_batch=settings.threads_batch,
        flash_attn=bool(settings.flash_attention),
        verbose=False,
    )
    _warm_up(model_.eval)
    model_.reset()
    started = time.monotonic()
    model_.eval(_prompt())
    evaluated = time.monotonic()
    tokens = model_.generate([], temp=0.0, reset=False)
    model_.sample(temp=0.0)
    begun = time.monotonic()
    for _ in range(WRITTEN - 1):
        next(tokens)
    ended = time.monotonic()
    return {"prefill": PROMPT / (evaluated - started), "decode": (WRITTEN - 1) / (ended - begun)}


def llama_bench(program: Path, model: Path, settings: EngineSettings) -> Speeds:
    """llama.cpp's own benchmark: no sampling, no text."""
    arguments = [
        str(program), "-m", str(model), "-o", "json", "-r", "1",
        "-t", str(settings.threads), "-b", str(settings.n_batch), "-ub", str(settings.n_ubatch),
        "-fa", "on" if settings.flash_attention else "off", "--repack", str(int(settings.extra_buffers)),
    ]  # fmt: skip
    speeds = {}
    for name, what in (("prefill", ["-p", str(PROMPT), "-n", "0"]), ("decode", ["-p", "0", "-n", str(WRITTEN)])):
        depth = ["-d", str(PROMPT)] if name == "decode" else []
        done = subprocess.run([*arguments, *what, *depth], capture_output=True, check=True, text=True)
        speeds[name] = json.loads(done.stdout)[0]["avg_ts"]
    return speeds


def _warm_up(evaluate: Callable[[list[int]], object]) -> None:
    evaluate([1000 + index for index in range(16)])
