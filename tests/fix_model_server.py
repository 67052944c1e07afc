"""A model server of its own process, llama-cpp-python's, with the student."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from sqlagent_tui.models.library import student_path

KEY = "chave-de-teste-4711"
NAME = "sqlagent-student"
START_SECONDS = 60.0


class ModelServer:
    """A running server; `address` is what a user would write."""

    def __init__(
        self, model: Path, folder: Path, *, context: int = 2048, name: str = NAME, interrupt: bool = True
    ) -> None:
        """`interrupt`: a request ends the one before it, instead of waiting for it."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/v1"
        self._log = folder / "model-server.log"
        options = {
            "model": model,
            "model_alias": name,
            "host": "127.0.0.1",
            "port": self.port,
            "n_ctx": context,
            "n_threads": 1,
            "n_threads_batch": 1,
            "api_key": KEY,
            "verbose": "false",
            "interrupt_requests": str(interrupt).lower(),
        }
        arguments = [word for option, value in options.items() for word in (f"--{option}", str(value))]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "llama_cpp.server", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "OMP_WAIT_POLICY": "passive"},
            )
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End it without a word to its clients."""
        self._process.kill()
        self._process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The model server did not start:\n{self._log.read_text('utf-8', 'replace')}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/v1/models")
            return connection.getresponse().status == 401
        except OSError:
            return False
        finally:
            connection.close()


@pytest.fixture(scope="session")
def student_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """The student, served."""
    server = ModelServer(student_path(), tmp_path_factory.mktemp("student-server"))
    yield server
    server.kill()


@pytest.fixture
def endless_server(tiny_gguf: Path, tmp_path: Path) -> Iterator[ModelServer]:
    """A model without sense, which seldom comes to an end; a test may kill it."""
    server = ModelServer(tiny_gguf, tmp_path, name="tiny")
    yield server
    server.kill()
