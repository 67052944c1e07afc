"""Every error that may reach a user: one plain sentence, a remedy, and the exit code that scripts see.

SqlagentError                1   the base; nothing raises it bare
├── UsageError               2   a flag, a file or a setting that can't be right
├── DatabaseError            6   the server, or the way to it
│   └── SuperuserRefusedError   5   the role is a superuser, and the user did not insist
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


class SuperuserRefusedError(DatabaseError):
    """The role is a superuser, or may become one: no read-only transaction holds such a role back.

    The user may insist, for this session.
    """

    exit_code = ExitCode.REFUSED


class ModelError(SqlagentError):
    """A model file, or the process that runs it."""

    exit_code = ExitCode.MODEL
