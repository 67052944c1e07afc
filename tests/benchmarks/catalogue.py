"""`python -m tests.benchmarks.catalogue`: how long a large catalogue takes, ours and pgcli's, in one run.

Builds the schema on the embedded PostgreSQL, then measures by turns, each measurement in a process of its own that
connects through the same socket as the same role. pgcli is driven as a library, by its own Python: the completion
refresher that its prompt starts. Install it in an environment of its own and name that: `--pgcli ENV/bin/python`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from sqlagent_tui.database import installation
from tests.fix_catalogue import Ways, database_of, many_tables
from tests.fix_servers import running_cluster

Figures = dict[str, float]
"""Milliseconds, and megabytes under "peak"."""

_READER = "leitor"
_SETTINGS = {"shared_buffers": "256MB", "max_locks_per_transaction": "1024"}
_CATALOGUES = "pg_class, pg_attribute, pg_type, pg_description, pg_inherits, pg_depend, pg_namespace, pg_constraint"
_ROWS = (
    ("names of all relations, first time on a connection", "names"),
    ("names of all relations, again", "names again"),
    ("one relation's details", "one"),
    ("every relation's columns and keys", "everything"),
    ("process start until names are known", "cold names"),
    ("process start until one may ask or complete", "cold ready"),
    ("peak memory of that process by then (MB)", "peak"),
    ("the whole app: process start until the tree shows them", "app"),
)

_OURS = """
import datetime, json, resource, statistics, sys, time
started = time.perf_counter()
from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.context import Opening
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.agent.ranking import TableIndex
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.models.scripted import ScriptedModel

def timed(work):
    before = time.perf_counter()
    return work(), 1000 * (time.perf_counter() - before)

