"""Several conversations with one model at once, through the client and its child process."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.messages import Generation
from sqlagent_tui.agent.protocols import Model, SampledModel, Sampling
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.llama import MAX_SAMPLES, LlamaModel
from tests.models.test_llama import ENDLESS, LONG, MESSAGES, SHORT, ask, home, model  # noqa: F401 - fixtures


def seeded(seed: int):
    return msgspec.structs.replace(SHORT, sampling=Sampling(temperature=1, seed=seed))


def together(samples: list[Model]) -> list[Generation]:
    with ThreadPoolExecutor(len(samples)) as pool:
        return list(pool.map(lambda pair: ask(pair[1], LONG, seeded(pair[0])), enumerate(samples)))


def test_samples_share_their_prompt_and_differ_by_their_seed(model: LlamaModel) -> None:  # noqa: F811
    assert isinstance(model, SampledModel)
    answers = together(list(model.samples(4)))
    assert len({answer.thinking + answer.text for answer in answers}) == 4
    evaluated = sum(answer.usage.prompt_tokens - answer.usage.cached_tokens for answer in answers)
    assert evaluated == answers[0].usage.prompt_tokens + 3  # each evaluates its last token, for the logits
    assert {sample.info.sha256 for sample in model.samples(2)} == {model.info.sha256}


def test_a_sample_is_stopped_alone(model: LlamaModel) -> None:  # noqa: F811
    stopped, other = model.samples(2)
    cancel = CancelToken()
    stream = stopped.generate(MESSAGES, [], ENDLESS, cancel)
    next(stream)
    answers: list[Generation] = []
    thread = threading.Thread(target=lambda: answers.append(ask(other)))
    thread.start()
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(stream)
    thread.join()
    assert answers[0].usage.generated_tokens == SHORT.max_tokens
    assert ask(stopped).text == answers[0].text


def test_a_crash_reaches_them_all_and_all_can_go_on(tiny_gguf: Path, model: LlamaModel) -> None:  # noqa: F811
    samples = list(model.samples(3))
    streams = [sample.generate(MESSAGES, [], ENDLESS, CancelToken()) for sample in samples]
    for stream in streams:
        next(stream)
    assert model.pid is not None
    os.kill(model.pid, signal.SIGKILL)
    for stream in streams:
        with pytest.raises(ModelError, match="stopped unexpectedly"):
            list(stream)
    assert len(together(samples)) == 3


def test_more_than_the_context_has_sequences_are_refused(model: LlamaModel) -> None:  # noqa: F811
    assert len(model.samples(MAX_SAMPLES)) == MAX_SAMPLES
    with pytest.raises(ModelError, match="too many"):
        model.samples(MAX_SAMPLES + 1)
