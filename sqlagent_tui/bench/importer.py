"""Public sets of questions with gold SQL, as suites on databases of the user's: BIRD's, Spider's and Defog's forms.

Statements are taken as they are. BIRD's and Spider's are written for SQLite: where PostgreSQL can't run one, `bench
validate` says so and runs leave the question out. No form says whether a question asks for an order, so none does here.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from sqlagent_tui.bench.difficulty import difficulty
from sqlagent_tui.bench.suite import Item, Suite, read_suite
from sqlagent_tui.database.lexer import Token, tokens
from sqlagent_tui.errors import UsageError

Form = Literal["bird", "spider", "defog"]
_SOURCES: Final[Mapping[Form, str]] = {
    "bird": "BIRD (bird-bench.github.io)",
    "spider": "Spider (yale-lily.github.io/spider)",
    "defog": "Defog's sql-eval (github.com/defog-ai/sql-eval)",
}
_UNFIT_FOR_A_NAME = re.compile(r"[^A-Za-z0-9-]+")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One question of a public set."""

    database: str
    question: str
    golds: tuple[str, ...]
    number: str = ""
    """The set's own; empty where it has none."""


def import_set(path: Path, name: str, out: Path, *, form: Form | None = None, language: str = "en") -> list[Suite]:
    """Write a suite into a folder of `out` for each database that the file at `path` asks about.

    `form` None: found out. Raises UsageError, before anything is written, when the file can't be read, holds no
    questions, or one of the folders is there already.
    """
    form, entries = read_set(path, form)
    by_database: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_database[entry.database].append(entry)
    folders = {database: out / _folder_name(name, database) for database in by_database}
    if len(set(folders.values())) < len(folders):
        raise UsageError(f"Two databases of {path} would share a folder.", "Rename one of them in that file.")
    for folder in folders.values():
        if folder.exists():
            raise UsageError(f"{folder} is there already.", "Choose another --name or --out, or remove it.")
    suites = []
    for database, folder in folders.items():
        _write(folder, database, by_database[database], form, language)
        suites.append(read_suite(folder))
    return suites


def read_set(path: Path, form: Form | None = None) -> tuple[Form, list[Entry]]:
    """Read a public set and return its form and its questions. Raises UsageError."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}.", "Give the set's JSON or CSV file.") from None
    records = list(_csv_records(text) if path.suffix.lower() == ".csv" else _json_records(path, text))
    if not records:
        raise UsageError(f"{path} holds no questions.", "Give the set's JSON or CSV file.")
    form = form or _form_of(path, records[0])
    return form, [_entry(path, number, record, form) for number, record in enumerate(records, 1)]


def _json_records(path: Path, text: str) -> list[Any]:
    """An array of objects, or one object a line."""
    try:
        if text.lstrip().startswith("["):
            return list(json.loads(text))
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise UsageError(f"{path} isn't JSON.", "Give a JSON array of objects, or one object a line.") from None


def _csv_records(text: str) -> Iterator[dict[str, Any]]:
    yield from csv.DictReader(io.StringIO(text, newline=""))


def _form_of(path: Path, record: Any) -> Form:
    names = set(record) if isinstance(record, dict) else set()
    for form, needed in _NEEDED.items():
        if needed <= names:
            return form
    raise UsageError(
        f"{path} is in none of the known forms.",
        "It needs question, SQL and db_id (BIRD), question, query and db_id (Spider), or question, query and db_name"
        " (Defog).",
    )


_NEEDED: Final[Mapping[Form, frozenset[str]]] = {
    "bird": frozenset({"question", "SQL", "db_id"}),
    "spider": frozenset({"question", "query", "db_id"}),
    "defog": frozenset({"question", "query", "db_name"}),
}


def _entry(path: Path, number: int, record: Any, form: Form) -> Entry:
    values = record if isinstance(record, dict) else {}
    for name in sorted(_NEEDED[form]):
        if not isinstance(values.get(name), str) or not values[name].strip():
            raise UsageError(f"Question {number} of {path} has no {name}.", "Complete it, or name another --format.")
    return _READERS[form](values)


def _bird(record: Mapping[str, Any]) -> Entry:
    """BIRD's `evidence` is part of what its models are told, so it follows the question."""
    evidence = str(record.get("evidence") or "").strip()
    return Entry(
        database=record["db_id"],
        question="\n".join(filter(None, [record["question"].strip(), evidence])),
        golds=(record["SQL"].strip(),),
        number=str(record.get("question_id", "")),
    )


