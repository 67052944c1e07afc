"""`sqlagent-tui model`: the user's model files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.cli.model_engine import in_force, outcome
from sqlagent_tui.cli.narration import Narration
from sqlagent_tui.cli.output import to_json
from sqlagent_tui.cli.transfer import TransferProgress, amount
from sqlagent_tui.config import load_config
from sqlagent_tui.errors import ExitCode, ModelError
from sqlagent_tui.models.download import Partial
from sqlagent_tui.models.gguf import ModelFile, describe, require_usable
from sqlagent_tui.models.hub import DEFAULT_REPOSITORY, find_file, parse_address
from sqlagent_tui.models.library import ModelEntry, ModelLibrary, name_for
from sqlagent_tui.models.origins import Origin, read_origin
from sqlagent_tui.models.pull import pull as pull_file
from sqlagent_tui.ui.text import safe

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(
    epilog="""\b
Examples:
  sqlagent-tui model pull                       the published fine-tune, 4.3 GB
  sqlagent-tui model pull organisation/name:file.gguf
  sqlagent-tui model add ~/Downloads/qwen3-4b-q8_0.gguf
  sqlagent-tui model use qwen3-4b-q8_0
  sqlagent-tui model info student"""
)
def model() -> None:
    """Get, add, list, choose, inspect and remove model files (GGUF)."""


@model.command("pull")
@click.argument("address", metavar="[ORGANISATION/NAME[:FILE]]", default=DEFAULT_REPOSITORY)
@click.option("--name", default="", help="What to call it; default: the file's name.")
def pull(address: str, name: str) -> int:
    """Download a model from the Hugging Face hub, verify it, and take it into the library.

    Without a FILE: the only GGUF file, else the one in Q8_0. An interrupted download goes on where it stopped when the
    command is given again. HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE hold.
    """
    library = ModelLibrary()
    repository, wanted = parse_address(address)
    progress = TransferProgress(repository)
    try:
        file = find_file(repository, wanted)
        progress = TransferProgress(safe(file.name))
        entry = pull_file(library, file, progress, name)
    except BaseException:
        progress.done()
        for partial_name, partial in library.partials().items():
            if partial.origin.repository == repository and wanted in ("", partial.origin.file):
                click.echo(_unfinished(partial_name, partial), err=True)
        raise
    progress.done()
    click.echo(entry.name)
    if not entry.chosen:
        click.echo(f"Choose it with: sqlagent-tui model use {entry.name}", err=True)
    return ExitCode.OK


@model.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", default="", help="What to call it; default: the file's name.")
def add(file: Path, name: str) -> int:
    """Take FILE into the library: linked where the file system can, else copied."""
    narration = Narration()
    try:
        entry = ModelLibrary().add(file, name, on_progress=lambda fraction: narration(f"Copying {file.name}", fraction))
    finally:
        narration.done()
    click.echo(entry.name)
    click.echo(f"Choose it with: sqlagent-tui model use {entry.name}", err=True)
    return ExitCode.OK


@model.command("list")
@_JSON
def list_models(as_json: bool) -> int:
    """List the models; `*` marks the one that is used when none is named."""
    library = ModelLibrary()
    entries = library.list()
    if library.problem:
        click.echo(library.problem, err=True)
    if as_json:
        click.echo(to_json([_entry_object(entry) for entry in entries]))
    else:
        for entry in entries:
            click.echo(safe(_entry_line(entry)))
    for name, partial in library.partials().items():
        click.echo(_unfinished(name, partial), err=True)
    if url := load_config().config.server.url:
        click.echo(safe(f"The server {url} is used when none is named: [server] in config.toml."), err=True)
    if not entries:
        click.echo("No model yet. Get one: sqlagent-tui model pull", err=True)
    return ExitCode.OK


@model.command("use")
@click.argument("name")
def use(name: str) -> int:
    """Make NAME the model that is used when none is named."""
    entry = ModelLibrary().use(name)
    click.echo(entry.name)
    return ExitCode.OK


@model.command("info")
@click.argument("name", required=False)
@_JSON
def info(name: str | None, as_json: bool) -> int:
    """Show what a model file says about itself, and its SHA-256. NAME is a name or a file."""
    from sqlagent_tui.models.hashes import file_sha256

    path = ModelLibrary().resolve(name)
    file = describe(path)
    narration = Narration()
    try:
        digest = file_sha256(path, on_progress=lambda fraction: narration(f"Hashing {path.name}", fraction))
    finally:
        narration.done()
    facts = _facts(file, digest, read_origin(path))
    if as_json:
        click.echo(to_json(facts))
    else:
        for key, value in facts.items():
            if value is not None:
                click.echo(safe(f"{key:17} {value}"))
    require_usable(file)
    return ExitCode.OK


@model.command("calibrate")
@click.argument("name", required=False)
def calibrate_model(name: str | None) -> int:
    """Measure which settings of the engine are the fastest for NAME on this machine, and remember them.

    Takes a minute at most. Run it while nothing else keeps the machine busy. The app does the same, more briefly, when
    nobody waits.
    """
    from sqlagent_tui.cli.interrupt import cancel_on_interrupt
    from sqlagent_tui.models.calibration.calibrate import calibrate

    file = describe(ModelLibrary().resolve(name or load_config().config.model.path))
    require_usable(file)
    narration, token = Narration(), CancelToken()
    try:
        with cancel_on_interrupt(token):
            narration(f"Measuring {safe(file.name)}", None)
            found = calibrate(file, token, insist=True)
    finally:
        narration.done()
    click.echo(safe("\n".join([*outcome(found), in_force(found.settings)])))
    return ExitCode.OK


@model.command("remove")
@click.argument("name")
def remove(name: str) -> int:
    """Delete NAME from the library; a linked original stays."""
    ModelLibrary().remove(name)
    click.echo(f"Removed {name}.", err=True)
    return ExitCode.OK


@model.command("clear-cache")
def clear_cache() -> int:
    """Delete the prompt beginnings that models have evaluated. They are evaluated again when they are needed."""
    from sqlagent_tui.models.prefix_store import clear, prefix_folder

    folder = prefix_folder()
    try:
        removed = clear(folder)
    except OSError as error:
        raise ModelError(
            f"{folder} can't be cleared: {error.strerror or 'unknown error'}.", "Check the disk."
        ) from error
    click.echo(f"Evaluated prompts removed: {removed.files} ({amount(removed.size)}).", err=True)
    return ExitCode.OK


def _unfinished(name: str, partial: Partial) -> str:
    """Say how much of a download has arrived, and how to go on."""
    origin = partial.origin
    option = "" if name_for(origin.file.rpartition("/")[2]) == name else f" --name {name}"
    arrived = f"{amount(partial.size)} of {amount(origin.size)} of {name} have arrived and are kept."
    return safe(f"{arrived} Go on with: sqlagent-tui model pull {origin.place}{option}")


def _facts(file: ModelFile, digest: str, origin: Origin) -> dict[str, Any]:
    return {
        "path": str(file.path),
        "name": file.name,
        "architecture": file.architecture,
        "parameters": file.parameters,
        "quantization": file.quantization,
        "context_length": file.context_length,
        "vocabulary": file.vocabulary,
        "tokenizer": file.tokenizer,
        "chat_template": bool(file.chat_template),
        "size_bytes": file.size,
        "sha256": digest,
        "licence": origin.licence or file.licence or None,
        "source": origin.place or None,
        "commit": origin.commit or None,
    }


def _entry_object(entry: ModelEntry) -> dict[str, Any]:
    file = entry.file
    return {
        "name": entry.name,
        "path": str(entry.path),
        "chosen": entry.chosen,
        "architecture": file.architecture if file else None,
        "parameters": file.parameters if file else None,
        "quantization": file.quantization if file else None,
        "size_bytes": file.size if file else None,
        "source": entry.origin.place or None,
        "problem": entry.problem or None,
    }


def _entry_line(entry: ModelEntry) -> str:
    mark = "*" if entry.chosen else " "
    if entry.file is None:
        return f"{mark} {entry.name:40} {entry.problem}"
    file = entry.file
    return (
        f"{mark} {entry.name:40} {file.architecture} {file.parameters / 1e6:,.1f}M {file.quantization} "
        f"{file.size / 1e6:,.1f} MB" + (f"  from {entry.origin.place}" if entry.origin.place else "")
    )
