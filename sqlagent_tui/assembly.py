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
from sqlagent_tui.config import Config, LimitSettings, ModelSettings, ServerSettings
from sqlagent_tui.database.progress import Progress
from sqlagent_tui.database.saved import SavedConnection, SavedConnections, is_name
from sqlagent_tui.errors import UsageError
from sqlagent_tui.paths import config_dir, data_dir

if TYPE_CHECKING:
    from sqlagent_tui.agent.cancel import CancelToken
    from sqlagent_tui.agent.protocols import Model
    from sqlagent_tui.database.connection import PasswordCallback
    from sqlagent_tui.database.embedded import EmbeddedServer
    from sqlagent_tui.database.postgres import PostgresDatabase
    from sqlagent_tui.database.ssh import Tunnel
    from sqlagent_tui.database.trace import TraceListener
    from sqlagent_tui.database.ways import Way
    from sqlagent_tui.models.server.address import Address
    from sqlagent_tui.models.settings import Pins

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


def names_a_database(conninfo: str | None, demo: bool, ssh: str | None) -> bool:
    """Whether a command line and the PG* environment say which database is meant."""
    in_environment = any(name.startswith("PG") and name != "PGOPTIONS" for name in os.environ)
    return demo or conninfo is not None or ssh is not None or in_environment


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Which database: the demo's, or what `conninfo` and the PG* environment say."""

    conninfo: str | None = None
    demo: bool = False
    ssh: str | None = None
    """The SSH host that the server is reached through."""
    name: str | None = None
    """Of the saved connection that this is."""
    keyring: bool = False
    """Whether the password of that saved connection is in the system's keyring."""

    @classmethod
    def chosen(cls, conninfo: str | None, demo: bool, ssh: str | None = None) -> Target:
        """Return the target of a command line; a CONNINFO with neither `=` nor `://` names a saved connection.

        Raises UsageError when nothing, or two things, were named, and for a password in `conninfo`: every user of the
        machine can read a command line.
        """
        if demo and (conninfo is not None or ssh is not None):
            raise UsageError("Both --demo and a server were given.", "Give one of them.")
        if demo:
            return cls(demo=True)
        if conninfo is None:
            if not names_a_database(conninfo, demo, ssh):
                raise UsageError(
                    "No database was named.",
                    'Give a CONNINFO such as "host=db1 dbname=cadastro", the name of a saved connection, set PGHOST and'
                    " PGDATABASE, or use --demo.",
                )
            conninfo = ""
        if is_name(conninfo):
            return cls.saved(SavedConnections().get(conninfo), ssh)
        if _MAY_HOLD_A_SECRET.search(conninfo):
            from sqlagent_tui.database.conninfo import secrets

            if secrets(conninfo):
                raise UsageError(
                    "A password doesn't belong on the command line, where every user of this machine can read it.",
                    "Leave it out: it is asked for, or read from ~/.pgpass (or PGPASSFILE, PGSERVICEFILE, PGPASSWORD).",
                )
        return cls(conninfo=conninfo, ssh=ssh)

    @classmethod
    def saved(cls, connection: SavedConnection, ssh: str | None = None) -> Target:
        """Return the target of a saved connection; `ssh` goes before its own."""
        return cls(
            conninfo=connection.conninfo,
            ssh=ssh or connection.ssh,
            name=connection.name,
            keyring=connection.keyring,
        )


