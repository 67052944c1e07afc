"""Reports: the figures of scripted models are known, and foreign text stays text."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.agent.protocols import Model
from sqlagent_tui.bench import metrics
from sqlagent_tui.bench.figures import plain
from sqlagent_tui.bench.report import report_on
from sqlagent_tui.bench.report_pictures import draw
from sqlagent_tui.bench.report_text import paired_markdown, to_markdown
from sqlagent_tui.bench.run_directory import RunDirectory
from sqlagent_tui.bench.runner import Runner
from sqlagent_tui.bench.seats import Seat
from sqlagent_tui.bench.suite import read_suite
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import UsageError
from sqlagent_tui.models.scripted import ScriptedModel
from tests.bench.runs import SUITE, config_for, declined, golds_of, oracle

HOSTILE = "</text>|`x` [a](b)\x1b[31m\u202e"
Run = Callable[..., Path]


@pytest.fixture(scope="module")
def run(demo_conninfo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Makes a run of the small suite, with a suite title of its own where one is given."""
    database = PostgresDatabase.connect(demo_conninfo)
    suite = read_suite(SUITE)
    golds = golds_of(suite.items, database)

    def make(model: Model, name: str = "", *, samples: int = 1, suite_name: str = "suite_small") -> Path:
        path = tmp_path_factory.mktemp("runs") / "run"
        named = msgspec.structs.replace(suite, name=suite_name)
        config = config_for(named, suite.items, model, golds, name=name, samples=samples)
        directory = RunDirectory.create(path, "0", config, suite.items, golds)
        seat = Seat(model=model, database=database)
        Runner(directory, suite.items, golds, default_profile(), [seat]).run(CancelToken())
        directory.close()
        return path

    yield make
    database.close()


@pytest.fixture(scope="module")
def knowing(run: Run) -> Path:
    return run(ScriptedModel(oracle(read_suite(SUITE).items)), "knowing")


@pytest.fixture(scope="module")
def abstaining(run: Run) -> Path:
    return run(ScriptedModel([declined("unanswerable")] * 8), "abstaining")


def test_an_oracle_scores_a_hundred(knowing: Path) -> None:
    figures = report_on([knowing])[0].runs[0].figures
    assert {(p.successes, p.total) for p in msgspec.structs.astuple(figures.accuracy)} == {(8, 8), (4, 4), (2, 2)}
    assert set(figures.reliability.values()) == {1.0}
    assert (figures.second_turn.successes, figures.second_turn.total) == (1, 1)
    assert figures.caution.selective_risk.successes == 0


def test_who_always_abstains_is_exactly_the_baseline(knowing: Path, abstaining: Path) -> None:
    suite = report_on([abstaining])[0]
    baseline = next(b for b in suite.baselines if b.decision == "unanswerable")
    figures = suite.runs[0].figures
    assert figures.accuracy == baseline.accuracy
    assert figures.reliability == baseline.reliability
    assert baseline == next(b for b in report_on([knowing])[0].baselines if b.decision == "unanswerable")


def test_two_runs_are_paired(knowing: Path, abstaining: Path) -> None:
    suite = report_on([abstaining, knowing])[0]
    (pair,) = suite.pairs
    counts = (pair.relaxed.both, pair.relaxed.only_first, pair.relaxed.only_second, pair.relaxed.neither)
    assert counts == (2, 0, 6, 0)
    assert pair.relaxed.p == pytest.approx(2 * 0.5**6)
    assert pair.relaxed.difference.value == pytest.approx(0.75)
    assert "| A → B | relaxed |          2 |" in paired_markdown(suite)


