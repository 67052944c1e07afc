from __future__ import annotations

from sqlagent_tui.demo.suggestions import suggestions


def test_a_dozen_questions_of_all_three_decisions() -> None:
    found = suggestions()
    assert len(found) >= 10
    assert {suggestion.decision for suggestion in found} == {"sql", "clarification", "unanswerable"}
    assert len({suggestion.question for suggestion in found}) == len(found)
