import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.download import ATTEMPTS, Partial, Step, download
from sqlagent_tui.models.hub import HubFile, find_file
from tests.fake_hub import FakeHub

CUT = 100_000


@pytest.fixture
def partial(tmp_path: Path) -> Partial:
    return Partial(tmp_path / "models" / ".partial" / "tiny.gguf")


def content(hub: FakeHub) -> bytes:
    return hub.repositories["org/tiny"].files["tiny-Q8_0.gguf"]


def fetch(file: HubFile, partial: Partial, listen: Callable[[Step], None] = lambda step: None) -> bytes:
    return download(file, partial, listen, pause=lambda seconds: None).read_bytes()


def test_a_file_arrives_whole_and_private(hub: FakeHub, partial: Partial) -> None:
    steps: list[Step] = []
    assert fetch(find_file("org/tiny"), partial, steps.append) == content(hub)
    assert partial.path.stat().st_mode & 0o777 == 0o600
    assert partial.path.parent.stat().st_mode & 0o777 == 0o700
    assert steps[-1] == Step("downloading", len(content(hub)), len(content(hub)))
    assert partial.origin.place == "org/tiny:tiny-Q8_0.gguf"


def test_a_cut_connection_is_gone_on_with_and_no_byte_comes_twice(hub: FakeHub, partial: Partial) -> None:
    hub.cuts = [CUT, 0, CUT, 1]
    steps: list[Step] = []
    assert fetch(find_file("org/tiny"), partial, steps.append) == content(hub)
    assert [request.range for request in hub.requests] == [
        "", f"bytes={CUT}-", f"bytes={CUT}-", f"bytes={2 * CUT}-", f"bytes={2 * CUT + 1}-",
    ]  # fmt: skip
    assert hub.sent == len(content(hub))
    assert sum(step.kind == "waiting" for step in steps) == 4


def test_what_arrived_before_an_interruption_is_not_fetched_again(hub: FakeHub, partial: Partial) -> None:
    def interrupt(step: Step) -> None:
        if step.done >= CUT:
            raise KeyboardInterrupt

    file = find_file("org/tiny")
    with pytest.raises(KeyboardInterrupt):
        fetch(file, partial, interrupt)
    kept = partial.size
    assert CUT <= kept < file.size
    steps: list[Step] = []
    assert fetch(file, partial, steps.append) == content(hub)
    assert hub.requests[-1].range == f"bytes={kept}-"
    assert hub.requests[-1].sent == file.size - kept
    assert steps[0] == Step("checking", kept, file.size)


def test_a_file_that_had_all_arrived_is_only_checked(hub: FakeHub, partial: Partial) -> None:
    file = find_file("org/tiny")
    fetch(file, partial)
    assert fetch(file, partial) == content(hub)
    assert len(hub.requests) == 1


def test_a_connection_that_never_holds_is_given_up_and_the_beginning_kept(hub: FakeHub, partial: Partial) -> None:
    hub.cuts = [CUT, *[0] * ATTEMPTS]
    pauses: list[float] = []
    with pytest.raises(ModelError, match=f"connection was lost, {ATTEMPTS} times in a row"):
        download(find_file("org/tiny"), partial, lambda step: None, pause=pauses.append)
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert partial.path.read_bytes() == content(hub)[:CUT]


def test_wrong_content_is_deleted(hub: FakeHub, partial: Partial) -> None:
    hub.wrong = True
    with pytest.raises(ModelError, match="doesn't have the SHA-256"):
        fetch(find_file("org/tiny"), partial)
    assert os.listdir(partial.path.parent) == []


def test_a_damaged_beginning_is_noticed_at_the_end(hub: FakeHub, partial: Partial) -> None:
    file = find_file("org/tiny")
    fetch(file, partial)
    partial.path.write_bytes(b"?" + content(hub)[1:CUT])
    with pytest.raises(ModelError, match="doesn't have the SHA-256"):
        fetch(file, partial)
    assert fetch(file, partial) == content(hub)


def test_a_server_that_ignores_ranges_sends_it_all_again(hub: FakeHub, partial: Partial) -> None:
    hub.cuts, hub.ignores_ranges = [CUT], True
    assert fetch(find_file("org/tiny"), partial) == content(hub)
    assert hub.sent == CUT + len(content(hub))


def test_the_beginning_of_another_content_is_not_gone_on_with(hub: FakeHub, partial: Partial) -> None:
    hub.cuts = [CUT, *[0] * ATTEMPTS]
    with pytest.raises(ModelError):
        fetch(find_file("org/tiny"), partial)
    newer = b"newer" + content(hub)
    hub.cuts, hub.repositories["org/tiny"].files["tiny-Q8_0.gguf"] = [], newer
    assert fetch(find_file("org/tiny"), partial) == newer
    assert partial.origin.sha256 == hashlib.sha256(newer).hexdigest()


def test_without_room_nothing_is_fetched(hub: FakeHub, partial: Partial) -> None:
    huge = msgspec.structs.replace(find_file("org/tiny"), size=10**18)
    with pytest.raises(ModelError, match=r"1,000,000,000\.00 GB are needed, and [\d,.]+ GB are free"):
        fetch(huge, partial)
    assert not hub.requests


def test_one_file_is_downloaded_by_one_process(hub: FakeHub, partial: Partial) -> None:
    file = find_file("org/tiny")

    def second(step: Step) -> None:
        with pytest.raises(ModelError, match="by another process"):
            fetch(file, partial)

    assert fetch(file, partial, second) == content(hub)


def test_a_folder_that_can_not_be_written_is_one_sentence(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match="can't be written"):
        fetch(find_file("org/tiny"), Partial(tmp_path / "file" / "x.gguf"))
