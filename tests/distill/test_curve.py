"""The picture of a training run."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sqlagent_tui.distill.curve import draw, read_curves


def test_a_run_becomes_a_picture(tmp_path: Path) -> None:
    records = [
        {"kind": "train", "tokens": 1_000_000, "copy_loss": 2.0},
        {"kind": "train", "tokens": 2_000_000, "loss": 0.5},
        {"kind": "train", "tokens": 4_000_000, "loss": 0.05},
        {"kind": "held_out", "split": "values", "tokens": 4_000_000, "loss": 0.04},
    ]
    file = tmp_path / "curve.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    curves = read_curves(file)
    assert curves == {"train": [(2.0, 0.5), (4.0, 0.05)], "values": [(4.0, 0.04)]}
    picture = ElementTree.fromstring(draw(curves))
    lines = picture.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2
    falling = [float(pair.split(",")[1]) for pair in lines[0].attrib["points"].split()]
    assert falling[0] < falling[1], "a smaller loss stands lower"


def test_nothing_recorded_is_told() -> None:
    with pytest.raises(ValueError, match="no loss"):
        draw({})
