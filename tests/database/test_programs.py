from __future__ import annotations

from pathlib import Path

from sqlagent_tui.database.programs import MAJOR_VERSION, Programs, bundled, installed


def test_the_wheel_s_own() -> None:
    programs = bundled()
    assert (programs.major, programs.bundled) == (MAJOR_VERSION, True)
    assert programs.offers(["plpgsql"])
    assert not programs.offers(["plpgsql", "no_such_extension"])


def test_debian_s_is_found_with_its_version(programs_15: Path) -> None:
    found = {programs.folder: programs for programs in installed()}
    assert found[programs_15] == Programs(programs_15, int(programs_15.parent.name))
    assert found[programs_15].offers(["plpgsql"])


def test_the_newest_comes_first(tmp_path: Path) -> None:
    for major in (9, 14, 16):
        _install(tmp_path / str(major) / "bin", f"postgres (PostgreSQL) {major}.3 (Debian)")
    _install(tmp_path / "broken" / "bin", "")
    _install(tmp_path / "15" / "bin", "postgres (PostgreSQL) 15.1")
    (tmp_path / "15" / "bin" / "initdb").unlink()  # a client's packages only
    assert [programs.major for programs in installed([f"{tmp_path}/*/bin"])] == [16, 14, 9]


def test_an_installation_without_pg_config(tmp_path: Path) -> None:
    _install(tmp_path / "bin", "postgres (PostgreSQL) 16.3")
    [programs] = installed([f"{tmp_path}/bin"])
    assert not programs.offers(["postgis"])
    shared = tmp_path / "share" / "extension"
    shared.mkdir(parents=True)
    (shared / "postgis.control").touch()
    assert programs.offers(["postgis"])


def _install(folder: Path, version: str) -> None:
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho '{version}'\n")
        (folder / name).chmod(0o755)
