"""From libpq's results to the project's own: the server's text of every value, within bounds that are counted."""

from __future__ import annotations

from sys import getsizeof

from psycopg import pq

from sqlagent_tui.agent.results import Row, StatementError

_FIELD = pq.DiagnosticField


def decode(value: bytes) -> str:
    """Return `value` as text. In an SQL_ASCII database anything may come: what isn't UTF-8 is read as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


class RowBuffer:
    """Collects rows until a limit is reached: `max_rows` rows, or `max_bytes` bytes that they take up in this process.

    What a row costs beyond its text is counted: a thousand NULLs are no text at all, and eight kilobytes.
    """

    def __init__(self, *, max_rows: int, max_bytes: int, max_value_chars: int | None) -> None:
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._max_chars = max_value_chars
        self.rows: list[Row] = []
        self.bytes = 0
        """Of the text that came, as the server sent it."""
        self.held = 0
        """What `rows` take up."""
        self.shortened = 0
        self.truncated = False
        self.largest_row = 1
        """What the largest row that came takes up, held or not; at least 1."""

    def add(self, result: pq.abc.PGresult) -> None:
        """Take the rows of `result`, unless the limits were reached."""
        if self.truncated:
            return
        fields = range(result.nfields)
        for index in range(result.ntuples):
            if len(self.rows) >= self._max_rows:
                self.truncated = True
                return
            values: list[str | None] = []
            size = cost = 0
            for field in fields:
                value = result.get_value(index, field)
                text = None if value is None else self._text(value)
                values.append(text)
                if value is not None:
                    size += len(value)
                    cost += getsizeof(text)
            row = tuple(values)
            cost += getsizeof(row)
            self.largest_row = max(self.largest_row, cost)
            if self.held + cost > self._max_bytes:
                self.truncated = True
                return
            self.bytes += size
            self.held += cost
            self.rows.append(row)

    def _text(self, value: bytes) -> str:
        if self._max_chars is None or len(value) <= self._max_chars:
            return decode(value)
        try:
            text = value.decode()
        except UnicodeDecodeError as problem:
            # SQL_ASCII counts bytes, so that the server's cut may have gone through a character.
            cut_through = len(value) - problem.start < 4
            text = value[: problem.start].decode() if cut_through else value.decode("latin-1")
            if cut_through:
                self.shortened += 1
                return text[: self._max_chars]
        if len(text) > self._max_chars:
            self.shortened += 1
            return text[: self._max_chars]
        return text


def is_error(result: pq.abc.PGresult) -> bool:
    """Whether the server answered with an error."""
    return result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)


def sqlstate(result: pq.abc.PGresult) -> str | None:
    """Return the error's SQLSTATE, when it has one."""
    value = result.error_field(_FIELD.SQLSTATE)
    return value.decode() if value else None


def primary_message(result: pq.abc.PGresult) -> str:
    """Return the error's first line, without severity and position."""
    value = result.error_field(_FIELD.MESSAGE_PRIMARY)
    return decode(value) if value else decode(result.error_message).strip()


def statement_error(result: pq.abc.PGresult, *, offset: int, length: int, elapsed_ms: float) -> StatementError:
    """Describe an error as the server told it.

    `offset` is how many characters stood before the user's SQL in what was sent, `length` how long that SQL is: a
    position outside it isn't reported.
    """
    raw = result.error_field(_FIELD.STATEMENT_POSITION)
    position = int(raw) - offset if raw else None
    hint = result.error_field(_FIELD.MESSAGE_HINT)
    detail = result.error_field(_FIELD.MESSAGE_DETAIL)
    return StatementError(
        kind="database",
        message=primary_message(result),
        sqlstate=sqlstate(result),
        position=position if position is not None and 1 <= position <= length + 1 else None,
        hint=decode(hint) if hint else None,
        detail=decode(detail) if detail else None,
        elapsed_ms=elapsed_ms,
    )
