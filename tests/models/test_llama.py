"""The client and its child process, for real."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.messages import Generation, Message, Piece, PromptProgress, ToolCall
from sqlagent_tui.agent.protocols import GenerationOptions, Model, Sampling
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models import hashes, process
from sqlagent_tui.models.llama import LlamaModel
from sqlagent_tui.models.settings import N_UBATCH, Pins
from tests.fix_models import make_gguf

SHORT = GenerationOptions(sampling=Sampling(temperature=1, seed=5), max_tokens=30, thinking_budget=10)
ENDLESS = GenerationOptions(sampling=Sampling(temperature=1, seed=5), max_tokens=4000, thinking_budget=0)
MESSAGES = [Message(role="system", content="Você ajuda."), Message(role="user", content="Quantos imóveis?")]
LONG = [MESSAGES[0], Message(role="user", content="quantos imóveis rurais existem em cada estado? " * 95)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def model(tiny_gguf: Path) -> Iterator[LlamaModel]:
    with LlamaModel.open(tiny_gguf, pins=Pins(threads=1)) as model:
        yield model


def ask(model: Model, messages: list[Message] = MESSAGES, options: GenerationOptions = SHORT) -> Generation:
    last = list(model.generate(messages, [], options, CancelToken()))[-1]
    assert isinstance(last, Generation)
    return last


def test_loads_with_progress_and_without_a_word(tiny_gguf: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[float] = []
    with LlamaModel.open(tiny_gguf, on_progress=told.append) as model:
        assert model.info.context_size == 4096
        assert model.info.name == "Tiny"
        assert len(model.info.sha256) == 64
        ask(model)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert capfd.readouterr() == ("", "")


def test_the_hash_is_remembered(tiny_gguf: Path, model: LlamaModel) -> None:
    assert hashes.known(tiny_gguf) == model.info.sha256
    assert hashes.file_sha256(tiny_gguf) == model.info.sha256
    with LlamaModel.open(tiny_gguf) as again:
        assert again.info.sha256 == model.info.sha256


def test_keys_are_not_handed_to_the_child(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPE_KEY", "muito-secreta")
    with LlamaModel.open(tiny_gguf, pins=Pins(threads=1)) as model:
        assert b"muito-secreta" not in Path(f"/proc/{model.pid}/environ").read_bytes()


def test_deltas_add_up_to_the_generation(model: LlamaModel) -> None:
    deltas = list(model.generate(MESSAGES, [], SHORT, CancelToken()))
    *others, last = deltas
    assert isinstance(last, Generation)
    assert isinstance(others[0], PromptProgress)
    pieces = [delta for delta in others if isinstance(delta, Piece)]
    assert "".join(piece.text for piece in pieces if piece.kind == "thinking").strip() == last.thinking
    assert "".join(piece.text for piece in pieces if piece.kind == "text").strip() == last.text
    assert last.usage.generated_tokens == 30
    assert last.usage.tokens_per_second > 0
    assert 0 < last.usage.first_token_seconds <= last.usage.seconds


def test_a_turn_evaluates_only_what_is_new(model: LlamaModel) -> None:
    messages = list(MESSAGES)
    known = 0
    for step in range(3):
        count = model.count_tokens(messages, [])
        generation = ask(model, messages)
        usage = generation.usage
        assert count == usage.prompt_tokens
        assert (
            usage.prompt_tokens - known <= usage.prompt_tokens - usage.cached_tokens <= usage.prompt_tokens - known + 1
        )
        known = usage.prompt_tokens + usage.generated_tokens
        answer = Message(role="assistant", thinking=generation.thinking, content=generation.text)
        messages += [answer, Message(role="tool", content=f"linha {step} 🌳")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_crash_is_told_and_the_next_question_answered(model: LlamaModel, number: signal.Signals) -> None:
    before = ask(model).text
    first = model.pid
    assert first is not None
    stream = model.generate(MESSAGES, [], ENDLESS, CancelToken())
    next(piece for piece in stream if isinstance(piece, Piece))
    os.kill(first, number)
    with pytest.raises(ModelError, match=f"stopped unexpectedly .signal {number.value}, {number.name}") as caught:
        list(stream)
    assert "started again" in caught.value.remedy
    assert ask(model).text == before
    assert model.pid not in (None, first)


def test_a_crash_between_questions_goes_unnoticed(model: LlamaModel) -> None:
    before = ask(model).text
    assert model.pid is not None
    os.kill(model.pid, signal.SIGKILL)
    while model.pid is not None:
        time.sleep(0.01)
    assert ask(model).text == before


def test_cancel_within_a_long_prefill(slow_gguf: Path) -> None:
    with LlamaModel.open(slow_gguf, pins=Pins(threads=1)) as model:
        assert model.count_tokens(LONG, []) > 2000
        cancel = CancelToken()
        stream = model.generate(LONG, [], SHORT, cancel)
        begun = next(delta for delta in stream if isinstance(delta, PromptProgress) and delta.done > 2 * N_UBATCH)
        cancel.cancel()
        with pytest.raises(Cancelled):
            list(stream)
        # How soon, in milliseconds, is for the benchmark to say; here: well before the prompt was read to its end.
        usage = ask(model, LONG).usage
        assert 2 * N_UBATCH <= usage.cached_tokens < begun.total - 2 * N_UBATCH  # and what was evaluated is not lost


def test_cancel_while_writing_leaves_everything_usable(model: LlamaModel) -> None:
    before = ask(model).text
    cancel = CancelToken()
    stream = model.generate(MESSAGES, [], ENDLESS, cancel)
    next(delta for delta in stream if isinstance(delta, Piece))
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(stream)
    assert ask(model).text == before
    with pytest.raises(Cancelled):
        next(iter(model.generate(MESSAGES, [], SHORT, cancel)))


def test_an_abandoned_stream_stops_the_model(model: LlamaModel) -> None:
    stream = model.generate(MESSAGES, [], ENDLESS, CancelToken())
    next(stream)
    stream.close()
    assert ask(model).usage.generated_tokens == 30


def test_a_second_question_waits_for_the_first(model: LlamaModel) -> None:
    alone = ask(model).text
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(model).text)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [alone] * 3


def test_counting_within_ones_own_stream_is_refused(model: LlamaModel) -> None:
    stream = model.generate(MESSAGES, [], SHORT, CancelToken())
    next(stream)
    with pytest.raises(ModelError, match="still answering"):
        model.count_tokens(MESSAGES, [])
    assert isinstance(list(stream)[-1], Generation)


def test_close_is_instant_even_while_it_works(slow_gguf: Path) -> None:
    model = LlamaModel.open(slow_gguf, pins=Pins(threads=1))
    stream = model.generate(LONG, [], SHORT, CancelToken())
    next(stream)
    started = time.monotonic()
    model.close()
    assert time.monotonic() - started < 1
    with pytest.raises(ModelError, match="closed"):
        list(stream)


def test_use_after_close_is_an_error_not_a_crash(model: LlamaModel) -> None:
    model.close()
    model.close()
    with pytest.raises(ModelError, match="closed"):
        model.count_tokens(MESSAGES, [])
    with pytest.raises(ModelError, match="closed"):
        ask(model)


def test_loading_can_be_cancelled(tiny_gguf: Path) -> None:
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        LlamaModel.open(tiny_gguf, on_progress=lambda fraction: cancel.cancel(), cancel=cancel)


def test_a_model_without_a_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no chat template"):
        LlamaModel.open(make_gguf(tmp_path / "bare.gguf", template=None))


def test_a_template_that_never_ends_can_be_cancelled(tmp_path: Path) -> None:
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    cancel = CancelToken()
    timer = threading.Timer(1, cancel.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        LlamaModel.open(make_gguf(tmp_path / "endless.gguf", template=endless), cancel=cancel)
    timer.join()


def test_a_child_that_hangs_is_replaced(model: LlamaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ask(model).text
    first = model.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    for _attempt in range(2):
        cancel = CancelToken()
        timer = threading.Timer(0.05, cancel.cancel)
        timer.start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            list(model.generate(MESSAGES, [], SHORT, cancel))
        assert time.monotonic() - started < 1
        timer.join()
    monkeypatch.setattr(process, "SETTLE_SECONDS", 0.1)
    assert ask(model).text == before
    assert model.pid != first


def test_a_child_that_does_not_even_read_holds_up_nobody(model: LlamaModel) -> None:
    before = ask(model).text
    first = model.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    cancel = CancelToken()
    timer = threading.Timer(0.05, cancel.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        list(model.generate([Message(role="user", content="x" * 300_000)], [], SHORT, cancel))
    assert time.monotonic() - started < 1
    timer.join()
    assert ask(model).text == before
    assert model.pid != first


def test_odd_contents_arrive(model: LlamaModel) -> None:
    call = ToolCall(id="c", tool="execute_sql", arguments={"n": 10**40, "x": [None, 1.5, {"á": "\x00"}]})
    messages = [
        *MESSAGES,
        Message(role="assistant", tool_calls=(call,)),
        Message(role="tool", content="meia \ud83c letra \x00"),
    ]
    assert model.count_tokens(messages, []) > model.count_tokens(MESSAGES, [])
    tools = [{"type": "function", "function": {"name": "f", "description": "d"}}]
    assert model.count_tokens(MESSAGES, tools) > model.count_tokens(MESSAGES, [])


def test_the_child_ends_with_its_parent(tiny_gguf: Path, home: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from sqlagent_tui.models.llama import LlamaModel\n"
        "model = LlamaModel.open(pathlib.Path(sys.argv[1]))\n"
        "print(model.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tiny_gguf)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(child)


def test_importing_the_client_loads_nothing_heavy() -> None:
    script = (
        "import sys, sqlagent_tui.models.llama, sqlagent_tui.models.library\n"
        "print({'llama_cpp', 'numpy', 'jinja2', 'textual', 'psycopg'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


def _runs(pid: int) -> bool:
    """Whether a process still runs; one that waits to be collected doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
