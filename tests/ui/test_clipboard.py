import stat
from pathlib import Path

import pytest

from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.clipboard import MAX_OSC52_BYTES, copy
from tests import ui_scenes as scenes


@pytest.fixture
def tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `tmux` that keeps what it is given."""
    program = tmp_path / "tmux"
    program.write_text(f'#!/bin/sh\n[ "$1" = load-buffer ] && cat > {tmp_path}/buffer\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("TMUX", "/tmp/socket,1,0")
    return tmp_path / "buffer"


async def test_tmux_is_told_what_the_terminal_is_told(tmux: Path) -> None:
    app = SqlAgentApp(scenes.still_services())
    async with app.run_test():
        assert copy(app, "São Paulo")
        assert tmux.read_text("utf-8") == "São Paulo"
        assert app.clipboard == "São Paulo"


async def test_what_no_terminal_accepts_still_reaches_tmux(tmux: Path) -> None:
    app = SqlAgentApp(scenes.still_services())
    async with app.run_test():
        assert copy(app, "x" * (MAX_OSC52_BYTES + 1))
        assert app.clipboard == ""
        assert len(tmux.read_text()) == MAX_OSC52_BYTES + 1


async def test_too_much_for_the_terminal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    app = SqlAgentApp(scenes.still_services())
    async with app.run_test():
        assert not copy(app, "x" * (MAX_OSC52_BYTES + 1))
        assert copy(app, "x")
