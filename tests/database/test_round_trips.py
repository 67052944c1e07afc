"""A statement costs three round trips: all that can be asked beforehand, the rows, the end."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.config import Config
from tests.fix_guard import Client, Guard


def round_trips(client: Client, run: Callable[[], object]) -> int:
    """Count how often we waited for the server, by libpq's own record of the messages."""
    session = client.database._session
    assert session is not None
    with tempfile.TemporaryFile("w+") as record:
        session._pgconn.trace(record.fileno())
        try:
            run()
        finally:
            session._pgconn.untrace()
        record.seek(0)
        return len(re.findall(r"^[0-9 :.-]+\tF\t[0-9]+\t(?:Sync|Query)\b", record.read(), re.MULTILINE))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT id FROM conta", 3),
        ("SELECT nome, saldo, now(), lower(nome), random() FROM conta WHERE conta.id > 1", 3),
        ("SELECT nomee FROM conta", 2),
        ("SELECT apaga()", 2),
        ("SELECT count(*) FROM tinta a, tinta b, tinta c", 2),
        ("SHOW work_mem", 3),
        ("EXPLAIN SELECT nome FROM conta", 3),
        ("SELECT pg_notify('a', 'b') -- refused before it is sent", 0),
    ],
)
def test_round_trips(reader: Client, sql: str, expected: int) -> None:
    def run() -> None:
        limits = Config().limits.statement()
        reader.database.execute(sql, origin="agent", cancel=CancelToken(), limits=limits)

    run()  # the types of its columns are remembered
    assert round_trips(reader, run) == expected


def test_types_that_are_new_cost_one_more(guard: Guard, connect: Callable[..., Client]) -> None:
    client = connect(guard.reader)
    assert round_trips(client, lambda: client.rows("SELECT cor, clara FROM tinta")) == 4
    assert round_trips(client, lambda: client.rows("SELECT clara, cor FROM tinta")) == 3


def test_a_pooler_is_served_the_same_way(any_guard: Guard, connect: Callable[..., Client]) -> None:
    client = connect(any_guard.reader)
    for _ in range(2):
        assert client.rows("SELECT nome, random() < 2 FROM conta WHERE conta.id = 7").rows == (("conta 7", "t"),)
        assert client.fails("SELECT 1 / (id - 1) FROM conta").sqlstate == "22012"
        assert client.fails("SELECT nomee FROM conta").position == 8
        assert client.fails("SELECT apaga()").kind == "refused"
        costly = client.fails("SELECT count(*) FROM tinta a, tinta b, tinta c", max_cost=10_000_000)
        assert costly.kind == "costly"
    assert client.rows("SELECT g FROM generate_series(1, 20000) g", max_rows=20_000).row_count == 20_000