def _spider(record: Mapping[str, Any]) -> Entry:
    return Entry(database=record["db_id"], question=record["question"].strip(), golds=(record["query"].strip(),))


def _defog(record: Mapping[str, Any]) -> Entry:
    golds = [gold for statement in _statements(record["query"]) for gold in _choices(statement)]
    instructions = str(record.get("instructions") or "").strip()
    return Entry(
        database=record["db_name"],
        question="\n".join(filter(None, [record["question"].strip(), instructions])),
        golds=tuple(dict.fromkeys(golds)),
    )


_READERS: Final[Mapping[Form, Callable[[Mapping[str, Any]], Entry]]] = {
    "bird": _bird,
    "spider": _spider,
    "defog": _defog,
}


def _statements(text: str) -> Iterator[str]:
    """Defog separates alternative statements with semicolons; one inside a string is none."""
    start = 0
    for token in tokens(text):
        if token.kind == "symbol" and token.text == ";":
            yield from filter(None, [text[start : token.start].strip()])
            start = token.start + 1
    yield from filter(None, [text[start:].strip()])


def _choices(statement: str) -> Iterator[str]:
    """Defog's `SELECT {a, b}` takes any of the columns, one at least; `GROUP BY {}` then groups by those taken.

    All of them make the first gold, each alone another: with further columns allowed, the rest follows.
    """
    opening: Token | None = None
    commas: list[int] = []
    depth = 0
    for token in tokens(statement):
        if token.kind != "symbol":
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "{":
            opening, commas, depth = token, [], 0
        elif token.text == "," and depth == 0:
            commas.append(token.start)
        elif token.text == "}" and opening is not None and statement[opening.end : token.start].strip():
            edges = [opening.start, *commas, token.start]
            columns = [statement[start + 1 : end].strip() for start, end in pairwise(edges)]
            for taken in dict.fromkeys([", ".join(columns), *columns]):
                after = statement[token.end :].replace("GROUP BY {}", f"GROUP BY {taken}")
                yield from _choices(statement[: opening.start] + taken + after)
            return
    yield statement


def _folder_name(name: str, database: str) -> str:
    return _UNFIT_FOR_A_NAME.sub("_", f"{name}_{database}").strip("_-") or "suite"


def _write(folder: Path, database: str, entries: Iterable[Entry], form: Form, language: str) -> None:
    items = [
        Item(
            id=f"{_UNFIT_FOR_A_NAME.sub('_', entry.number or database)}-{number:04}",
            question=entry.question,
            decision="sql",
            gold=entry.golds,
            difficulty=difficulty(entry.golds[0]),
        )
        for number, entry in enumerate(entries, 1)
    ]
    head = [
        ("name", folder.name),
        ("title", f"{database}, {form}"),
        ("language", language),
        ("source", _SOURCES[form]),
    ]
    lines = [f"{key} = {_toml_string(value)}" for key, value in head]
    lines += ["", "[database]", 'kind = "external"', f"name = {_toml_string(database)}", ""]
    try:
        folder.mkdir(parents=True)
        (folder / "suite.toml").write_text("\n".join(lines), "utf-8")
        (folder / "items.jsonl").write_bytes(b"".join(msgspec.json.encode(item) + b"\n" for item in items))
    except OSError as error:
        raise UsageError(f"{folder} can't be written: {error.strerror}.", "Choose another --out.") from None


def _toml_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=True).replace("\x7f", "\\u007f")
