"""Pictures of results as SVG, without any library: bars with their intervals, a matrix, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

import msgspec

WIDTH: Final = 760
COLOURS: Final = ("#1a73e8", "#d93025", "#188038", "#f29900", "#9334e6", "#12858d")
REFERENCES: Final = ("#202124", "#80868b", "#b06000")
_GRID: Final = "#e0e0e0"
_TEXT: Final = "#202124"
_LEFT: Final = 130
_RIGHT: Final = 30
_LONGEST: Final = 105
"""Characters that fit on a line."""


class Estimate(msgspec.Struct, frozen=True):
    """A share from 0 to 1, and the interval around it."""

    value: float
    low: float
    high: float


class Series(msgspec.Struct, frozen=True):
    """Values of one run, or of what runs are held against; None where there is none."""

    name: str
    values: Sequence[Estimate | float | None]
    """An `Estimate` is a bar with its interval; a bare number, of which no interval is known, a diamond."""


def bars(title: str, labels: Sequence[str], series: Sequence[Series]) -> str:
    """Return horizontal bars from 0 to 100%: a group for each label, in it one bar for each series."""
    thick, gap = 12, 14
    top = 34 + 18 * len(series)
    group = len(series) * (thick + 2) + gap
    height = top + group * len(labels) + 30
    parts = [_text(10, 20, title, weight="bold"), *_legend(series, 36), *_share_axis(top, height - 30)]
    for row, label in enumerate(labels):
        y = top + row * group
        parts.append(_text(_LEFT - 8, y + (group - gap) / 2 + 4, label, anchor="end"))
        for number, one in enumerate(series):
            parts += _bar(one.values[row], y + number * (thick + 2), thick, _colour(one, number))
    return _svg(height, parts)


def curves(title: str, steps: Sequence[int], axis: str, series: Sequence[Series]) -> str:
    """Return lines over `steps`, from 0 to 100%, each with its intervals."""
    height, top = 330, 34 + 18 * len(series)
    bottom = height - 46

    def x(number: int) -> float:
        return _LEFT + (number + 0.5) * (WIDTH - _LEFT - _RIGHT) / len(steps)

    def y(share: float) -> float:
        return bottom - share * (bottom - top)

    parts = [_text(10, 20, title, weight="bold"), *_legend(series, 36)]
    for percent in range(0, 101, 20):
        parts.append(f'<path d="M{_LEFT} {y(percent / 100):.1f}H{WIDTH - _RIGHT}" stroke="{_GRID}"/>')
        parts.append(_text(_LEFT - 8, y(percent / 100) + 4, f"{percent}%", anchor="end"))
    parts += [_text(x(n), bottom + 18, str(step), anchor="middle") for n, step in enumerate(steps)]
    parts.append(_text((_LEFT + WIDTH - _RIGHT) / 2, height - 8, axis, anchor="middle"))
    for number, one in enumerate(series):
        shift, colour = 4 * (number - (len(series) - 1) / 2), _colour(one, number)
        known = [(x(n) + shift, value) for n, value in enumerate(one.values) if value is not None]
        line = " ".join(f"{at:.1f},{y(_middle(value)):.1f}" for at, value in known)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for at, value in known:
            if isinstance(value, Estimate):
                parts.append(f'<path d="M{at:.1f} {y(value.low):.1f}V{y(value.high):.1f}" stroke="{colour}"/>')
            parts.append(f'<circle cx="{at:.1f}" cy="{y(_middle(value)):.1f}" r="3.5" fill="{colour}"/>')
    return _svg(height, parts)


def matrix(title: str, rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Return a table of counts, darker where a count is a larger share of its row; `rows` expected, `columns` given."""
    cell, line, top = (WIDTH - _LEFT - _RIGHT) / len(columns), 40, 60
    parts = [_text(10, 20, title, weight="bold")]
    parts += [_text(_LEFT + (n + 0.5) * cell, top - 10, name, anchor="middle") for n, name in enumerate(columns)]
    for number, (name, row) in enumerate(zip(rows, counts, strict=True)):
        y = top + number * line
        parts.append(_text(_LEFT - 8, y + line / 2 + 4, name, anchor="end"))
        for at, count in enumerate(row):
            share = count / (sum(row) or 1)
            colour = COLOURS[2] if name == columns[at] else COLOURS[1]
            place = f'x="{_LEFT + at * cell:.1f}" y="{y}" width="{cell - 2:.1f}" height="{line - 2}"'
            parts.append(f'<rect {place} fill="#f1f3f4"/>')
            parts.append(f'<rect {place} fill="{colour}" fill-opacity="{0.75 * share:.3f}"/>')
            words = f"{count} ({share:.0%})" if count else "0"
            parts.append(_text(_LEFT + (at + 0.5) * cell, y + line / 2 + 4, words, anchor="middle"))
    return _svg(top + line * len(rows) + 10, parts)


def _share_axis(top: float, bottom: float) -> Iterator[str]:
    for percent in range(0, 101, 20):
        x = _x(percent / 100)
        yield f'<path d="M{x:.1f} {top - 4}V{bottom}" stroke="{_GRID}"/>'
        yield _text(x, bottom + 18, f"{percent}%", anchor="middle")


def _bar(value: Estimate | float | None, y: float, thick: int, colour: str) -> Iterator[str]:
    if value is None:
        return
    middle = y + thick / 2
    if not isinstance(value, Estimate):
        x = _x(value)
        yield f'<path d="M{x - 6:.1f} {middle}l6 -6l6 6l-6 6Z" fill="{colour}"/>'
        yield _text(x + 10, middle + 4, f"{value:.1%}", colour=colour)
        return
    size = f'width="{_x(value.value) - _LEFT:.1f}" height="{thick}"'
    yield f'<rect x="{_LEFT}" y="{y}" {size} fill="{colour}" fill-opacity="0.55"/>'
    low, high, end = _x(value.low), _x(value.high), f"{y + 2}v{thick - 4}"
    yield f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {end}M{high:.1f} {end}" stroke="{_TEXT}"/>'


def _legend(series: Sequence[Series], top: float) -> Iterator[str]:
    for number, one in enumerate(series):
        y = top + 18 * number
        yield f'<rect x="10" y="{y - 9}" width="12" height="10" fill="{_colour(one, number)}"/>'
        yield _text(28, y, one.name)


def _colour(series: Series, number: int) -> str:
    colours = COLOURS if any(isinstance(value, Estimate) for value in series.values) else REFERENCES
    return colours[number % len(colours)]


def _middle(value: Estimate | float) -> float:
    return value.value if isinstance(value, Estimate) else value


def _x(share: float) -> float:
    return _LEFT + share * (WIDTH - _LEFT - _RIGHT)


def _text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = _TEXT, weight: str = "normal") -> str:
    """A name may be a stranger's: nothing of it is markup, and nothing that XML forbids is left."""
    words = words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
    shown = escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words))
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}"'
    return f"<text {place}>{shown}</text>"


def _svg(height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}"'
    style = ' font-family="sans-serif" font-size="12">'
    background = f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>'
    return "\n".join([head + style, background, *parts, "</svg>\n"])
