"""Whatever text is sent, as whatever verb: nothing changes, and the connection goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import Verb
from tests.fix_target import LIMITS, Target
from tests.statements import read

_QUICK = Limits(
    statement_timeout_ms=100, lock_timeout_ms=50, max_rows=20, max_bytes=100_000, max_value_chars=LIMITS.max_value_chars
)
_BOUNDED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

VERBS: st.SearchStrategy[Verb] = st.sampled_from(["query", "explain", "show"])
ATTACKS = st.sampled_from(
    [
        entry.sql
        for path in sorted((Path(__file__).parent / "attacks").glob("*.sql"))
        for entry in read(path)
        if path.stem != "exhaustion"
    ]
)
PIECES = st.sampled_from(
    [
        *"""SELECT|DELETE FROM conta|UPDATE conta SET saldo = 0|INSERT INTO conta VALUES (0, 'x', 0)|DROP TABLE conta
        |TRUNCATE conta|COMMIT|BEGIN READ WRITE|ROLLBACK|WITH d AS (|EXPLAIN|ANALYZE|(ANALYZE)|SHOW|SET work_mem = 1
        |COPY conta TO STDOUT|DO|LOCK TABLE conta|FOR UPDATE|FROM conta|RETURNING *|INTO nova|VALUES (1)|TABLE conta
        |DECLARE c CURSOR FOR|FETCH 1 FROM sqlagent|CLOSE sqlagent|apaga()|tranca()|nextval('contador')
        |pg_notify('a', 'b')|UNION|AS q(c1)|1|*|nome""".replace("\n        ", "").split("|"),
        *"; ;; , . ( ) )) ' '' \\' \" \"\" -- /* */ E' U&' U&\" B' $$ $a$ $1 :: ::text @ \\ % { } [ ] # é".split(" "),
        *("-- \n", "/* /*", "\n", "\r", "\t", "\u2028", "\u00a0", "\ufeff", "\0", "\ud800"),
    ]
)
WRAPPINGS = st.sampled_from(["{}", "{}", "SELECT 1; {}", "({})", "SELECT * FROM ({}) s", "SELECT '{}'"])
ANYTHING = st.text(st.characters(), max_size=80)
"""Control characters, NUL and halves of characters (surrogates) too."""
MIXES = st.lists(st.one_of(PIECES, PIECES, ANYTHING), min_size=1, max_size=14).map(" ".join)


@st.composite
def damaged_attacks(draw: st.DrawFn) -> str:
    """An attack that was cut, patched or wrapped somewhere."""
    sql = draw(ATTACKS)
    at = draw(st.integers(0, len(sql)))
    upto = draw(st.integers(at, min(at + 8, len(sql))))
    sql = sql[:at] + draw(PIECES) + sql[upto:]
    return draw(st.sampled_from(["{}", "{}", "SELECT 1; {}", "({})", "SELECT * FROM ({}) s", "SELECT '{}'"])).format(
        sql
    )


@pytest.mark.parametrize("texts", [ANYTHING, MIXES, damaged_attacks()], ids=["anything", "mixes", "damaged"])
@pytest.mark.parametrize("role", ["reader", "owner"])
def test_any_text_is_survived(target: Target, role: str, texts: st.SearchStrategy[str]) -> None:
    client = target.client(role, "direct")

    @_BOUNDED
    @given(st.lists(st.tuples(texts, VERBS), min_size=1, max_size=12))
    def send(statements: list[tuple[str, Verb]]) -> None:
        def send_all() -> None:
            for sql, verb in statements:
                client.database.execute(
                    target.fill(sql), origin="agent", cancel=CancelToken(), limits=_QUICK, verb=verb
                )

        assert target.changes_by(send_all) == {}
        assert client.rows("SELECT 7").rows == (("7",),)

    send()
