"""The hub that models are downloaded from, on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_hub import FakeHub, Repository


@pytest.fixture
def hub(tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub with one repository of one tiny model, which this process's downloads go to."""
    from huggingface_hub.utils import close_session

    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path / "home"))
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with FakeHub({"org/tiny": Repository({"tiny-Q8_0.gguf": tiny_gguf.read_bytes()})}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server
        close_session()
