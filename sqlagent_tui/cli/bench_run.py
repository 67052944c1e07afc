"""`sqlagent-tui bench run`: ask a model the questions of a suite, and keep every verdict."""

from __future__ import annotations

import datetime
import re
import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click
import msgspec

from sqlagent_tui import __version__
from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.profile import Profile
from sqlagent_tui.agent.protocols import TurnLimits
from sqlagent_tui.assembly import choose_profile, open_model, turn_limits
from sqlagent_tui.bench.databases import open_suite_database
from sqlagent_tui.bench.figures import measure, plain
from sqlagent_tui.bench.golds import Golds
from sqlagent_tui.bench.run_directory import (
    DatabaseFacts,
    ModelFacts,
    ProfileFacts,
    RunConfig,
    RunDirectory,
    SuiteFacts,
)
from sqlagent_tui.bench.runner import Runner
from sqlagent_tui.bench.seats import Seat, open_seats
from sqlagent_tui.bench.selection import choose
from sqlagent_tui.bench.suite import Item, Suite, find_suite
from sqlagent_tui.cli import common_options
from sqlagent_tui.cli.bench_progress import RunProgress, Standing
from sqlagent_tui.cli.interrupt import cancel_on_interrupt
from sqlagent_tui.cli.narration import Narration
from sqlagent_tui.cli.password import ask_password
from sqlagent_tui.cli.settings import settings
from sqlagent_tui.config import Config
from sqlagent_tui.errors import ExitCode, UsageError
from sqlagent_tui.paths import data_dir
from sqlagent_tui.ui.text import safe

_LONGEST_VALUE = 1_000_000
"""Characters of a value that are compared; a screen needs fewer."""


