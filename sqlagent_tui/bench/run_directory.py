"""A run as a folder: what was measured and how, a verdict a line, and every conversation.

    run.json                 what was run: program, suite, model, profile, database, sampling, limits
    items.jsonl              the questions asked, with what was expected
    verdicts.jsonl           one verdict a line, on the disk before the next question is asked
    golds/SHA256.json        the rows of each gold statement
    trajectories/ITEM-N.jsonl   the conversation of sample N, one message a line: the form that models are trained in
    events/ITEM-N.jsonl      what happened in it, as a session's journal has it
    metrics.json             the figures, once the run is complete

Nothing in it depends on the machine it was made on.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.profile import Profile
from sqlagent_tui.agent.protocols import Sampling, TurnLimits
from sqlagent_tui.bench.files import LineLog, read_bytes, whole_lines, write_whole
from sqlagent_tui.bench.golds import Gold, Golds
from sqlagent_tui.bench.records import Verdict
from sqlagent_tui.bench.suite import Item, find_suite
from sqlagent_tui.errors import UsageError
from sqlagent_tui.sessions.journal import Journal

FORMAT: Final = 1
_HEAD: Final = "run.json"
_ITEMS: Final = "items.jsonl"
_VERDICTS: Final = "verdicts.jsonl"
_GOLDS: Final = "golds"


class SuiteFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Which questions."""

    name: str
    title: str
    digest: str
    today: datetime.date


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Which model; `sha256` is empty for one on a server."""

    name: str
    sha256: str
    description: str
    context_size: int


class ProfileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How it was spoken to."""

    name: str
    digest: str

    @classmethod
    def of(cls, profile: Profile) -> ProfileFacts:
        """Return name and SHA-256 of everything that a profile says, but for the sampling, which stands by itself."""
        return cls(name=profile.name, digest=_sha256(msgspec.structs.replace(profile, sampling=Sampling())))


class DatabaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked."""

    name: str
    server_version: str
    fingerprint: str
    """SHA-256 over the rows of all gold statements: equal where the same questions have the same answers."""


class RunConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a verdict depends on."""

    suite: SuiteFacts
    items: tuple[str, ...]
    """Ids of the questions asked, in their order."""
    model: ModelFacts
    profile: ProfileFacts
    database: DatabaseFacts
    sampling: Sampling
    """Its seed is the first sample's; sample N has seed + N."""
    samples: int
    second_turn: bool
    """A clarification that was rightly asked for is answered, and what follows is judged."""
    question_timeout: float
    """Seconds, of one turn."""
    limits: TurnLimits


class RunHead(msgspec.Struct, frozen=True, kw_only=True):
    """`run.json`."""

    version: int = FORMAT
    program: str
    config: RunConfig
    started: datetime.datetime
    ended: datetime.datetime | None = None
    """None: not complete."""


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """What any `run.json` tells, of whatever version."""

    version: int
    program: str


