"""The process that runs one model: started when it is needed, started again after a crash, ended at once."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Generator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Final

from sqlagent_tui import paths
from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.agent.protocols import ModelInfo
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models import hashes, wire
from sqlagent_tui.models.calibration import store
from sqlagent_tui.models.calibration.calibrate import calibrate, worth_while
from sqlagent_tui.models.calibration.search import MachineBusy
from sqlagent_tui.models.idle import IdleWork
from sqlagent_tui.models.lane import Lane
from sqlagent_tui.models.prefix_store import prefix_folder
from sqlagent_tui.models.process import WorkerDied, WorkerProcess
from sqlagent_tui.models.settings import UNPINNED, Pins
from sqlagent_tui.models.setup import Setup, prepare

DEFAULT_CONTEXT: Final = 8192
PREFIX_BYTES: Final = 2 << 30
"""What evaluated prompt prefixes may take on disk."""
CALIBRATE_AFTER: Final = 30.0
"""Seconds without a question: its answer is being read, and what was to be evaluated beforehand is."""
_CRASH: Final = re.compile(r"SIG(SEGV|ILL|ABRT|FPE)")
AGAIN: Final = "It is started again with the next question."


class ModelHost:
    """A model file and the child process that has it loaded. From any thread.

    `context_size` in tokens, at most what the model was trained with; `pins` are the settings that the user insists
    on; `ignore_memory`: load it even if it won't fit; `calibrate_when_idle`: find the fastest settings when nobody
    waits, for the next time; `prefix_bytes` bounds the prompt prefixes on disk, 0 keeps none.
    """

    def __init__(
        self,
        path: Path,
        *,
        context_size: int = DEFAULT_CONTEXT,
        pins: Pins = UNPINNED,
        ignore_memory: bool = False,
        calibrate_when_idle: bool = False,
        name: str = "",
        log: Path | None = None,
        prefix_bytes: int = PREFIX_BYTES,
    ) -> None:
        self.path = path
        self._context_size = context_size
        self._pins = pins
        self._ignore_memory = ignore_memory
        self._setup: Setup | None = None
        self._idle = IdleWork(self._calibrate, CALIBRATE_AFTER) if calibrate_when_idle else None
        self._busy = self._idle.kept_off if self._idle else nullcontext
        self._log = log or paths.cache_dir() / "model.log"
        self._prefix_bytes = prefix_bytes
        self._name = name
        self._info = ModelInfo(name=name or path.stem)
        self._worker: WorkerProcess | None = None
        self._starting = Lane()
        self._ids = itertools.count()
        self._closed = False

    @property
    def info(self) -> ModelInfo:
        """Name, hash and context size of the loaded model."""
        return self._info

    @property
    def setup(self) -> Setup | None:
        """What the model was loaded with; None before."""
        return self._setup

    @property
    def pid(self) -> int | None:
        """The child's process id; None when it isn't running."""
        worker = self._worker
        return worker.pid if worker and worker.alive else None

    def close(self) -> None:
        """End the process at once. Idempotent; from any thread."""
        self._closed = True
        if self._idle:
            self._idle.close()
        if worker := self._worker:
            worker.kill()

    def next_id(self) -> int:
        """Return an id for a request, higher than any before."""
        return next(self._ids)

    def start(self, cancel: CancelToken, on_progress: Callable[[float], None] | None = None) -> None:
        """Have a running child with the model loaded; `on_progress` is told fractions from 0 to 1.

        Raises `ModelError`, and `Cancelled`.
        """
        with self._starting.taken(cancel):
            self._start_alone(cancel, on_progress)

    def _start_alone(self, cancel: CancelToken, on_progress: Callable[[float], None] | None) -> None:
        self._check_open()
        cancel.raise_if_cancelled()
        if self._worker:
            if self._worker.alive and self._setup and self._setup.changed_on_disk:
                self._worker.kill()  # another model would answer, or nonsense, or the kernel ends the process
                raise self._changed()
            if self._worker.alive and self._worker.settle(cancel):
                return
            self._worker.kill()
        self._setup = setup = prepare(
            self.path, context_size=self._context_size, pins=self._pins, ignore_memory=self._ignore_memory
        )
        known = hashes.known(self.path)
        try:
            before = self.path.stat()
            self._worker = WorkerProcess(self._log)
        except OSError as error:
            reason = error.strerror or "unknown error"
            raise ModelError(f"The model process can't be started: {reason}.", "Check memory and disk.") from error
        if self._closed:  # by another thread, meanwhile: it can't have seen this child
            self._worker.kill()
        request = wire.Load(
            id=self.next_id(),
            path=str(self.path),
            context_size=self._context_size,
            settings=setup.settings,
            sha256=known,
            prefixes=str(prefix_folder()),
            prefix_bytes=self._prefix_bytes,
        )
        try:
            self._load(request, cancel, on_progress, known, setup)
        except BaseException:
            self._worker.kill()
            raise
        if not known:
            hashes.remember(self.path, before, self._info.sha256)

    def _load(
        self,
        request: wire.Load,
        cancel: CancelToken,
        on_progress: Callable[[float], None] | None,
        known: str,
        setup: Setup,
    ) -> None:
        for reply in self.ask(request, cancel):
            if isinstance(reply, wire.Loading) and on_progress:
                on_progress(reply.fraction)
            if isinstance(reply, wire.Loaded):
                self._info = ModelInfo(
                    name=self._name or setup.file.name,
                    sha256=known or reply.sha256,
                    context_size=reply.context_size,
                    description=setup.file.summary,
                    warning=setup.warning,
                )

    def ask(self, request: wire.Request, cancel: CancelToken) -> Generator[wire.AnyReply, None, None]:
        """Send a request and yield its replies, up to and including the last. Raises `ModelError`, `Cancelled`."""
        if self._worker is None:
            raise ModelError("The model is not running.", AGAIN)
        try:
            with self._busy(), closing(self._worker.exchange(request, cancel)) as replies:
                for reply in replies:
                    if isinstance(reply, wire.Failed):
                        raise ModelError(reply.message, reply.remedy)
                    if isinstance(reply, wire.Aborted):
                        raise Cancelled
                    yield reply
        except WorkerDied as death:
            self._check_open()
            cancel.raise_if_cancelled()
            raise self._crash(str(death)) from death

    def _crash(self, cause: str) -> ModelError:
        setup = self._setup
        if setup and setup.changed_on_disk:
            return self._changed()
        if setup and setup.settings.extra_buffers and not self._pins.extra_buffers and _CRASH.search(cause):
            store.distrust(setup.file, "extra_buffers", f"the model's process crashed with them ({cause})")
        if "SIGBUS" in cause:
            return ModelError(
                f"{self.path.name} could not be read while it was in use: it was cut off, or its disk failed.",
                f"Check the file and the disk. {AGAIN}",
            )
        remedy = f"{AGAIN} Details are in {self._log}."
        if "SIGKILL" in cause:
            remedy = f"If memory ran out, choose a smaller context or model. {AGAIN}"
        return ModelError(f"The model process stopped unexpectedly ({cause}).", remedy)

    def _changed(self) -> ModelError:
        return ModelError(f"{self.path.name} was changed on disk while it was in use.", AGAIN)

    def _calibrate(self, cancel: CancelToken) -> bool:
        """Find the fastest settings, unless that is done already; return whether that's it for good."""
        setup = self._setup
        if setup is None or setup.calibration or not worth_while(setup.file):
            return True
        if setup.warning:
            return True  # memory is tight: an excerpt would push the model's own pages out
        try:
            calibrate(setup.file, cancel)
        except ModelError as error:
            with self._log.open("a", encoding="utf-8") as log:
                log.write(f"{error}\n")
            return not isinstance(error.__cause__, MachineBusy)
        return True

    def _check_open(self) -> None:
        if self._closed:
            raise ModelError("The model is closed.", "Load it again.")