@click.command(
    "run",
    epilog="""\b
Examples:
  sqlagent-tui bench run cadastro_ambiental --model student
  sqlagent-tui bench run cadastro_ambiental --model qwen3-4b.gguf -k 5 --temperature 0.6
  sqlagent-tui bench run my-suite/ --database service=vendas --only sql --only hard
  sqlagent-tui bench run rede_saude_publica --model http://gpu-box:8000/v1 --parallel 8
  sqlagent-tui bench report $(sqlagent-tui bench run cadastro_ambiental --limit 20)

Prints the folder of the run. Ctrl+C ends it; the same command with --resume FOLDER goes on.
--parallel N asks a model server N things at a time. A model file holds up to 7 conversations
in one computation; they share its context.""",
)
@click.argument("suite_name", metavar="SUITE")
@click.option("-k", "samples", type=click.IntRange(1, 1000), default=1, help="Samples of each question; default 1.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="Of the sampling; default: the profile's.")
@click.option("--seed", type=click.IntRange(0), help="Of the first sample; sample N has SEED + N.")
@click.option("--limit", type=click.IntRange(1), help="Ask this many questions, evenly spread over the suite.")
@click.option("--only", multiple=True, metavar="WORD", help="A decision, difficulty, category or id. May be repeated.")
@click.option("--parallel", type=click.IntRange(1, 256), default=1, help="Conversations at a time.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run; default: one under the data folder.")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with the run in this folder.")
@click.option(
    "--question-timeout",
    type=click.FloatRange(0, min_open=True),
    default=TurnLimits().max_seconds,
    show_default=True,
    help="Seconds after which a turn is cancelled, on the server too.",
)
@click.option("--no-second-turn", is_flag=True, help="Don't answer clarifications.")
@click.option("--database", metavar="CONNINFO", help="Where the suite's tables are already.")
@click.option("--server", metavar="CONNINFO", help="Make the suite's database on this server, not on one of our own.")
@click.option("--allow-superuser", is_flag=True, help="Connect even as a superuser.")
@common_options
def run(
    suite_name: str,
    samples: int,
    temperature: float | None,
    seed: int | None,
    limit: int | None,
    only: tuple[str, ...],
    parallel: int,
    out: Path | None,
    resume: Path | None,
    question_timeout: float,
    no_second_turn: bool,
    database: str | None,
    server: str | None,
    allow_superuser: bool,
    model_name: str | None,
    profile: str | None,
    config_path: Path | None,
    debug: bool,
) -> int:
    """Ask a model the questions of SUITE.

    SUITE is a name that `bench list` shows, or a folder. Every answer is judged, every conversation kept.
    """
    if out is not None and resume is not None:
        raise UsageError("Both --out and --resume were given.", "Give one of them.")
    config = settings(config_path)
    suite = find_suite(suite_name)
    items = choose(suite.items, only, limit)
    narration, stop = Narration(), CancelToken()
    with ExitStack() as stack:
        stack.callback(narration.done)
        stack.enter_context(cancel_on_interrupt(stop))
        target = stack.enter_context(
            open_suite_database(
                suite,
                narration,
                database=database,
                server=server,
                password=ask_password,
                allow_superuser=allow_superuser,
            )
        )
        demo = suite.database.kind == "demo"
        seats = stack.enter_context(
            open_seats(
                parallel,
                lambda: open_model(model_name, config, narration, demo=demo, cancel=stop),
                lambda: target.connect(config, None, ask_password, allow_superuser=allow_superuser, cancel=stop),
                lambda sentence: click.echo(sentence, err=True),
            )
        )
        spoken = _profile(profile, config, seats[0].model.info.name, temperature, seed, samples)
        limits = _limits(config, question_timeout)
        narration("Running the gold statements", None)
        golds = Golds.run(items, seats[0].database, limits.answer, stop)
        narration.done()
        wanted = RunConfig(
            suite=_suite_facts(suite, resume),
            items=tuple(item.id for item in items),
            model=_model_facts(seats[0]),
            profile=ProfileFacts.of(spoken),
            database=_database_facts(seats[0], golds),
            sampling=spoken.sampling,
            samples=samples,
            second_turn=not no_second_turn,
            question_timeout=question_timeout,
            limits=limits,
        )
        directory = (
            RunDirectory.create(out or _new_folder(wanted), __version__, wanted, items, golds)
            if resume is None
            else RunDirectory.resume(resume, wanted)
        )
        stack.callback(directory.close)
        _hold(directory, items, golds, spoken, seats, stop)
    click.echo(str(directory.path))
    return ExitCode.OK


def _hold(
    directory: RunDirectory,
    items: Sequence[Item],
    golds: Golds,
    profile: Profile,
    seats: Sequence[Seat],
    stop: CancelToken,
) -> None:
    runner = Runner(directory, items, golds, profile, seats)
    standing = Standing(len(items) * directory.head.config.samples, directory.verdicts())
    click.echo(
        safe(f"{directory.head.config.suite.name}, {directory.head.config.model.name}: {directory.path}"), err=True
    )
    try:
        with RunProgress(standing) as progress:
            runner.run(stop, progress)
    except BaseException:
        folder = shlex.quote(str(directory.path))
        click.echo(f"{standing.done} verdicts are kept. Go on with the same command and --resume {folder}", err=True)
        raise
    directory.finish(plain(measure(directory.verdicts())))


def _profile(
    name: str | None, config: Config, model: str, temperature: float | None, seed: int | None, samples: int
) -> Profile:
    """The profile with the sampling that was asked for, and nothing in its words that differs from run to run."""
    profile = choose_profile(name, config, model)
    sampling = msgspec.structs.replace(profile.sampling, seed=config.model.seed if seed is None else seed)
    if temperature is not None:
        sampling = msgspec.structs.replace(sampling, temperature=temperature)
    if samples > 1 and sampling.temperature == 0:
        raise UsageError(f"At temperature 0 all {samples} samples would be the same.", "Give --temperature 0.6.")
    layout = msgspec.structs.replace(profile.layout, steady_times=True)
    # Guesses depend on the clock, and may turn what is all but equally likely.
    return msgspec.structs.replace(profile, sampling=sampling, layout=layout, speculate=False)


def _limits(config: Config, question_timeout: float) -> TurnLimits:
    """The app's own, except that values are compared whole."""
    limits = turn_limits(config.limits)
    answer = msgspec.structs.replace(limits.answer, max_value_chars=_LONGEST_VALUE)
    return msgspec.structs.replace(limits, answer=answer, max_seconds=question_timeout)


def _suite_facts(suite: Suite, resume: Path | None) -> SuiteFacts:
    today = suite.today
    if today is None:  # the day of the run, which a resumed one may have begun yesterday
        today = RunDirectory.open(resume).head.config.suite.today if resume else datetime.date.today()
    return SuiteFacts(name=suite.name, title=suite.title, digest=suite.digest, today=today)


def _model_facts(seat: Seat) -> ModelFacts:
    info = seat.model.info
    return ModelFacts(name=info.name, sha256=info.sha256, description=info.description, context_size=info.context_size)


def _database_facts(seat: Seat, golds: Golds) -> DatabaseFacts:
    info = seat.database.info
    return DatabaseFacts(name=info.database, server_version=info.server_version, fingerprint=golds.fingerprint)


def _new_folder(config: RunConfig) -> Path:
    now = datetime.datetime.now(datetime.UTC)
    model = re.sub(r"[^\w.-]+", "-", config.model.name).strip("-.")[:60]
    return data_dir() / "runs" / f"{config.suite.name}-{model}-{now:%Y%m%dT%H%M%S}"
