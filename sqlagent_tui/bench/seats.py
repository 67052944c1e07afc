"""How many conversations a backend can hold at a time, and what each of them needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlagent_tui.agent.protocols import Database, Model, SampledModel

if TYPE_CHECKING:
    from sqlagent_tui.database.postgres import PostgresDatabase


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Where one conversation at a time is held: a model, or a view of one, and a connection.

    Several seats work side by side. Samples of one question are handed out one after the other, so that the views of an
    engine that evaluates several sequences in one batch have the question's prompt in common.
    """

    model: Model
    database: Database


@contextmanager
def open_seats(
    count: int, open_model: Callable[[], Model], connect: Callable[[], PostgresDatabase], tell: Callable[[str], None]
) -> Iterator[Sequence[Seat]]:
    """Open `count` seats; one, and tell, where the model answers one question at a time. Raises SqlagentError."""
    with ExitStack() as stack:

        def opened() -> Model:
            model = open_model()
            stack.callback(model.close)
            return model

        def seat(model: Model) -> Seat:
            database = connect()
            stack.callback(database.close)
            return Seat(model=model, database=database)

        yield [seat(model) for model in _models(count, opened, tell)]


def _models(count: int, opened: Callable[[], Model], tell: Callable[[str], None]) -> Sequence[Model]:
    from sqlagent_tui.models.server.model import ServerModel

    first = opened()
    if count == 1:
        return [first]
    if isinstance(first, SampledModel):
        return first.samples(count)
    if isinstance(first, ServerModel):
        return [first, *(opened() for _ in range(count - 1))]
    tell("This model answers one question at a time; --parallel changes nothing.")
    return [first]
