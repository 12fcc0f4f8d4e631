"""Private folders: one's own stay, those of dead nodes go, those of others are not touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from actors.engines.thespian import folders


def test_a_folder_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_PATH", 500)
    folder = folders.make(tmp_path)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.parent == tmp_path


def test_only_folders_of_dead_nodes_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_PATH", 500)
    own = folders.make(tmp_path)
    machine = own.name.split("-")[1]
    dead = tmp_path / f"planaria-{machine}-{os.getpid()}-1-abcdefgh"  # its pid lives, but is somebody else's now
    elsewhere = tmp_path / "planaria-00000000-1-1-abcdefgh"
    foreign = tmp_path / "planaria-0"
    for each in (dead, elsewhere, foreign):
        each.mkdir()
        (each / "file").touch()
    folders.sweep(tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted([own, elsewhere, foreign])


def test_a_path_too_long_for_a_socket_is_said(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()

    with pytest.raises(OSError, match="too long a path for unix sockets"):
        folders.make(deep)
    assert list(deep.iterdir()) == []
