"""No question of a shipped suite is one that the student was trained on, with other values or otherwise typed.

Checked is every `*.jsonl` of every folder in sqlagent_tui/bench/suites, a part that is still being written included:
put it there and run `pytest tests/bench/test_no_leak.py`. A failure names the question, its similarity and what it
comes near to; write the question anew rather than move the threshold.

Both sides are brought to a normal form (tests/bench/leak.py) and compared as Levenshtein-like ratios of sorted words.
The threshold is where repetition begins among the 160 questions of distill/handwritten.jsonl, written by hand and apart
from the phrases: 26 reach 88, most of them for a trained question said again (`quantas escolas rurais existem em …` at
100, `quantas multas esse proprietário tem?` at 89), the others for having three or four words in all; below, the
nearest one asks for something else. The shipped questions on the registry lie at 84 and below.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from sqlagent_tui.bench.suite import SHIPPED
from sqlagent_tui.demo.suggestions import suggestions
from sqlagent_tui.distill.lexicon import load_lexicon
from sqlagent_tui.distill.values import load_names
from tests.bench.leak import Normaliser, nearest, training_questions, whole_patterns

THRESHOLD: Final = 88.0
FILES: Final = sorted(SHIPPED.glob("*/*.jsonl"))
HANDWRITTEN: Final = Path(__file__).parents[2] / "sqlagent_tui" / "distill" / "handwritten.jsonl"


class Known:
    """What the suites must keep away from."""

    def __init__(self, conninfo: str) -> None:
        lexicon, names = load_lexicon(), load_names(conninfo)
        self.normaliser = Normaliser(names)
        self.drawn = list(training_questions(lexicon, names, "leak"))
        others = [*whole_patterns(lexicon), *questions_of(HANDWRITTEN), *(s.question for s in suggestions())]
        self.texts = {self.normaliser.form(text): text for text in (*self.drawn, *others)}

    def leaks(self, questions: list[str]) -> list[str]:
        """The questions that come too near to a known one, each with that one."""
        near = nearest([self.normaliser.form(question) for question in questions], self.texts)
        return [
            f"{question} | {similarity:.0f} | {self.texts[form]}"
            for question, (similarity, form) in zip(questions, near, strict=True)
            if similarity >= THRESHOLD
        ]


def questions_of(path: Path) -> list[str]:
    return [json.loads(line)["question"] for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def known(demo_conninfo: str) -> Known:
    return Known(demo_conninfo)


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}/{path.name}" for path in FILES])
def test_no_question_of_a_suite_is_trained(path: Path, known: Known) -> None:
    assert known.leaks(questions_of(path)) == []


def test_there_are_suites_to_check() -> None:
    assert "cadastro_ambiental" in {path.parent.name for path in FILES}


@pytest.mark.parametrize(
    "question",
    [
        "Bom dia! Quantas escolas rurais existem em Nova Mutum?",  # another town
        "tem quantas escolas rurais em parauapebas",  # another order
        "QUAL A DISTANCIA DO SITIO CEDRO III ATE MARABA",  # other names, no accents
        "Qual o salário médio dos fiscais por órgão, por favor?",  # handwritten.jsonl
        "Quais os 7 municípios com mais embargos em Mato Grosso?",  # suggestions.toml
    ],
)
def test_a_known_question_with_other_values_is_caught(question: str, known: Known) -> None:
    assert len(known.leaks([question])) == 1


def test_drawn_questions_are_caught_when_their_numbers_change(known: Known) -> None:
    digits = str.maketrans("0123456789", "9876543210")
    changed = [question.upper().translate(digits) for question in known.drawn[::200]]
    assert len(known.leaks(changed)) == len(changed)


def test_questions_of_another_office_pass(known: Known) -> None:
    questions = [
        "Quantos passageiros embarcaram no terminal rodoviário depois da meia-noite?",
        "Qual a nota média dos alunos que faltaram a mais de três provas de química?",
    ]
    assert known.leaks(questions) == []
