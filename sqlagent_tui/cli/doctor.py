"""`sqlagent-tui doctor`: what works here, and what to do about the rest."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import DatabaseInfo, Warming
from sqlagent_tui.assembly import OpenTarget, Target, choose_profile, open_model
from sqlagent_tui.cli import common_options, connection_options
from sqlagent_tui.cli.findings import Finding, Level
from sqlagent_tui.cli.model_engine import engine_findings
from sqlagent_tui.cli.model_server import served
from sqlagent_tui.cli.narration import Narration
from sqlagent_tui.cli.output import to_json
from sqlagent_tui.cli.password import ask_password, has_terminal
from sqlagent_tui.cli.transfer import amount
from sqlagent_tui.config import Config, load_config
from sqlagent_tui.database.role_statements import DEFAULT_ROLE, role_statements
from sqlagent_tui.database.saved import SavedConnections
from sqlagent_tui.errors import ExitCode, SqlagentError, UsageError
from sqlagent_tui.paths import config_dir, data_dir
from sqlagent_tui.ui.text import safe

if TYPE_CHECKING:
    from sqlagent_tui.database.postgres import PostgresDatabase

_MARKS: dict[Level, str] = {"ok": "✓", "note": "·", "warning": "!", "danger": "‼", "failed": "✗"}
_SMALL_TERMINAL = (80, 24)


@click.command(
    epilog="""\b
