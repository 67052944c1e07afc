"""A case as Markdown: foreign text in it can neither end a block nor become markup."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sqlagent_tui.bench.inspection import conversation, kept_results, open_run
from sqlagent_tui.ui.inspect.markdown import ROWS, to_markdown
from sqlagent_tui.ui.messages import Messages


def written(path: Path, name: str, sql: str = "") -> str:
    run = open_run(path)
    case = next(case for case in run.cases if case.name == name)
    events = conversation(run, case)
    results = kept_results(run, case, events)
    if sql:
        case = msgspec.structs.replace(case, verdict=msgspec.structs.replace(case.verdict, sql=sql))
    return "".join(to_markdown(Messages.load("en"), run.head, case, events, results))


def test_everything_about_a_case_is_in_it(still_run: Path) -> None:
    text = written(still_run, "ask-grandes")
    for part in (
        "> Quantos imóveis rurais grandes existem em Goiás?",
        "**Asked for the right clarification",
        "## The user's reply to the clarification\n\n> acima de 1000 hectares",
        "## Results: rows −1 +1",
        "| − | ",
        "| + | ",
        "**execute\\_sql**",
    ):
        assert part in text, part


def test_hostile_text_stays_text(still_run: Path) -> None:
    text = written(still_run, "ask-recentes")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert r"\[/nope\]" in text
    fenced = written(still_run, "ask-recentes", sql="SELECT '```\n# not a heading\n````'")
    assert "`````sql\nSELECT '```\n# not a heading\n````'\n`````\n" in fenced


def test_of_many_rows_the_first_are_written_and_the_rest_counted(still_run: Path) -> None:
    text = written(still_run, "sql-estados")
    assert text.count("| + | ") == 40 <= ROWS
    assert text.count("| − | ") == 27