class RunDirectory:
    """The folder of a run. `open` to read, `create` or `resume` to write, by one process at a time."""

    def __init__(self, path: Path, head: RunHead, log: LineLog | None = None) -> None:
        self.path = path
        self.head = head
        self._log = log

    @classmethod
    def create(cls, path: Path, program: str, config: RunConfig, items: Sequence[Item], golds: Golds) -> RunDirectory:
        """Begin a run of `items`. Raises UsageError when there is one already, or the folder can't be written."""
        if (path / _HEAD).exists():
            raise UsageError(f"{path} holds a run.", f"Go on with it: --resume {path}; or choose another folder.")
        log = LineLog(path / _VERDICTS)
        run = cls(path, RunHead(program=program, config=config, started=_now()), log)
        golds.write(path / _GOLDS)
        write_whole(path / _ITEMS, _lines(items))
        write_whole(path / _HEAD, _pretty(run.head))
        return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """Read a run, complete or not. Raises UsageError when `path` holds none, or one of another format."""
        data = read_bytes(path / _HEAD)
        try:
            made = msgspec.json.decode(data, type=_Made)
            if made.version != FORMAT:
                raise UsageError(
                    f"{path} is a run of sqlagent-tui {made.program}, in format {made.version} instead of {FORMAT}.",
                    "Open it with that version, or run it again.",
                )
            head = msgspec.json.decode(data, type=RunHead)
        except msgspec.DecodeError as error:
            raise UsageError(f"{path / _HEAD} is damaged: {error}.", "Name another run.") from None
        return cls(path, head)

    @classmethod
    def resume(cls, path: Path, config: RunConfig) -> RunDirectory:
        """Go on with a run. Raises UsageError when it was made with another `config`."""
        run = cls.open(path)
        if changed := differences(run.head.config, config):
            raise UsageError(
                f"{path} was run with another {' and another '.join(changed)}: its verdicts would not be comparable.",
                "Give the same suite, model and options, or begin a new run.",
            )
        run._log = LineLog(path / _VERDICTS)
        return run

    def verdicts(self) -> list[Verdict]:
        """Return what was judged so far; an unfinished last line is left out. Raises UsageError."""
        verdicts = []
        path = self.path / _VERDICTS
        for number, line in enumerate(whole_lines(read_bytes(path)).splitlines(), 1):
            try:
                verdicts.append(msgspec.json.decode(line, type=Verdict))
            except msgspec.DecodeError as error:
                raise UsageError(f"Line {number} of {path} is damaged: {error}.", "Begin a new run.") from None
        return verdicts

    def items(self) -> list[Item]:
        """Return the questions of the run, in their order.

        Raises UsageError when they are damaged, or when a run that kept none is of a suite that isn't here or changed.
        """
        path, wanted = self.path / _ITEMS, self.head.config.suite
        if not path.exists():
            suite = find_suite(wanted.name)
            if suite.digest != wanted.digest:
                raise UsageError(f"The suite {wanted.name} has changed since {self.path} was run.", "Run it again.")
            asked = set(self.head.config.items)
            return [item for item in suite.items if item.id in asked]
        try:
            return [msgspec.json.decode(line, type=Item) for line in read_bytes(path).splitlines()]
        except msgspec.DecodeError as error:
            raise UsageError(f"{path} is damaged: {error}.", "Begin a new run.") from None

    def gold(self, sql: str) -> Gold | None:
        """Return one gold statement with its rows; None when the run kept none. Raises UsageError."""
        return Golds.read_one(self.path / _GOLDS, sql)

    def golds(self) -> Golds:
        """Return the gold statements with their rows. Raises UsageError."""
        return Golds.read(self.path / _GOLDS)

    def append(self, verdict: Verdict) -> None:
        """Keep a verdict; it is on the disk when this returns."""
        assert self._log is not None
        self._log.append(msgspec.json.encode(verdict))

    def journal(self, item: str, sample: int) -> Journal:
        """Return an empty journal for a conversation; what an interrupted one left is gone."""
        path = self.events_path(item, sample)
        path.unlink(missing_ok=True)
        return Journal(path.parent, path.stem)

    def write_trajectory(self, item: str, sample: int, messages: tuple[Message, ...]) -> None:
        """Keep a conversation."""
        write_whole(self.trajectory_path(item, sample), _lines(messages))

    def events_path(self, item: str, sample: int) -> Path:
        """Return where the events of a conversation are."""
        return self.path / "events" / _file_name(item, sample)

    def trajectory_path(self, item: str, sample: int) -> Path:
        """Return where the messages of a conversation are."""
        return self.path / "trajectories" / _file_name(item, sample)

    def finish(self, metrics: Any) -> None:
        """Write the figures: the run is complete."""
        write_whole(self.path / "metrics.json", _pretty(metrics))
        self.head = msgspec.structs.replace(self.head, ended=_now())
        write_whole(self.path / _HEAD, _pretty(self.head))

    def close(self) -> None:
        """Let another process write."""
        if self._log is not None:
            self._log.close()


def differences(old: RunConfig, new: RunConfig) -> list[str]:
    """Return what verdicts of both can't be mixed for, in words; how a model describes itself may change."""
    same_model = msgspec.structs.replace(new.model, description=old.model.description)
    new = msgspec.structs.replace(new, model=same_model)
    return [_WORDS[name] for name in RunConfig.__struct_fields__ if getattr(old, name) != getattr(new, name)]


_WORDS: Final = {
    "suite": "suite",
    "items": "choice of questions",
    "model": "model",
    "profile": "profile",
    "database": "database",
    "sampling": "sampling",
    "samples": "number of samples",
    "second_turn": "setting for second turns",
    "question_timeout": "question timeout",
    "limits": "set of limits",
}


def _file_name(item: str, sample: int) -> str:
    return f"{quote(item, safe='')}-{sample}.jsonl"


def _sha256(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()


def _lines(values: Iterable[Any]) -> bytes:
    return b"".join(msgspec.json.encode(value) + b"\n" for value in values)


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
