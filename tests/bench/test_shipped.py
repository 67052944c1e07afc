"""Every suite that comes with the program is fit to measure by, on its own database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.bench.databases import find_programs, open_suite_database
from sqlagent_tui.bench.suite import find_suite, shipped_suites
from sqlagent_tui.bench.validation import validate
from sqlagent_tui.config import Config
from sqlagent_tui.errors import UsageError
from tests.fix_servers import not_installed


@pytest.mark.parametrize("name", shipped_suites())
def test_a_shipped_suite_has_no_faults(name: str, suite_home: Path) -> None:
    suite = find_suite(name)
    try:
        find_programs(suite)
    except UsageError:
        not_installed(" and ".join(suite.database.extensions), "postgresql-postgis")
    config = Config()
    with open_suite_database(suite, lambda *_: None) as target, closing(target.connect(config)) as database:
        result = validate(suite, database, config.limits.answer(), CancelToken())
    assert [fault for fault in result.faults if not fault.note] == []
    assert result.questions == len(suite.items)
    assert result.statements == sum(len(item.gold) + len(item.reply_gold) for item in suite.items)