Examples:
  sqlagent-tui doctor --demo
  sqlagent-tui doctor "service=cadastro" --model qwen3-4b.gguf
  sqlagent-tui doctor --sql "host=db1 dbname=cadastro user=postgres" > role.sql"""
)
@click.argument("conninfo", required=False)
@click.option("--demo", is_flag=True, help="Look at the embedded demo database.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option("--sql", "only_sql", is_flag=True, help="Print only the SQL that makes a role which may only read.")
@click.option("--role", "role_name", metavar="NAME", default=DEFAULT_ROLE, show_default=True, help="That role's name.")
@connection_options
@common_options
def doctor(
    conninfo: str | None,
    demo: bool,
    as_json: bool,
    only_sql: bool,
    role_name: str,
    ssh: str | None,
    allow_superuser: bool,
    model_name: str | None,
    profile: str | None,
    config_path: Path | None,
    debug: bool,
) -> int:
    """Check terminal, clipboard, settings, model, server, role and limits; each problem with its remedy."""
    loaded = load_config(config_path)
    narration = Narration()
    server = _Server(partial(Target.chosen, conninfo, demo, ssh), loaded.config, narration, role_name)
    if only_sql:
        with server.connected() as database:
            narration.done()
            click.echo(role_statements(database, role_name), nl=False)
        return ExitCode.OK
    findings: list[Finding] = []
    code = ExitCode.OK
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("terminal", _terminal),
        ("clipboard", _clipboard),
        ("settings", lambda: _settings(loaded.problem)),
        ("model", lambda: _model(model_name, profile, loaded.config, narration, demo)),
        ("server", server.findings),
    ]
    for name, check in checks:
        try:
            findings += check()
        except SqlagentError as error:
            findings.append(Finding(name, "failed", error.message, error.remedy))
            code = code or error.exit_code
    narration.done()
    if server.superuser and not allow_superuser:
        code = code or ExitCode.REFUSED
    if as_json:
        click.echo(to_json(findings))
        return code
    click.echo("\n".join(map(_line, findings)))
    if server.script:
        click.echo(f"\n{server.script}", nl=False)
    return code


def _line(finding: Finding) -> str:
    mark = _MARKS[finding.level]
    remedy = f"\n  {'':10} → {finding.remedy}" if finding.remedy else ""
    return safe(f"{mark} {finding.check:10} {finding.message}{remedy}")


def _terminal() -> Iterator[Finding]:
    if not sys.stdout.isatty():
        yield Finding("terminal", "warning", "stdout is no terminal: the app can't open here.", "Run it in a terminal.")
        return
    columns, lines = shutil.get_terminal_size()
    size = f"{os.environ.get('TERM', 'unknown')}, {columns}×{lines}"
    if (columns, lines) < _SMALL_TERMINAL:
        yield Finding("terminal", "warning", f"{size} is small.", "80×24 or more shows everything.")
    else:
        yield Finding("terminal", "ok", size)
    if "UTF-8" not in (os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "").upper():
        yield Finding("terminal", "warning", "The locale is not UTF-8.", "Set LANG, for example to C.UTF-8.")
    if os.environ.get("NO_COLOR"):
        yield Finding("terminal", "ok", "NO_COLOR is set: no colours.")


def _clipboard() -> Iterator[Finding]:
    if os.environ.get("TMUX"):
        message = "Copying goes through tmux (load-buffer -w)."
        yield Finding("clipboard", "ok", message, "For the terminal's clipboard: set -g set-clipboard on.")
    else:
        yield Finding("clipboard", "ok", "Copying uses OSC 52; where the terminal ignores it, save to a file instead.")


def _settings(problem: str | None) -> Iterator[Finding]:
    if problem:
        yield Finding("settings", "warning", problem, "Correct or remove the file.")
    else:
        yield Finding("settings", "ok", f"{config_dir()}, data in {data_dir()}")
    try:
        saved = len(SavedConnections().all())
    except UsageError as error:
        yield Finding("settings", "warning", error.message, error.remedy)
    else:
        yield Finding("settings", "ok", f"{saved} saved connections")


def _model(
    name: str | None, profile: str | None, config: Config, narration: Narration, demo: bool
) -> Iterator[Finding]:
    model = open_model(name, config, narration, demo=demo)
    try:
        info = model.info
        chosen = choose_profile(profile, config, info.name)
        size = f"context {info.context_size} tokens" if info.context_size else "context of unknown size"
        yield Finding("model", "ok", f"{info.name}: {info.description}, {size}")
        yield Finding("model", "ok", f"profile {chosen.name}" + (f", SHA-256 {info.sha256}" if info.sha256 else ""))
        yield from served(model)
        yield from engine_findings(model)
        if isinstance(model, Warming):
            yield _prefixes(config.model.prefix_cache_mb)
    finally:
        model.close()


def _prefixes(bound: int) -> Finding:
    from sqlagent_tui.models.prefix_store import kept, prefix_folder

    if not bound:
        return Finding("model", "note", "No evaluated prompts are kept on disk (prefix_cache_mb = 0).")
    try:
        now = kept(prefix_folder())
    except OSError as error:
        return Finding("model", "warning", f"Evaluated prompts can't be read: {error.strerror}.", "Check the disk.")
    told = f"evaluated prompts on disk: {now.files} ({amount(now.size)} of at most {amount(bound << 20)})"
    return Finding("model", "ok", told)


class _Server:
    """The look at the server, and what it leaves for the end."""

    def __init__(self, choose: Callable[[], Target], config: Config, narration: Narration, role_name: str) -> None:
        self._choose = choose
        self._config, self._narration, self._role_name = config, narration, role_name
        self.superuser = False
        """Whether the app would refuse to connect."""
        self.script = ""
        """The SQL that makes a proper role, where the role isn't one."""

    @contextmanager
    def connected(self) -> Iterator[PostgresDatabase]:
        """Connect as whoever it is: finding out is what the doctor is for."""
        with OpenTarget(self._choose(), self._narration, interactive=has_terminal()) as target:
            database = target.connect(self._config, password=ask_password, allow_superuser=True)
            try:
                yield database
            finally:
                database.close()

    def findings(self) -> Iterator[Finding]:
        """Connect and look."""
        with self.connected() as database:
            info = database.info
            yield Finding("server", "ok", f"PostgreSQL {info.server_version} at {info.host}, database {info.database}")
            if info.pooler is not None:
                yield Finding("server", "ok", f"through {info.pooler}: nothing of ours outlasts a transaction there")
            if not info.read_only:
                yield Finding(
                    "server", "failed", "The server did not confirm a read-only transaction.", "Do not use it."
                )
            else:
                yield Finding("server", "ok", "read-only transactions confirmed by the server")
            yield from _role(info)
            self.superuser = info.role.superuser
            if info.role.badge in ("warning", "danger"):
                self.script = role_statements(database, self._role_name)
            count = len(database.tables(CancelToken()))
            if count:
                yield Finding("tables", "ok", f"{count} tables and views can be read")
            else:
                remedy = "GRANT USAGE ON SCHEMA and SELECT ON ALL TABLES to the role, or choose another database."
                yield Finding("tables", "warning", "No table can be read.", remedy)
            limits = self._config.limits
            yield Finding(
                "limits",
                "ok",
                f"statement {limits.statement_timeout_ms} ms, lock {limits.lock_timeout_ms} ms, "
                f"{limits.agent_rows} rows for the model, {limits.answer_rows} for an answer",
            )


def _role(info: DatabaseInfo) -> Iterator[Finding]:
    if info.role.badge == "ok":
        yield Finding("role", "ok", f"{info.user} may only read")
    for finding in info.role.findings:
        remedy = finding.remedy if finding.level != "ok" else ""
        yield Finding("role", finding.level, finding.message, remedy, finding.key, finding.names, finding.count)
