"""Which calls a statement's text shows; and that no text brings a call past us that the server would run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.database.functions import Call, calls
from tests.fix_guard import Client


def found(sql: str) -> list[tuple[str, int | None, str]]:
    return [(call.name, call.arguments, call.form) for call in calls(sql)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("f()", [("f", 0, "call")]),
        ("count(*)", [("count", 0, "call")]),
        ("f(a, (b, c), ARRAY[1, 2])", [("f", 3, "call")]),
        ("F(DISTINCT a)", [("f", 1, "call")]),
        ("f(a ORDER BY b, c)", [("f", None, "call")]),
        ("f(VARIADIC a)", [("f", None, "call")]),
        ("f(a", [("f", None, "call")]),
        ("(x).f", [("f", 1, "expression")]),
        ("x[1].f", [("f", 1, "expression")]),
        ("t.f", [("f", 1, "row")]),
        ("t.*", []),
        ("g.f FROM h(1) AS g", [("f", 1, "expression"), ("h", 1, "call")]),
        ("g.f FROM h(1) g", [("f", 1, "expression"), ("h", 1, "call")]),
        ("h.f FROM h(1)", [("f", 1, "expression"), ("h", 1, "call")]),
        ("s.f FROM (SELECT 1) AS s", [("f", 1, "row"), ("from", 1, "call")]),
        ("x::numeric(10, 2)", [("numeric", 2, "call")]),
        ("CAST(x AS numeric(10, 2))", [("cast", 1, "call")]),
        ("FROM t AS a(b, c)", []),
        ("WITH f(a, b) AS (SELECT 1)", [("as", 1, "call")]),
        ("WITH f(a) AS NOT MATERIALIZED (SELECT 1)", [("materialized", 1, "call")]),
        ("f(a) AS b", [("f", 1, "call")]),
        ("'f()' -- g()\n /* h() */ $$i()$$", []),
    ],
)
def test_calls(sql: str, expected: list[tuple[str, int | None, str]]) -> None:
    assert found(sql) == expected


def test_a_schema_is_told_and_places_are_kept() -> None:
    sql = 'SELECT "S".f(1), s . /* x */ f(1), f(2), f(3)'
    assert calls(sql) == (
        Call("f", "S", 1, "call", sql.index("f(")),
        Call("f", "s", 1, "call", sql.index("f(1), f(2)")),
        Call("f", None, 1, "call", sql.index("f(2)")),
    )


@pytest.mark.parametrize(
    "hostile", ["f(", "(", "'-- ", "E'a'\n", "/*", "a.b.", 'U&"', 'U&"a" uescape ', "$a$", "f(a) as "]
)
def test_time_grows_no_faster_than_the_text(hostile: str) -> None:
    assert len(calls(hostile * 20_000)) < 10  # a second, not an hour


_PIECES = ["'", "''", "\\", "\\'", "--", "/*", "*/", "$$", "$t$", "\n", "E'", "U&'", '"', "x", "apaga()", ";", "("]
_CONTENT = st.lists(st.sampled_from(_PIECES), max_size=6).map("".join)


def _plain(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _escaped(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_LITERAL = st.one_of(
    _CONTENT.map(_plain),
    _CONTENT.map(_escaped),
    _CONTENT.map(lambda text: "$q$" + text + "$q$"),
    _CONTENT.map(lambda text: f"U&'{text.replace(chr(92), chr(92) * 2).replace(chr(39), chr(39) * 2)}'"),
    st.tuples(_CONTENT, _CONTENT).map(lambda two: _escaped(two[0]) + " -- '\n" + _escaped(two[1])[1:]),
    st.tuples(_CONTENT, _CONTENT).map(lambda two: _plain(two[0]) + "\n\n" + _plain(two[1])),
    _CONTENT.map(lambda text: '(SELECT 1 AS "' + text.replace('"', '""') + 'a")'),
)
_BLANK = st.sampled_from([" ", "\n", "\t", " -- '\n", "/* ' */", '/* /* " */ */', "--\r"])
_NOTATION = st.sampled_from(
    ["apaga()", '"apaga"()', "public.apaga()", "APAGA /**/ ( )", 'U&"ap\\0061ga"()', "U&\"ap!0061ga\" UESCAPE '!' ()"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_strings_of_any_kind_hide_no_call_and_make_none(reader: Client, data: st.DataObject) -> None:
    literals = data.draw(st.lists(_LITERAL, min_size=1, max_size=4))
    blanks = [data.draw(_BLANK) for _ in literals]
    harmless = "SELECT " + ", ".join(blank + literal for blank, literal in zip(blanks, literals, strict=True))
    assert isinstance(reader.run(harmless), QueryResult), harmless
    error = reader.run(f"{harmless},{data.draw(_BLANK)}{data.draw(_NOTATION)}")
    assert isinstance(error, StatementError)
    assert "VOLATILE" in error.message


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_CONTENT, after=_CONTENT, call=_NOTATION)
def test_whatever_stands_around_a_call_it_never_runs(reader: Client, before: str, after: str, call: str) -> None:
    outcome = reader.run(f"SELECT {before}1, {call} {after}")
    if isinstance(outcome, StatementError):
        assert not outcome.message.startswith("Nothing may be changed here: cannot execute"), outcome
