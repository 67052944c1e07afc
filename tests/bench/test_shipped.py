"""Every suite that comes with the program is fit to measure by, on its own database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.bench.databases import find_programs, open_suite_database
from sqlagent_tui.bench.report import report_on
from sqlagent_tui.bench.run_directory import RunDirectory
from sqlagent_tui.bench.runner import Runner
from sqlagent_tui.bench.seats import Seat
from sqlagent_tui.bench.suite import Suite, find_suite, shipped_suites
from sqlagent_tui.bench.validation import validate
from sqlagent_tui.config import Config
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import UsageError
from sqlagent_tui.models.scripted import ScriptedModel
from tests.bench.runs import config_for, golds_of, oracle
from tests.fix_servers import not_installed


@contextmanager
def opened(name: str) -> Iterator[tuple[Suite, PostgresDatabase]]:
    suite = find_suite(name)
    try:
        find_programs(suite)
    except UsageError:
        not_installed(" and ".join(suite.database.extensions), "postgresql-postgis")
    with open_suite_database(suite, lambda *_: None) as target, closing(target.connect(Config())) as database:
        yield suite, database


@pytest.mark.parametrize("name", shipped_suites())
def test_a_shipped_suite_has_no_faults(name: str, suite_home: Path) -> None:
    with opened(name) as (suite, database):
        result = validate(suite, database, Config().limits.answer(), CancelToken())
    assert [fault for fault in result.faults if not fault.note] == []
    assert result.questions == len(suite.items)
    assert result.statements == sum(len(item.gold) + len(item.reply_gold) for item in suite.items)


@pytest.mark.parametrize("name", shipped_suites())
def test_who_knows_a_shipped_suite_is_right_about_all_of_it(name: str, suite_home: Path, tmp_path: Path) -> None:
    """Every question, asked of the real loop on the suite's database, can be answered as the suite expects."""
    with opened(name) as (suite, database):
        model = ScriptedModel(oracle(suite.items))
        golds = golds_of(suite.items, database)
        config = config_for(suite, suite.items, model, golds)
        with closing(RunDirectory.create(tmp_path / "run", "0", config, suite.items, golds)) as directory:
            seat = Seat(model=model, database=database)
            Runner(directory, suite.items, golds, default_profile(), [seat]).run(CancelToken())
    figures = report_on([tmp_path / "run"])[0].runs[0].figures
    replies = sum(bool(item.reply) for item in suite.items)
    assert (figures.accuracy.overall.successes, figures.accuracy.overall.total) == (len(suite.items),) * 2
    assert figures.accuracy.strict_sql.successes == figures.accuracy.strict_sql.total
    assert (figures.second_turn.successes, figures.second_turn.total) == (replies, replies)
