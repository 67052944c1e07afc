"""Sentences of the layers below in the user's language, and trouble that is told once."""

import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from string import Formatter

import pytest

import sqlagent_tui.models
import sqlagent_tui.ui
from sqlagent_tui.agent.context import PromptTooLongError
from sqlagent_tui.agent.events import Reconnecting
from sqlagent_tui.agent.prompt_parts import PromptParts, too_long
from sqlagent_tui.database import policy
from sqlagent_tui.database.connection_errors import _KNOWN, ConnectionRefused, explain
from sqlagent_tui.database.function_lists import DENIED
from sqlagent_tui.errors import DatabaseError, SuperuserRefusedError
from sqlagent_tui.models.fitting import judge
from sqlagent_tui.models.gguf import describe
from sqlagent_tui.models.memory import Memory
from sqlagent_tui.models.settings import EngineSettings
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.told import error_told, sentences, told
from tests import ui_scenes as scenes
from tests.fix_ui import Real
from tests.said import SAMPLE, Said, said_by_errors

PORTUGUESE, ENGLISH = Messages.load("pt-BR"), Messages.load("en")
TABLE = tomllib.loads((Path(sqlagent_tui.ui.__file__).parent / "locales" / "pt-BR.sentences.toml").read_text("utf-8"))

COMMAND_LINE_ONLY = ("calibrate", "download", "hub", "pull", "scripted")
MODEL_ERRORS = said_by_errors(
    Path(sqlagent_tui.models.__file__).parent, ("ModelError", "NotConnectedError", "UsageError"), COMMAND_LINE_ONLY
)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_a_translation_has_the_fields_of_its_sentence() -> None:
    assert len(TABLE) > 60
    assert [english for english, portuguese in TABLE.items() if fields(english) != fields(portuguese)] == []


@pytest.mark.parametrize("known", _KNOWN, ids=lambda known: known.message[:40])
def test_every_reason_why_a_connection_fails_is_known(known: object) -> None:
    for text in (known.message, known.remedy):  # type: ignore[attr-defined]
        filled = text.format(where="db1:5432", role="the role “ana”", database="the database “x”", wanted="primary")
        filled = filled[0].upper() + filled[1:]
        translated = told(PORTUGUESE, filled)
        assert translated != filled
        assert " the " not in translated
        assert told(ENGLISH, filled) == filled


@pytest.mark.parametrize("reason", sorted(set(DENIED.values())))
def test_every_reason_why_a_function_is_refused_is_known(reason: str) -> None:
    translated = told(PORTUGUESE, f"pg_x is refused because it {reason}.")
    assert translated.startswith("pg_x é recusada: ")
    assert reason not in translated


@pytest.mark.parametrize("sentence", [policy.TOO_LONG, policy.OPERATORS], ids=["long", "operators"])
def test_a_statement_that_is_not_sent_for_its_size_says_so_in_portuguese(sentence: str) -> None:
    assert told(PORTUGUESE, sentence).startswith("O comando tem mais de ")


def test_what_varies_stays_as_it_is_and_what_is_not_ours_too() -> None:
    refused = explain(ConnectionRefused("password authentication failed", used_password=True), {"user": "ana"})
    assert error_told(PORTUGUESE, refused).message == "O servidor recusou a senha: o papel “ana”."
    assert told(PORTUGUESE, 'column "the server" does not exist') == 'column "the server" does not exist'
    assert told(PORTUGUESE, "Nothing may be changed here: {evil} \x1b {0}.").endswith("{evil} \x1b {0}.")
    lost = "The connection to the server was lost. The query was NOT retried."
    assert told(PORTUGUESE, lost) == "A conexão com o servidor caiu. A consulta NÃO foi repetida."
    assert told(PORTUGUESE, "x" * 100_000) == "x" * 100_000
    assert sentences("en") == ()


@pytest.mark.parametrize("free", [100_000_000, 180_000_000, 20_000_000])
def test_what_is_said_of_memory_is_known(tiny_gguf: Path, free: int) -> None:
    verdict = judge(describe(tiny_gguf), 4096, EngineSettings(), Memory(200_000_000, free))
    for text in filter(None, verdict[1:]):
        translated = told(PORTUGUESE, text)
        assert not re.search(r"\b(needs|memory|the|of|to|context_size tokens|fits|all)\b", translated), translated


