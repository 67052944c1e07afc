import socket

import pytest

from sqlagent_tui.errors import ModelError, SqlagentError, UsageError
from sqlagent_tui.models.download import Partial, download
from sqlagent_tui.models.hub import find_file, parse_address
from tests.fake_hub import COMMIT, FakeHub, Repository


def test_addresses() -> None:
    assert parse_address("org/name") == ("org/name", "")
    assert parse_address("org/na.me:folder/a.gguf") == ("org/na.me", "folder/a.gguf")
    for wrong in ("", "name", "/x", "org/", "org/name:", "../name", "org/a:../../b", "a/b/c", "\x1b[2J/x"):
        with pytest.raises(UsageError) as caught:
            parse_address(wrong)
        assert caught.value.message.isprintable()


def test_the_only_file_is_found_with_what_the_hub_says_of_it(hub: FakeHub) -> None:
    file = find_file("org/tiny")
    assert (file.name, file.commit, file.licence) == ("tiny-Q8_0.gguf", COMMIT, "apache-2.0")
    assert file.size == len(hub.repositories["org/tiny"].files["tiny-Q8_0.gguf"])
    assert len(file.sha256) == 64
    assert not hub.requests


def test_among_several_files_q8_0_is_chosen_and_otherwise_the_choice_is_told(hub: FakeHub) -> None:
    files = {"a-Q4_K_M.gguf": b"x" * 20_000_000, "a-q8_0.gguf": b"y", "mmproj-a-Q8_0.gguf": b"z", "README.md": b""}
    hub.repositories["org/some"] = Repository(files | {"big-Q8_0-00001-of-00002.gguf": b""})
    assert find_file("org/some").name == "a-q8_0.gguf"
    assert find_file("org/some", "a-Q4_K_M.gguf").size == 20_000_000
    with pytest.raises(ModelError, match="one part of a model"):
        find_file("org/some", "big-Q8_0-00001-of-00002.gguf")
    del files["a-q8_0.gguf"]
    hub.repositories["org/some"] = Repository(files | {"a-F16.gguf": b"x"})
    with pytest.raises(UsageError, match="several GGUF files") as several:
        find_file("org/some")
    assert several.value.remedy.splitlines()[1:] == [
        "  org/some:a-F16.gguf  (0.00 GB)",
        "  org/some:a-Q4_K_M.gguf  (0.02 GB)",
    ]
    with pytest.raises(UsageError, match=r"no file b\.gguf"):
        find_file("org/some", "b.gguf")
    hub.repositories["org/none"] = Repository({"model.safetensors": b"x"})
    with pytest.raises(ModelError, match="no GGUF file"):
        find_file("org/none")


@pytest.mark.parametrize(
    ("refuse", "told"),
    [
        ((401, "GatedRepo"), "only for those who accepted"),
        ((403, "GatedRepo"), "only for those who accepted"),
        ((401, "RepoNotFound"), "or it is private"),
        ((404, "RepoNotFound"), "or it is private"),
        ((403, ""), "status 403"),
        ((500, ""), "status 500"),
    ],
)
def test_what_is_refused_is_one_sentence(hub: FakeHub, refuse: tuple[int, str], told: str) -> None:
    hub.repositories["org/tiny"].refuse = refuse
    with pytest.raises(ModelError, match=told) as caught:
        find_file("org/tiny")
    assert caught.value.remedy
    assert str(caught.value).isprintable()


def test_a_repository_that_is_not_there_and_a_hub_that_is_not_there(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="no repository org/nada"):
        find_file("org/nada")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    with pytest.raises(ModelError, match=f"127.0.0.1:{port} can't be reached: no connection") as caught:
        find_file("org/tiny")
    assert "model add" in caught.value.remedy


def test_without_a_hash_nothing_is_downloaded(hub: FakeHub) -> None:
    hub.plain = True
    with pytest.raises(ModelError, match="no SHA-256"):
        find_file("org/tiny")
    assert not hub.requests


def test_the_token_goes_to_the_hub_and_nowhere_else(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_segredo")
    download(find_file("org/tiny"), Partial(tmp_path_factory.mktemp("a") / "x.gguf"), lambda step: None)
    assert set(hub.tokens) == {"Bearer hf_segredo"}
    assert [request.authorization for request in hub.requests] == [""]
    hub.repositories["org/tiny"].refuse = (401, "")
    with pytest.raises(SqlagentError) as caught:
        find_file("org/tiny")
    assert "segredo" not in str(caught.value)
