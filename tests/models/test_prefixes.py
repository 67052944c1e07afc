"""What is evaluated ahead, kept and stored, through the client and its child process."""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.messages import Generation, Message, Piece, PromptProgress, ToolCall, Usage
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling, Warming
from sqlagent_tui.models.library import student_path
from sqlagent_tui.models.llama import LlamaModel
from sqlagent_tui.models.settings import Pins

GREEDY = GenerationOptions(sampling=Sampling(temperature=0), max_tokens=40, thinking_budget=12)
TOOLS = default_profile().tool_schemas()
SYSTEM = Message(role="system", content="quantos imóveis rurais existem em cada estado? " * 20)
QUESTION = Message(role="user", content="Quantos embargos?")


@pytest.fixture(autouse=True)
def prefixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that prefixes are stored in."""
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path))
    return tmp_path / "cache" / "prefixes"


@pytest.fixture
def start(heavy_gguf: Path) -> Iterator[Callable[..., LlamaModel]]:
    """Starts the app's model, once more with every call."""
    opened: list[LlamaModel] = []

    def open_model(path: Path = heavy_gguf, **options: object) -> LlamaModel:
        opened.append(LlamaModel.open(path, pins=Pins(threads=1), **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_model
    for model in opened:
        model.close()


def warm(model: LlamaModel, *messages: Message, cancel: CancelToken | None = None) -> int:
    """Read ahead; return how many tokens that took."""
    told = list(model.warm(messages or [SYSTEM], TOOLS, cancel or CancelToken()))
    assert all(progress.done <= progress.total for progress in told)
    assert not told or told[-1].done == told[-1].total
    return told[-1].total if told else 0


def ask(model: LlamaModel, *messages: Message) -> Generation:
    last = list(model.generate(messages or [SYSTEM, QUESTION], TOOLS, GREEDY, CancelToken()))[-1]
    assert isinstance(last, Generation)
    return last


def evaluated(usage: Usage) -> int:
    return usage.prompt_tokens - usage.cached_tokens


def same(one: Generation, other: Generation) -> bool:
    return (one.thinking, one.text, one.raw_calls) == (other.thinking, other.text, other.raw_calls)


def stored(folder: Path) -> list[Path]:
    return sorted(folder.glob("*")) if folder.exists() else []


def spoken(generation: Generation) -> Message:
    calls = tuple(ToolCall(id="c", tool="t", arguments={}, raw=raw) for raw in generation.raw_calls)
    return Message(role="assistant", thinking=generation.thinking, content=generation.text, tool_calls=calls)


def test_a_restart_evaluates_nothing_again_and_answers_the_same(
    start: Callable[..., LlamaModel], prefixes: Path
) -> None:
    cold = ask(start(prefix_bytes=0))
    assert not prefixes.exists()
    first = start()
    size = warm(first)
    assert size > 1_000
    assert warm(first) == 0
    (file,) = stored(prefixes)
    assert f"-{size}-" in file.name
    assert same(ask(first), cold)
    second = start()
    assert warm(second) == 0
    answer = ask(second)
    assert answer.usage.cached_tokens == size
    assert same(answer, cold)


def test_a_question_that_comes_first_uses_what_is_stored_too(start: Callable[..., LlamaModel]) -> None:
    size = warm(start())
    answer = ask(start())
    assert answer.usage.cached_tokens == size
    assert same(answer, ask(start(prefix_bytes=0)))


def test_the_prefix_outlives_every_conversation(start: Callable[..., LlamaModel]) -> None:
    model = start()
    size = warm(model)
    elsewhere = [Message(role="system", content="outro banco " * 30), QUESTION]
    ask(model, *elsewhere)
    assert ask(model).usage.cached_tokens == size


def test_what_is_stored_for_another_context_is_not_used(start: Callable[..., LlamaModel], prefixes: Path) -> None:
    size = warm(start())
    assert warm(start(context_size=2048)) == size
    assert warm(start(context_size=2048)) == 0
    assert len(stored(prefixes)) == 2


def test_a_conversation_is_read_ahead_but_not_stored(start: Callable[..., LlamaModel], prefixes: Path) -> None:
    size = warm(start())
    clarified = [SYSTEM, QUESTION, Message(role="assistant", content="De que ano, de que estado?")]
    model = start()
    more = warm(model, *clarified)
    assert 0 < more < 100  # built on what is stored
    assert len(stored(prefixes)) == 1
    answer = ask(model, *clarified, Message(role="user", content="2023"))
    assert answer.usage.cached_tokens == size + more


@pytest.mark.parametrize("damage", ["bit", "cut", "empty", "foreign"])
def test_a_bad_file_is_ignored_and_replaced(start: Callable[..., LlamaModel], prefixes: Path, damage: str) -> None:
    size = warm(start())
    (file,) = stored(prefixes)
    content = bytearray(file.read_bytes())
    if damage == "bit":
        content[len(content) // 2] ^= 1
    elif damage == "cut":
        del content[len(content) // 3 :]
    elif damage == "empty":
        content.clear()
    else:
        content = bytearray(os.urandom(len(content)))
    file.write_bytes(content)
    model = start()
    assert warm(model) == size
    assert same(ask(model), ask(start(prefix_bytes=0)))
    assert warm(start()) == 0
    log = (prefixes.parent / "model.log").read_text()
    assert log.count("is damaged") == 1


def test_a_tiny_models_prefix_is_evaluated_and_not_stored(
    start: Callable[..., LlamaModel], tiny_gguf: Path, prefixes: Path
) -> None:
    model = start(tiny_gguf)
    size = warm(model)
    assert ask(model).usage.cached_tokens == size
    assert stored(prefixes) == []


def test_a_disk_that_is_full_harms_nothing_and_is_told_once(start: Callable[..., LlamaModel], prefixes: Path) -> None:
    model = start()
    assert model.pid is not None
    resource.prlimit(model.pid, resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    size = warm(model)
    for _attempt in range(2):
        assert warm(model) == 0
        assert stored(prefixes) == []
    assert ask(model).usage.cached_tokens == size
    log = (prefixes.parent / "model.log").read_text()
    assert log.count("A prefix can't be stored") == 1


def test_the_cache_is_bounded(start: Callable[..., LlamaModel], prefixes: Path) -> None:
    size = warm(start())
    (file,) = stored(prefixes)
    bound = int(file.stat().st_size * 1.5)
    model = start(prefix_bytes=bound)
    other = Message(role="system", content="select count from imovel_rural " * 90)
    assert warm(model, other) > 500
    assert sum(path.stat().st_size for path in stored(prefixes)) <= bound
    assert not file.exists()
    assert warm(start()) == size


def test_two_apps_share_the_cache(start: Callable[..., LlamaModel], prefixes: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        sizes = list(pool.map(warm, [start(), start()]))
    assert sizes[0] == sizes[1]
    assert len(stored(prefixes)) == 1
    assert warm(start()) == 0


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9])
def test_it_stops_at_once_and_what_was_evaluated_is_kept(start: Callable[..., LlamaModel], share: float) -> None:
    model = start(prefix_bytes=0)
    cancel = CancelToken()
    stream = model.warm([SYSTEM], TOOLS, cancel)
    progress = next(stream)
    while progress.done < share * progress.total:
        progress = next(stream)
    cancel.cancel()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(stream)
    assert time.monotonic() - began < 0.5  # 100 ms on a quiet machine
    left = warm(model)
    assert progress.total - left >= progress.done - 128  # a batch that is not complete is lost
    assert (left < progress.total) == (share > 0)
    assert same(ask(model), ask(start(prefix_bytes=0)))


def test_a_question_goes_before_it(start: Callable[..., LlamaModel]) -> None:
    model, cancel, begun = start(), CancelToken(), threading.Event()
    ended: list[str] = []

    def read_ahead() -> None:
        try:
            for _progress in model.warm([SYSTEM], TOOLS, cancel):
                begun.set()
            ended.append("complete")
        except Cancelled:
            ended.append("cancelled")

    thread = threading.Thread(target=read_ahead)
    thread.start()
    assert begun.wait(10)
    cancel.cancel()
    short = [Message(role="system", content="Você ajuda."), QUESTION]
    assert ask(model, *short).usage.generated_tokens > 0
    thread.join()
    assert ended == ["cancelled"]
    size = warm(start(prefix_bytes=0))
    assert warm(model) <= size
    assert ask(model).usage.cached_tokens == size


def _models(heavy: Path) -> dict[str, Path]:
    return {"student": student_path(), "heavy": heavy}


@pytest.mark.parametrize("name", ["student", "heavy"])
def test_every_step_of_a_trajectory_evaluates_only_what_is_new(
    start: Callable[..., LlamaModel], heavy_gguf: Path, name: str
) -> None:
    """Two questions of several steps and a clarification, as the app asks them: reading ahead between them."""
    model = start(_models(heavy_gguf)[name])
    assert isinstance(model, Warming)
    system = SYSTEM if name == "heavy" else Message(role="system", content="Agente SQL do banco cadastro_ambiental")
    size = warm(model, system)
    for question in ("Quantos imóveis rurais existem?", "E os estados?"):
        messages = [system, Message(role="user", content=question)]
        known = size
        for step in range(3):
            generation = ask(model, *messages)
            new = generation.usage.prompt_tokens - known
            # At most one token more: a generation that is cut off leaves its last token unevaluated.
            assert new <= evaluated(generation.usage) <= new + 1
            known = generation.usage.prompt_tokens + generation.usage.generated_tokens
            messages += [spoken(generation), Message(role="tool", content=f"linha {step}")]
        assert warm(model, system) == 0
    history = messages[:-1]
    rest = warm(model, *history)  # its thoughts are gone, so it is evaluated anew: before the user replies
    reply = ask(model, *history, Message(role="user", content="Todos"))
    assert reply.usage.cached_tokens >= size
    assert evaluated(reply.usage) < 20 or rest == 0
    assert evaluated(reply.usage) <= model.count_tokens([Message(role="user", content="Todos")], [])
    assert warm(model, system) == 0


def test_progress_is_told_while_it_reads(start: Callable[..., LlamaModel]) -> None:
    told = list(start(prefix_bytes=0).warm([SYSTEM], TOOLS, CancelToken()))
    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert told[0] == PromptProgress(0, told[0].total)
    assert len(set(done)) > 3


def _seconds_to_first_token(model: LlamaModel) -> float:
    began = time.monotonic()
    with closing(model.generate([SYSTEM, QUESTION], TOOLS, GREEDY, CancelToken())) as stream:  # type: ignore[type-var]
        next(delta for delta in stream if isinstance(delta, Piece))
    return time.monotonic() - began


def test_a_stored_prefix_is_quicker_than_evaluating_it(start: Callable[..., LlamaModel]) -> None:
    warm(start())
    cold = min(_seconds_to_first_token(start(prefix_bytes=0)) for _attempt in range(2))
    assert min(_seconds_to_first_token(start()) for _attempt in range(2)) < cold / 2
