"""`sqlagent-tui bench import`: a public set of questions as suites of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from sqlagent_tui.bench.importer import Form, import_set
from sqlagent_tui.errors import ExitCode
from sqlagent_tui.ui.text import safe_line


@click.command(
    "import",
    epilog="""\b
Examples:
  sqlagent-tui bench import dev.json --name bird --out suites/
  sqlagent-tui bench import questions_gen_postgres.csv --name defog --out suites/
  sqlagent-tui bench validate suites/defog_academic --database service=academic""",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "bird", "spider", "defog"]),
    default="auto",
    show_default=True,
    help="Whose form the file has.",
)
@click.option("--name", required=True, help="What the suites' names begin with; a database's name follows.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to make the suites' folders in.")
@click.option("--language", default="en", show_default=True, help="Of the questions, as a BCP 47 tag.")
@click.option("--debug", is_flag=True, help="On an error, show where it happened.")
def import_file(file: Path, form: str, name: str, out: Path, language: str, debug: bool) -> int:
    """Make a suite for each database of a public set of questions with gold SQL; print their folders.

    Gold statements stay as they are, whatever dialect they are in: `bench validate` tells which of them your PostgreSQL
    can't run. No form says whether a question asks for an order; set `order_matters` in items.jsonl where one does.
    """
    suites = import_set(file, name, out, form=_FORMS.get(form), language=language)
    for suite in suites:
        click.echo(safe_line(str(suite.folder)))
        click.echo(safe_line(f"{suite.name}: {len(suite.items)} questions"), err=True)
    return ExitCode.OK


_FORMS: dict[str, Form] = {"bird": "bird", "spider": "spider", "defog": "defog"}