class OpenTarget:
    """A target that is being used: keeps the embedded server, or the way through an SSH host, up while it is open.

    To change to another one, open that, connect, and close this one when that has worked: an agent knows one database,
    so the new connection gets an agent of its own. Another database of the same server needs a connection only.
    """

    def __init__(
        self,
        target: Target,
        narrate: Narrate,
        sentence: Callable[[Progress], str] = lambda p: _STAGES[p.stage],
        *,
        interactive: bool = False,
        cancel: CancelToken | None = None,
    ) -> None:
        """Start the demo's server and load its database, or ssh, when the target needs it.

        `sentence` words the stages for `narrate`, for those who don't narrate in English. `interactive`: ssh may ask
        its user for something on the terminal, now. Raises SqlagentError, and Cancelled while ssh connects.
        """
        from sqlagent_tui.agent.cancel import CancelToken
        from sqlagent_tui.database.watchdog import Watchdog
        from sqlagent_tui.database.ways import Direct

        self.target = target
        self._server: EmbeddedServer | None = None
        self._tunnel: Tunnel | None = None
        self._watchdog = Watchdog()  # one for all connections
        self.conninfo = target.conninfo or ""
        if target.demo:
            self._open_demo(narrate, sentence)
        self._way: Way = Direct(self.conninfo)
        if target.ssh is not None:
            from sqlagent_tui.database.ssh import Tunnel

            self._way = self._tunnel = Tunnel(target.ssh, self.conninfo, interactive=interactive)
            try:
                self._tunnel.open(cancel or CancelToken())
            except BaseException:
                self._tunnel.close()
                raise
            self._tunnel.interactive = False

    def close(self) -> None:
        """Let go of the embedded server, which stops with its last user, of ssh and of the watchdog's connection."""
        self._watchdog.close()
        if self._tunnel is not None:
            self._tunnel.close()
        if self._server is not None:
            self._server.close()

    def __enter__(self) -> OpenTarget:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def way(self, database: str | None = None) -> Way:
        """Return how the target is reached, or another database of the same server."""
        from sqlagent_tui.database.ways import InDatabase

        return self._way if database is None else InDatabase(self._way, database)

    def connect(
        self,
        config: Config,
        trace: TraceListener | None = None,
        password: PasswordCallback | None = None,
        *,
        allow_superuser: bool = False,
        database: str | None = None,
        cancel: CancelToken | None = None,
    ) -> PostgresDatabase:
        """Open one guarded connection; `password` is asked when the server wants one and none is kept.

        `database` is another one of the same server. Raises DatabaseError, for a superuser SuperuserRefusedError unless
        `allow_superuser`, and Cancelled.
        """
        from sqlagent_tui.database.connection_errors import WrongPasswordError
        from sqlagent_tui.database.policy import FunctionPolicy
        from sqlagent_tui.database.postgres import PostgresDatabase

        policy = FunctionPolicy(config.safety.allow_functions, config.safety.deny_functions)

        def connect(ask: PasswordCallback | None) -> PostgresDatabase:
            return PostgresDatabase.connect(
                self.way(database),
                trace=trace,
                limits=config.limits.answer(),
                policy=policy,
                password=ask,
                cancel=cancel,
                allow_superuser=allow_superuser,
                watchdog=self._watchdog,
            )

        from_keyring = False

        def ask(role: str) -> str | None:
            nonlocal from_keyring
            kept = self._kept_password()
            from_keyring = kept is not None
            return kept or (password(role) if password is not None else None)

        try:
            connection = connect(ask if self.target.keyring else password)
        except WrongPasswordError:
            if not from_keyring or password is None:
                raise
            connection = connect(password)  # the one in the keyring is out of date
        if self.target.name is not None:
            SavedConnections().used(self.target.name)
        return connection

    def _kept_password(self) -> str | None:
        if self.target.name is None:
            return None
        from sqlagent_tui import keyring_store

        return keyring_store.fetch(self.target.name)

    def _open_demo(self, narrate: Narrate, sentence: Callable[[Progress], str]) -> None:
        from sqlagent_tui.database.embedded import EmbeddedServer
        from sqlagent_tui.demo.loader import demo_conninfo, ensure_demo

        def report(progress: Progress) -> None:
            fraction = progress.done / progress.total if progress.total else None
            narrate(sentence(progress), fraction)

        self._server = EmbeddedServer.start(progress=report)
        ensure_demo(self._server, report)
        self.conninfo = demo_conninfo(self._server)


