"""What the server's refusals mean, said plainly. The server has already decided; the lexer only helps to say why."""

from __future__ import annotations

from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import StatementError
from sqlagent_tui.database.lexer import tokens
from sqlagent_tui.database.verbs import Statement


def explain_error(error: StatementError, statement: Statement, limits: Limits) -> StatementError:
    """Say plainly what a few errors of the guard mean; all others stay as the server told them."""
    kind, message = error.kind, error.message
    if error.sqlstate == "57014":
        timed_out = limits.statement_timeout_ms and error.elapsed_ms >= 0.9 * limits.statement_timeout_ms
        kind = "timeout" if timed_out else "cancelled"
        message = (
            f"The statement took longer than {limits.statement_timeout_ms / 1000:g} s and was stopped."
            if timed_out
            else "The statement was cancelled on the server."
        )
    elif error.sqlstate == "55P03":
        kind, message = "timeout", "Another session holds a lock on one of the tables; the statement gave up waiting."
    elif error.sqlstate == "25006":
        kind, message = "refused", f"Nothing may be changed here: {error.message}."
    elif error.sqlstate in ("42601", "0A000", "42P11"):
        reason = _why_no_cursor(statement.gate or "", error)
        if reason:
            kind, message = "refused", reason
    if kind == error.kind:
        return error
    return StatementError(
        kind=kind,
        message=message,
        sqlstate=error.sqlstate,
        position=error.position,
        hint=error.hint,
        detail=error.detail if error.detail else (error.message if message != error.message else None),
        elapsed_ms=error.elapsed_ms,
    )


# Every word that a command of PostgreSQL 18 begins with, apart from those that a cursor takes.
_COMMANDS = frozenset(
    """abort alter analyze analyse begin call checkpoint close cluster comment commit copy create deallocate declare
    delete discard do drop end execute explain fetch grant import insert listen load lock merge move notify prepare
    reassign refresh reindex release reset revoke rollback savepoint security set show start truncate unlisten update
    vacuum""".split()
)
_CHANGING = frozenset({"insert", "update", "delete", "merge"})


def _why_no_cursor(sql: str, error: StatementError) -> str | None:
    """Explain, after the server refused to declare a cursor, when that was not a plain mistake in the SQL."""
    words = list(tokens(sql))
    first = next((token for token in words if token.text != "("), None)
    if first is None:
        return "There is no statement to run."
    if first.kind == "word" and first.text in _COMMANDS:
        return f"Only statements that read (SELECT, WITH, VALUES, TABLE) are run, not {first.text.upper()}."
    semicolons = [index for index, token in enumerate(words) if token.kind == "symbol" and token.text == ";"]
    if any(any(later.text != ";" for later in words[index:]) for index in semicolons):
        return "Only one statement at a time is run."
    if error.sqlstate == "0A000":
        changes = any(token.kind == "word" and token.text in _CHANGING for token in words)
        return "Nothing may be changed here: WITH may not hold a statement that changes data." if changes else None
    at = next((place for place, token in enumerate(words) if token.start + 1 == error.position), 0)
    if words[at].kind == "word" and words[at].text in _CHANGING:
        return f"Nothing may be changed here: {words[at].text.upper()} is not run."
    if at and words[at - 1].kind == "word" and words[at - 1].text == "into":
        return "Nothing may be created here: SELECT … INTO is not run."
    return None
