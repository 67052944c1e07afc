import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlagent_tui.ui.text import safe, safe_line, shorten

ANY = st.text(st.characters(exclude_categories=()), max_size=60)


@given(ANY)
def test_nothing_that_a_terminal_obeys_or_hides_is_left(text: str) -> None:
    for character in safe(text).replace("\n", "").replace("\u200c", "").replace("\u200d", ""):
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    safe(text).encode("utf-8")


@given(ANY)
def test_safe_text_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)
    assert "\n" not in safe_line(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Mn")), max_size=60))
def test_ordinary_text_is_not_touched(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("\x1b[31mred", "⟨ESC⟩[31mred"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\tb\r\nc\rd", "a    b\nc\nd"),
        ("\ud800", "⟨U+D800⟩"),
        ("ação 漢字 [b]x[/b]", "ação 漢字 [b]x[/b]"),
    ],
)
def test_what_is_hidden_is_named(given_text: str, shown: str) -> None:
    assert safe(given_text) == shown


def test_shortening() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"