def open_model(
    name: str | None,
    config: Config,
    narrate: Narrate,
    *,
    demo: bool = False,
    interactive: bool = False,
    cancel: CancelToken | None = None,
) -> Model:
    """Open the model called `name`: a server's URL, a file, a library name; else the configured one, else the student.

    For the demo the student is preferred to the configured one: it knows that database. `interactive`: there will be
    quiet moments between questions, in which it may be measured what is fastest. Raises ModelError, UsageError and
    `Cancelled`.
    """
    if address := _server_address(name, config, demo):
        return _open_server(address, config, narrate, cancel)
    from sqlagent_tui.models.library import STUDENT, ModelLibrary
    from sqlagent_tui.models.llama import LlamaModel

    wanted = name or (STUDENT if demo else config.model.path)
    path = ModelLibrary(data_dir()).resolve(wanted)
    narrate(f"Loading the model {path.name}", 0.0)
    return LlamaModel.open(
        path,
        context_size=config.model.context_size,
        pins=pins(config.model),
        ignore_memory=config.model.ignore_memory,
        calibrate_when_idle=interactive and config.model.calibrate,
        prefix_bytes=config.model.prefix_cache_mb << 20,
        on_progress=lambda fraction: narrate(f"Loading the model {path.name}", fraction),
        cancel=cancel,
    )


def pins(settings: ModelSettings) -> Pins:
    """Return the engine's settings that the user insists on."""
    from sqlagent_tui.models.settings import Pins

    return Pins(
        threads=settings.threads or None,
        threads_batch=settings.threads_batch or None,
        n_ubatch=settings.n_ubatch or None,
        flash_attention=settings.flash_attention,
        extra_buffers=settings.extra_buffers,
        gpu_layers=settings.gpu_layers,
    )


def _server_address(name: str | None, config: Config, demo: bool) -> Address | None:
    """The model server that is meant; None when it is a file."""
    url = name or (None if demo else config.server.url)
    if not url:
        return None
    from sqlagent_tui.models.server.address import Address, is_address

    return Address.parse(url) if not name or is_address(name) else None


def _open_server(address: Address, config: Config, narrate: Narrate, cancel: CancelToken | None) -> Model:
    from sqlagent_tui.models.server.address import Address
    from sqlagent_tui.models.server.model import ServerModel

    # What is set for the configured server, its key above all, is for no other one.
    settings = config.server
    if settings.url and Address.parse(settings.url).origin != address.origin:
        settings = ServerSettings()
    if not address.model and settings.model:
        address = msgspec.structs.replace(address, model=settings.model)
    narrate(f"Asking the model server {address.origin}", None)
    return ServerModel.open(
        address,
        key_variable=settings.api_key_env,
        context_size=settings.context_size,
        timeout=settings.timeout_seconds,
        cancel=cancel,
    )


def is_student(model_name: str) -> bool:
    """Whether a model is one that this project trained for its demo database."""
    return model_name.startswith("sqlagent-student")


def choose_profile(name: str | None, config: Config, model_name: str) -> Profile:
    """Return the profile called `name`: a file, or one of the config directory's; else the one that fits the model.

    Raises UsageError.
    """
    wanted = name or config.profile
    if wanted is None:
        return student_profile() if is_student(model_name) else default_profile()
    if wanted in ("default", "student"):
        return default_profile() if wanted == "default" else student_profile()
    file = config_dir() / "profiles" / f"{wanted}.toml"
    return load_profile(file if file.is_file() else Path(wanted))


def turn_limits(settings: LimitSettings) -> TurnLimits:
    """Return the bounds of a turn, with the user's own for its statements."""
    return TurnLimits(statement=settings.statement(), answer=settings.answer())


def student_profile() -> Profile:
    """Return the profile that the demo's student was trained with."""
    return parse_profile(files("sqlagent_tui.demo").joinpath("student-profile.toml").read_text("utf-8"), "student")
