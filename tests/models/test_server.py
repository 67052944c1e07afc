"""The student behind a real OpenAI-compatible server: llama-cpp-python's, in a process of its own."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.events import AnswerReady, FormatErrorFound, StepFinished, TextDelta, ToolCallStarted, TurnEnded
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.messages import Generation, Message, Piece
from sqlagent_tui.agent.protocols import GenerationOptions, Sampling
from sqlagent_tui.assembly import choose_profile, open_model
from sqlagent_tui.cli.ask import ask
from sqlagent_tui.cli.doctor import doctor
from sqlagent_tui.config import Config, ServerSettings
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.server.address import Address
from sqlagent_tui.models.server.model import ServerModel
from tests.fix_model_server import KEY, NAME, ModelServer

QUESTION = "Quantos imóveis rurais existem em cada estado?"
MESSAGES = (Message(role="system", content="Agente SQL do banco x"), Message(role="user", content=QUESTION))
LONG = GenerationOptions(sampling=Sampling(temperature=0.0), max_tokens=1500)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLAGENT_API_KEY", KEY)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def model(student_server: ModelServer) -> Iterator[ServerModel]:
    with ServerModel.open(Address.parse(student_server.address), context_size=2048) as model:
        yield model


def received(model: ServerModel, third: Callable[[], None], cancel: CancelToken | None = None) -> int:
    """Have the model answer, doing something at the third piece; return how many came."""
    pieces = 0
    for delta in model.generate(MESSAGES, (), LONG, cancel or CancelToken()):
        pieces += isinstance(delta, Piece)
        if pieces == 3:
            third()
    return pieces


def silent(_sentence: str, _fraction: float | None) -> None:
    pass


def test_it_is_recognised(model: ServerModel, student_server: ModelServer) -> None:
    assert model.info.name == NAME
    assert model.info.context_size == 2048
    assert model.offer.kind == "llama-cpp-python"
    assert f"127.0.0.1:{student_server.port}" in model.info.description
    assert model.info.warning == ""


def test_tokens_are_counted_by_the_server(model: ServerModel) -> None:
    one = model.count_tokens(MESSAGES, ())
    two = model.count_tokens((*MESSAGES, Message(role="assistant", content=QUESTION)), ())
    assert 10 < one < two < 2 * one


def test_a_whole_turn_on_the_demo_database(student_server: ModelServer, demo_conninfo: str) -> None:
    config = Config(server=ServerSettings(url=student_server.address, context_size=2048))
    model = open_model(None, config, silent)
    database = PostgresDatabase.connect(demo_conninfo)
    try:
        agent = Agent(model, database, choose_profile(None, config, model.info.name))
        events = list(agent.ask(QUESTION, CancelToken()))
    finally:
        database.close()
        model.close()
    tools = [event.tool for event in events if isinstance(event, ToolCallStarted)]
    assert tools == ["get_table_schema", "execute_sql", "final_answer"]
    assert not [event for event in events if isinstance(event, FormatErrorFound)]
    [answer] = [event for event in events if isinstance(event, AnswerReady)]
    assert answer.result.row_count > 5
    steps = [event for event in events if isinstance(event, StepFinished)]
    assert steps[0].thinking
    assert not any(step.text for step in steps)
    kinds = {event.kind for event in events if isinstance(event, TextDelta)}
    assert kinds == {"thinking", "tool_call"}
    end = events[-1]
    assert isinstance(end, TurnEnded)
    assert end.outcome == "sql"
    assert end.usage.prompt_tokens > end.usage.generated_tokens > 50
    assert end.usage.tokens_per_second > 0


def test_cancel_ends_the_answer_within_a_tenth_of_a_second(model: ServerModel) -> None:
    for _ in range(3):
        cancel, at = CancelToken(), []

        def stop(cancel: CancelToken = cancel, at: list[float] = at) -> None:
            at.append(time.monotonic())
            cancel.cancel()

        with pytest.raises(Cancelled):
            received(model, threading.Thread(target=stop).start, cancel)
        assert time.monotonic() - at[0] < 0.1
    *_, last = model.generate(MESSAGES, (), LONG, CancelToken())
    assert isinstance(last, Generation)
    assert last.raw_calls


def test_an_abandoned_answer_frees_the_server(model: ServerModel) -> None:
    for delta in model.generate(MESSAGES, (), LONG, CancelToken()):
        if isinstance(delta, Piece):
            break
    *_, last = model.generate(MESSAGES, (), LONG, CancelToken())
    assert isinstance(last, Generation)
    assert last.stop == "end"


def test_a_server_killed_in_mid_answer_is_one_sentence(endless_server: ModelServer) -> None:
    with ServerModel.open(Address.parse(endless_server.address)) as model:
        with pytest.raises(ModelError, match="broke off in mid-answer") as caught:
            received(model, endless_server.kill)
        assert caught.value.remedy
        with pytest.raises(ModelError, match="Nobody listens"):
            list(model.generate(MESSAGES, (), LONG, CancelToken()))


def test_a_wrong_key_is_told_and_not_shown(student_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLAGENT_API_KEY", "outra-chave-errada")
    with pytest.raises(ModelError, match=r"refuses the API key from \$SQLAGENT_API_KEY") as caught:
        ServerModel.open(Address.parse(student_server.address))
    assert "errada" not in str(caught.value)
    monkeypatch.delenv("SQLAGENT_API_KEY")
    with pytest.raises(ModelError, match="wants an API key"):
        ServerModel.open(Address.parse(student_server.address))


def test_a_wrong_name_is_told_with_the_right_ones(student_server: ModelServer) -> None:
    with pytest.raises(ModelError, match=f"no model called gpt-5. It offers: {NAME}"):
        ServerModel.open(Address.parse(f"{student_server.address}#gpt-5"))


def test_the_settings_of_one_server_are_not_used_for_another(
    student_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SQLAGENT_API_KEY")
    monkeypatch.setenv("EQUIPE_KEY", KEY)
    elsewhere = Config(server=ServerSettings(url="http://gpu.example:8000/v1", api_key_env="EQUIPE_KEY"))
    with pytest.raises(ModelError, match="wants an API key"):
        open_model(student_server.address, elsewhere, silent)
    here = Config(server=ServerSettings(url=student_server.address, api_key_env="EQUIPE_KEY"))
    open_model(None, here, silent).close()


def test_a_command_asks_through_the_server_and_keeps_no_key(
    student_server: ModelServer,
    demo_conninfo: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path))
    (tmp_path / "settings.toml").write_text(f'[server]\nurl = "{student_server.address}"\ncontext_size = 2048\n')
    arguments = [demo_conninfo, "--json", "--config", str(tmp_path / "settings.toml")]
    assert ask.main([QUESTION, *arguments], standalone_mode=False) == 0
    told = capsys.readouterr()
    shown = json.loads(told.out)
    assert shown["decision"] == "sql"
    assert shown["model"] == {"name": NAME, "sha256": ""}
    doctor.main(arguments, standalone_mode=False)
    found = capsys.readouterr()
    messages = [finding["message"] for finding in json.loads(found.out) if finding["check"] == "model"]
    assert any("llama-cpp-python at http://127.0.0.1" in message for message in messages)
    assert "API key from $SQLAGENT_API_KEY" in messages
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY not in told.out + told.err + found.out + found.err
    assert KEY.encode() not in written
