"""History, export and keymap: what touches disk or settings, and no screen."""

import csv
import stat
from pathlib import Path

import pytest

from sqlagent_tui.agent.results import Column, QueryResult
from sqlagent_tui.errors import UsageError
from sqlagent_tui.ui.export import csv_lines, write_new
from sqlagent_tui.ui.history import History
from sqlagent_tui.ui.keymap import key_name, split_keymap

RESULT = QueryResult(
    columns=(Column("a,b", "text"), Column("n", "integer")),
    rows=(('say "oi"\nnow', "1"), ("", None), (None, "2"), (" x", "3")),
)


def test_history_walks_back_and_forth_and_keeps_the_draft(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path)
    for question in ("um", "dois", "dois", "três\nlinhas"):
        history.add(question)
    assert [history.previous("rascunho"), history.previous(""), history.previous("")] == ["três\nlinhas", "dois", "um"]
    assert history.previous("") is None
    assert [history.next(), history.next(), history.next(), history.next()] == [
        "dois",
        "três\nlinhas",
        "rascunho",
        None,
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert History(path).previous("") == "três\nlinhas"


def test_history_survives_damage_and_a_missing_folder(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'"good"\n{"broken\n\xff\xfe\n42\n""\n')
    assert len(History(path)) == 1
    homeless = History(tmp_path / "no" / "folder")
    homeless.add("x")
    assert homeless.previous("") == "x"


def test_csv_tells_null_from_empty_and_reads_back(tmp_path: Path) -> None:
    assert list(csv_lines(RESULT))[2:] == ['"",\n', ",2\n", '" x",3\n']
    path = write_new(tmp_path / "r.csv", csv_lines(RESULT))
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file))[1] == ['say "oi"\nnow', "1"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_saving_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="already exists"):
        write_new(path, csv_lines(RESULT))
    with pytest.raises(UsageError, match="can't be written"):
        write_new(tmp_path / "no" / "r.csv", csv_lines(RESULT))
    assert path.read_text() == "mine"


def test_a_keymap_names_what_it_cannot_change() -> None:
    usable, unknown = split_keymap({"stop": "f12", "explode": "x", "send": " "})
    assert usable == {"stop": "f12"}
    assert unknown == ("explode", "send")
    assert [key_name(key) for key in ("ctrl+j,shift+enter", "f1", "escape", "c")] == ["Ctrl+J", "F1", "Esc", "c"]
