from __future__ import annotations

import pytest

from sqlagent_tui.database.lexer import tokens


def words(sql: str) -> list[str]:
    return [token.text for token in tokens(sql) if token.kind in ("word", "quoted")]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT a FROM B", ["select", "a", "from", "b"]),
        ("select 'x y' z", ["select", "z"]),
        ("select 'it''s x' z", ["select", "z"]),
        (r"select 'a\' z", ["select", "z"]),
        (r"select E'a\' x' z", ["select", "z"]),
        ("select $$ x ' $$ z", ["select", "z"]),
        ("select $a$ $$ x $b$ $a$ z", ["select", "z"]),
        ("select a$b$c", ["select", "a$b$c"]),
        ("select $1 z", ["select", "z"]),
        ("select -- x 'y\n z", ["select", "z"]),
        ("select /* a /* b */ c */ z", ["select", "z"]),
        ("select /* open", ["select"]),
        ("select 'open x", ["select"]),
        ('select "A ""b"" c" z', ["select", 'A "b" c', "z"]),
        (r'select U&"d\0061t\+000061"', ["select", "data"]),
        ("select U&\"d!0061ta\" UESCAPE '!' z", ["select", "data", "z"]),
        (r"select U&'\0061' z", ["select", "z"]),
        ("select B'01' X'ff' N'a' z", ["select", "z"]),
        ("select ÁRVORE, árvore", ["select", "Árvore", "árvore"]),
        ("select 1e5 + .5x", ["select"]),
        ("", []),
    ],
)
def test_only_identifiers_outside_strings_and_comments_are_seen(sql: str, found: list[str]) -> None:
    assert words(sql) == found


def test_offsets_point_into_the_source() -> None:
    sql = "select  \"Á x\" -- é\n, $$é$$ ; 'fim'"
    assert [sql[token.start : token.end] for token in tokens(sql)] == [
        "select",
        '"Á x"',
        ",",
        "$$é$$",
        ";",
        "'fim'",
    ]