@pytest.mark.parametrize("heaviest", PromptParts.__struct_fields__)
def test_what_is_said_of_a_prompt_that_is_too_long_is_known(heaviest: str) -> None:
    counts = dict.fromkeys(PromptParts.__struct_fields__, 10) | {heaviest: 9000}
    translated = told(PORTUGUESE, too_long(PromptTooLongError(9050, 3072, 4096), PromptParts(**counts)))
    assert translated.startswith("O prompt precisa de 9050 tokens, mas um contexto de 4096 deixa 3072")
    assert ("1024" if heaviest == "tables" else "12288") + " tokens ou mais" in translated
    assert not re.search(r"\b(the|of|or|in|for)\b", translated)


@pytest.mark.parametrize("said", MODEL_ERRORS, ids=lambda said: f"{said.place}-{said.text[:40]}")
def test_whatever_is_said_of_a_model_is_known(said: Said) -> None:
    translated = told(PORTUGUESE, said.text)
    for ours in (*re.split(r"(?<=\.) (?=[A-Z])", said.text), *filter(re.compile(r"\w \w").search, said.words)):
        assert ours not in translated
    assert translated.count(SAMPLE) == said.text.count(SAMPLE)


def test_the_sentences_of_models_are_really_found() -> None:
    texts = {said.text for said in MODEL_ERRORS}
    assert len(texts) > 120
    assert f"There is no way to {SAMPLE}: the connection failed." in texts, "an alternative in a field"
    assert f"The model server at {SAMPLE} failed." in texts, "a function's return"
    assert "Choose another model file." in texts, "a module's constant"


@pytest.mark.parametrize(
    "cause", ["signal 11, SIGSEGV", "signal 64", "exit code 3", "it closed its pipe"], ids=lambda cause: cause[:9]
)
def test_how_a_model_process_ended_is_known_within_a_sentence_and_its_remedies(cause: str) -> None:
    turn = f"The model process stopped unexpectedly ({cause}). It is started again with the next question. Oops. Why?"
    translated = told(PORTUGUESE, turn)
    assert translated.startswith("O processo do modelo parou de repente (")
    assert cause not in translated
    assert translated.endswith("). Ele é iniciado de novo com a próxima pergunta. Oops. Why?")


def test_a_server_s_own_words_end_where_ours_go_on() -> None:
    turn = "The model server at http://x failed (500): Out of memory. Sorry. See the server's log, and ask again."
    translated = "O servidor do modelo em http://x falhou (500): Out of memory. Sorry."
    assert told(PORTUGUESE, turn) == f"{translated} Veja o registro do servidor, e pergunte de novo."


def test_an_error_keeps_its_kind() -> None:
    assert isinstance(error_told(PORTUGUESE, SuperuserRefusedError("x", "y")), SuperuserRefusedError)
    assert isinstance(error_told(PORTUGUESE, explain(ConnectionRefused("timeout expired"), {})), DatabaseError)


async def test_a_lost_connection_is_in_the_status_line_while_it_is_made_again() -> None:
    app = SqlAgentApp(scenes.still_services(language="en"))
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.play(app, scenes.opened())
        event = Reconnecting(attempt=3, attempts=5, wait_seconds=2.0, reason="No PostgreSQL server answers.")
        await scenes.play(app, [event])
        await pilot.pause()
        assert "connection lost; again in 2.0 s (3/5)" in str(app.work.status.render())
        await scenes.play(app, scenes.statement(7, "SELECT 1"))
        assert "lost" not in str(app.work.status.render())


async def test_a_journal_that_can_not_be_written_any_more_is_told_once(
    real: Callable[..., Real], demo_conninfo: str
) -> None:
    one = real(demo_conninfo)
    assert one.parts.record() is None
    app = one.app
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.settle(app, pilot)
        assert not app._notifications
        journal = one.parts._journal
        assert journal is not None
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, journal._fd)
        os.close(full)
        await pilot.press("f6")
        for _ in range(2):
            app.work.sql.editor.text = "SELECT 1"
            await pilot.press("f7")
            await scenes.settle(app, pilot)
            app.heartbeat.spin()
        assert [notice.message for notice in app._notifications] == [
            "The session is no longer recorded: No space left on device."
        ]
