"""What can go wrong with a model server: each is one sentence with a remedy, nothing hangs, no key is shown."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import keyring
import pytest
from keyring.backend import KeyringBackend

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.messages import Generation, Message, Piece
from sqlagent_tui.agent.protocols import GenerationOptions
from sqlagent_tui.errors import ModelError, UsageError
from sqlagent_tui.models.server.address import Address
from sqlagent_tui.models.server.client import Client
from sqlagent_tui.models.server.key import ApiKey
from sqlagent_tui.models.server.model import ServerModel
from sqlagent_tui.models.server.probe import Offer
from tests.fake_model_server import Exchange, FakeModelServer, Route

CHAT = "/v1/chat/completions"
KEY = "sk-muito-secreta-123456"
ASKED = (Message(role="user", content="Quantos estados?"),)
MODELS: Route = {"object": "list", "data": [{"id": "m", "owned_by": "vllm", "max_model_len": 4096}]}
FIRST = {"choices": [{"index": 0, "delta": {"content": "Olá"}, "finish_reason": None}]}
LAST = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLAGENT_API_KEY", KEY)


def opened(url: str, **more: Any) -> ServerModel:
    return ServerModel.open(Address.parse(url), **more)


def generate(model: ServerModel, cancel: CancelToken | None = None) -> list[Any]:
    return list(model.generate(ASKED, (), GenerationOptions(), cancel or CancelToken()))


def failure(chat: Route, **more: Any) -> str:
    """Have a question fail; return what is told."""
    with FakeModelServer({"/v1/models": MODELS, CHAT: chat}) as server:
        with opened(server.url, **more) as model, pytest.raises(ModelError) as caught:
            generate(model)
        assert caught.value.remedy
        told = str(caught.value)
        assert KEY not in told
        assert told.isprintable()
        assert len(told) < 450
        return told


def refusing(status: int, message: str, **headers: str) -> Route:
    error = {"error": {"message": message, "type": "some_error", "code": status}}
    return lambda exchange: exchange.json(error, status, headers)


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        (401, f"Incorrect API key provided: {KEY}", "refuses the API key from $SQLAGENT_API_KEY"),
        (404, "The model `m` does not exist.", "has no model called m"),
        (404, "File Not Found", "There is no chat completion at"),
        (307, "", "has moved (307)"),
        (400, f"Bad \x1b[31mvalue {KEY} {'x' * 900}", "refused the request (400): Bad [31mvalue •••"),
        (400, "This model's maximum context length is 4096 tokens.", "doesn't fit into the server's context"),
        (400, "request (9000 tokens) exceeds the available context size (4096 tokens)", "doesn't fit into"),
        (500, "CUDA out of memory.", "failed (500): CUDA out of memory."),
        (502, "", "failed (502): some_error."),
    ],
)
def test_a_refusal_is_one_sentence(status: int, message: str, told: str) -> None:
    assert told in failure(refusing(status, message))


@pytest.mark.parametrize(
    ("chat", "told"),
    [
        (lambda exchange: exchange.text("<!doctype html><title>Portal</title>"), "answers with an HTML page"),
        (lambda exchange: exchange.text("tudo bem", "text/plain"), "answers with no JSON"),
        (lambda exchange: exchange.text("[1, 2]", "application/json"), "can't be read"),
        (lambda exchange: exchange.events(FIRST, '{"choices": [{"delta":'), "can't be read"),
        (lambda exchange: exchange.events({"choices": "nada"}), "can't be read"),
        (lambda exchange: exchange.events(FIRST), "broke off in mid-answer"),
        (lambda exchange: exchange.events(FIRST, done=False), "broke off in mid-answer"),
        (lambda exchange: exchange.events(FIRST, {"error": {"message": "Engine died"}}), "failed: Engine died."),
        (lambda exchange: exchange.text('{"error": "slot gone"}', "application/json"), "failed: slot gone."),
        (lambda exchange: exchange.hang_up(), "closed the connection without an answer"),
    ],
)
def test_garbage_is_one_sentence(chat: Route, told: str) -> None:
    assert told in failure(chat)


def test_half_an_event_is_not_taken_for_a_whole_one() -> None:
    def chat(exchange: Exchange) -> None:
        exchange.begin_events()
        exchange.chunk('data: {"choices": [{"index": 0, "del')
        exchange.close_connection = True

    assert "broke off in mid-answer" in failure(chat)


def test_silence_is_bounded() -> None:
    def chat(exchange: Exchange) -> None:
        exchange.begin_events()
        time.sleep(0.6)

    assert "said nothing for 0.2 seconds" in failure(chat, timeout=0.2)


def test_an_answer_without_end_is_ended() -> None:
    def chat(exchange: Exchange) -> None:
        exchange.begin_events()
        while True:
            exchange.chunk('data: {"choices": [{"delta": {"reasoning": "hum "}}]}\n\n')

    options = GenerationOptions(max_tokens=100)
    with FakeModelServer({"/v1/models": MODELS, CHAT: chat}) as server, opened(server.url) as model:
        *_, last = model.generate(ASKED, (), options, CancelToken())
    assert isinstance(last, Generation)
    assert last.stop == "length"
    assert last.thinking.count("hum") < 200


def test_comments_are_signs_of_life() -> None:
    def chat(exchange: Exchange) -> None:
        exchange.begin_events()
        for _ in range(5):
            exchange.chunk(": ping\r\n\r\n")
            time.sleep(0.1)
        exchange.chunk('data: {"choices": [{"delta": {"content": "Oi"}, "finish_reason": "stop"}]}\r\n\r\n')
        exchange.chunk("")

    with FakeModelServer({"/v1/models": MODELS, CHAT: chat}) as server, opened(server.url, timeout=0.3) as model:
        last = generate(model)[-1]
    assert isinstance(last, Generation)
    assert last.text == "Oi"


def test_a_busy_server_is_asked_again_as_it_wishes() -> None:
    answers = iter([(429, {"Retry-After": "1"}), (503, {})])

    def chat(exchange: Exchange) -> None:
        status, headers = next(answers, (200, {}))
        if status != 200:
            exchange.json({"error": {"message": "Loading model", "type": "unavailable_error"}}, status, headers)
        else:
            exchange.events(FIRST, LAST)

    with FakeModelServer({"/v1/models": MODELS, CHAT: chat}) as server, opened(server.url) as model:
        started = time.monotonic()
        assert isinstance(generate(model)[-1], Generation)
        assert 2.0 <= time.monotonic() - started < 10  # 1 s as asked for, then 1 s of our own
        assert len(server.bodies(CHAT)) == 3


def test_patience_with_a_busy_server_ends_and_can_be_cancelled() -> None:
    assert "has too much to do: Quota." in failure(refusing(429, "Quota.", **{"Retry-After": "3600"}))
    routes: dict[str, Route] = {"/v1/models": MODELS, CHAT: refusing(503, "Loading model")}
    with FakeModelServer(routes) as server, opened(server.url) as model:
        assert cancelled_after(0.3, lambda cancel: generate(model, cancel)) < 0.1


def test_what_was_sent_is_never_sent_again() -> None:
    with FakeModelServer({"/v1/models": MODELS, CHAT: lambda exchange: exchange.hang_up()}) as server:
        with opened(server.url) as model, pytest.raises(ModelError):
            generate(model)
        assert len(server.bodies(CHAT)) == 1


def cancelled_after(seconds: float, work: Callable[[CancelToken], object]) -> float:
    """Cancel `work` from another thread; return how long it took to end then."""
    cancel, at = CancelToken(), []

    def stop() -> None:
        at.append(time.monotonic())
        cancel.cancel()

    timer = threading.Timer(seconds, stop)
    timer.start()
    with pytest.raises(Cancelled):
        work(cancel)
    took = time.monotonic() - at[0]
    timer.join()
    return took


@pytest.mark.parametrize("begun", [False, True])
def test_cancel_reaches_a_silent_server(begun: bool) -> None:
    gone = threading.Event()

    def chat(exchange: Exchange) -> None:
        if begun:
            exchange.begin_events()
            exchange.chunk("data: {}\n\n")
        exchange.connection.settimeout(10)
        if not exchange.connection.recv(1):
            gone.set()
        exchange.close_connection = True

    with FakeModelServer({"/v1/models": MODELS, CHAT: chat}) as server, opened(server.url) as model:
        assert cancelled_after(0.2, lambda cancel: generate(model, cancel)) < 0.1
        assert gone.wait(2)  # and the server is told


def test_closing_ends_a_question() -> None:
    def chat(exchange: Exchange) -> None:
        exchange.connection.settimeout(10)
        exchange.connection.recv(1)
        exchange.close_connection = True

    with FakeModelServer({"/v1/models": MODELS, CHAT: chat}) as server, opened(server.url) as model:
        threading.Timer(0.1, model.close).start()
        with pytest.raises(Cancelled):
            generate(model)
        with pytest.raises(ModelError, match="closed"):
            generate(model)


@contextmanager
def deaf() -> Iterator[str]:
    """A port whose queue is full, so that no connection to it comes about."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        for one in waiting:
            one.close()


