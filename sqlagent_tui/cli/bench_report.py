"""`sqlagent-tui bench report` and `bench compare`: what runs are worth."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from sqlagent_tui.bench.figures import plain
from sqlagent_tui.bench.files import write_whole
from sqlagent_tui.bench.report import SuiteReport, report_on
from sqlagent_tui.bench.report_pictures import draw
from sqlagent_tui.bench.report_text import paired_markdown, to_markdown
from sqlagent_tui.errors import ExitCode, UsageError
from sqlagent_tui.ui.text import safe

_FOLDER = click.Path(path_type=Path)


@click.command(
    "report",
    epilog="""\b
Examples:
  sqlagent-tui bench report runs/student
  sqlagent-tui bench report runs/base runs/fine-tune runs/teacher --out report/""",
)
@click.argument("runs", nargs=-1, required=True, type=_FOLDER)
@click.option("--out", type=_FOLDER, help="Also write report.md, report.json and pictures into this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def report(runs: tuple[Path, ...], out: Path | None, as_json: bool) -> int:
    """Report on runs, complete or not.

    RUNS are folders that `bench run` printed. Those of one suite are compared in pairs.
    """
    suites = report_on(runs)
    if out is not None:
        _write(suites, out)
    click.echo(_json(suites).decode() if as_json else safe(to_markdown(suites)), nl=False)
    return ExitCode.OK


@click.command(
    "compare",
    epilog="""\b
Example:
  sqlagent-tui bench compare runs/base runs/fine-tune""",
)
@click.argument("first", type=_FOLDER)
@click.argument("second", type=_FOLDER)
def compare(first: Path, second: Path) -> int:
    """Compare two runs question by question.

    Who is right where, and whether that may be chance. FIRST and SECOND are runs of one suite.
    """
    suites = report_on([first, second])
    if len(suites) != 1:
        raise UsageError("These are runs of two different suites.", "Only runs of one suite can be compared in pairs.")
    click.echo(safe(paired_markdown(suites[0])), nl=False)
    return ExitCode.OK


def _write(suites: list[SuiteReport], out: Path) -> None:
    pictures = draw(suites)
    for picture in pictures:
        write_whole(out / picture.name, picture.svg.encode())
    named = [(picture.title, picture.name) for picture in pictures]
    write_whole(out / "report.md", to_markdown(suites, named).encode())
    write_whole(out / "report.json", _json(suites))


def _json(suites: list[SuiteReport]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(plain(suites)), indent=2) + b"\n"
