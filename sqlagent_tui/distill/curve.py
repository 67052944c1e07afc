"""A picture of a training run: loss over tokens, on a logarithmic scale, as SVG without any library."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

Point = tuple[float, float]
"""Millions of tokens, and loss in nats a trained token."""

WIDTH: Final = 760
HEIGHT: Final = 360
LEFT: Final = 60
RIGHT: Final = 130
TOP: Final = 20
BOTTOM: Final = 45
COLOURS: Final = {"train": "#9aa0a6", "values": "#1a73e8", "patterns": "#d93025"}


def read_curves(path: Path) -> dict[str, list[Point]]:
    """Return the points of each curve in a run's curve.jsonl: `train`, and one for each held-out split."""
    curves: dict[str, list[Point]] = {}
    for line in path.read_text("utf-8").splitlines():
        record: dict[str, Any] = json.loads(line)
        name = record["split"] if record["kind"] == "held_out" else "train"
        if record.get("loss") is not None:
            curves.setdefault(name, []).append((record["tokens"] / 1e6, record["loss"]))
    return curves


def draw(curves: dict[str, list[Point]]) -> str:
    """Return the picture. Raises ValueError when there is nothing to draw."""
    points = [point for curve in curves.values() for point in curve]
    if not points:
        raise ValueError("no loss was recorded")
    end = max(x for x, _ in points)
    low = math.floor(math.log10(min(y for _, y in points)))
    high = math.ceil(math.log10(max(y for _, y in points)))

    def place(point: Point) -> Point:
        x = LEFT + point[0] / end * (WIDTH - LEFT - RIGHT)
        y = TOP + (high - math.log10(point[1])) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return x, y

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_grid(place, end, low, high),
    ]
    for number, (name, curve) in enumerate(sorted(curves.items())):
        colour = COLOURS.get(name, "#188038")
        parts.append(_line([place(point) for point in curve], colour))
        y = TOP + 16 + 18 * number
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{y}" fill="{colour}">{name} {curve[-1][1]:.4f}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _grid(place: Any, end: float, low: int, high: int) -> Iterable[str]:
    for exponent in range(low, high + 1):
        _, y = place((0.0, 10.0**exponent))
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e0e0e0"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**exponent:g}</text>'
    step = max(1, round(end / 6))
    for millions in range(0, int(end) + 1, step):
        x, _ = place((float(millions), 10.0**low))
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{millions}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    axes = "million tokens; loss in nats a trained token"
    yield f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{axes}</text>'


def _line(points: Sequence[Point], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
