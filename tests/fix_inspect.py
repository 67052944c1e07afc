"""Runs on the real database to inspect: made once, with a model that knows every way to fail."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from textual.pilot import Pilot

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.agent.protocols import Database, DatabaseInfo
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.bench.inspection import open_run
from sqlagent_tui.bench.run_directory import RunDirectory
from sqlagent_tui.bench.runner import Runner
from sqlagent_tui.bench.seats import Seat
from sqlagent_tui.bench.suite import read_suite
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import DatabaseError
from sqlagent_tui.models.scripted import ScriptedModel
from sqlagent_tui.ui.inspect.app import InspectApp
from sqlagent_tui.ui.inspect.services import InspectServices
from sqlagent_tui.ui.look import Look
from sqlagent_tui.ui.services import AskPassword, Report
from tests.bench.runs import SUITE, call, config_for, declined, golds_of

HOSTILE = "[b]x[/b] [/nope] \x1b]0;pwned\x07 \u202e `| # \x1b[31m"

SCRIPT = {
    # the column asked for is another one, and nobody grouped by it
    "sql-estados": [
        call("get_table_schema", table_names=["imovel_rural"]),
        call("execute_sql", sql="SELECT uf, count(*) FROM imovel_rural GROUP BY uf"),
        call(
            "final_answer",
            decision="sql",
            sql="SELECT m.nome, count(*) AS total FROM imovel_rural i JOIN municipio m ON m.id = i.municipio_id"
            " GROUP BY m.nome ORDER BY 2 DESC, 1 LIMIT 40",
            message="Aqui estão.",
        ),
    ],
    # the right rows the wrong way round
    "sql-ordem": [
        call(
            "final_answer",
            decision="sql",
            sql="SELECT * FROM (SELECT e.nome, count(*) FROM auto_infracao x JOIN imovel_rural i ON i.id = x.imovel_id"
            " JOIN municipio m ON m.id = i.municipio_id JOIN estado e ON e.id = m.estado_id GROUP BY e.id, e.nome"
            " ORDER BY 2 DESC, 1 LIMIT 5) AS melhores ORDER BY 2, 1",
        )
    ],
    # no call that can be used, then none at all
    "sql-vistorias": ["Não sei.\n</think>\n\n<tool_call>\n{\n</tool_call>"] * 4,
    # right, with a column more
    "sql-motivo": [
        call(
            "final_answer",
            decision="sql",
            sql="SELECT motivo, count(*), 1 AS extra FROM embargo GROUP BY motivo ORDER BY 1",
        )
    ],
    # rightly asked back, then wrong
    "ask-grandes": [
        call("final_answer", decision="clarification", message="A partir de quantos hectares?"),
        call("execute_sql", sql="SELECT count(*) FROM imovel_rural WHERE area_ha > 1000"),
        call("final_answer", decision="sql", sql="SELECT count(*) FROM imovel_rural WHERE area_ha > 1000"),
    ],
    # answered what had to be asked about
    "ask-recentes": [
        call(
            "final_answer",
            decision="sql",
            sql="SELECT codigo_car, area_ha FROM imovel_rural ORDER BY area_ha DESC, codigo_car LIMIT 10",
            message=HOSTILE,
        )
    ],
    "no-telefone": [declined("unanswerable")],
    # refused by the guard, then hostile to whoever reads it
    "no-clima": [
        call("execute_sql", sql="DELETE FROM embargo"),
        call("final_answer", decision="sql", sql="SELECT '[b]x[/b] [/nope] ' || chr(27) || '[31m' AS \"[/]\x1bnome\""),
    ],
}


def _in_order(gold: str) -> str:
    """Give rows an order, so that no plan of the server's changes a picture."""
    return gold if "ORDER BY" in gold or "GROUP BY" not in gold else f"{gold} ORDER BY 1"


@pytest.fixture(scope="session")
def inspected_run(demo_conninfo: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the small suite that goes wrong in every way. Read only."""
    path = tmp_path_factory.mktemp("inspected") / "run"
    suite = read_suite(SUITE)
    items = [msgspec.structs.replace(item, gold=tuple(map(_in_order, item.gold))) for item in suite.items]
    model = ScriptedModel([text for item in items for text in SCRIPT[item.id]], name="scripted")
    with closing(PostgresDatabase.connect(demo_conninfo)) as database:
        golds = golds_of(items, database)
        config = config_for(suite, items, model, golds)
        directory = RunDirectory.create(path, "0", config, items, golds)
        Runner(directory, items, golds, default_profile(), [Seat(model=model, database=database)]).run(CancelToken())
        directory.finish({})
        directory.close()
    return path


_TIMES = re.compile(rb'"(elapsed_ms|seconds|generation_seconds)":[0-9.e-]+')


@pytest.fixture(scope="session")
def still_run(inspected_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run with every time set to 1.5, for pictures."""
    copy = tmp_path_factory.mktemp("still") / "run"
    shutil.copytree(inspected_run, copy)
    for path in (*copy.rglob("*.jsonl"), *copy.glob("golds/*.json")):
        path.write_bytes(_TIMES.sub(rb'"\1":1.5', path.read_bytes()))
    return copy


class SteadyDatabase:
    """The real database, but that every statement takes 14 ms; a statement waits for `gate` where there is one."""

    def __init__(self, conninfo: str, gate: threading.Event | None = None) -> None:
        self._database = PostgresDatabase.connect(conninfo)
        self._gate = gate

    @property
    def info(self) -> DatabaseInfo:
        return self._database.info

    def execute(self, sql: str, *, cancel: CancelToken, **more: Any) -> QueryResult | StatementError:
        if self._gate is not None:
            with cancel.on_cancel(self._gate.set):
                self._gate.wait(20)
            cancel.raise_if_cancelled()
        outcome = self._database.execute(sql, cancel=cancel, **more)
        return msgspec.structs.replace(outcome, elapsed_ms=14.0)

    def close(self) -> None:
        self._database.close()


Inspect = Callable[..., InspectApp]


@pytest.fixture
def inspect(still_run: Path, demo_conninfo: str) -> Iterator[Inspect]:
    """Makes apps: on the real database, or with `database=None` on one that can't be opened."""
    made: list[InspectApp] = []

    def make(
        run: Path = still_run,
        *,
        database: str | None = demo_conninfo,
        gate: threading.Event | None = None,
        **look: Any,
    ) -> InspectApp:
        @contextmanager
        def connect(report: Report, ask: AskPassword, cancel: CancelToken) -> Iterator[Database]:
            report("Starting the embedded PostgreSQL", 0.5)
            if database is None:
                raise DatabaseError(
                    "The connection to db1:5432 could not be made.",
                    "Check host, port, database and role, for example with psql.",
                )
            with closing(SteadyDatabase(database, gate)) as opened:
                yield cast(Database, opened)

        app = InspectApp(InspectServices(run=open_run(run), open_database=connect, look=Look(**look)))
        made.append(app)
        return app

    yield make
    for app in made:
        app.close()


async def settle(app: InspectApp, pilot: Pilot[int]) -> None:
    """Wait until everything that was asked for is on the screen."""
    deadline = time.monotonic() + 30
    calm = 0
    while calm < 3:
        await pilot.pause()
        calm = calm + 1 if app.settled else 0
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
