"""The phrase files can be used, all of them."""

from __future__ import annotations

from typing import get_args

import pytest

from sqlagent_tui.distill.inventory import ENTITIES
from sqlagent_tui.distill.lexicon import Lexicon, load_lexicon, parse_pattern
from sqlagent_tui.distill.semantics import Intent


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


def test_nothing_in_the_files_is_unusable(lexicon: Lexicon) -> None:
    assert lexicon.problems == []


def test_everything_that_can_be_asked_has_words(lexicon: Lexicon) -> None:
    assert [intent for intent in get_args(Intent) if not lexicon.frames.get(intent)] == []
    assert [table for table in ENTITIES if not lexicon.nouns.get(table)] == []
    for entity in ENTITIES.values():
        assert [item.key for item in entity.filters if not lexicon.filters.get(item.key)] == []
        assert [item.key for item in entity.groupings if not lexicon.dimensions.get(item.key)] == []
        for column in entity.numbers:
            assert lexicon.measures.get((entity.table, column, "attr"))


def test_some_patterns_are_held_out_but_never_all(lexicon: Lexicon) -> None:
    lists = [*lexicon.frames.values(), *lexicon.filters.values()]
    assert all(any(not item.held for item in patterns) for patterns in lists)
    frames = [pattern for patterns in lexicon.frames.values() for pattern in patterns]
    share = sum(pattern.held for pattern in frames) / len(frames)
    assert 0.05 < share < 0.16


@pytest.mark.parametrize("source", ["[quantos {noun}", "quantos] {noun}", "{nouns}", "a } b", "[a [b]]"])
def test_a_broken_pattern_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="in "):
        parse_pattern(source)


def test_pieces_of_a_pattern() -> None:
    pattern = parse_pattern("[quais os {n}] {noun}")
    assert [(piece.text, piece.slot, piece.key) for piece in pattern.pieces] == [
        ("quais os ", False, True),
        ("n", True, True),
        (" ", False, False),
        ("noun", True, False),
    ]
