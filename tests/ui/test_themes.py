from pathlib import Path

import pytest
from textual.color import Color

from sqlagent_tui.ui.themes import fitting_theme, load_themes, read_theme, shipped_folder

TEXT = ("foreground", "muted", "primary", "secondary", "accent", "success", "warning", "error")


def contrast(one: Color, other: Color) -> float:
    def luminance(color: Color) -> float:
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_three_themes_are_shipped() -> None:
    themes = load_themes()
    assert set(themes.names) == {"dark", "light", "sixteen"}
    assert themes.problems == ()


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_text_colour_can_be_read(name: str) -> None:
    theme = read_theme(shipped_folder() / f"{name}.toml")
    colours = theme.colours()
    for key in (*TEXT, *(f"sql.{part}" for part in theme.sql if part != "comment")):
        assert contrast(Color.parse(colours[key]), Color.parse(theme.surface)) >= 4.5, key


def test_the_sixteen_colours_are_the_terminals_own() -> None:
    assert all(value.startswith("ansi_") for value in read_theme(shipped_folder() / "sixteen.toml").colours().values())


@pytest.mark.parametrize(
    "text",
    ["not toml [", 'name = "x"', None],
)
def test_a_bad_file_is_one_sentence_and_the_rest_is_used(tmp_path: Path, text: str | None) -> None:
    good = (shipped_folder() / "dark.toml").read_text("utf-8")
    bad = text if text is not None else good.replace('name = "dark"', 'name = "y"').replace('"#7aa2f7"', '"blueish"')
    (tmp_path / "bad.toml").write_text(bad)
    (tmp_path / "mine.toml").write_text(good.replace('name = "dark"', 'name = "mine"'))
    themes = load_themes([tmp_path, tmp_path / "missing"])
    assert "mine" in themes.names
    assert len(themes.problems) == 1
    assert themes.problems[0].startswith("bad.toml: ")


def test_a_user_theme_does_not_replace_ours(tmp_path: Path) -> None:
    (tmp_path / "dark.toml").write_text((shipped_folder() / "light.toml").read_text().replace('"light"', '"dark"', 1))
    themes = load_themes([tmp_path])
    assert len(themes.problems) == 1
    assert next(file for file in themes.files if file.name == "dark").dark


@pytest.mark.parametrize(
    ("wanted", "environ", "chosen"),
    [
        ("dark", {"TERM": "linux"}, "sixteen"),
        ("dark", {"TERM": "xterm-256color"}, "dark"),
        ("dark", {"TERM": "screen", "COLORTERM": "truecolor"}, "dark"),
        ("light", {"TERM": "linux"}, "light"),
        ("dark", {}, "sixteen"),
    ],
)
def test_a_poor_terminal_gets_its_own_colours(wanted: str, environ: dict[str, str], chosen: str) -> None:
    assert fitting_theme(wanted, environ) == chosen
