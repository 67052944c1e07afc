from pathlib import Path

import pytest

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.messages import Generation, Message
from sqlagent_tui.agent.protocols import GenerationOptions
from sqlagent_tui.errors import ModelError, UsageError
from sqlagent_tui.models import hashes
from sqlagent_tui.models.hub import find_file
from sqlagent_tui.models.library import ModelEntry, ModelLibrary
from sqlagent_tui.models.llama import LlamaModel
from sqlagent_tui.models.pull import pull
from tests.fake_hub import FakeHub, Repository
from tests.fix_models import make_gguf


def get(name: str = "") -> ModelEntry:
    return pull(ModelLibrary(), find_file("org/tiny"), lambda step: None, name, pause=lambda seconds: None)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_pulled_model_is_in_the_library_and_runs(hub: FakeHub, tmp_path: Path) -> None:
    hub.cuts = [100_000]
    entry = get()
    assert entry.name == "tiny-Q8_0"
    assert entry.origin.place == "org/tiny:tiny-Q8_0.gguf"
    assert entry.path.stat().st_mode & 0o777 == 0o600
    assert files(tmp_path / "home" / "data" / "models") == {"tiny-Q8_0.gguf", "tiny-Q8_0.gguf.json"}
    assert hashes.known(entry.path) == entry.origin.sha256
    sent = hub.sent
    assert get() == entry
    assert hub.sent == sent
    with LlamaModel.open(entry.path, context_size=512) as model:
        *_, last = model.generate(
            [Message(role="user", content="Oi")], [], GenerationOptions(max_tokens=4), CancelToken()
        )
        assert isinstance(last, Generation)
        assert model.info.sha256 == entry.origin.sha256
    ModelLibrary().remove(entry.name)
    assert files(tmp_path / "home" / "data" / "models") == set()


def test_another_model_of_that_name_stays(hub: FakeHub, tmp_path: Path) -> None:
    own = ModelLibrary().add(make_gguf(tmp_path / "own.gguf", seed=8), "tiny-Q8_0")
    with pytest.raises(UsageError, match="already a model called tiny-Q8_0"):
        get()
    with pytest.raises(UsageError, match="can't be a model's name"):
        get("../x")
    assert not hub.requests
    assert own.path.exists()


@pytest.mark.parametrize(
    ("flaw", "told"),
    [("template", "has no chat template"), ("architecture", "unknown model architecture"), ("end", "is cut off")],
)
def test_what_can_not_be_run_is_told_and_not_taken_in(hub: FakeHub, tmp_path: Path, flaw: str, told: str) -> None:
    template = {"template": None} if flaw == "template" else {}
    made = make_gguf(tmp_path / "x.gguf", architecture="qwen99" if flaw == "architecture" else "qwen3", **template)
    data = made.read_bytes()
    hub.repositories["org/tiny"] = Repository({"tiny.gguf": data[:-5000] if flaw == "end" else data})
    with pytest.raises(ModelError, match=told) as caught:
        get()
    assert "It was deleted" in caught.value.remedy
    assert files(tmp_path / "home" / "data" / "models") == set()


def test_an_incomplete_download_is_listed_and_can_be_removed(hub: FakeHub, tmp_path: Path) -> None:
    hub.cuts = [100_000, *[0] * 9]
    with pytest.raises(ModelError):
        get()
    library = ModelLibrary()
    assert [entry.name for entry in library.list()] == ["student"]
    assert {name: partial.size for name, partial in library.partials().items()} == {"tiny-Q8_0": 100_000}
    library.remove("tiny-Q8_0")
    assert files(tmp_path / "home" / "data" / "models") == set()
    with pytest.raises(ModelError, match="no model called"):
        library.remove("tiny-Q8_0")
