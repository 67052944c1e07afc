"""Every error that may reach a user: one plain sentence, a remedy, and the exit code that scripts see.

SqlagentError                1   the base; nothing raises it bare
├── UsageError               2   a flag, a file or a setting that can't be right
├── DatabaseError            6   the server, or the way to it
└── ModelError               7   a model file, or the process that runs it

A refused statement is no exception: it is a result (`StatementError`), and exits with 5.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of every command; a contract with scripts."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    CLARIFICATION = 3
    UNANSWERABLE = 4
    REFUSED = 5
    DATABASE = 6
    MODEL = 7
    INTERRUPTED = 130


class SqlagentError(Exception):
    """A failure that can be told in one sentence.

    `message` says what happened, `remedy` what to do about it (may be empty). Neither ever holds a secret.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILURE

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(SqlagentError):
    """A flag, a file or a setting that can't be right."""

    exit_code = ExitCode.USAGE


class DatabaseError(SqlagentError):
    """The server, or the way to it."""

    exit_code = ExitCode.DATABASE


class ModelError(SqlagentError):
    """A model file, or the process that runs it."""

    exit_code = ExitCode.MODEL
