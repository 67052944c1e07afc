"""The user's settings, `config.toml`. A broken file is told and left alone; the defaults are used instead."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.paths import config_dir

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=2**30)]
Megabytes = Annotated[int, msgspec.Meta(ge=0, le=2**20)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[model]`."""

    path: str | None = None
    """A file, or a name that `model list` shows; None: what `model use` chose, else the demo's student."""
    context_size: int = 8192
    threads: Count = 0
    """For writing, token by token. 0: measured, at first one less than the machine's cores."""
    threads_batch: Count = 0
    """For reading prompts. 0: as `threads`, or measured."""
    n_ubatch: Annotated[int, msgspec.Meta(ge=0, le=8192)] = 0
    """Tokens of a prompt that are computed together. 0: measured, at first 128."""
    flash_attention: bool | None = None
    """None: measured, at first off on a CPU."""
    extra_buffers: bool | None = None
    """Weights laid out anew for the CPU's matrix instructions. None: only where a self-test found them right and
    faster."""
    gpu_layers: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """None: all, where llama.cpp was built for a GPU."""
    calibrate: bool = True
    """Whether the app measures, when nobody waits, which of these settings are the fastest here."""
    ignore_memory: bool = False
    """Load a model even if memory is too small for it."""
    prefix_cache_mb: Megabytes = 2_048
    """Disk space for evaluated prompt prefixes, at most a tenth of what is free; 0: none are kept."""
    seed: int = 0


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[server]`: a model on a serving engine."""

    url: str | None = None
    """`http(s)://host:port/v1`; when set, used instead of a model file. What follows holds for this server only."""
    model: str = ""
    """Which of its models; empty: its only one."""
    api_key_env: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = "SQLAGENT_API_KEY"
    """The environment variable with the API key."""
    context_size: Count = 0
    """Tokens; bounds what the server tells, or stands for it. 0: what the server tells."""
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 300.0
    """How long the server may be silent, evaluating a prompt for example."""


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[limits]`: bounds of every statement that the agent or the user sends. 0 means none, where none is possible."""

    statement_timeout_ms: Milliseconds = 30_000
    lock_timeout_ms: Milliseconds = 2_000
    idle_timeout_ms: Milliseconds = 60_000
    work_mem_mb: Megabytes = 0
    """0: the server's own setting."""
    temp_file_limit_mb: Megabytes = 4_096
    """Only where the role may set it; 0: the server's own setting."""
    agent_rows: Count = 200
    answer_rows: Count = 100_000
    max_value_chars: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 4_096
    max_bytes: Annotated[int, msgspec.Meta(ge=1_000)] = 128 * 1024 * 1024
    agent_max_cost: Annotated[float, msgspec.Meta(ge=0)] = 10_000_000
    """The planner's estimate above which a statement of the model isn't run: by default a minute or so of one core,
    a count of 300 million rows. 0: no bound."""
    agent_max_rows_estimated: Annotated[int, msgspec.Meta(ge=0)] = 1_000_000_000
    """Likewise, for the rows that any step of the plan is estimated to yield. 0: no bound."""

    def statement(self) -> Limits:
        """Bounds of what the model tries out."""
        return self._limits(self.agent_rows)

    def answer(self) -> Limits:
        """Bounds of a final answer and of the user's own statements."""
        return self._limits(self.answer_rows)

    def _limits(self, rows: int) -> Limits:
        return Limits(
            statement_timeout_ms=self.statement_timeout_ms,
            lock_timeout_ms=self.lock_timeout_ms,
            idle_timeout_ms=self.idle_timeout_ms,
            work_mem_mb=self.work_mem_mb or None,
            temp_file_limit_mb=self.temp_file_limit_mb or None,
            max_rows=rows,
            max_value_chars=self.max_value_chars,
            max_bytes=self.max_bytes,
            max_cost=self.agent_max_cost or None,
            max_estimated_rows=self.agent_max_rows_estimated or None,
        )


class SafetySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[safety]`: what a DBA made of the rules for functions. Names as `pg_proc` spells them."""

    allow_functions: tuple[Annotated[str, msgspec.Meta(pattern=r"^[^.\s]+\.[^.\s]+$")], ...] = ()
    """`schema.name` of functions that may be called whatever they do."""
    deny_functions: tuple[Annotated[str, msgspec.Meta(pattern=r"^([^.\s]+\.)?[^.\s]+$")], ...] = ()
    """`schema.name`, or `name` in any schema, of functions that may not; wins over `allow_functions`."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything in `config.toml`; each field has a default."""

    language: Literal["auto", "pt-BR", "en"] = "auto"
    theme: str = "dark"
    profile: str | None = None
    model: ModelSettings = ModelSettings()
    server: ServerSettings = ServerSettings()
    limits: LimitSettings = LimitSettings()
    safety: SafetySettings = SafetySettings()
    keymap: dict[str, str] = {}
    """Binding id → keys, for example `cancel = "escape"`."""


class LoadedConfig(msgspec.Struct, frozen=True):
    """The settings, and one sentence when the file could not be used."""

    config: Config
    problem: str | None = None


def load_config(path: Path | None = None) -> LoadedConfig:
    """Read the settings from `path`, or from the config directory. Never raises, never writes."""
    file = path or config_dir() / "config.toml"
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return LoadedConfig(Config(), f"The settings file {file} does not exist; defaults are used." if path else None)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        return LoadedConfig(Config(), f"The settings file {file} can't be read: {reason}; defaults are used.")
    try:
        return LoadedConfig(msgspec.convert(tomllib.loads(text), Config))
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        return LoadedConfig(Config(), f"The settings file {file} is not valid: {error}; defaults are used.")