def test_cancel_reaches_connecting() -> None:
    with deaf() as url:
        assert cancelled_after(0.2, lambda cancel: opened(url, cancel=cancel)) < 0.1


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ModelError, match=f"Nobody listens at http://127.0.0.1:{port}"):
        opened(f"http://127.0.0.1:{port}")


def test_a_portal_instead_of_a_server() -> None:
    routes: dict[str, Route] = {"/v1/models": lambda exchange: exchange.text("<html>Bem-vindo</html>", status=404)}
    with FakeModelServer(routes) as server, pytest.raises(ModelError, match="an HTML page"):
        opened(server.url)
    with FakeModelServer({"/v1/models": {"data": []}}) as server, pytest.raises(ModelError, match="has no model"):
        opened(server.url)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
        f"-addext subjectAltName=DNS:localhost -keyout {file}.key -out {file}.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    file.write_text(Path(f"{file}.crt").read_text() + Path(f"{file}.key").read_text())
    return file


def test_tls_is_verified_and_can_be_cancelled(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def chat(exchange: Exchange) -> None:
        exchange.begin_events()
        exchange.chunk('data: {"choices": [{"delta": {"content": "Olá"}}]}\n\n')
        exchange.connection.settimeout(10)
        exchange.connection.recv(1)
        exchange.close_connection = True

    with FakeModelServer({"/v1/models": MODELS, CHAT: chat}, certificate) as server:
        with pytest.raises(ModelError, match="isn't trusted: self-signed"):
            opened(server.url)
        with pytest.raises(ModelError, match="closed the connection without an answer"):
            opened(server.url.replace("https://", "http://"))
        assert server.requests == []  # so no key was sent
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with opened(server.url) as model:
            assert model.info.warning == ""
            assert cancelled_after(0.3, lambda cancel: generate(model, cancel)) < 0.1
    with FakeModelServer({"/v1/models": MODELS}) as server, pytest.raises(ModelError, match="doesn't speak TLS"):
        opened(server.url.replace("http://", "https://"))


def test_a_server_that_does_not_count_in_time_is_not_asked_again_until_it_has_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sqlagent_tui.models.server.counting.COUNT_SECONDS", 0.2)

    def count(exchange: Exchange) -> None:
        if not server.bodies(CHAT):
            time.sleep(0.4)
        exchange.json({"count": 77})

    routes: dict[str, Route] = {"/v1/models": MODELS, "/tokenize": count, CHAT: lambda e: e.events(FIRST, LAST)}
    with FakeModelServer(routes) as server, opened(server.url) as model:
        for text in ("um", "dois"):
            assert model.count_tokens((Message(role="user", content=text),), ()) < 77
        assert len(server.bodies("/tokenize")) == 1
        assert "estimates" in model.info.description
        generate(model)
        assert model.count_tokens((Message(role="user", content="três"),), ()) == 77


def test_a_key_over_plain_http_is_warned_of() -> None:
    def warning(url: str, key: ApiKey | None) -> str:
        client = Client(Address.parse(url), key, 1.0)
        return ServerModel(client, Offer(model="m"), context_size=0, key_variable="X").info.warning

    secret = ApiKey(KEY, "$X")
    assert "http://gpu-box:8000 unencrypted" in warning("http://gpu-box:8000", secret)
    assert warning("http://gpu-box:8000", None) == ""
    assert warning("http://127.0.0.1:8000", secret) == ""
    assert warning("http://[::1]:8000", secret) == ""
    assert warning("https://gpu-box:8000", secret) == ""
    assert KEY not in repr(secret) + str(secret)


def test_the_keyring_is_asked_when_the_server_wants_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ring(KeyringBackend):
        priority = 1.0
        asked: ClassVar[list[tuple[str, str]]] = []

        def get_password(self, service: str, username: str) -> str:
            self.asked.append((service, username))
            return KEY

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    def models(exchange: Exchange) -> None:
        if exchange.headers.get("Authorization") == f"Bearer {KEY}":
            exchange.json(MODELS)
        else:
            exchange.json({"error": "Unauthorized"}, 401)

    monkeypatch.delenv("SQLAGENT_API_KEY")
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        with FakeModelServer({"/v1/models": MODELS}) as server, opened(server.url) as model:
            assert model.key_source == ""
        assert Ring.asked == []
        with FakeModelServer({"/v1/models": models}) as server, opened(server.url) as model:
            assert model.key_source == "the keyring"
            assert Ring.asked == [("sqlagent-tui", server.url.removesuffix("/v1"))]
    finally:
        keyring.set_keyring(before)


def test_a_key_that_cannot_be_one_is_refused_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLAGENT_API_KEY", f"{KEY}\r\nX-Evil: 1")
    with pytest.raises(UsageError, match="characters that no key has") as caught:
        opened("http://127.0.0.1:9")
    assert KEY not in str(caught.value)


def test_the_prompt_that_does_not_fit_is_not_sent() -> None:
    with FakeModelServer({"/v1/models": MODELS, CHAT: refusing(500, "")}) as server:
        with opened(server.url, context_size=64) as model, pytest.raises(ModelError, match="context holds 64"):
            list(model.generate((Message(role="user", content="a, " * 200),), (), GenerationOptions(), CancelToken()))
        assert server.bodies(CHAT) == []


def test_an_abandoned_answer_closes_the_connection() -> None:
    gone = threading.Event()

    def chat(exchange: Exchange) -> None:
        exchange.begin_events()
        try:
            for _ in range(1000):
                exchange.chunk('data: {"choices": [{"delta": {"reasoning": "hum "}}]}\n\n')
                time.sleep(0.01)
        except OSError:
            gone.set()
            raise

    with FakeModelServer({"/v1/models": MODELS, CHAT: chat}) as server, opened(server.url) as model:
        for delta in model.generate(ASKED, (), GenerationOptions(), CancelToken()):
            if isinstance(delta, Piece):
                break
        assert gone.wait(5)


@pytest.mark.parametrize(
    ("text", "origin", "path", "model"),
    [
        ("http://gpu:8000/v1#qwen3", "http://gpu:8000", "/v1", "qwen3"),
        ("https://llm.example.org", "https://llm.example.org", "/v1", ""),
        ("http://[::1]:8080/", "http://[::1]:8080", "/v1", ""),
        ("https://x.org/team/v1/#org/modelo%20a", "https://x.org", "/team/v1", "org/modelo a"),
        ("http://gpu/v1/chat/completions", "http://gpu", "/v1", ""),
    ],
)
def test_addresses(text: str, origin: str, path: str, model: str) -> None:
    address = Address.parse(text)
    assert (address.origin, address.path, address.model) == (origin, path, model)


@pytest.mark.parametrize(
    "text",
    [
        "gpu:8000",
        "http://",
        "http://gpu:porta/v1",
        "http://ana:segredo@gpu/v1",
        "ftp://gpu/v1",
        "http://gpu/v1?k=segredo",
    ],
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Address.parse(text)
    assert "segredo" not in str(caught.value)
    assert caught.value.remedy
