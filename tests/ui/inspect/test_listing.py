"""Which questions are listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlagent_tui.bench.inspection import InspectedRun, open_run
from sqlagent_tui.ui.inspect import words
from sqlagent_tui.ui.inspect.listing import Facet, View, facets, tallies
from sqlagent_tui.ui.messages import LANGUAGES, Messages


@pytest.fixture(scope="module")
def run(inspected_run: Path) -> InspectedRun:
    return open_run(inspected_run)


def test_every_tally_counts_what_its_view_lists(run: InspectedRun) -> None:
    found = tallies(run.cases)
    assert len(found) > 12
    for tally in found:
        assert len(View(failures=False, facet=tally.facet).choose(run.cases)) == tally.total
        assert len(View(failures=True, facet=tally.facet).choose(run.cases)) == tally.failed


def test_facets_are_those_of_question_and_verdict(run: InspectedRun) -> None:
    case = next(case for case in run.cases if case.name == "ask-grandes")
    assert list(facets(case)) == [
        Facet("decision", "clarification"),
        Facet("ending", "clarification"),
        Facet("category", "ambiguous_filter_criterion"),
        Facet("mark", "second_turn"),
    ]


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("ORGÃO", []),
        ("infraçao ESTADOS", ["sql-ordem"]),
        ("1000 hectares", ["ask-grandes"]),
        ("codigo_car", ["ask-recentes"]),
        ("no-clima", ["no-clima"]),
    ],
)
def test_all_words_have_to_be_in_question_reply_or_statements(run: InspectedRun, search: str, names: list[str]) -> None:
    assert [case.name for case in View(search=search).choose(run.cases)] == names


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_said_of_a_case_has_words(run: InspectedRun, language: str) -> None:
    messages = Messages.load(language)
    for case in run.cases:
        for told in (words.standing(messages, case), words.course(messages, case), words.kinds(messages, case)):
            assert told.strip()
            assert "{" not in told
        if language == "pt-BR":
            assert " the " not in words.standing(messages, case)
    for tally in tallies(run.cases):
        assert words.facet(messages, tally.facet)
