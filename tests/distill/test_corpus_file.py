from pathlib import Path

import msgspec
import pytest

from sqlagent_tui.distill.corpus_file import read_texts, read_trajectories


def test_reads_segments_and_leaves_held_out_texts_to_evaluation(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        '{"id": "a", "split": "train", "segments": [["x", false], ["y", true]], "question": "more keys do no harm"}\n'
        "\n"
        '{"id": "b", "split": "values", "segments": [["z", true]]}\n'
    )
    first, second = read_trajectories(path)
    assert first.segments == (("x", False), ("y", True))
    assert (second.id, second.split) == ("b", "values")
    assert list(read_texts(path)) == ["x", "y"]


def test_a_line_of_another_form_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"id": "a", "split": "train", "segments": ["x"]}\n')
    with pytest.raises(msgspec.ValidationError):
        list(read_trajectories(path))
