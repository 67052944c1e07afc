"""Puts the demo database into the embedded server, once, and never half of it."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Final

from sqlagent_tui.database.building import Recipe, ensure_database, private_site
from sqlagent_tui.database.embedded import SUPERUSER, EmbeddedServer
from sqlagent_tui.database.progress import Progress, ProgressReporter, silent
from sqlagent_tui.errors import DatabaseError

if TYPE_CHECKING:
    import psycopg

    from sqlagent_tui.demo.tables import Table

DATABASE: Final = "cadastro_ambiental"
READER: Final = "leitor"
_LABEL: Final = "Cadastro ambiental rural, dados sintéticos"

ROWS_DIGEST: Final = "8b13e40a5883"
"""`fingerprint.digest` of the rows that the generator makes. A test holds the two together; change it with the rows."""

_REPORT_EVERY_ROWS: Final = 1000


def demo_conninfo(server: EmbeddedServer) -> str:
    """How the agent and the user connect: as a role that may only read."""
    return server.conninfo(DATABASE, READER)


def demo_admin_conninfo(server: EmbeddedServer) -> str:
    """The superuser's way in; for the loader and for tests."""
    return server.conninfo(DATABASE, SUPERUSER)


def data_version() -> str:
    """Changes whenever the loaded database would: its rows, as pinned, and its schema, as shipped."""
    folder = files("sqlagent_tui.demo")
    text = "".join(_read(folder / name) for name in ("schema.sql", "indexes.sql"))
    return f"{ROWS_DIGEST}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def ensure_demo(server: EmbeddedServer, progress: ProgressReporter = silent) -> None:
    """Load the demo database unless this version of it is there.

    It is built aside and renamed when complete, under a lock that other instances wait for. Another version is
    replaced, which ends the connections to it. Raises DatabaseError.
    """
    import psycopg

    recipe = Recipe(name=DATABASE, label=_LABEL, version=data_version(), fill=fill)
    try:
        ensure_database(recipe, private_site(server, owner=SUPERUSER, reader=READER), progress)
    except psycopg.Error as error:
        reason = (error.diag.message_primary or str(error)).strip()
        raise DatabaseError(
            f"The demo database could not be loaded: {reason}.",
            "Check the free space of the data directory and try again.",
        ) from error


def fill(connection: psycopg.Connection, progress: ProgressReporter) -> None:
    """Make the demo's schema, rows and indexes in an empty database, in the transaction that is open."""
    from sqlagent_tui.demo.generate import generate

    folder = files("sqlagent_tui.demo")
    connection.execute(_read(folder / "schema.sql").encode())
    progress(Progress("generate"))
    tables = list(generate())
    total = sum(len(table.rows) for table in tables)
    done = 0
    for table in tables:
        done = _copy(connection, table, done, total, progress)
    progress(Progress("index"))
    connection.execute(_read(folder / "indexes.sql").encode())


def _copy(connection: psycopg.Connection, table: Table, done: int, total: int, progress: ProgressReporter) -> int:
    from psycopg import sql

    # The tables are of this transaction, so rows can be frozen at once and need no entry in the log.
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FREEZE)").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in table.rows:
            copy.write_row(row)
            done += 1
            if done % _REPORT_EVERY_ROWS == 0:
                progress(Progress("load", done, total, table.name))
    progress(Progress("load", done, total, table.name))
    return done


def _read(file: Traversable) -> str:
    # Line ends as in the repository, wherever it was checked out.
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")
