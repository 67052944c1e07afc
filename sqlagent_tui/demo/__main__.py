"""`python -m sqlagent_tui.demo`: keep the demo database running for other programs, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import click

from sqlagent_tui.database.embedded import EmbeddedServer
from sqlagent_tui.database.progress import Progress
from sqlagent_tui.demo.fingerprint import digest, fingerprint
from sqlagent_tui.demo.loader import demo_admin_conninfo, demo_conninfo, ensure_demo
from sqlagent_tui.errors import SqlagentError


@click.command(epilog='Example: psql "$(python -m sqlagent_tui.demo --data-dir ./demo | head -1)"')
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where the cluster lies.")
@click.option("--check", is_flag=True, help="Print every table's rows and md5, then end.")
@click.option("--admin", is_flag=True, help="Print the superuser's conninfo instead of the reader's.")
def main(data_dir: Path | None, check: bool, admin: bool) -> None:
    """Start the demo database and print its conninfo."""
    import psycopg

    try:
        with EmbeddedServer.start(data_dir, _narrate) as server:
            ensure_demo(server, _narrate)
            if check:
                with psycopg.connect(demo_conninfo(server)) as connection:
                    tables = fingerprint(connection)
                for table in tables:
                    click.echo(f"{table.table:<22} {table.rows:>6} {table.md5}")
                click.echo(f"{'digest':<22} {sum(table.rows for table in tables):>6} {digest(tables)}")
                return
            click.echo(demo_admin_conninfo(server) if admin else demo_conninfo(server))
            sys.stdout.flush()
            ended = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: ended.set())
            ended.wait()
    except SqlagentError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)


def _narrate(progress: Progress) -> None:
    if not sys.stderr.isatty():
        return
    count = f" {progress.done:,}/{progress.total:,}" if progress.total else ""
    click.echo(f"\r\x1b[K{progress.stage}{count} {progress.detail}", nl=progress.stage == "ready", err=True)


if __name__ == "__main__":
    main()
