"""Puts the parts together for the command line and the app: which database, which model, which profile.

Everything heavy is imported inside the function that needs it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sqlagent_tui.agent.profile import Profile, default_profile, load_profile, parse_profile
from sqlagent_tui.agent.protocols import TurnLimits
from sqlagent_tui.config import Config
from sqlagent_tui.database.progress import Progress
from sqlagent_tui.errors import UsageError
from sqlagent_tui.paths import config_dir, data_dir

if TYPE_CHECKING:
    from sqlagent_tui.database.connection import PasswordCallback
    from sqlagent_tui.database.embedded import EmbeddedServer
    from sqlagent_tui.database.postgres import PostgresDatabase
    from sqlagent_tui.database.trace import TraceListener
    from sqlagent_tui.models.llama import LlamaModel

Narrate = Callable[[str, float | None], None]
"""Told where slow work stands: a sentence, and a fraction from 0 to 1 or None when it can't be known."""

_MAY_HOLD_A_SECRET = re.compile(r"(?i)pass|secret|://.*(:.*@|%)", re.DOTALL)
"""What a conninfo with a secret matches; most others don't, and needn't be parsed before the first frame."""

_STAGES = {
    "wait": "Waiting for another instance",
    "prepare": "Preparing the demo database",
    "initialise": "Initialising the embedded PostgreSQL",
    "start": "Starting the embedded PostgreSQL",
    "generate": "Generating the demo data",
    "load": "Loading the demo data",
    "index": "Indexing the demo data",
    "ready": "The demo database is ready",
}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Which database: the demo's, or what `conninfo` and the PG* environment say."""

    conninfo: str | None = None
    demo: bool = False

    @classmethod
    def chosen(cls, conninfo: str | None, demo: bool) -> Target:
        """Return the target of a command line. Raises UsageError when nothing, or two things, were named.

        A password in `conninfo` is a UsageError too: every user of the machine can read a command line.
        """
        if demo and conninfo is not None:
            raise UsageError("Both --demo and a CONNINFO were given.", "Give one of them.")
        if not demo and conninfo is None:
            if not any(name.startswith("PG") and name != "PGOPTIONS" for name in os.environ):
                raise UsageError(
                    "No database was named.",
                    'Give a CONNINFO such as "host=db1 dbname=cadastro", set PGHOST and PGDATABASE, or use --demo.',
                )
            conninfo = ""
        if conninfo is not None and _MAY_HOLD_A_SECRET.search(conninfo):
            from sqlagent_tui.database.conninfo import secrets

            if secrets(conninfo):
                raise UsageError(
                    "A password doesn't belong on the command line, where every user of this machine can read it.",
                    "Leave it out: it is asked for, or read from ~/.pgpass (or PGPASSFILE, PGSERVICEFILE, PGPASSWORD).",
                )
        return cls(conninfo=conninfo, demo=demo)


class OpenTarget:
    """A target that is being used: keeps the embedded server running while it is open."""

    def __init__(
        self, target: Target, narrate: Narrate, sentence: Callable[[Progress], str] = lambda p: _STAGES[p.stage]
    ) -> None:
        """Start the demo's server and load its database when that is the target. Raises SqlagentError.

        `sentence` words the stages for `narrate`, for those who don't narrate in English.
        """
        from sqlagent_tui.database.watchdog import Watchdog

        self._server: EmbeddedServer | None = None
        self._watchdog = Watchdog()  # one for all connections
        self.conninfo = target.conninfo or ""
        if target.demo:
            self._open_demo(narrate, sentence)

    def close(self) -> None:
        """Let go of the embedded server, which stops with its last user, and of the watchdog's connection."""
        self._watchdog.close()
        if self._server is not None:
            self._server.close()

    def __enter__(self) -> OpenTarget:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def connect(
        self,
        config: Config,
        trace: TraceListener | None = None,
        password: PasswordCallback | None = None,
        *,
        allow_superuser: bool = False,
    ) -> PostgresDatabase:
        """Open one guarded connection; `password` is asked when the server wants one.

        Raises DatabaseError; for a superuser SuperuserRefusedError, unless `allow_superuser`.
        """
        from sqlagent_tui.database.policy import FunctionPolicy
        from sqlagent_tui.database.postgres import PostgresDatabase

        return PostgresDatabase.connect(
            self.conninfo,
            trace=trace,
            limits=config.limits.answer(),
            policy=FunctionPolicy(config.safety.allow_functions, config.safety.deny_functions),
            password=password,
            allow_superuser=allow_superuser,
            watchdog=self._watchdog,
        )

    def _open_demo(self, narrate: Narrate, sentence: Callable[[Progress], str]) -> None:
        from sqlagent_tui.database.embedded import EmbeddedServer
        from sqlagent_tui.demo.loader import demo_conninfo, ensure_demo

        def report(progress: Progress) -> None:
            fraction = progress.done / progress.total if progress.total else None
            narrate(sentence(progress), fraction)

        self._server = EmbeddedServer.start(progress=report)
        ensure_demo(self._server, report)
        self.conninfo = demo_conninfo(self._server)


def open_model(name: str | None, config: Config, narrate: Narrate, *, demo: bool = False) -> LlamaModel:
    """Load the model called `name`: a file, a library name, else the configured one, else the student.

    For the demo the student is preferred to the configured one: it knows that database. Raises ModelError.
    """
    from sqlagent_tui.models.library import STUDENT, ModelLibrary
    from sqlagent_tui.models.llama import LlamaModel

    wanted = name or (STUDENT if demo else config.model.path)
    path = ModelLibrary(data_dir()).resolve(wanted)
    narrate(f"Loading the model {path.name}", 0.0)
    return LlamaModel.open(
        path,
        context_size=config.model.context_size,
        threads=config.model.threads or None,
        on_progress=lambda fraction: narrate(f"Loading the model {path.name}", fraction),
    )


def choose_profile(name: str | None, config: Config, model_name: str) -> Profile:
    """Return the profile called `name`: a file, or one of the config directory's; else the one that fits the model.

    Raises UsageError.
    """
    wanted = name or config.profile
    if wanted is None:
        return student_profile() if model_name.startswith("sqlagent-student") else default_profile()
    if wanted in ("default", "student"):
        return default_profile() if wanted == "default" else student_profile()
    file = config_dir() / "profiles" / f"{wanted}.toml"
    return load_profile(file if file.is_file() else Path(wanted))


def turn_limits(config: Config) -> TurnLimits:
    """Return the bounds of a turn, with the user's own for its statements."""
    return TurnLimits(statement=config.limits.statement(), answer=config.limits.answer())


def student_profile() -> Profile:
    """Return the profile that the demo's student was trained with."""
    return parse_profile(files("sqlagent_tui.demo").joinpath("student-profile.toml").read_text("utf-8"), "student")
