"""Runs on the real database: what scripted models are worth, what is kept, and what a resumed run does."""

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.agent.protocols import Model
from sqlagent_tui.bench.golds import Golds
from sqlagent_tui.bench.records import Verdict
from sqlagent_tui.bench.run_directory import RunDirectory
from sqlagent_tui.bench.runner import Runner
from sqlagent_tui.bench.seats import Seat
from sqlagent_tui.bench.suite import Item, Suite, read_suite
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import ModelError, UsageError
from sqlagent_tui.models.scripted import ScriptedModel
from sqlagent_tui.sessions.journal import read_events
from tests.bench.runs import SUITE, call, config_for, declined, golds_of, kept, oracle


@pytest.fixture(scope="module")
def database(demo_conninfo: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase.connect(demo_conninfo)
    yield database
    database.close()


@pytest.fixture(scope="module")
def suite() -> Suite:
    return read_suite(SUITE)


@pytest.fixture(scope="module")
def golds(suite: Suite, database: PostgresDatabase) -> Golds:
    return golds_of(suite.items, database)


class Bench:
    """Runs of the small suite with a model of the test's own."""

    def __init__(self, suite: Suite, database: PostgresDatabase, golds: Golds, folder: Path) -> None:
        self.suite, self.database, self.golds, self.folder = suite, database, golds, folder

    def run(
        self, model: Model, *, name: str = "run", stop: CancelToken | None = None, **config: object
    ) -> list[Verdict]:
        """Begin a run, or go on with the one of that name."""
        wanted = config_for(self.suite, self.suite.items, model, self.golds, **config)  # type: ignore[arg-type]
        path = self.folder / name
        if (path / "run.json").exists():
            directory = RunDirectory.resume(path, wanted)
        else:
            directory = RunDirectory.create(path, "0", wanted, self.suite.items, self.golds)
        try:
            seat = Seat(model=model, database=self.database)
            Runner(directory, self.suite.items, self.golds, default_profile(), [seat]).run(stop or CancelToken())
            return directory.verdicts()
        finally:
            directory.close()


@pytest.fixture
def bench(suite: Suite, database: PostgresDatabase, golds: Golds, tmp_path: Path) -> Bench:
    return Bench(suite, database, golds, tmp_path)


def test_an_oracle_is_right_throughout_and_so_is_its_second_turn(bench: Bench) -> None:
    verdicts = bench.run(ScriptedModel(oracle(bench.suite.items)))
    assert [verdict.item_id for verdict in verdicts] == [item.id for item in bench.suite.items]
    assert all(verdict.strictly_right for verdict in verdicts)
    assert [v.item_id for v in verdicts if v.second] == ["ask-grandes"]
    assert all(v.second.strict and v.second.ending == "sql" for v in verdicts if v.second)


def test_who_always_abstains_is_right_about_the_unanswerable_alone(bench: Bench) -> None:
    script = [declined("unanswerable")] * len(bench.suite.items)
    verdicts = bench.run(ScriptedModel(script))
    assert [v.item_id for v in verdicts if v.right] == ["no-telefone", "no-clima"]


def test_a_plausible_statement_is_judged_by_its_rows(bench: Bench) -> None:
    script = oracle(bench.suite.items)
    wrong = "SELECT motivo, count(*) + 1 FROM embargo GROUP BY motivo"
    at = next(n for n, text in enumerate(script) if "FROM embargo" in text)
    script[at : at + 2] = [call("final_answer", decision="sql", sql=wrong)]
    verdict = next(v for v in bench.run(ScriptedModel(script)) if v.item_id == "sql-motivo")
    assert (verdict.ending, verdict.relaxed, verdict.right) == ("sql", False, False)
    assert verdict.reason
    assert verdict.sql == wrong


def test_every_conversation_is_kept_as_messages_and_as_events(bench: Bench) -> None:
    bench.run(ScriptedModel(oracle(bench.suite.items)))
    directory = RunDirectory.open(bench.folder / "run")
    lines = directory.trajectory_path("ask-grandes", 0).read_text("utf-8").splitlines()
    roles = [msgspec.json.decode(line)["role"] for line in lines]
    assert roles == ["system", "user", "assistant", "user", "assistant", "tool", "assistant"]
    assert "Hoje é 2024-06-15" in lines[1]
    names = [type(event).__name__ for event in read_events(directory.events_path("ask-grandes", 0))]
    assert names.count("TurnStarted") == names.count("TurnEnded") == names.count("DecisionMade") == 2
    assert "TextDelta" not in names


def test_a_stopped_run_goes_on_where_it_was(bench: Bench) -> None:
    stop = CancelToken()
    script = oracle(bench.suite.items)
    spoken = 0

    def pace(_text: str) -> None:
        nonlocal spoken
        spoken += 1
        if spoken == 200:
            stop.cancel()

    with pytest.raises(Cancelled):
        bench.run(ScriptedModel(script, pace=pace), stop=stop)
    half = kept(RunDirectory.open(bench.folder / "run"))
    assert 0 < len(half) < len(bench.suite.items)
    rest = [item for item in bench.suite.items if f"{item.id}#0" not in half]
    verdicts = bench.run(ScriptedModel(oracle(rest)))
    assert kept(RunDirectory.open(bench.folder / "run")) == [f"{item.id}#0" for item in bench.suite.items]
    assert all(verdict.right for verdict in verdicts)


def test_a_half_written_verdict_is_dropped_and_asked_again(bench: Bench) -> None:
    bench.run(ScriptedModel(oracle(bench.suite.items)))
    path = bench.folder / "run" / "verdicts.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert len(RunDirectory.open(bench.folder / "run").verdicts()) == len(bench.suite.items) - 1
    bench.run(ScriptedModel(oracle(bench.suite.items[-1:])))
    assert kept(RunDirectory.open(bench.folder / "run")) == [f"{item.id}#0" for item in bench.suite.items]


def test_another_model_or_sampling_is_refused(bench: Bench) -> None:
    bench.run(ScriptedModel(oracle(bench.suite.items)))
    with pytest.raises(UsageError, match="another model: its verdicts"):
        bench.run(ScriptedModel([], name="another"))
    with pytest.raises(UsageError, match="another number of samples and another question timeout"):
        bench.run(ScriptedModel([]), samples=2, question_timeout=5.0)


def test_two_processes_do_not_write_one_run(bench: Bench, suite: Suite, golds: Golds) -> None:
    config = config_for(suite, suite.items, ScriptedModel([]), golds)
    directory = RunDirectory.create(bench.folder / "run", "0", config, suite.items, golds)
    with pytest.raises(UsageError, match="Another process is writing"):
        RunDirectory.resume(bench.folder / "run", config)
    directory.close()
    RunDirectory.resume(bench.folder / "run", config).close()


def test_a_question_that_takes_too_long_is_cancelled_on_the_server(bench: Bench, demo_admin_conninfo: str) -> None:
    import psycopg

    script = oracle(bench.suite.items)
    script[0:2] = [call("execute_sql", sql="SELECT count(*) FROM generate_series(1, 400000000) AS s(n)")]
    started = time.monotonic()
    verdicts = bench.run(ScriptedModel(script), question_timeout=1.5)
    assert verdicts[0].ending == "timeout"
    assert time.monotonic() - started < 20
    assert all(verdict.right for verdict in verdicts[1:])
    with psycopg.connect(demo_admin_conninfo, autocommit=True) as admin:
        active = "SELECT query FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
        assert not [query for (query,) in admin.execute(active).fetchall() if "400000000" in query]


def test_a_model_that_breaks_down_stops_the_run_and_spoils_nothing(bench: Bench) -> None:
    script = oracle(bench.suite.items[:2])
    with pytest.raises(ModelError, match="3 questions in a row could not be asked: The recorded answers are used up"):
        bench.run(ScriptedModel(script))
    assert kept(RunDirectory.open(bench.folder / "run")) == ["sql-estados#0", "sql-ordem#0"]


class Stumbling(ScriptedModel):
    """Fails at the n-th generation, counted from 1, for each n in `at`."""

    def __init__(self, script: list[str], at: set[int]) -> None:
        super().__init__(script)
        self._at, self._asked = at, 0

    def generate(self, messages, tools, options, cancel):  # type: ignore[no-untyped-def]
        self._asked += 1
        if self._asked in self._at:
            raise ModelError("The context is full.")
        return super().generate(messages, tools, options, cancel)


def test_what_failed_is_asked_once_more_in_the_end(bench: Bench) -> None:
    items = bench.suite.items
    verdicts = bench.run(Stumbling(oracle([*items[1:], items[0]]), {1}))
    assert kept(RunDirectory.open(bench.folder / "run")) == [f"{item.id}#0" for item in (*items[1:], items[0])]
    assert all(verdict.right for verdict in verdicts)


def test_what_fails_again_is_counted_and_told_apart(bench: Bench) -> None:
    script = oracle(bench.suite.items[1:])
    verdicts = bench.run(Stumbling(script, {1, len(script) + 2}))
    assert [(v.item_id, v.message) for v in verdicts if v.ending == "failed"] == [
        ("sql-estados", "The context is full.")
    ]
    assert sum(verdict.right for verdict in verdicts) == len(bench.suite.items) - 1


def test_samples_are_conversations_of_their_own(bench: Bench) -> None:
    model = ScriptedModel(oracle(bench.suite.items, samples=3))
    verdicts = bench.run(model, samples=3)
    assert len(verdicts) == 3 * len(bench.suite.items)
    assert [(v.item_id, v.sample) for v in verdicts[:4]] == [
        ("sql-estados", 0),
        ("sql-estados", 1),
        ("sql-estados", 2),
        ("sql-ordem", 0),
    ]
    assert all(verdict.right for verdict in verdicts)
    assert len({v.result_digest for v in verdicts[:3]}) == 1
    assert all(len([m for m in prompt if m.role == "user"]) <= 2 for prompt in model.prompts)


def test_a_damaged_gold_excludes_its_question_which_is_not_asked(
    bench: Bench, suite: Suite, database: PostgresDatabase
) -> None:
    def damaged(item: Item) -> Item:
        return msgspec.structs.replace(item, gold=("SELECT nom FROM estado",)) if item.id == "sql-motivo" else item

    items = tuple(map(damaged, suite.items))
    bench = Bench(msgspec.structs.replace(suite, items=items), database, golds_of(items, database), bench.folder)
    asked = [item for item in suite.items if item.id != "sql-motivo"]
    verdicts = bench.run(ScriptedModel(oracle(asked)))
    faulty = {v.item_id: v.gold_error for v in verdicts if v.gold_error}
    assert list(faulty) == ["sql-motivo"]
    assert 'column "nom" does not exist' in faulty["sql-motivo"]
    assert all(v.right for v in verdicts if not v.gold_error)


def test_several_seats_share_the_questions(
    bench: Bench, suite: Suite, golds: Golds, demo_conninfo: str, tmp_path: Path
) -> None:
    class Knowing(ScriptedModel):
        """Answers what it is asked, whoever asks: the script of that question."""

        def generate(self, messages, tools, options, cancel):  # type: ignore[no-untyped-def]
            questions = [m.content for m in messages if m.role == "user"]
            item = next(item for item in suite.items if questions[0].endswith(item.question))
            said = sum(m.role == "assistant" for m in messages)
            self._answers, self._next = ScriptedModel(oracle([item]))._answers, said
            time.sleep(0.05)
            return super().generate(messages, tools, options, cancel)

    connections = [PostgresDatabase.connect(demo_conninfo) for _ in range(3)]
    models = [Knowing([]) for _ in connections]
    config = config_for(suite, suite.items, models[0], golds)
    directory = RunDirectory.create(tmp_path / "r", "0", config, suite.items, golds)
    seats = [Seat(model=model, database=database) for model, database in zip(models, connections, strict=True)]
    Runner(directory, suite.items, golds, default_profile(), seats).run(CancelToken())
    directory.close()
    for connection in connections:
        connection.close()
    assert sorted(kept(directory)) == sorted(f"{item.id}#0" for item in suite.items)
    assert all(verdict.right for verdict in directory.verdicts())
    assert all(model.prompts for model in models)
