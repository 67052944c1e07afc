"""Colour themes: one TOML file each, ours and the user's, through one parser."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from textual.color import Color, ColorParseError
from textual.theme import Theme

from sqlagent_tui.ui.text import safe_line

if TYPE_CHECKING:
    from textual.app import App

    from sqlagent_tui.ui.messages import Messages

DEFAULT_THEME: Final = "dark"
SIXTEEN: Final = "sixteen"
SQL_VARIABLES: Final = ("sql-keyword", "sql-string", "sql-number", "sql-type", "sql-comment")


class ThemeFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shape of a theme file. Colours are `#rrggbb`, or `ansi_…` names where `ansi` is true."""

    name: str
    title: str
    primary: str
    secondary: str
    accent: str
    foreground: str
    background: str
    surface: str
    panel: str
    success: str
    warning: str
    error: str
    muted: str
    """What matters less: hints, counts, times."""
    dark: bool = True
    ansi: bool = False
    sql: dict[str, str] = {}
    variables: dict[str, str] = {}

    def colours(self) -> dict[str, str]:
        """Every colour of the file by its name."""
        named = ("primary", "secondary", "accent", "foreground", "background", "surface", "panel", "success", "warning")
        return {name: getattr(self, name) for name in (*named, "error", "muted")} | {
            f"sql.{key}": value for key, value in self.sql.items()
        }

    def theme(self) -> Theme:
        """The Textual theme."""
        sql = {f"sql-{key}": value for key, value in self.sql.items()}
        return Theme(
            name=self.name,
            primary=self.primary,
            secondary=self.secondary,
            accent=self.accent,
            foreground=self.foreground,
            background=self.background,
            surface=self.surface,
            panel=self.panel,
            success=self.success,
            warning=self.warning,
            error=self.error,
            dark=self.dark,
            ansi=self.ansi,
            variables={"muted": self.muted, **dict.fromkeys(SQL_VARIABLES, self.foreground), **sql, **self.variables},
        )


@dataclass(frozen=True)
class Themes:
    """What was found: themes in order of their files, and a sentence for each file that can't be used."""

    files: tuple[ThemeFile, ...]
    problems: tuple[str, ...]

    @property
    def titles(self) -> dict[str, str]:
        """What each theme is called in a list, by its name."""
        return {file.name: safe_line(file.title).replace("[", "(") for file in self.files}

    @property
    def names(self) -> tuple[str, ...]:
        """Theme names, ours first."""
        return tuple(theme.name for theme in self.files)


def use_themes(
    app: App[int], messages: Messages, *, wanted: str, folders: Iterable[Path]
) -> tuple[dict[str, str], list[str]]:
    """Give `app` all themes, and let it wear the `wanted` one. Returns their titles, and what the user must be told."""
    themes, notes = load_themes(folders), []
    for file in themes.files:
        app.register_theme(file.theme())
    app.theme = wanted if wanted in themes.names else DEFAULT_THEME
    if wanted != app.theme:
        notes.append(messages("toast.no_theme", name=wanted))
    if themes.problems:
        notes.append(messages("toast.bad_themes", problems="; ".join(themes.problems)))
    return themes.titles, notes


def fitting_theme(wanted: str, environ: Mapping[str, str]) -> str:
    """Return `wanted`, or the sixteen-colour theme where the default one was not chosen and could not be shown."""
    term = environ.get("TERM", "")
    rich_colours = environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "256" in term or "direct" in term
    known = rich_colours or any(name in term for name in ("kitty", "alacritty", "ghostty", "wezterm", "foot"))
    return wanted if known or wanted != DEFAULT_THEME else SIXTEEN


def shipped_folder() -> Path:
    """Return where the program's own themes lie: in a wheel inside the package, else beside it in the checkout."""
    package = Path(__file__).parents[1]
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def load_themes(folders: Iterable[Path] = ()) -> Themes:
    """Read the shipped themes, then those of `folders`; a later theme of the same name is a problem, not a change."""
    found: dict[str, ThemeFile] = {}
    problems: list[str] = []
    for folder in (shipped_folder(), *folders):
        for path in _toml_files(folder):
            try:
                theme = read_theme(path)
            except (OSError, ValueError) as error:
                problems.append(f"{path.name}: {error}")
                continue
            if theme.name in found:
                problems.append(f"{path.name}: the name {theme.name!r} is taken")
            else:
                found[theme.name] = theme
    return Themes(tuple(found.values()), tuple(problems))


def read_theme(path: Path) -> ThemeFile:
    """Read one file. Raises OSError, or ValueError with a sentence on what is wrong."""
    theme = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ThemeFile)
    for name, value in theme.colours().items():
        try:
            Color.parse(value)
        except ColorParseError:
            raise ValueError(f"{name} = {value!r} is no colour") from None
    return theme


def _toml_files(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob("*.toml")) if folder.is_dir() else ()
