"""Functions of somebody else's that do harm: they claim to be STABLE, and call others that swallow cancel and timeout,
take locks and leave things in the session. A catalogue can't tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest

from tests.fix_guard import Guard

_FUNCTIONS = """
CREATE SCHEMA teima;
GRANT USAGE ON SCHEMA teima TO PUBLIC;
CREATE TABLE teima.alvo (a integer);
GRANT SELECT ON teima.alvo TO PUBLIC;
CREATE FUNCTION teima.dorme_(segundos float) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE fim timestamptz := clock_timestamp() + make_interval(secs => segundos);
BEGIN
  WHILE clock_timestamp() < fim LOOP
    BEGIN
      PERFORM pg_sleep(0.05);
    EXCEPTION WHEN query_canceled THEN NULL;
    END;
  END LOOP;
  RETURN 1;
END$$;
CREATE FUNCTION teima.dorme(segundos float) RETURNS integer STABLE LANGUAGE sql AS 'SELECT teima.dorme_(segundos)';
CREATE FUNCTION teima.executa_(comando text) RETURNS integer LANGUAGE plpgsql AS
  $$BEGIN EXECUTE comando; RETURN 1; END$$;
CREATE FUNCTION teima.executa(comando text) RETURNS integer STABLE LANGUAGE sql AS 'SELECT teima.executa_(comando)';
CREATE FUNCTION teima.tranca(chave bigint) RETURNS void STABLE LANGUAGE sql AS 'SELECT pg_advisory_lock(chave)';
"""


@contextmanager
def harmful(guard: Guard) -> Iterator[Guard]:
    """Create the schema `teima` for as long as the block runs."""
    with psycopg.connect(guard.owner, autocommit=True) as owner:
        owner.execute(_FUNCTIONS)
    try:
        yield guard
    finally:
        with psycopg.connect(guard.owner, autocommit=True) as owner:
            owner.execute("DROP SCHEMA teima CASCADE")


@pytest.fixture(scope="module")
def harmed(guard: Guard) -> Iterator[Guard]:
    """The embedded server of the demo."""
    with harmful(guard) as made:
        yield made


@pytest.fixture(scope="module")
def harmed_anywhere(any_guard: Guard) -> Iterator[Guard]:
    """Each server, directly and through PgBouncer."""
    with harmful(any_guard) as made:
        yield made


@contextmanager
def locking(guard: Guard, table: str, after: float = 0.3) -> Iterator[tuple[int, Thread]]:
    """A session of the owner's that wants ACCESS EXCLUSIVE on `table` `after` seconds, and waits for its readers.

    Yields its pid and its thread, which ends when it got the lock, and gives the lock back at once.
    """
    with psycopg.connect(guard.owner) as owner:
        row = owner.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None

        def lock() -> None:
            time.sleep(after)
            owner.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            owner.rollback()

        thread = Thread(target=lock)
        thread.start()
        yield row[0], thread
        thread.join(10)
        assert not thread.is_alive()


def becomes(wanted: object, what: Callable[[], object], seconds: float = 5.0) -> bool:
    """Wait until `what` gives `wanted`."""
    deadline = time.monotonic() + seconds
    while what() != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return what() == wanted
