"""The database that a suite asks about: found, or made, and opened as read-only as any other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sqlagent_tui import paths
from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.assembly import Narrate, OpenTarget, Target
from sqlagent_tui.bench.suite import Suite
from sqlagent_tui.config import Config
from sqlagent_tui.database.programs import Programs, bundled, installed
from sqlagent_tui.database.progress import Progress, ProgressReporter
from sqlagent_tui.errors import DatabaseError, UsageError

if TYPE_CHECKING:
    import psycopg

    from sqlagent_tui.database.building import Site
    from sqlagent_tui.database.connection import PasswordCallback

    Connection = psycopg.Connection[Any]

OWNER: Final = "dono"
"""As whom a suite's scripts run on our own server. They are not ours, so it is no superuser."""

_STAGES: Final = {
    "wait": "Waiting for another instance",
    "prepare": "Looking for the suite's database",
    "initialise": "Initialising a PostgreSQL for the suite",
    "start": "Starting a PostgreSQL for the suite",
    "generate": "Generating the demo data",
    "load": "Loading the demo data",
    "index": "Running the suite's scripts",
    "ready": "The suite's database is ready",
}
_PACKAGES: Final = {"postgis": "PostGIS (postgresql-postgis on Debian and Ubuntu)"}
"""Of extensions that no PostgreSQL comes with."""


def open_suite_database(
    suite: Suite,
    narrate: Narrate,
    *,
    database: str | None = None,
    server: str | None = None,
    password: PasswordCallback | None = None,
    allow_superuser: bool = False,
) -> AbstractContextManager[OpenTarget]:
    """Open the suite's database; `connect` of what is entered makes one guarded connection after the other.

    `database` names one in which everything is there already: a suite on an `external` database needs it, any other
    may have it. `server` names a server to make the suite's database on, by a role that may; without it that is one of
    our own, started from the first installation that has the suite's extensions.

    Raises SqlagentError: UsageError where none has them or a script is faulty, SuperuserRefusedError where `server`
    names a superuser who isn't allowed.
    """
    if database is not None and server is not None:
        raise UsageError("Both --database and --server were given.", "Give one of them.")
    if database is not None:
        return OpenTarget(Target.chosen(database, demo=False), narrate)
    if suite.database.kind == "external":
        raise UsageError(f"The suite {suite.name} asks about a database of yours.", "Name it: --database CONNINFO.")
    if suite.database.kind == "demo":
        if server is not None:
            raise UsageError(f"The suite {suite.name} makes no database of its own.", "Leave --server out.")
        return OpenTarget(Target(demo=True), narrate)
    if server is not None:
        return _made_on(server, suite, narrate, password, allow_superuser)
    return _made_here(suite, narrate)


def database_version(suite: Suite) -> str:
    """Return what changes whenever a suite's own database would: 16 hex digits over what makes it."""
    from sqlagent_tui.demo.loader import data_version

    made_by = suite.database
    parts = [made_by.base and data_version(), *made_by.extensions, *(_script(suite, name) for name in made_by.scripts)]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}\0{part}".encode())
    return digest.hexdigest()[:16]


def find_programs(suite: Suite) -> Programs:
    """Return the installation of PostgreSQL to make the suite's database with. Raises UsageError and DatabaseError."""
    wanted = suite.database.extensions
    if not wanted:
        return bundled()
    try:
        first = [bundled()]
    except DatabaseError:
        first = []
    for programs in first + installed():
        if programs.offers(wanted):
            return programs
    raise UsageError(
        f"The suite {suite.name} can't be run: no PostgreSQL on this machine has {_and(wanted)}.",
        f"Install {_and(_PACKAGES.get(name, name) for name in wanted)}, or name a server with it: --server CONNINFO.",
    )


@contextmanager
def _made_here(suite: Suite, narrate: Narrate) -> Iterator[OpenTarget]:
    """The suite's database on a server of our own, read by a role that may do nothing else."""
    from sqlagent_tui.database.building import private_site
    from sqlagent_tui.database.embedded import EmbeddedServer
    from sqlagent_tui.demo.loader import READER

    report = _reporter(narrate)
    programs = find_programs(suite)
    # The wheel's server is shared with the demo; one of the system's has a cluster of its own version.
    data_dir = None if programs.bundled else paths.suites_cluster_dir(programs.major)
    with EmbeddedServer.start(data_dir, report, programs) as server:
        _ensure(suite, private_site(server, owner=OWNER, reader=READER), report)
        with OpenTarget(Target(conninfo=server.conninfo(_name(suite), READER)), narrate) as opened:
            yield opened


@contextmanager
def _made_on(
    server: str, suite: Suite, narrate: Narrate, ask: PasswordCallback | None, allow_superuser: bool
) -> Iterator[OpenTarget]:
    """The suite's database on a server of the user's, made and read by the role that was named."""
    from sqlagent_tui.database.building import MAINTENANCE, Site
    from sqlagent_tui.database.connection import open_connection
    from sqlagent_tui.database.conninfo import with_options

    target = Target.chosen(server, demo=False)
    target = msgspec.structs.replace(target, conninfo=with_options(target.conninfo or "", dbname=_name(suite)))
    password = ask and cache(ask)  # one question, however many connections
    with OpenTarget(target, narrate) as opened:

        def connect(database: str, _role: str) -> Connection:
            conninfo = opened.way(database).open(CancelToken())
            connection = open_connection(conninfo, ask=password).connection
            connection.execute("SET default_transaction_read_only = off")
            return connection

        with closing(
            opened.connect(Config(), password=password, database=MAINTENANCE, allow_superuser=allow_superuser)
        ) as verified:
            role = verified.info.user
        _ensure(suite, Site(connect=connect, admin=role, owner=role), _reporter(narrate))
        yield opened


def _ensure(suite: Suite, site: Site, report: ProgressReporter) -> None:
    import psycopg

    from sqlagent_tui.database.building import Recipe, ensure_database

    recipe = Recipe(
        name=_name(suite),
        label=f"sqlagent-tui, suíte {suite.name}",
        version=database_version(suite),
        fill=partial(_fill, suite),
        extensions=suite.database.extensions,
    )
    try:
        ensure_database(recipe, site, report)
    except psycopg.Error as error:
        raise DatabaseError(
            f"The database of the suite {suite.name} could not be made: {_reason(error)}.",
            "The role needs CREATEDB, some extensions a superuser; or have it made, and name it with --database.",
        ) from error


def _fill(suite: Suite, connection: Connection, report: ProgressReporter) -> None:
    import psycopg

    if suite.database.base == "demo":
        from sqlagent_tui.demo.loader import fill

        fill(connection, report)
    for name in suite.database.scripts:
        report(Progress("index", detail=name))
        script = _script(suite, name)
        try:
            connection.execute(script.encode())
        except psycopg.Error as error:
            line = script.count("\n", 0, int(error.diag.statement_position or 1) - 1) + 1
            raise UsageError(
                f"{name} of the suite {suite.name} can't be run, near line {line}: {_reason(error)}.",
                "Correct that script.",
            ) from error


def _script(suite: Suite, name: str) -> str:
    try:
        return (suite.folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{suite.folder / name} can't be read: {error}.", "Check the suite's folder.") from None


def _name(suite: Suite) -> str:
    return suite.database.name or suite.name


def _reason(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).strip()


def _reporter(narrate: Narrate) -> ProgressReporter:
    def report(progress: Progress) -> None:
        narrate(_STAGES[progress.stage], progress.done / progress.total if progress.total else None)

    return report


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)
