"""A suite: a database, its questions and their gold answers, as a folder of TOML, JSON Lines and SQL."""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from pathlib import Path
from typing import Final, Literal

import msgspec

from sqlagent_tui.agent.events import DecisionKind
from sqlagent_tui.errors import UsageError

Difficulty = Literal["easy", "medium", "hard", "expert"]
Category = Literal[
    "ambiguous_select_column",
    "ambiguous_where_column",
    "ambiguous_values_within_column",
    "ambiguous_filter_criterion",
    "missing_select_column",
    "missing_where_column",
    "unsupported_join",
    "missing_value",
]
"""Of questions that no single statement answers, after PRACTIQ (arXiv 2410.11076)."""

SHIPPED: Final = Path(__file__).parent / "suites"


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One question with what is expected of it."""

    id: str
    question: str
    decision: DecisionKind
    gold: tuple[str, ...] = ()
    """Statements of which any one is right; the first is the reference. For `sql` only."""
    order_matters: bool = False
    """The question asks for an order; the golds then break every tie."""
    difficulty: Difficulty | None = None
    """Of an SQL question, by the criteria of suites/README.md."""
    category: Category | None = None
    """Of any other question."""
    reason: str = ""
    """Why it is no SQL question: one sentence for whoever inspects a failure."""
    reply: str = ""
    """What the user answers when asked for clarification."""
    reply_gold: tuple[str, ...] = ()
    """Statements right after that reply."""
    reply_order_matters: bool = False


class SuiteDatabase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which database the questions are about."""

    kind: Literal["demo", "scripts", "external"]
    """`demo`: the embedded demo; `scripts`: one of the suite's own, made by `scripts`; `external`: a CONNINFO."""
    name: str = ""
    base: Literal["", "demo"] = ""
    """What is there before the scripts run: nothing, or the demo's schema and rows."""
    scripts: tuple[str, ...] = ()
    """Files of the suite's folder, run in this order by the database's owner."""
    extensions: tuple[str, ...] = ()
    """That the server must offer; they are created before the scripts run."""


class Suite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A validated suite."""

    name: str
    title: str
    description: str = ""
    language: str = "pt-BR"
    licence: str = ""
    source: str = ""
    today: datetime.date | None = None
    """What relative dates in the questions refer to; the model is told. None: the day of the run."""
    database: SuiteDatabase
    composition: dict[DecisionKind | Difficulty | Category, int] = {}
    """How many questions of each kind there are meant to be; `bench validate` counts them."""
    items: tuple[Item, ...] = ()
    folder: Path = Path()
    digest: str = ""
    """SHA-256 over every file of the folder that counts."""


def read_suite(folder: Path) -> Suite:
    """Read a suite's folder. Raises UsageError with the file and the line."""
    data = {name: _read(folder / name) for name in ("suite.toml", "items.jsonl")}
    try:
        suite = msgspec.convert(tomllib.loads(data["suite.toml"].decode("utf-8")), Suite)
    except (ValueError, msgspec.ValidationError) as error:
        raise UsageError(f"{folder / 'suite.toml'} does not fit: {error}.", "See the shipped suites.") from None
    for script in suite.database.scripts:
        data[script] = _read(folder / script)
    digest = hashlib.sha256()
    for name in sorted(data):
        digest.update(f"{name}\0{len(data[name])}\0".encode() + data[name])
    items = tuple(_items(folder / "items.jsonl", data["items.jsonl"]))
    return msgspec.structs.replace(suite, items=items, folder=folder, digest=digest.hexdigest())


def find_suite(name: str) -> Suite:
    """Return the suite called `name`: a shipped one, or the folder of that path. Raises UsageError."""
    folder = SHIPPED / name if (SHIPPED / name / "suite.toml").is_file() else Path(name)
    if not (folder / "suite.toml").is_file():
        raise UsageError(f"There is no suite {name}.", f"Give a folder, or one of {', '.join(shipped_suites())}.")
    return read_suite(folder)


def shipped_suites() -> list[str]:
    """Return the names of the suites that come with the program."""
    return sorted(folder.parent.name for folder in SHIPPED.glob("*/suite.toml"))


def _items(path: Path, data: bytes) -> list[Item]:
    items: dict[str, Item] = {}
    for number, line in enumerate(data.splitlines(), 1):
        try:
            item = msgspec.json.decode(line, type=Item)
        except msgspec.DecodeError as error:
            raise UsageError(f"Line {number} of {path} is no question: {error}.", "See the shipped suites.") from None
        if fault := _fault(item) or ("its id is taken" if item.id in items else ""):
            raise UsageError(f"Line {number} of {path} ({item.id}): {fault}.", "Correct that line.")
        items[item.id] = item
    return list(items.values())


def _fault(item: Item) -> str:
    """What contradicts itself in an item, as a clause; empty for nothing."""
    if item.decision == "sql":
        if not item.gold:
            return "an SQL question needs a gold statement"
        if item.category or item.reply or item.reply_gold:
            return "category and reply belong to other decisions"
        return ""
    if item.gold or item.order_matters or item.difficulty:
        return "gold, order and difficulty belong to SQL questions"
    if item.decision == "unanswerable" and (item.reply or item.reply_gold):
        return "an unanswerable question has no reply"
    if bool(item.reply) != bool(item.reply_gold):
        return "reply and reply_gold come together"
    return ""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().replace(b"\r\n", b"\n")
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.", "Check the suite's folder.") from None
