"""`sqlagent-tui doctor`: what works here, and what to do about the rest."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import click
import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.assembly import OpenTarget, Target, choose_profile, open_model
from sqlagent_tui.cli import common_options
from sqlagent_tui.cli.narration import Narration
from sqlagent_tui.cli.output import to_json
from sqlagent_tui.config import Config, load_config
from sqlagent_tui.errors import ExitCode, SqlagentError
from sqlagent_tui.paths import config_dir, data_dir
from sqlagent_tui.ui.text import safe

Level = Literal["ok", "warning", "failed"]
_SMALL_TERMINAL = (80, 24)


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    check: str
    level: Level
    message: str
    remedy: str = ""


@click.command(
    epilog="""\b
Examples:
  sqlagent-tui doctor --demo
  sqlagent-tui doctor "service=cadastro" --model qwen3-4b.gguf"""
)
@click.argument("conninfo", required=False)
@click.option("--demo", is_flag=True, help="Look at the embedded demo database.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@common_options
def doctor(
    conninfo: str | None,
    demo: bool,
    as_json: bool,
    model_name: str | None,
    profile: str | None,
    config_path: Path | None,
    debug: bool,
) -> int:
    """Check terminal, clipboard, settings, model, server, role and limits; each problem with its remedy."""
    loaded = load_config(config_path)
    narration = Narration()
    findings: list[Finding] = []
    code = ExitCode.OK
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("terminal", _terminal),
        ("clipboard", _clipboard),
        ("settings", lambda: _settings(loaded.problem)),
        ("model", lambda: _model(model_name, profile, loaded.config, narration, demo)),
        ("server", lambda: _server(conninfo, demo, loaded.config, narration)),
    ]
    for name, check in checks:
        try:
            findings += check()
        except SqlagentError as error:
            findings.append(Finding(name, "failed", error.message, error.remedy))
            code = code or error.exit_code
    narration.done()
    click.echo(to_json(findings) if as_json else "\n".join(map(_line, findings)))
    return code


def _line(finding: Finding) -> str:
    mark = {"ok": "✓", "warning": "!", "failed": "✗"}[finding.level]
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


def _model(
    name: str | None, profile: str | None, config: Config, narration: Narration, demo: bool
) -> Iterator[Finding]:
    model = open_model(name, config, narration, demo=demo)
    try:
        info = model.info
        chosen = choose_profile(profile, config, info.name)
        yield Finding("model", "ok", f"{info.name}: {info.description}, context {info.context_size} tokens")
        yield Finding("model", "ok", f"profile {chosen.name}, SHA-256 {info.sha256}")
    finally:
        model.close()


def _server(conninfo: str | None, demo: bool, config: Config, narration: Narration) -> Iterator[Finding]:
    with OpenTarget(Target.chosen(conninfo, demo), narration) as target:
        database = target.connect(config)
        try:
            info = database.info
            yield Finding("server", "ok", f"PostgreSQL {info.server_version} at {info.host}, database {info.database}")
            if info.role.superuser:
                remedy = "Connect as a role that may only SELECT; the README has the statements."
                yield Finding("role", "warning", f"{info.user} is a superuser.", remedy)
            else:
                yield Finding("role", "ok", f"{info.user}, no superuser")
            if not info.read_only:
                yield Finding("role", "failed", "The server did not confirm a read-only transaction.", "Do not use it.")
            else:
                yield Finding("role", "ok", "read-only transactions confirmed by the server")
            count = len(database.tables(CancelToken()))
            if count:
                yield Finding("tables", "ok", f"{count} tables and views can be read")
            else:
                remedy = "GRANT USAGE ON SCHEMA and SELECT ON ALL TABLES to the role, or choose another database."
                yield Finding("tables", "warning", "No table can be read.", remedy)
            limits = config.limits
            yield Finding(
                "limits",
                "ok",
                f"statement {limits.statement_timeout_ms} ms, lock {limits.lock_timeout_ms} ms, "
                f"{limits.agent_rows} rows for the model, {limits.answer_rows} for an answer",
            )
        finally:
            database.close()
