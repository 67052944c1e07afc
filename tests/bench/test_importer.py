"""Public sets in the forms that their authors give them, and files that are none."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sqlagent_tui.bench.importer import Form, import_set, read_set
from sqlagent_tui.errors import UsageError

BIRD = [
    {
        "question_id": 89,
        "db_id": "financial",
        "question": "How many accounts who choose issuance after transaction are staying in East Bohemia region?",
        "evidence": "A3 contains the data of region; 'POPLATEK PO OBRATU' represents for 'issuance after transaction'.",
        "SQL": "SELECT COUNT(T2.account_id) FROM district AS T1 INNER JOIN account AS T2 ON T1.district_id = "
        "T2.district_id WHERE T1.A3 = 'east Bohemia' AND T2.frequency = 'POPLATEK PO OBRATU'",
        "difficulty": "moderate",
    },
    {
        "question_id": 90,
        "db_id": "schools",
        "question": "Rates?",
        "evidence": "",
        "SQL": "SELECT `Free Rate` FROM frpm",
    },
    {"question_id": 91, "db_id": "financial", "question": "Loans?", "evidence": "", "SQL": "SELECT 'a;b' FROM loan;"},
]
SPIDER = [
    {"db_id": "concert_singer", "question": " How many singers? ", "query": "SELECT count(*) FROM singer", "sql": {}}
]
DEFOG = [
    {
        "db_name": "academic",
        "query_category": "group_by",
        "question": "Which authors?",
        "query": "SELECT {author.name, round(author.aid, 1)}, count(*) FROM author GROUP BY {};"
        "SELECT a.name, count(*) FROM author a WHERE a.name <> 'x;{y}' GROUP BY 1;",
        "instructions": "",
    }
]


def write(folder: Path, name: str, records: list[dict[str, Any]]) -> Path:
    path = folder / name
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.DictWriter(file, records[0].keys())
            rows.writeheader()
            rows.writerows(records)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, records)))
    else:
        path.write_text(json.dumps(records))
    return path


@pytest.mark.parametrize("name", ["dev.json", "dev.jsonl"])
@pytest.mark.parametrize("form", [None, "bird"])
def test_bird_makes_a_suite_for_each_database(name: str, form: Form | None, tmp_path: Path) -> None:
    suites = import_set(write(tmp_path, name, BIRD), "bird", tmp_path / "out", form=form)
    assert [(suite.name, suite.database.kind, suite.database.name) for suite in suites] == [
        ("bird_financial", "external", "financial"),
        ("bird_schools", "external", "schools"),
    ]
    first, second = suites[0].items
    assert first.id == "89-0001"
    assert first.gold == (BIRD[0]["SQL"],)
    assert first.question == f"{BIRD[0]['question']}\n{BIRD[0]['evidence']}"
    assert first.difficulty == "easy"
    assert (second.question, second.gold) == ("Loans?", ("SELECT 'a;b' FROM loan;",))
    # What PostgreSQL can't read stays as it is, and has no difficulty.
    assert suites[1].items[0].gold == ("SELECT `Free Rate` FROM frpm",)
    assert suites[1].items[0].difficulty is None


def test_spider(tmp_path: Path) -> None:
    (suite,) = import_set(write(tmp_path, "dev.json", SPIDER), "spider", tmp_path / "out")
    assert (suite.language, suite.items[0].question) == ("en", "How many singers?")
    assert suite.items[0].gold == ("SELECT count(*) FROM singer",)
    assert not suite.items[0].order_matters


def test_defog_s_alternatives_become_golds(tmp_path: Path) -> None:
    (suite,) = import_set(write(tmp_path, "questions.csv", DEFOG), "defog", tmp_path / "out", language="pt-BR")
    assert suite.items[0].gold == (
        "SELECT author.name, round(author.aid, 1), count(*) FROM author GROUP BY author.name, round(author.aid, 1)",
        "SELECT author.name, count(*) FROM author GROUP BY author.name",
        "SELECT round(author.aid, 1), count(*) FROM author GROUP BY round(author.aid, 1)",
        "SELECT a.name, count(*) FROM author a WHERE a.name <> 'x;{y}' GROUP BY 1",
    )
    assert suite.language == "pt-BR"


def test_names_from_a_file_are_no_paths_and_no_markup(tmp_path: Path) -> None:
    hostile = [{**SPIDER[0], "db_id": '../../x"]\n[database]\x7f\x1b', "question": "a\x1b[31m\nb"}]
    (suite,) = import_set(write(tmp_path, "dev.json", hostile), "s", tmp_path / "out")
    assert suite.folder == tmp_path / "out" / "s_x_database"
    assert suite.database.name == hostile[0]["db_id"]
    assert suite.items[0].question == "a\x1b[31m\nb"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path, "dev.json", BIRD)
    (tmp_path / "out" / "bird_schools").mkdir(parents=True)
    with pytest.raises(UsageError, match="there already"):
        import_set(path, "bird", tmp_path / "out")
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["bird_schools"]
    twins = [{**SPIDER[0], "db_id": name} for name in ("a.b", "a b")]
    with pytest.raises(UsageError, match="share a folder"):
        import_set(write(tmp_path, "twins.json", twins), "s", tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no questions"),
        ("[]", "holds no questions"),
        ("[1]", "none of the known forms"),
        ('[{"question": "a", "sql": "b"}]', "none of the known forms"),
        ("[{", "isn't JSON"),
        ("[" * 100_000, "isn't JSON"),
        ('{"a": 1}\nb', "isn't JSON"),
        ('[{"question": "a", "query": "b", "db_id": "c"}, {"question": "a", "query": "", "db_id": "c"}]', "no query"),
        ('[{"question": "a", "query": "b", "db_id": "c"}, 5]', "Question 2 of .* has no db_id"),
    ],
)
def test_a_file_that_is_no_set_is_told(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=told):
        read_set(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        read_set(tmp_path / "missing.json")
    (tmp_path / "dev.json").write_bytes(b"\xff\xfe[")
    with pytest.raises(UsageError, match="can't be read"):
        read_set(tmp_path / "dev.json")
