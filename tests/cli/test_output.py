"""What goes to stdout: tables for people, CSV and JSON for programs, nothing a terminal would obey."""

import csv
import io
import json

import pytest

from sqlagent_tui.agent.results import Column, QueryResult, StatementError
from sqlagent_tui.cli.output import error_object, exit_code_of, render

RESULT = QueryResult(
    columns=(Column("nome", "text"), Column("n", "bigint")),
    rows=(("São João", "12"), (None, "3"), ("", "0"), ('a "b", c\nd', "1"), ("\x1b[31mvermelho", "7")),
)


def test_json_keeps_the_server_s_text_and_null() -> None:
    shown = json.loads(render(RESULT, "json"))
    assert shown["columns"] == [{"name": "nome", "type": "text"}, {"name": "n", "type": "bigint"}]
    assert shown["rows"][1] == [None, "3"]
    assert shown["rows"][4] == ["\x1b[31mvermelho", "7"]
    assert (shown["row_count"], shown["truncated"]) == (5, False)
    assert "\x1b" not in render(RESULT, "json")


def test_csv_tells_null_from_empty_and_quotes_what_needs_it() -> None:
    text = render(RESULT, "csv")
    assert text.splitlines()[2:4] == [",3", '"",0']
    assert next(row for row in csv.reader(io.StringIO(text)) if row[1] == "1")[0] == 'a "b", c\nd'


def test_a_table_is_aligned_and_harmless() -> None:
    lines = render(RESULT, "table").splitlines()
    assert lines[0].startswith("nome ")
    assert lines[2].endswith("| 12")
    assert lines[3].startswith("NULL")
    assert lines[3].endswith("|  3")
    assert "\x1b" not in "".join(lines)
    assert lines[-1] == "(5 rows)"


def test_wide_characters_keep_the_columns_straight() -> None:
    result = QueryResult(columns=(Column("a", "text"), Column("b", "text")), rows=(("日本", "x"), ("ab", "y")))
    assert render(result, "table").splitlines()[2:4] == ["日本 | x", "ab   | y"]


@pytest.mark.parametrize(("kind", "code"), [("refused", 5), ("database", 6), ("connection", 6), ("cancelled", 130)])
def test_errors_have_their_exit_codes(kind: str, code: int) -> None:
    error = StatementError(kind=kind, message="m", sqlstate="42703", position=8)  # type: ignore[arg-type]  # parametrised
    assert exit_code_of(error) == code
    assert error_object(error)["error"] == {
        "kind": kind,
        "sqlstate": "42703",
        "message": "m",
        "hint": None,
        "position": 8,
    }
