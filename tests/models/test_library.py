import os
from pathlib import Path

import pytest

from sqlagent_tui.errors import ModelError, UsageError
from sqlagent_tui.models import library
from sqlagent_tui.models.hashes import file_sha256, known
from sqlagent_tui.models.library import STUDENT, ModelLibrary
from tests.fix_models import make_gguf


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_gguf: Path) -> Path:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(library, "student_path", lambda: tiny_gguf)
    return tmp_path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_gguf(tmp_path / "Qwen3 4B (Q8).gguf")


def test_a_model_is_added_chosen_and_removed(source: Path) -> None:
    models = ModelLibrary()
    entry = models.add(source)
    assert entry.name == "Qwen3-4B-Q8"
    assert entry.file is not None
    assert entry.file.architecture == "qwen3"
    assert not entry.chosen
    assert models.use(entry.name).chosen
    assert [(item.name, item.chosen) for item in models.list()] == [(STUDENT, False), ("Qwen3-4B-Q8", True)]
    assert models.resolve() == entry.path
    source.unlink()
    assert models.resolve("Qwen3-4B-Q8").exists()
    models.remove(entry.name)
    assert [item.name for item in models.list()] == [STUDENT]
    assert models.resolve() == library.student_path()


def test_the_library_is_private(source: Path) -> None:
    entry = ModelLibrary().add(source, "a")
    assert entry.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_on_another_disk_is_copied(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError("cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    told: list[float] = []
    entry = ModelLibrary().add(source, "a", on_progress=told.append)
    assert entry.path.read_bytes() == source.read_bytes()
    assert told[-1] == 1.0
    assert [path.name for path in entry.path.parent.glob("*.gguf")] == ["a.gguf"]
    assert entry.origin.place == str(source)


def test_adding_twice_is_harmless_but_names_are_taken_once(source: Path, tmp_path: Path) -> None:
    models = ModelLibrary()
    models.add(source, "a")
    assert models.add(source, "a").name == "a"
    with pytest.raises(UsageError, match="already a model called a"):
        models.add(make_gguf(tmp_path / "b.gguf", seed=9), "a")


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "\x1b[2J", STUDENT, "a."])
def test_names_that_can_not_be(source: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        ModelLibrary().add(source, name)
    assert caught.value.message.isprintable()


def test_wrong_files_are_refused(tmp_path: Path, source: Path) -> None:
    models = ModelLibrary()
    short = tmp_path / "short.gguf"
    short.write_bytes(source.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="cut off"):
        models.add(short)
    with pytest.raises(ModelError, match="no chat template"):
        models.add(make_gguf(tmp_path / "bare.gguf", template=None))
    with pytest.raises(ModelError, match="no model file"):
        models.add(tmp_path / "none.gguf")
    assert [entry.name for entry in models.list()] == [STUDENT]


def test_a_file_that_was_damaged_later_is_listed_with_its_problem(source: Path) -> None:
    models = ModelLibrary()
    entry = models.add(source, "a")
    entry.path.write_bytes(b"nonsense" * 10)
    listed = models.list()[1]
    assert listed.file is None
    assert "not a GGUF" in listed.problem
    with pytest.raises(ModelError):
        models.use("a")


def test_resolve_takes_names_and_paths(source: Path, tmp_path: Path, tiny_gguf: Path) -> None:
    models = ModelLibrary()
    models.add(source, "a")
    assert models.resolve(STUDENT) == tiny_gguf
    assert models.resolve("a").name == "a.gguf"
    assert models.resolve(str(source)) == source
    assert models.resolve(tmp_path / "none.gguf") == tmp_path / "none.gguf"
    with pytest.raises(ModelError, match="no model called nada") as caught:
        models.resolve("nada")
    assert caught.value.remedy == "Known are: student, a."


def test_a_damaged_choice_is_left_alone(source: Path, home: Path) -> None:
    models = ModelLibrary()
    models.add(source, "a")
    models.use("a")
    choice = home / "home" / "config" / "model.toml"
    assert choice.stat().st_mode & 0o777 == 0o600
    for damage in ("use = [", "use = 7", 'use = "../../etc/x"', "\udcff"):
        choice.write_bytes(damage.encode("utf-8", "surrogateescape"))
        before = choice.read_bytes()
        assert "damaged" in models.problem
        assert models.resolve() == library.student_path()
        with pytest.raises(UsageError, match="damaged"):
            models.use("a")
        assert choice.read_bytes() == before


def test_the_bundled_model_stays() -> None:
    with pytest.raises(UsageError, match="can't be removed"):
        ModelLibrary().remove(STUDENT)


def test_without_any_model_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(library, "student_path", lambda: tmp_path / "none.gguf")
    with pytest.raises(ModelError, match="No model is chosen") as caught:
        ModelLibrary().resolve()
    assert "model pull" in caught.value.remedy


def test_a_changed_file_is_hashed_again(source: Path, home: Path) -> None:
    first = file_sha256(source)
    assert known(source) == first
    with source.open("ab") as file:
        file.write(b"x")
    assert known(source) == ""
    assert file_sha256(source) != first
    (home / "home" / "cache" / "model-hashes.json").write_bytes(b"{")
    assert known(source) == ""
    assert len(file_sha256(source)) == 64
