"""What a user waits for: through the client, its child process and, for lateness, the app."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.messages import Generation, Message, Piece
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.agent.protocols import GenerationOptions, Model, Sampling
from sqlagent_tui.models.llama import LlamaModel
from sqlagent_tui.models.settings import Pins
from tests.benchmarks.engine.record import recorded

Figures = dict[str, float]


@contextmanager
def _opened(model: Path, pins: Pins, context_size: int = 8192) -> Iterator[LlamaModel]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "model.log"
        with LlamaModel.open(model, context_size=context_size, pins=pins, log=log) as opened:
            yield opened


def _answer(model: Model, messages: list[Message], tokens: int, seed: int = 1) -> Generation:
    options = GenerationOptions(sampling=Sampling(temperature=1, seed=seed), max_tokens=tokens, thinking_budget=0)
    last = [*model.generate(messages, recorded().tools, options, CancelToken())][-1]
    assert isinstance(last, Generation)
    return last


def _question(text: str = "Quantos embargos há?") -> list[Message]:
    return [recorded().messages[0], Message(role="user", content=text)]


def first_tokens(model: Path, pins: Pins) -> Figures:
    """Seconds from a question to its first token: after a start, while the prefix is held, and after a restart.

    A user's question comes when the app has started; what is read ahead then is counted in, from the first moment.
    """
    with _opened(model, pins) as opened:
        cold = _first_token(opened, "Quantos embargos há?", 1)
        warm = min(_first_token(opened, f"Quantos embargos há em {year}?", 1) for year in (2021, 2022, 2023))
        [*opened.warm([recorded().messages[0]], recorded().tools, CancelToken())]  # stores it
    with _opened(model, pins) as opened:
        loaded = _seconds(lambda: [*opened.warm([recorded().messages[0]], recorded().tools, CancelToken())])
        restarted = _first_token(opened, "Quantos embargos há em 2024?", 1)
    with _opened(model, pins) as opened:
        at_once = _first_token(opened, "Quantos embargos há em 2020?", 1)
    return {
        "cold": cold,
        "warm": warm,
        "after a restart, prefix loaded before": restarted,
        "after a restart, asked at once": at_once,
        "loading the stored prefix": loaded,
    }


def _first_token(model: Model, question: str, tokens: int) -> float:
    return _answer(model, _question(question), tokens).usage.first_token_seconds


def samples(model: Path, pins: Pins, tokens: int = 32) -> Figures:
    """Seconds for one sample of `tokens` tokens, four side by side and four in turn; the prompt is evaluated before."""
    with _opened(model, pins) as opened:
        question = _question()
        _answer(opened, question, 1)
        views = opened.samples(4)
        _together(views, question, 1)
        figures = {"one": _seconds(lambda: _answer(views[0], question, tokens))}
        figures["four side by side"] = _seconds(lambda: _together(views, question, tokens))
        figures["four in turn"] = _seconds(lambda: [_answer(views[0], question, tokens, seed) for seed in range(4)])
    return figures


def _together(views, question: list[Message], tokens: int) -> None:
    with ThreadPoolExecutor(len(views)) as pool:
        asked = [pool.submit(_answer, view, question, tokens, seed) for seed, view in enumerate(views)]
        for answer in asked:
            assert answer.result().usage.generated_tokens == tokens


def _seconds(work) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def aborts(model: Path, pins: Pins, times: int = 20) -> Figures:
    """Milliseconds from a cancel, at random points of a prefill of 2,000 tokens, until it was obeyed: the most and the
    median; and until the engine was free again."""
    dice = random.Random(3)
    filler = " ".join(dice.choice(["embargo", "imóvel", "área", "estado", "licença"]) for _ in range(2000))
    long = [Message(role="user", content=filler)]
    options = GenerationOptions(max_tokens=1)
    obeyed, free = [], []
    with _opened(model, pins) as opened:
        for _ in range(times):
            cancel = CancelToken()
            stream = opened.generate(long, [], options, cancel)
            assert next(stream).total > 100
            with ThreadPoolExecutor(1) as pool:
                cancelling = pool.submit(_cancel, cancel, dice.uniform(0.1, 1.5))
                try:
                    for _ in stream:
                        pass
                    raise AssertionError("the prefill ended before it was cancelled")
                except Cancelled:
                    stopped = time.monotonic()
            opened.count_tokens([Message(role="user", content="x")], [])
            obeyed.append(1000 * (stopped - cancelling.result()))
            free.append(1000 * (time.monotonic() - cancelling.result()))
            # From the beginning again: what was evaluated is kept.
            long = [Message(role="user", content=f"{dice.random()} {filler}")]
    return {"median": statistics.median(obeyed), "most": max(obeyed), "free again, most": max(free)}


def _cancel(token: CancelToken, seconds: float) -> float:
    """Cancel after so many seconds; return when."""
    time.sleep(seconds)
    now = time.monotonic()
    token.cancel()
    return now


def lateness(model: Path, pins: Pins, seconds: float = 20.0) -> Figures:
    """Milliseconds by which a 60 Hz ticker in the app's event loop is late: idle, and while an answer is written."""
    from sqlagent_tui.assembly import OpenTarget, Target
    from sqlagent_tui.config import Config
    from sqlagent_tui.ui.app import SqlAgentApp
    from sqlagent_tui.ui.services import Place, Services

    target_ = Target(demo=True)
    with OpenTarget(target_, lambda sentence, fraction: None) as target, _opened(model, pins) as opened:

        def connect(report, trace, ask_password, cancel):
            return target.connect(Config(), trace, cancel=cancel)

        def ask(question, *, reply, model, database, cancel):
            return Agent(model, database, default_profile()).ask(question, cancel)

        app = SqlAgentApp(
            Services(
                open_database=connect,
                open_catalogue=connect,
                open_model=lambda report, cancel: opened,
                ask=ask,
                place=Place(target=target_),
            )
        )
        return asyncio.run(_ticked(app, opened, seconds))


async def _ticked(app, model: LlamaModel, seconds: float) -> Figures:
    async with app.run_test(size=(160, 48)) as pilot:
        while not app.work.schema.border_subtitle:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        idle = await _late(seconds / 4)
        written = asyncio.Event()
        loop = asyncio.get_running_loop()
        generate = model.generate

        def noticed(*arguments, **more):
            for delta in generate(*arguments, **more):
                if isinstance(delta, Piece):
                    loop.call_soon_threadsafe(written.set)
                yield delta

        model.generate = noticed
        await pilot.press(*"Quantos embargos?", "enter")
        await written.wait()
        busy = await _late(seconds)
        app.agent.cancel()
        await asyncio.sleep(0.5)
        app.agent.close()
        app.user.close()
    return {
        "idle, 99 of 100": _percentile(idle),
        "writing, median": statistics.median(busy),
        "writing, 99 of 100": _percentile(busy),
        "writing, most": max(busy),
    }


async def _late(seconds: float) -> list[float]:
    """Milliseconds beyond each sixtieth of a second."""
    late = []
    end = time.monotonic() + seconds
    while (started := time.monotonic()) < end:
        await asyncio.sleep(1 / 60)
        late.append(1000 * (time.monotonic() - started - 1 / 60))
    return late


def _percentile(values: list[float], of: float = 0.99) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * of))]
