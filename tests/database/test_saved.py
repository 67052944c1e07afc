from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sqlagent_tui.assembly import Target
from sqlagent_tui.database.saved import SavedConnection, SavedConnections, is_name
from sqlagent_tui.errors import UsageError

WRITTEN = """# nossos bancos
[producao]            # com cuidado
conninfo = "host=db1 dbname=cadastro user=leitor"
ssh = "bastiao"

# só leitura
["réplica.1"]
conninfo = 'postgresql://leitor@db2/cadastro?sslmode=verify-full'
"""


@pytest.fixture
def store(tmp_path: Path) -> SavedConnections:
    return SavedConnections(tmp_path / "connections.toml", tmp_path / "used.json")


@pytest.fixture
def written(store: SavedConnections) -> SavedConnections:
    store.file.write_text(WRITTEN, "utf-8")
    return store


def test_nothing_is_saved_at_first(store: SavedConnections) -> None:
    assert store.all() == ()
    assert store.last_used() == {}
    with pytest.raises(UsageError, match="connection add"):
        store.get("producao")
    assert not store.file.exists()


def test_what_was_saved_is_read_back(store: SavedConnections) -> None:
    saved = [
        SavedConnection(name="producao", conninfo="host=db1 dbname=cadastro", ssh="bastiao"),
        SavedConnection(name="réplica.1", conninfo="service=réplica options='-c work_mem=\\'8MB\\''", keyring=True),
        SavedConnection(name="aspas", conninfo="application_name='\"x\" \\\\ \x7f\té\n[y]'"),
        SavedConnection(name="ambiente"),
    ]
    for connection in saved:
        store.add(connection)
    assert store.all() == tuple(saved)
    assert store.get("réplica.1") == saved[1]
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600
    assert not list(store.file.parent.glob(".*")), "no half-written file is left"


def test_a_change_keeps_what_else_is_written(written: SavedConnections) -> None:
    written.add(SavedConnection(name="nova", conninfo="host=db3"))
    assert written.file.read_text("utf-8").startswith(WRITTEN)
    removed = written.remove("producao")
    assert removed.ssh == "bastiao"
    text = written.file.read_text("utf-8")
    assert text.startswith('# nossos bancos\n["réplica.1"]')
    assert [connection.name for connection in written.all()] == ["réplica.1", "nova"]
    written.add(SavedConnection(name="réplica.1", conninfo="host=db4"), replace=True)
    assert written.get("réplica.1").conninfo == "host=db4"


def test_a_name_that_is_taken_or_none(written: SavedConnections) -> None:
    with pytest.raises(UsageError, match="already"):
        written.add(SavedConnection(name="producao"))
    for name in ("", "a b", "[x]", "x=y", "-x", "a/b", "x" * 100, "\n"):
        with pytest.raises(UsageError, match="name"):
            written.add(SavedConnection(name=name))
    with pytest.raises(UsageError, match="no saved connection") as caught:
        written.remove("outra")
    assert "producao" in caught.value.remedy
    assert written.file.read_text("utf-8") == WRITTEN


@pytest.mark.parametrize("conninfo", ["host=x password=s3cr3t", "postgresql://u:s3cr3t@h/d", "sslpassword=s3cr3t"])
def test_a_secret_is_never_saved_nor_used(written: SavedConnections, conninfo: str) -> None:
    with pytest.raises(UsageError) as caught:
        written.add(SavedConnection(name="nova", conninfo=conninfo))
    assert "s3cr3t" not in str(caught.value)
    assert written.file.read_text("utf-8") == WRITTEN
    written.file.write_text(f'{WRITTEN}\n[a_mao]\nconninfo = "{conninfo}"\n', "utf-8")
    with pytest.raises(UsageError, match="holds no secrets"):
        written.get("a_mao")
    assert written.get("producao").ssh == "bastiao"


def test_a_conninfo_that_libpq_can_t_read_is_not_saved(store: SavedConnections) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        store.add(SavedConnection(name="x", conninfo="nonsense=1"))


@pytest.mark.parametrize(
    "text",
    [
        "[x", "x = 1", "[x]\nconninfo = 1", "[x]\nsenha = 'y'", "[x]\nname = 'y'", "[x]\nkeyring = 'sim'",
        b"[x]\nconninfo = '\xff'",
    ],
)  # fmt: skip
def test_a_broken_file_is_told_and_left_alone(store: SavedConnections, text: str | bytes) -> None:
    data = text.encode() if isinstance(text, str) else text
    store.file.write_bytes(data)
    for action in (store.all, lambda: store.add(SavedConnection(name="y")), lambda: store.remove("x")):
        with pytest.raises(UsageError, match=r"connections\.toml"):
            action()
    assert store.file.read_bytes() == data


def test_a_layout_that_can_t_be_changed_line_by_line_is_left_alone(store: SavedConnections) -> None:
    text = "x = { conninfo = 'host=a' }\n\n[y]\nconninfo = '''\n[x]\n'''\n"
    store.file.write_text(text)
    with pytest.raises(UsageError, match="editor"):
        store.remove("x")
    assert store.file.read_text() == text


def test_a_link_stays_a_link(store: SavedConnections, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles"
    elsewhere.mkdir()
    (elsewhere / "connections.toml").write_text("")
    store.file.symlink_to(elsewhere / "connections.toml")
    store.add(SavedConnection(name="x", conninfo="host=a"))
    assert store.file.is_symlink()
    assert "host=a" in (elsewhere / "connections.toml").read_text()


def test_when_each_was_last_used(store: SavedConnections) -> None:
    store.used("b")
    store.used("a")
    used = store.last_used()
    assert used["a"] >= used["b"]
    (store.file.parent / "used.json").write_text("{")
    assert store.last_used() == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [("producao", True), ("réplica.1", True), ("host=db1", False), ("postgresql://db1", False), ("", False)],
)
def test_what_is_a_name(text: str, name: bool) -> None:
    assert is_name(text) == name


def test_a_name_stands_for_its_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLAGENT_TUI_HOME", str(tmp_path))
    SavedConnections().add(SavedConnection(name="producao", conninfo="host=db1", ssh="bastiao"))
    chosen = Target.chosen("producao", demo=False)
    assert (chosen.conninfo, chosen.ssh, chosen.name) == ("host=db1", "bastiao", "producao")
    assert Target.chosen("producao", demo=False, ssh="outro").ssh == "outro"
    assert Target.chosen("host=producao", demo=False).name is None