def test_the_words_hold_every_figure_and_the_card_s(run: Run) -> None:
    items = read_suite(SUITE).items
    path = run(ScriptedModel(oracle(items, samples=2)), samples=2, suite_name="cadastro_ambiental")
    text = to_markdown(report_on([path]))
    for told in (
        "Strict SQL", "Relaxed SQL", "Runtime", "Expert", "Selective risk", "False answers", "Needless clarifications",
        "Coverage", "RS(0)", "RS(5)", "RS(10)", "RS(N)", "Pass@K", "vote@K", "Second turn", "always SQL, and right",
        "always unanswerable", "timeout", "Generated tokens", "Seed", "100.0 [68–100] 8/8",
    ):  # fmt: skip
        assert told in text, told
    card = next(line for line in text.splitlines() if line.startswith("| card: Qwen3-4B-Thinking FT"))
    assert [cell.strip() for cell in card.split("|")][2:9] == [
        "78.9", "34.4", "70.0", "87.8", "86.7", "88.9", "2 h 1 min",
    ]  # fmt: skip
    assert "card: as published, same shape, other questions." in text


def test_no_other_suite_stands_beside_the_card(knowing: Path) -> None:
    assert "card:" not in to_markdown(report_on([knowing]))


def test_json_has_rates_and_intervals(knowing: Path) -> None:
    (suite,) = json.loads(msgspec.json.encode(plain(report_on([knowing]))))
    overall = suite["runs"][0]["figures"]["accuracy"]["overall"]
    assert overall["rate"] == 1.0
    assert overall["interval"] == [pytest.approx(0.6756, abs=1e-4), 1.0]
    assert suite["runs"][0]["head"]["config"]["suite"]["digest"] == read_suite(SUITE).digest


def test_foreign_text_is_no_markup(run: Run) -> None:
    items = read_suite(SUITE).items
    suites = report_on([run(ScriptedModel(oracle(items, samples=3)), HOSTILE, samples=3)])
    text = to_markdown(suites)
    assert "\\</text\\>\\|\\`x\\` \\[a\\](b)" in text
    assert "\x1b" not in text
    pictures = draw(suites)
    assert [p.name for p in pictures] == ["accuracy.svg", "difficulty.svg", "decisions-A.svg", "samples-A.svg"]
    for picture in pictures:
        shown = "".join(ET.fromstring(picture.svg).itertext())
        assert "\x1b" not in shown
        assert "</text>|`x`" in shown


def test_a_bar_is_as_long_as_its_share(abstaining: Path) -> None:
    accuracy = next(p for p in draw(report_on([abstaining])) if p.name == "accuracy.svg")
    tag = "{http://www.w3.org/2000/svg}rect"
    bars = [
        float(rect.attrib["width"]) for rect in ET.fromstring(accuracy.svg).iter(tag) if "fill-opacity" in rect.attrib
    ]
    assert bars == [150.0, 0.0, 0.0, 300.0, 0.0, 600.0]


def test_an_unfinished_run_says_so_and_runs_of_two_suites_stay_apart(run: Run, knowing: Path) -> None:
    path = run(ScriptedModel(oracle(read_suite(SUITE).items)))
    verdicts = path / "verdicts.jsonl"
    verdicts.write_bytes(b"".join(verdicts.read_bytes().splitlines(keepends=True)[:5]))
    assert "**A is not complete**: 3 conversations are missing." in to_markdown(report_on([path]))
    head = path / "run.json"
    head.write_text(head.read_text().replace(read_suite(SUITE).digest, "0" * 64))
    suites = report_on([path, knowing])
    assert [len(suite.runs) for suite in suites] == [1, 1]
    assert [picture.name for picture in draw(suites)][:1] == ["accuracy-1.svg"]


def test_what_broke_down_is_told(run: Run) -> None:
    path = run(ScriptedModel(oracle(read_suite(SUITE).items)))
    verdicts = path / "verdicts.jsonl"
    verdicts.write_bytes(verdicts.read_bytes().replace(b'"ending":"unanswerable"', b'"ending":"failed"'))
    text = to_markdown(report_on([path]))
    assert "A: at 2 questions model or database broke down; they count as wrong." in text
    assert "75.0 [41–93] 6/8" in text


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        report_on([tmp_path])
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UsageError, match="damaged"):
        report_on([tmp_path])


def test_the_metrics_of_a_run_are_those_of_its_verdicts(knowing: Path) -> None:
    verdicts = RunDirectory.open(knowing).verdicts()
    assert report_on([knowing])[0].runs[0].figures.accuracy == metrics.accuracy(verdicts)
