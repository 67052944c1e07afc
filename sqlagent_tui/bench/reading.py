"""Reading a gold statement: what it is made of. Never a ground to refuse anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


def parse(statement: str) -> exp.Query | None:
    """Return the tree of a query in PostgreSQL's dialect; None when it is none, or the parser can't read it."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(statement, dialect="postgres")
    except (SqlglotError, RecursionError):
        return None
    return tree if isinstance(tree, exp.Query) else None


def relations(query: exp.Query) -> set[str]:
    """Return the bare names of the tables and views that `query` reads, those of its own CTEs among them."""
    from sqlglot import exp

    return {table.name for table in query.find_all(exp.Table) if table.name}


def reads_the_clock(query: exp.Query) -> bool:
    """Whether the rows of `query` depend on when it runs."""
    from sqlglot import exp

    for node in query.walk():
        if type(node).__name__ in ("CurrentDate", "CurrentTime", "CurrentTimestamp", "Localtime", "Localtimestamp"):
            return True
        if isinstance(node, exp.Anonymous):
            name, arguments = node.name.lower(), len(node.expressions)
            if name in ("clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday"):
                return True
            if name == "age" and arguments == 1:
                return True
    return False