never = CancelToken()
database = PostgresDatabase.connect(sys.argv[1])
tables, names = timed(lambda: database.tables(never))
cold_names = 1000 * (time.perf_counter() - started)
opening = Opening(default_profile(), "x", TableIndex(tables), ScriptedModel([]))
opening.question("Quantos registros auxiliares?", datetime.date.today())
cold_ready = 1000 * (time.perf_counter() - started)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
again = timed(lambda: database.tables(never))[1]
wanted = [table.reference for table in tables]
some = wanted[:: len(wanted) // 20]
one = statistics.median(timed(lambda name=name: database.describe([name], never))[1] for name in some)
everything = sum(
    timed(lambda at=at: database.describe(wanted[at : at + 250], never))[1] for at in range(0, len(wanted), 250)
)
database.close()
print(json.dumps({
    "names": names, "names again": again, "one": one, "everything": names + everything, "cold names": cold_names,
    "cold ready": cold_ready, "peak": peak,
}))
"""

_APP = """
import asyncio, json, sys, time
started = time.perf_counter()
from sqlagent_tui.assembly import Target
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.run import AppOptions, Parts

async def main():
    parts = Parts(AppOptions(target=Target(conninfo=sys.argv[1])))
    app = SqlAgentApp(parts.services())
    async with app.run_test(size=(160, 48)) as pilot:
        while not app.work.schema.border_subtitle:
            await pilot.pause(0.005)
        await pilot.pause()
        seconds = time.perf_counter() - started
        app.agent.close()
        app.user.close()
    parts.close()
    print(json.dumps({"app": 1000 * seconds}))

asyncio.run(main())
"""

_PGCLI = """
import json, resource, sys, threading, time
started = time.perf_counter()
from pgcli.completion_refresher import CompletionRefresher
from pgcli.pgcompleter import PGCompleter
from pgcli.pgexecute import PGExecute
from pgspecial.main import PGSpecial

def timed(work):
    before = time.perf_counter()
    return work(), 1000 * (time.perf_counter() - before)

executor = PGExecute(dsn=sys.argv[1])
imported = 1000 * (time.perf_counter() - started)

def names():
    completer = PGCompleter(smart_completion=True, pgspecial=PGSpecial(), settings={})
    completer.set_search_path(executor.search_path())
    completer.extend_schemata(executor.schemata())
    completer.extend_relations(executor.tables(), kind="tables")
    completer.extend_relations(executor.views(), kind="views")

def refresh():
    done = threading.Event()
    CompletionRefresher().refresh(executor, PGSpecial(), lambda completer: done.set(), settings={})
    done.wait()

first = timed(names)[1] if sys.argv[2] == "names" else timed(refresh)[1]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
if sys.argv[2] == "names":
    print(json.dumps({"names": first, "cold names": imported + first, "names again": timed(names)[1]}))
else:
    print(json.dumps({"everything": first, "cold ready": imported + first, "peak": peak}))
"""


def main() -> None:
    options = _options()
    print(f"building {options.tables:,} tables of {options.columns} columns and {options.partitions:,} partitions …")
    with tempfile.TemporaryDirectory() as folder:
        programs = installation.resolve(Path(folder)).programs
        with running_cluster(programs, **_SETTINGS) as cluster:
            schema = many_tables(_READER, tables=options.tables, columns=options.columns, partitions=options.partitions)
            started = time.perf_counter()
            with database_of(cluster, "grande", _READER, schema) as ways:
                with psycopg.connect(ways.owner, autocommit=True) as owner:
                    owner.execute(f"VACUUM (ANALYZE) {_CATALOGUES}".encode())
                    version = owner.execute("SHOW server_version").fetchone()
                print(f"… in {time.perf_counter() - started:.0f} s\n")
                _report(options, ways, version[0] if version else "?", Path(folder))


def _report(options: argparse.Namespace, ways: Ways, version: str, home: Path) -> None:
    environment = {**os.environ, "SQLAGENT_TUI_HOME": str(home)}
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(_run([sys.executable, "-c", _OURS, ways.reader], environment))
        ours[-1] |= _run([sys.executable, "-c", _APP, ways.reader], environment)
        if options.pgcli:
            theirs.append(_run([options.pgcli, "-c", _PGCLI, ways.reader, "names"], os.environ))
            theirs[-1] |= _run([options.pgcli, "-c", _PGCLI, ways.reader, "everything"], os.environ)
    peer = f"pgcli {_version(options.pgcli)}" if options.pgcli else "pgcli: none"
    print(f"PostgreSQL {version}, Python {platform.python_version()}, {os.cpu_count()} cores; ", end="")
    print(f"medians of {options.rounds} rounds, in ms unless said otherwise\n")
    print(f"| {'':<55} | sqlagent-tui | {peer:>12} | pgcli : ours |")
    print(f"|{'-' * 57}|{'-------------:|' * 3}")
    for label, key in _ROWS:
        mine, other = (_median(figures, key) for figures in (ours, theirs))
        ratio = f"{other / mine:.1f}" if mine and other else ""
        print(f"| {label:<55} | {_written(mine):>12} | {_written(other):>12} | {ratio:>12} |")


def _run(command: list[str], environment: Any) -> Figures:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stderr}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _median(rounds: list[Figures], key: str) -> float | None:
    values = [figures[key] for figures in rounds if key in figures]
    return statistics.median(values) if values else None


def _written(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _version(python: str) -> str:
    command = [python, "-c", "import pgcli; print(pgcli.__version__)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.catalogue", description=__doc__)
    parser.add_argument("--tables", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=20, help="of each table")
    parser.add_argument("--partitions", type=int, default=1_000, help="of one more table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pgcli", help="the Python that pgcli is installed for; found beside a pgcli on the PATH")
    options = parser.parse_args()
    options.pgcli = options.pgcli or _python_beside(shutil.which("pgcli"))
    return options


def _python_beside(program: str | None) -> str | None:
    """Return the Python that an installed script runs by: its first line."""
    if program is None:
        return None
    first = Path(program).read_text(errors="replace").splitlines()[0]
    return first.removeprefix("#!").strip() if first.startswith("#!") else None


if __name__ == "__main__":
    main()
