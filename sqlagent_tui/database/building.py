"""Makes a database whole or not at all: built aside, renamed when complete, marked with its version.

Instances that want the same database wait for one another. A database that doesn't carry our mark is never touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sqlagent_tui.database.embedded import SUPERUSER, EmbeddedServer
from sqlagent_tui.database.progress import Progress, ProgressReporter, silent
from sqlagent_tui.errors import UsageError

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

    Connection = psycopg.Connection[Any]

MAINTENANCE: Final = "postgres"
"""The database in which a server's others are made; whoever makes one holds a lock there."""
ASIDE: Final = "_sqlagent_new"
"""What the name of an unfinished database ends in."""
_LOCK: Final = 7_316_220_914
_LONGEST_NAME: Final = 63
"""Bytes; PostgreSQL cuts what is longer."""
_BUILTIN_LOCALES: Final = 170_000
_LOCALE_PROVIDERS: Final = 150_000


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a database."""

    name: str
    label: str
    """What the database is, in words; its COMMENT, together with the version."""
    version: str
    """Changes whenever the finished database would."""
    fill: Callable[[Connection, ProgressReporter], None]
    """Makes schema, rows and indexes in the transaction that is open."""
    extensions: tuple[str, ...] = ()
    """Made before it is filled."""

    @property
    def mark(self) -> str:
        """The COMMENT of the finished database."""
        return f"{self.label} (versão {self.version})"


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A server to build on."""

    connect: Callable[[str, str], Connection]
    """Given a database and a role, a connection in autocommit."""
    admin: str
    """The role that makes databases and extensions."""
    owner: str
    """The role that fills a database and owns it."""
    readers: tuple[str, ...] = ()
    """Roles that may connect to the finished database and SELECT from it, and do nothing else."""
    private: bool = False
    """The server is ours alone: owner and readers are made as needed, and kept out of its other databases."""


def private_site(server: EmbeddedServer, *, owner: str, reader: str) -> Site:
    """Return how to build on a server of our own."""
    import psycopg

    return Site(
        connect=lambda database, role: psycopg.connect(server.conninfo(database, role), autocommit=True),
        admin=SUPERUSER,
        owner=owner,
        readers=(reader,),
        private=True,
    )


def ensure_database(recipe: Recipe, site: Site, progress: ProgressReporter = silent) -> None:
    """Make the database unless this version of it is there. Another version is replaced: connections to it end.

    Raises UsageError for a name that can't be used, and psycopg.Error.
    """
    if len(f"{recipe.name}{ASIDE}".encode()) > _LONGEST_NAME:
        raise UsageError(f"{recipe.name} is too long for a database's name.", "Choose a shorter one.")
    with site.connect(MAINTENANCE, site.admin) as admin:
        progress(Progress("prepare"))
        admin.execute("SELECT pg_catalog.pg_advisory_lock(%s)", (_LOCK,))
        if not _is_there(admin, recipe):
            if site.private:
                _prepare_roles(admin, site)
            _build(admin, recipe, site, progress)
        progress(Progress("ready"))


def _is_there(admin: Connection, recipe: Recipe) -> bool:
    found = admin.execute(
        "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database WHERE datname = %s",
        (recipe.name,),
    ).fetchone()
    if found is None:
        return False
    comment = found[0] or ""
    if not comment.startswith(f"{recipe.label} ("):
        raise UsageError(
            f"The server has a database {recipe.name} that was not made by this program.",
            "It is left as it is: rename it, or use another server.",
        )
    return bool(comment == recipe.mark)


def _prepare_roles(admin: Connection, site: Site) -> None:
    from psycopg import sql

    for role in {site.owner, *site.readers} - {site.admin}:
        if admin.execute("SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
            made = "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
            admin.execute(sql.SQL(made).format(sql.Identifier(role)))
    for role in site.readers:
        admin.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(sql.Identifier(role)))
    for database in (MAINTENANCE, "template1"):
        admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))


def _build(admin: Connection, recipe: Recipe, site: Site, progress: ProgressReporter) -> None:
    from psycopg import sql

    aside = f"{recipe.name}{ASIDE}"
    names = {"aside": sql.Identifier(aside), "name": sql.Identifier(recipe.name), "owner": sql.Identifier(site.owner)}

    def run(statement: str, **more: sql.Composable) -> None:
        admin.execute(sql.SQL(statement).format(**names, **more))

    run("DROP DATABASE IF EXISTS {aside} WITH (FORCE)")
    run("CREATE DATABASE {aside} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' {locale}", locale=_locale(admin))
    run("REVOKE ALL ON DATABASE {aside} FROM PUBLIC")
    if recipe.extensions:
        with site.connect(aside, site.admin) as connection:
            for extension in recipe.extensions:
                connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))
    with site.connect(aside, site.owner) as connection, connection.transaction():
        recipe.fill(connection, progress)
        _let_read(connection, site.readers)
    with site.connect(aside, site.admin) as connection:
        # With the visibility map in place no later vacuum has to guess the number of rows from a few pages.
        connection.execute("VACUUM (ANALYZE)")
    run("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    with admin.transaction():
        run("ALTER DATABASE {aside} RENAME TO {name}")
        run("COMMENT ON DATABASE {name} IS {mark}", mark=sql.Literal(recipe.mark))
        for reader in site.readers:
            run("GRANT CONNECT ON DATABASE {name} TO {reader}", reader=sql.Identifier(reader))


def _locale(admin: Connection) -> sql.SQL:
    """The order of code points and the capitals of Unicode, whatever the server's own locale."""
    from psycopg import sql

    if admin.info.server_version >= _BUILTIN_LOCALES:
        return sql.SQL("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'")
    provider = "LOCALE_PROVIDER libc " if admin.info.server_version >= _LOCALE_PROVIDERS else ""
    return sql.SQL(f"{provider}LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")


def _let_read(connection: Connection, readers: tuple[str, ...]) -> None:
    """Grant USAGE on every schema and SELECT on every relation that is not the server's own."""
    from psycopg import sql

    schemas = connection.execute(
        r"SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
    ).fetchall()
    for reader in readers:
        for (schema,) in schemas:
            names = {"schema": sql.Identifier(schema), "reader": sql.Identifier(reader)}
            for statement in (
                "REVOKE ALL ON SCHEMA {schema} FROM PUBLIC",
                "GRANT USAGE ON SCHEMA {schema} TO {reader}",
                "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}",
            ):
                connection.execute(sql.SQL(statement).format(**names))
