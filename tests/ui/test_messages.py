import re
from pathlib import Path
from string import Formatter

import pytest

import sqlagent_tui.ui
from sqlagent_tui.agent.roles import RoleFinding
from sqlagent_tui.database.role import KEYS
from sqlagent_tui.ui.keymap import known_ids
from sqlagent_tui.ui.messages import LANGUAGES, Messages, catalogue, choose_language
from sqlagent_tui.ui.rights import right_in_words

UI = Path(sqlagent_tui.ui.__file__).parent
LITERAL = re.compile(r"""(?:\bt|messages|_messages)(?:\.count)?\(\s*"([a-z_.]+)\"""")


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_both_languages_say_the_same_things() -> None:
    portuguese, english = (catalogue(language) for language in LANGUAGES)
    assert portuguese.keys() == english.keys()
    for key, template in portuguese.items():
        assert placeholders(template) == placeholders(english[key]), key


def test_every_message_that_the_code_names_exists() -> None:
    keys = catalogue("en")
    named = {key for path in UI.rglob("*.py") for key in LITERAL.findall(path.read_text("utf-8"))}
    assert len(named) > 60
    missing = {key for key in named if key not in keys and f"{key}.one" not in keys}
    assert not missing


def test_every_key_has_words() -> None:
    keys = catalogue("en")
    assert not {name for name in known_ids() if f"key.{name}" not in keys or f"tip.{name}" not in keys}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_every_right_of_a_role_has_words(language: str, key: str) -> None:
    for count in (1, 7):
        finding = RoleFinding(key=key, level="note", message="", names=("a\x1bb",), count=count)
        words = right_in_words(Messages.load(language), finding)
        assert words.endswith(".")
        assert words.isprintable()
        assert "{" not in words


def test_numbers_and_times_are_written_as_the_language_writes_them() -> None:
    portuguese, english = Messages.load("pt-BR"), Messages.load("en")
    assert portuguese.count("rows", 12_000) == "12.000 linhas"
    assert english.count("rows", 1) == "1 row"
    assert portuguese.duration(1_420) == "1,4 s"
    assert english.duration(1_420) == "1.4 s"
    assert english.duration(125_000) == "2 min 5 s"


def test_values_put_into_a_sentence_are_made_safe() -> None:
    assert "\x1b" not in Messages.load("en")("toast.no_theme", name="\x1b[2J{evil}")


@pytest.mark.parametrize(
    ("configured", "environ", "chosen"),
    [
        (None, {}, "pt-BR"),
        (None, {"LANG": "en_US.UTF-8"}, "en"),
        (None, {"LANG": "C.UTF-8"}, "pt-BR"),
        (None, {"LC_ALL": "pt_BR.UTF-8", "LANG": "en_US.UTF-8"}, "pt-BR"),
        ("en", {"LANG": "pt_BR.UTF-8"}, "en"),
    ],
)
def test_the_language_comes_from_the_settings_then_the_environment(
    configured: str | None, environ: dict[str, str], chosen: str
) -> None:
    assert choose_language(configured, environ) == chosen
